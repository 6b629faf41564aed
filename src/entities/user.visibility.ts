import type { PermissionName } from '../permissions/catalogue.ts';
import type { Reach } from '../permissions/effective-grants.ts';
import { reachOf } from '../permissions/may.ts';
import type { Principal } from '../principal.ts';

/** Somebody who looks, and when. */
export interface Viewer {
  readonly principal: Principal;
  readonly now: Date;
}

/** A condition on the users `u`, with the values of its parameters. */
export interface Visibility {
  readonly condition: string;
  readonly values: readonly unknown[];
}

/** The users `u` who are members of an organization in the reach. `first` is the number of its first parameter. */
export const usersWithin = (reach: Reach, first: number): Visibility => {
  if (reach === 'ALL') return { condition: 'true', values: [] };
  if (reach.length === 0) return { condition: 'false', values: [] };
  // A scalar and no `exists`: PostgreSQL would hash all members of a large subtree to look at a few users.
  return {
    condition: `coalesce((select true from organization_members vm join organization_closure vc on vc.descendant_id = vm.organization_id
      where vm.user_id = u.id and vc.ancestor_id = any($${first}::uuid[]) limit 1), false)`,
    values: [reach],
  };
};

/**
 * The users `u` who are at home in the reach and nowhere else: their accounts may be changed by whoever has power there. Who is a
 * member of an organization outside of it, too, is not for one organization to lock or to delete.
 */
export const usersWhollyWithin = (reach: Reach, first: number): Visibility => {
  const within = usersWithin(reach, first);
  if (within.values.length === 0) return within;
  return {
    condition: `(${within.condition} and not exists (select from organization_members vm where vm.user_id = u.id and not exists (
      select from organization_closure vc where vc.descendant_id = vm.organization_id and vc.ancestor_id = any($${first}::uuid[]))))`,
    values: within.values,
  };
};

/**
 * Which users a caller may see: those in the reach of `view:users`, and oneself. The one predicate behind lists, loaders and
 * federation references, so that no path shows what another hides. `first` is the number of its first parameter.
 */
export const visibleUsers = ({ principal, now }: Viewer, first: number): Visibility =>
  oneselfOr(principal, usersWithin(reachOf(principal, 'view:users', now), first + 1), first);

/** Of those, the ones who lie in the reach of another permission, too; and oneself. `first` is the number of its first parameter. */
export const visibleUsersWith = ({ principal, now }: Viewer, permission: PermissionName, first: number): Visibility => {
  const reached = usersWithin(reachOf(principal, permission, now), first + 1);
  const seen = usersWithin(reachOf(principal, 'view:users', now), first + 1 + reached.values.length);
  return oneselfOr(principal, both(reached, seen), first);
};

const both = (left: Visibility, right: Visibility): Visibility => {
  if (left.condition === 'true' || right.condition === 'false') return right;
  if (right.condition === 'true' || left.condition === 'false') return left;
  return { condition: `(${left.condition} and ${right.condition})`, values: [...left.values, ...right.values] };
};

/** Those of the condition, whose parameters begin at `first` + 1, and oneself. */
export const oneselfOr = (principal: Principal, others: Visibility, first: number): Visibility => {
  if (others.condition === 'true') return others;
  if (others.condition === 'false') return { condition: `u.id = $${first}`, values: [principal.userId] };
  return { condition: `(u.id = $${first} or ${others.condition})`, values: [principal.userId, ...others.values] };
};
