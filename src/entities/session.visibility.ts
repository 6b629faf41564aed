import { reachOf } from '../permissions/may.ts';
import { usersWhollyWithin, type Viewer, type Visibility, visibleUsersWith } from './user.visibility.ts';

/**
 * Of which users `u` a caller may see the sessions and devices: with `view:sessions` of those in its reach whom the caller may see at
 * all, and their own. The one predicate behind lists, loaders and fields. `first` is the number of its first parameter.
 */
export const usersWithVisibleSessions = (viewer: Viewer, first: number): Visibility =>
  visibleUsersWith(viewer, 'view:sessions', first);

/**
 * Of which users `u` a caller may name sessions and devices in a change: those whom they may see and whose sessions they may revoke or
 * could find in a list; else only themselves, so that an id of somebody else's looks like one of nothing.
 */
export const usersWithNamedSessions = (viewer: Viewer, first: number): Visibility => {
  const listed = usersWithVisibleSessions(viewer, first);
  const revocable = visibleUsersWith(viewer, 'revoke:sessions', first + listed.values.length);
  if (listed.condition === 'true' || revocable.condition === 'true') return { condition: 'true', values: [] };
  return {
    condition: `(${listed.condition} or ${revocable.condition})`,
    values: [...listed.values, ...revocable.values],
  };
};

/** The users `u` whose sessions the caller may end: who is at home elsewhere, too, is not for one organization to throw out. */
export const usersWithRevocableSessions = ({ principal, now }: Viewer, first: number): Visibility =>
  usersWhollyWithin(reachOf(principal, 'revoke:sessions', now), first);
