import type { PermissionName } from '../permissions/catalogue.ts';
import { may, reachOf } from '../permissions/may.ts';
import { oneselfOr, usersWithin, type Viewer, type Visibility } from './user.visibility.ts';

/**
 * Of which users `u` a caller may see the sessions and devices: with `view:sessions` of those in its reach whom the caller may see at
 * all, and their own. The one predicate behind lists, loaders and fields. `first` is the number of its first parameter.
 */
export const usersWithVisibleSessions = (viewer: Viewer, first: number): Visibility =>
  seenWith(viewer, 'view:sessions', first);

/**
 * Of which users `u` a caller may name sessions and devices in a change: those whom they may see, if they may revoke others'
 * sessions or could find the ids in a list; else only themselves, so that an id of somebody else's looks like one of nothing.
 */
export const usersWithNamedSessions = (viewer: Viewer, first: number): Visibility =>
  may(viewer.principal, 'revoke:sessions', viewer.now)
    ? seenWith(viewer, 'revoke:sessions', first)
    : usersWithVisibleSessions(viewer, first);

/** Oneself, and those who lie in the reach of the permission and of `view:users`. */
const seenWith = ({ principal, now }: Viewer, permission: PermissionName, first: number): Visibility => {
  const reached = usersWithin(reachOf(principal, permission, now), first + 1);
  const seen = usersWithin(reachOf(principal, 'view:users', now), first + 1 + reached.values.length);
  return oneselfOr(principal, both(reached, seen), first);
};

const both = (left: Visibility, right: Visibility): Visibility => {
  if (left.condition === 'true' || right.condition === 'false') return right;
  if (right.condition === 'true' || left.condition === 'false') return left;
  return { condition: `(${left.condition} and ${right.condition})`, values: [...left.values, ...right.values] };
};
