import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { Group } from '../entities/group.entity.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import { Rejection, reject } from '../errors.ts';
import { type GroupId, parseId } from '../ids.ts';

/** Reads the id of a group inside an input; TARGET_NOT_FOUND for anything that is none. */
export const readGroupId = (text: string, field = 'id'): GroupId =>
  parseId<GroupId>(text) ?? reject('TARGET_NOT_FOUND', { field: [field], targetId: text.slice(0, 100) });

/** The group as it is at this moment of the transaction; TARGET_NOT_FOUND where there is none. */
export const readGroup = async (em: EntityManager, id: GroupId, field = 'id'): Promise<GroupView> => {
  const [row] = await sql<GroupRow>(em, `select ${groupColumns} from groups g where g.id = $1`, [id]);
  return row === undefined ? reject('TARGET_NOT_FOUND', { field: [field], targetId: id }) : groupViewOf(row);
};

/**
 * Loads a group to be changed. Errors: TARGET_NOT_FOUND, SYSTEM_MANAGED, VERSION_CONFLICT (with the current group). Groups are visible to
 * those who may change them: each of these permissions is of use with `view:groups` only.
 */
export const loadGroup = async (em: EntityManager, id: GroupId, expectedVersion: number | null): Promise<Group> => {
  const group = await em.findOne(Group, { id });
  if (group === null) return reject('TARGET_NOT_FOUND', { field: ['id'], targetId: id });
  if (group.systemManaged) return reject('SYSTEM_MANAGED', { field: ['id'] });
  if (expectedVersion !== null && expectedVersion !== group.version) {
    throw new Rejection([{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }], { group: await readGroup(em, id) });
  }
  return group;
};
