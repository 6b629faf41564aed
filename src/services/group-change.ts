import type { EntityManager } from '@mikro-orm/postgresql';
import { constraintOf } from '../database/database.ts';
import type { Group } from '../entities/group.entity.ts';
import { reject, rejectAny } from '../errors.ts';
import type { EventOf } from '../events/event-types.ts';
import type { Happening } from '../events/recorder.ts';
import type { OrganizationId } from '../ids.ts';
import { type Grant, grantKey, permissionKey } from '../permissions/grants.ts';
import { can } from '../permissions/rules.ts';
import type { Authority, Where } from './authority.ts';
import { whereOf } from './group-directory.ts';
import type { GroupReach } from './group-reach.ts';
import { readGroup } from './group-target.ts';
import type { OrganizationLevels } from './organization-levels.ts';

const FIELD = { field: ['permissions'] };

/** Handing out grants needs `grant:groups`, in every organization too where the reach is ALL. */
export const requireMayGrant = (authority: Authority, grants: readonly Grant[], where: Where): void => {
  if (grants.length > 0 || where === 'ALL') authority.demand(can('grant:groups'));
  rejectAny(authority.handingOut(grants, where, FIELD));
};

/** So does taking them away, or leaving them where one changes what is beside them; but no second person. */
export const requireMayTake = (authority: Authority, grants: readonly Grant[], where: Where): void => {
  if (grants.length > 0 || where === 'ALL') authority.demand(can('grant:groups'));
  rejectAny(authority.takingAway(grants, where, FIELD));
};

/** A reach over anything needs `grant:groups`, whatever the group gives now. */
export const requireMayReach = (authority: Authority, grants: readonly Grant[], reach: GroupReach): void => {
  demandOverReach(authority, reach);
  requireMayGrant(authority, grants, whereOf(reach));
};

/** Another reach needs what the old and the new one need; a second person only for where the grants did not hold before. */
export const requireMayChangeReach = (
  authority: Authority,
  grants: readonly Grant[],
  { present, reach }: { readonly present: GroupReach; readonly reach: GroupReach },
): void => {
  for (const one of whereOf(present).length > 0 ? [reach, present] : [reach]) {
    demandOverReach(authority, one);
    requireMayTake(authority, grants, whereOf(one));
  }
  const gained = gainedBy(present, reach);
  if (gained.length > 0) requireMayGrant(authority, grants, gained);
};

const demandOverReach = (authority: Authority, reach: GroupReach): void => {
  if (whereOf(reach).length > 0) authority.demand(can('grant:groups'));
};

/** Where the one reach holds and the other did not; an empty list is nowhere. */
const gainedBy = (present: GroupReach, reach: GroupReach): Where => {
  if (present.scopeMode === 'ALL') return [];
  if (reach.scopeMode === 'ALL') return 'ALL';
  return reach.listed.filter((lineage) => !present.listed.some((held) => isAtOrBelow(lineage, held)));
};

const isAtOrBelow = (lineage: readonly OrganizationId[], held: readonly OrganizationId[]): boolean =>
  lineage.some((id) => id === held.at(-1));

/** The settings name the groups of levels: a name that gives a group to a level, or takes it away, hands out all its grants. */
export const requireMayRename = async (
  em: EntityManager,
  authority: Authority,
  levels: OrganizationLevels,
  { group: { id, name: present }, name }: { readonly group: Pick<Group, 'id' | 'name'>; readonly name: string },
): Promise<void> => {
  const before = levels.giving({ id, name: present });
  const after = levels.giving({ id, name });
  if (before.join(',') === after.join(',')) return;
  const { permissions } = await readGroup(em, id);
  requireMayTake(authority, permissions, 'ALL');
  if (after.some((level) => !before.includes(level))) requireMayGrant(authority, permissions, 'ALL');
};

const ofPermission = (grants: readonly Grant[], permission: string): string =>
  grants
    .filter((grant) => permissionKey(grant) === permission)
    .map((grant) => grantKey(grant))
    .toSorted()
    .join();

/** What log and event tell of other grants: their permissions, and which of those that stay have other constraints. */
export const grantsChanged = (before: readonly Grant[], after: readonly Grant[]) => {
  const kept = [...new Set(after.map(permissionKey))].filter((key) => before.some((one) => permissionKey(one) === key));
  const constraintsChanged = kept.filter((key) => ofPermission(before, key) !== ofPermission(after, key));
  return {
    before: before.map(permissionKey),
    after: after.map(permissionKey),
    ...(constraintsChanged.length === 0 ? {} : { constraintsChanged }),
  };
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
