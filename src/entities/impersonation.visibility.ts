import { reachOf } from '../permissions/may.ts';
import type { Reach } from '../permissions/effective-grants.ts';
import { usersWithin, type Viewer, type Visibility } from './user.visibility.ts';

/**
 * Which impersonations `i` a caller may see: those they took part in, as actor or as target, and with `view:impersonations` those of
 * targets in its reach. The one predicate behind lists, loaders and changes. `first` is the number of its first parameter.
 */
export const visibleImpersonations = ({ principal, now }: Viewer, first: number): Visibility => {
  const others = targetsWithin(reachOf(principal, 'view:impersonations', now), first + 1);
  if (others.condition === 'true') return others;
  const own = `i.actor_id = $${first} or i.target_id = $${first}`;
  return { condition: `(${own} or ${others.condition})`, values: [principal.userId, ...others.values] };
};

/** Impersonations `i` of targets in the reach; those of deleted ones lie in none. `first` is the number of its first parameter. */
export const targetsWithin = (reach: Reach, first: number): Visibility => {
  const { condition, values } = usersWithin(reach, first);
  if (values.length === 0) return { condition, values };
  return { condition: `exists (select from users u where u.id = i.target_id and ${condition})`, values };
};
