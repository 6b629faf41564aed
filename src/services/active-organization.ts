import { type Assignment, memberOrganizationIds } from '../entities/assignment.queries.ts';
import type { OrganizationId } from '../ids.ts';
import type { Circumstances } from '../permissions/constraints.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';

/**
 * The organization in which a session is active, as long as its user may be: a member, or with `view:organizations` there. Asked at
 * every request and for every token, so that leaving one, or losing the right to see it, holds at once. null without one.
 */
export const activeLineage = (
  lineage: readonly OrganizationId[] | null,
  user: { readonly assignments: readonly Assignment[]; readonly grants: EffectiveGrants },
  circumstances: Circumstances,
): readonly OrganizationId[] | null => {
  const id = lineage?.at(-1);
  if (lineage === null || id === undefined) return null;
  const isMember = memberOrganizationIds(user.assignments).includes(id);
  return isMember || user.grants.holds('view:organizations', circumstances, lineage) ? lineage : null;
};
