import type { Assignment } from '../entities/assignment.queries.ts';
import type { OrganizationId } from '../ids.ts';
import { impersonatedGrants } from '../permissions/impersonated.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { Impersonator } from './session-facts.ts';

/** Every permission that holds without constraint, written out: a router knows nothing of wildcards. */
export const scopesOf = (
  directory: GroupDirectory,
  {
    assignments,
    impersonator,
    lineage,
  }: {
    readonly assignments: readonly Assignment[];
    readonly impersonator: Impersonator | null;
    readonly lineage: readonly OrganizationId[] | null;
  },
): readonly string[] => {
  const own = directory.grantsOf(assignments);
  const grants =
    impersonator === null
      ? own
      : impersonatedGrants(own, directory.grantsOf(impersonator.assignments), impersonator.mode);
  return grants.catalogue.definitions.filter(({ key }) => grants.holds(key, {}, lineage ?? [])).map(({ key }) => key);
};

/** The groups that hold where the session is active: everywhere, or in the active organization, too. */
export const groupNamesAt = (
  directory: GroupDirectory,
  assignments: readonly Assignment[],
  active: readonly OrganizationId[] | null,
): readonly string[] => {
  const names = directory.assigned(assignments).flatMap(({ group, where }) => {
    if (where === 'ALL') return [group.name];
    const holds = where.some((lineage) => active?.includes(lineage.at(-1) as OrganizationId) === true);
    return holds ? [group.name] : [];
  });
  return [...new Set(names)].toSorted();
};
