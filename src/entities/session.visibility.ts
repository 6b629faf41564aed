import { may } from '../permissions/may.ts';
import { type Viewer, type Visibility, visibleUsers } from './user.visibility.ts';

/**
 * Of which users `u` a caller may see the sessions and devices: with `view:sessions` of those whom the caller may see at all,
 * else only their own. The one predicate behind lists, loaders and fields. `first` is the number of its first parameter.
 */
export const usersWithVisibleSessions = (viewer: Viewer, first: number): Visibility =>
  may(viewer.principal, 'view:sessions', viewer.now) ? visibleUsers(viewer, first) : oneself(viewer, first);

/**
 * Of which users `u` a caller may name sessions and devices in a change: those whom they may see, if they may revoke others'
 * sessions or could find the ids in a list; else only themselves, so that an id of somebody else's looks like one of nothing.
 */
export const usersWithNamedSessions = (viewer: Viewer, first: number): Visibility =>
  may(viewer.principal, 'revoke:sessions', viewer.now)
    ? visibleUsers(viewer, first)
    : usersWithVisibleSessions(viewer, first);

const oneself = ({ principal }: Viewer, first: number): Visibility => ({
  condition: `u.id = $${first}`,
  values: [principal.userId],
});
