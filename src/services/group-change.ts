import { constraintOf } from '../database/database.ts';
import { reject, rejectAny } from '../errors.ts';
import type { EventOf } from '../events/event-types.ts';
import type { Happening } from '../events/recorder.ts';
import type { Grant } from '../permissions/grants.ts';
import { can } from '../permissions/rules.ts';
import type { Authority, Where } from './authority.ts';
import { whereOf } from './group-directory.ts';
import type { GroupReach } from './group-reach.ts';

/** Handing out grants needs `grant:groups`, in every organization too where the reach is ALL. */
export const requireMayGrant = (authority: Authority, grants: readonly Grant[], where: Where): void => {
  if (grants.length > 0 || where === 'ALL') authority.demand(can('grant:groups'));
  rejectAny(authority.handingOut(grants, where, { field: ['permissions'] }));
};

/** A reach over anything needs `grant:groups`, whatever the group gives now. */
export const requireMayReach = (authority: Authority, grants: readonly Grant[], reach: GroupReach): void => {
  const where = whereOf(reach);
  if (where.length > 0) authority.demand(can('grant:groups'));
  requireMayGrant(authority, grants, where);
};

/** Runs a change of names: of parallel ones that want the same, the later answers NAME_IN_USE. */
export const refusingTakenNames = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (constraintOf(error) === 'groups_name_key_unique') return reject('NAME_IN_USE', { field: ['name'] });
    throw error;
  }
};

/** The log says what the event tells. */
export const groupHappening = (
  action: string,
  name: string,
  event: EventOf<'GroupCreated' | 'GroupUpdated' | 'GroupPermissionsChanged' | 'GroupDeleted'>,
): Happening => {
  const { groupId, ...facts } = event.payload;
  return { action, target: { type: 'Group', id: groupId, label: name }, metadata: facts, event };
};
