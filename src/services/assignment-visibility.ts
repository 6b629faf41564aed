import { type Assignment, assignmentFacts, memberOrganizationIds } from '../entities/assignment.queries.ts';
import { organizationReach } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import type { UserId } from '../ids.ts';

/**
 * Tells which ways of having a group a caller may see of somebody, as `visibleMemberships` does of rows: their own all; of others those
 * that hold as far as the group reaches, and those within an organization that the caller sees. `own` is how the caller has groups.
 */
export const shownAssignments = (
  viewer: Viewer,
  own: readonly Assignment[],
): ((of: UserId, assignments: readonly Assignment[]) => readonly Assignment[]) => {
  const reach = organizationReach(viewer);
  if (reach === 'ALL') return (_of, assignments) => assignments;
  const memberOf = new Set(memberOrganizationIds(own));
  const isShown = (assignment: Assignment): boolean => {
    const { lineage } = assignmentFacts(assignment);
    const place = lineage?.at(-1);
    return lineage === null || place === undefined || memberOf.has(place) || lineage.some((id) => reach.includes(id));
  };
  return (of, assignments) => (of === viewer.principal.userId ? assignments : assignments.filter(isShown));
};
