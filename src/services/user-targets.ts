import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { groupIdsColumn, type GroupIdsRow, userColumns, type UserRow } from '../entities/user.queries.ts';
import { type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { Rejection } from '../errors.ts';
import { parseId, type UserId } from '../ids.ts';
import { readTargetIds, targetNotFound } from './target-ids.ts';

export type TargetRow = UserRow & GroupIdsRow;

/** Reads the ids of a bulk mutation: 1 to 100, each once. Problems: REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND. */
export const readUserIds = (ids: readonly string[], field: string): readonly UserId[] =>
  readTargetIds(ids, field, parseId<UserId>);

/**
 * Loads and locks the users of a mutation, in the order of their ids so that two such mutations cannot block each other.
 * Those that do not exist or that the caller may not see are refused in the same way: TARGET_NOT_FOUND.
 */
export const lockTargets = async (
  em: EntityManager,
  viewer: Viewer,
  ids: readonly UserId[],
  field: string,
): Promise<readonly TargetRow[]> => {
  const visible = visibleUsers(viewer, 2);
  const rows = await sql<TargetRow>(
    em,
    `select ${userColumns}, ${groupIdsColumn} from users u where u.id = any($1::uuid[]) and ${visible.condition}
     order by u.id for update of u`,
    [ids, ...visible.values],
  );
  const found = new Set(rows.map((row) => row.user_id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) {
    throw new Rejection(missing.map((id) => targetNotFound(field, id)));
  }
  return rows;
};
