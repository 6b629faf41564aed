import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { groupIdsColumn, type GroupIdsRow, userColumns, type UserRow } from '../entities/user.queries.ts';
import { usersWhollyWithin, usersWithin, type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { Failure, Rejection } from '../errors.ts';
import { parseId, type UserId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { reachOf } from '../permissions/may.ts';
import type { Principal } from '../principal.ts';
import { readTargetIds, targetNotFound } from './target-ids.ts';

export type TargetRow = UserRow & GroupIdsRow & AssignmentsRow;

/** The columns behind `TargetRow`, of `users` under the alias `u`. */
export const targetColumns = `${userColumns}, ${groupIdsColumn}, ${assignmentsColumn}`;

/** Reads the ids of a bulk mutation: 1 to 100, each once. Problems: REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND. */
export const readUserIds = (ids: readonly string[], field: string): readonly UserId[] =>
  readTargetIds(ids, field, parseId<UserId>);

/** What the caller must hold for the users of a mutation: about their accounts as a whole, or about their part in one organization. */
export interface Need {
  readonly permission: PermissionName;
  readonly account: boolean;
  /** What they may do to themselves without it. */
  readonly oneself?: boolean;
}

/**
 * Whoever acts as somebody else changes nothing of that person's account, not even by a permission over all accounts that the person
 * holds: another address would be a way in that stays. Throws FORBIDDEN.
 */
export const demandOtherThanActedAs = (principal: Principal, ids: readonly UserId[]): void => {
  if (principal.actorId === null || !ids.includes(principal.userId)) return;
  throw new Failure('FORBIDDEN', 'The account of the person acted as cannot be changed.', {
    missing: [],
    impersonation: principal.impersonationMode,
  });
};

/** No key touches how its owner signs in, nor the sessions that they are in. Throws FORBIDDEN. */
export const demandOtherThanOwner = (principal: Principal, ids: readonly UserId[]): void => {
  if (principal.via !== 'apiKey' || !ids.includes(principal.userId)) return;
  throw new Failure('FORBIDDEN', 'No API key does this to the account of its owner.', { missing: [] });
};

/**
 * Loads and locks the users of a mutation, in the order of their ids so that two such mutations cannot block each other.
 * Those that do not exist or that the caller may not see are refused in the same way: TARGET_NOT_FOUND. Those whom the caller sees,
 * but for whom they do not hold the permission: throws FORBIDDEN with it.
 */
export const lockTargets = async (
  em: EntityManager,
  viewer: Viewer,
  ids: readonly UserId[],
  { field, permission, account, oneself = false }: Need & { readonly field: string },
): Promise<readonly TargetRow[]> => {
  demandOtherThanActedAs(viewer.principal, ids);
  const reach = reachOf(viewer.principal, permission, viewer.now);
  const reached = (account ? usersWhollyWithin : usersWithin)(reach, 2);
  const visible = visibleUsers(viewer, 2 + reached.values.length);
  const rows = await sql<TargetRow & { readonly reached: boolean }>(
    em,
    `select ${targetColumns}, ${reached.condition} as reached from users u where u.id = any($1::uuid[]) and ${visible.condition}
     order by u.id for update of u`,
    [ids, ...reached.values, ...visible.values],
  );
  const found = new Set(rows.map((row) => row.user_id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) {
    throw new Rejection(missing.map((id) => targetNotFound(field, id)));
  }
  const beyond = rows.find((row) => !row.reached && !(oneself && row.user_id === viewer.principal.userId));
  if (beyond !== undefined) {
    throw new Failure('FORBIDDEN', `This needs ${permission} for ${beyond.user_id}.`, { missing: [permission] });
  }
  return rows;
};
