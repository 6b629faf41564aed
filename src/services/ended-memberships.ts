import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import type { Problem } from '../errors.ts';
import type { GroupId, MembershipId, OrganizationId, UserId } from '../ids.ts';

/** What is deleted, with all memberships in it. */
type Ending = { readonly groupId: GroupId } | { readonly organizationIds: readonly OrganizationId[] };

const BATCH = 10_000;
/** Of more people nobody reads the names. */
const MAXIMUM_TOLD = 100;

/**
 * Deletes all memberships in a group, or within organizations, in a transaction that keeps others from making new ones: by batches, since
 * they can be a million. Gives a problem NO_GROUPS_LEFT for each of the first people who have no other, to be thrown once all is
 * done: a change that is only tried is compared as a whole.
 */
export const endMemberships = async (em: EntityManager, ending: Ending): Promise<readonly Problem[]> => {
  const [column, ids] =
    'groupId' in ending ? ['group_id', [ending.groupId]] : ['organization_id', ending.organizationIds];
  await sql(
    em,
    `declare ending_memberships no scroll cursor for select id from memberships where ${column} = any($1::uuid[])`,
    [ids],
  );
  const stranded = new Set<UserId>();
  for (;;) {
    const rows = await sql<{ id: MembershipId }>(em, `fetch ${BATCH} from ending_memberships`);
    if (rows.length === 0) break;
    const left = await sql<{ user_id: UserId }>(
      em,
      `with ended as (delete from memberships where id = any($2::uuid[]) returning user_id)
       select distinct e.user_id from ended e
       where not exists (select from memberships m where m.user_id = e.user_id and (m.${column} = any($1::uuid[])) is not true)
       limit $3`,
      [ids, rows.map(({ id }) => id), MAXIMUM_TOLD],
    );
    if (stranded.size < MAXIMUM_TOLD) for (const row of left) stranded.add(row.user_id);
    if (rows.length < BATCH) break;
  }
  await sql(em, 'close ending_memberships');
  return [...stranded].slice(0, MAXIMUM_TOLD).map((targetId) => ({ code: 'NO_GROUPS_LEFT', targetId }));
};
