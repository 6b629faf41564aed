import type { Reach } from '../permissions/effective-grants.ts';
import { reachOf } from '../permissions/may.ts';
import type { Viewer, Visibility } from './user.visibility.ts';

/** The organizations `o` in the reach: those it names, and all below them. `first` is the number of its first parameter. */
export const organizationsWithin = (reach: Reach, first: number): Visibility => {
  if (reach === 'ALL') return { condition: 'true', values: [] };
  if (reach.length === 0) return { condition: 'false', values: [] };
  return {
    condition: `exists (select from organization_closure vc
      where vc.descendant_id = o.id and vc.ancestor_id = any($${first}::uuid[]))`,
    values: [reach],
  };
};

/** Where the caller may see organizations and their members without being one of them. */
export const organizationReach = ({ principal, now }: Viewer): Reach => reachOf(principal, 'view:organizations', now);

/**
 * Which organizations `o` a caller may see: those in the reach of `view:organizations`, and those of which they are a member. The one
 * predicate behind lists, loaders, the tree, mutations and federation references. `first` is the number of its first parameter.
 */
export const visibleOrganizations = (viewer: Viewer, first: number): Visibility => {
  const within = organizationsWithin(organizationReach(viewer), first + 1);
  if (within.condition === 'true') return within;
  const own = `exists (select from organization_members vm where vm.organization_id = o.id and vm.user_id = $${first})`;
  return {
    condition: within.condition === 'false' ? own : `(${own} or ${within.condition})`,
    values: [viewer.principal.userId, ...within.values],
  };
};

/** Memberships `m` that hold wherever the group reaches, or within an organization that the caller may see. */
export const visibleMemberships = (viewer: Viewer, first: number): Visibility => {
  const { condition, values } = visibleOrganizations(viewer, first);
  if (condition === 'true') return { condition, values };
  return {
    condition: `(m.organization_id is null or exists (select from organizations o where o.id = m.organization_id and ${condition}))`,
    values,
  };
};
