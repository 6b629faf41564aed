import { may, reachOf } from '../permissions/may.ts';
import { usersWithin, type Viewer, type Visibility, visibleUsersWith } from './user.visibility.ts';
import { type VisiblePage, visiblePage } from './user-page.queries.ts';

const NONE: Visibility = { condition: 'false', values: [] };

/**
 * Which messages `m` a caller may see: those about users in the reach of `view:mail` whom they may see at all; those about nobody, as
 * an answer to a stranger's sign-up, only who sees the mail of everybody. `first` is the number of its first parameter.
 */
export const visibleMessages = (viewer: Viewer, first: number): Visibility => {
  if (!may(viewer.principal, 'view:mail', viewer.now)) return NONE;
  const users = visibleUsersWith(viewer, 'view:mail', first);
  return { condition: aboutUsers(users.condition), values: users.values };
};

/** The same for pages. */
export const visibleMessagePage = (viewer: Viewer, first: number): VisiblePage => {
  if (!may(viewer.principal, 'view:mail', viewer.now)) {
    return { prelude: '', conditions: [NONE.condition], totals: [NONE.condition], each: NONE.condition, values: [] };
  }
  const users = visiblePage(viewer, 'view:mail', first);
  const [one, ...others] = users.conditions;
  const [total, ...more] = users.totals;
  return {
    ...users,
    conditions: [aboutUsers(one), ...others.map(aboutUsers)],
    totals: [aboutUsers(total), ...more.map(aboutUsers)],
    each: aboutUsers(users.each),
  };
};

/** Of visible messages `m`, those that the caller may send again. `first` is the number of its first parameter. */
export const retryableMessages = ({ principal, now }: Viewer, first: number): Visibility => {
  const users = usersWithin(reachOf(principal, 'retry:mail', now), first);
  return { condition: aboutUsers(users.condition), values: users.values };
};

const aboutUsers = (condition: string): string =>
  condition === 'true' || condition === 'false'
    ? condition
    : `exists (select from users u where u.id = m.user_id and ${condition})`;
