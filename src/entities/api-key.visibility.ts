import type { PermissionName } from '../permissions/catalogue.ts';
import { reachOf } from '../permissions/may.ts';
import { usersWithin, usersWhollyWithin, type Viewer, type Visibility } from './user.visibility.ts';

/**
 * Which keys `k` of owners `u` a caller may see: those of owners in the reach of `view:api-keys`, and their own. A key sees, without that
 * permission, nothing but itself: one that leaked does not tell of the others. The one predicate behind lists, loaders and federation
 * references. `first` is the number of its first parameter.
 */
export const visibleApiKeys = (viewer: Viewer, first: number): Visibility => seenWith(viewer, ['view:api-keys'], first);

/** Which keys a caller may name in a change: also those that they could end, or make anew for a service account. */
export const namedApiKeys = (viewer: Viewer, first: number): Visibility =>
  seenWith(viewer, ['view:api-keys', 'revoke:api-keys', 'create:api-keys'], first);

/** The owners `u` whose keys are, all of them, in the reach of the permission: those at home there and nowhere else. */
export const ownersWithin = ({ principal, now }: Viewer, permission: PermissionName, first: number): Visibility =>
  usersWhollyWithin(reachOf(principal, permission, now), first);

const seenWith = ({ principal, now }: Viewer, permissions: readonly PermissionName[], first: number): Visibility => {
  const own =
    principal.via === 'apiKey'
      ? { condition: `k.id = $${first}`, values: [principal.apiKeyId] }
      : { condition: `k.owner_id = $${first}`, values: [principal.userId] };
  return permissions.reduce((seen, permission) => {
    const within = usersWithin(reachOf(principal, permission, now), first + seen.values.length);
    if (seen.condition === 'true' || within.condition === 'false') return seen;
    if (within.condition === 'true') return within;
    return { condition: `(${seen.condition} or ${within.condition})`, values: [...seen.values, ...within.values] };
  }, own as Visibility);
};
