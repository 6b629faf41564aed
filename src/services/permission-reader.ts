import { type ListedApiKey, workingKey } from '../entities/api-key.queries.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import { grantsOfKey } from '../permissions/api-key-grants.ts';
import type { PermissionDefinition } from '../permissions/catalogue-types.ts';
import { intersect } from '../permissions/grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { type AssignedGroup, type EffectivePermission, effectivePermissions } from './assigned-groups.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';

/** A grant of a key, with the key. */
interface NarrowedPermission extends EffectivePermission {
  readonly narrowedBy: ListedApiKey;
}

/** A group for each place where it holds, with no more than what counts there. */
const narrowed = ({ group, where }: AssignedGroup, grants: EffectiveGrants): readonly AssignedGroup[] =>
  (where === 'ALL' ? ['ALL' as const] : where).map((place) => {
    const held = grants.at(place === 'ALL' ? [] : place);
    const permissions = intersect(group.permissions, held, grants.catalogue);
    return { group: { ...group, permissions }, where: place === 'ALL' ? place : [place] };
  });

/** Tells what somebody may do, by the same definitions that decide it. */
export class PermissionReader {
  readonly #directory: GroupDirectory;

  constructor(directory: GroupDirectory) {
    this.#directory = directory;
  }

  /** Every permission that can be granted. */
  catalogue(): readonly PermissionDefinition[] {
    return this.#directory.catalogue.definitions;
  }

  /** What the caller may do now: what the assignments give, narrowed as the key or the impersonation narrows what counts. */
  ofCaller(
    { principal, apiKey }: SignedInCaller,
    assignments: readonly Assignment[],
  ): readonly (EffectivePermission | NarrowedPermission)[] {
    const assigned = this.#directory.assigned(assignments);
    const isNarrowed = apiKey !== null || principal.actorId !== null;
    const effective = effectivePermissions(
      isNarrowed ? assigned.flatMap((one) => narrowed(one, principal.grants)) : assigned,
    );
    return apiKey === null ? effective : effective.map((one) => ({ ...one, narrowedBy: workingKey(apiKey) }));
  }

  /** The union of what these assignments give, each grant with the groups it comes from and where it holds. Nothing for none. */
  ofAssignments(assignments: readonly Assignment[]): readonly EffectivePermission[] {
    return effectivePermissions(this.#directory.assigned(assignments));
  }

  /**
   * What a key may do of what these assignments give its owner, as far as `shown` tells of them; each grant names the key that narrows
   * it.
   */
  ofKey(
    apiKey: ListedApiKey,
    assignments: readonly Assignment[],
    shown: readonly Assignment[],
  ): readonly NarrowedPermission[] {
    const kept = grantsOfKey(apiKey, this.#directory.grantsOf(assignments));
    const assigned = this.#directory.assigned(shown).flatMap((one) => narrowed(one, kept));
    return effectivePermissions(assigned).map((one) => ({ ...one, narrowedBy: apiKey }));
  }
}
