import { may } from '../permissions/may.ts';
import { type Viewer, type Visibility, visibleUsers } from './user.visibility.ts';

/**
 * Which messages `m` a caller may see: with `view:mail`, those about users that they may see; those about nobody, as an answer to a
 * stranger's sign-up, only who sees everybody. `first` is the number of its first parameter.
 */
export const visibleMessages = (viewer: Viewer, first: number): Visibility => {
  if (!may(viewer.principal, 'view:mail', viewer.now)) return { condition: 'false', values: [] };
  const users = visibleUsers(viewer, first);
  if (users.condition === 'true') return users;
  return {
    condition: `exists (select from users u where u.id = m.user_id and ${users.condition})`,
    values: users.values,
  };
};
