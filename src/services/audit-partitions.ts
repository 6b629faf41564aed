import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';

/** Months that have partitions ahead, the present one included. */
const MONTHS_AHEAD = 4;
const PARENTS = ['audit_events', 'audit_personal_values'] as const;
/** Events that are moved in one transaction, for which writers wait, and transactions of one round. */
const MOVED_EVENTS = 10_000;
const MAXIMUM_MOVES = 100;

/** An instant without a zone, which is UTC, as the bound of a partition. */
const textOf = (instant: string): string => `to_char(${instant}, 'YYYY-MM-DD HH24:MI:SS.US') || '+00'`;

interface Held {
  /** `2026_01`; null: the partition is empty. */
  readonly month: string | null;
  readonly from: string;
  readonly to: string;
  readonly isOne: boolean;
}

/** The months of the rows that no partition was there for. */
const heldBy = (parent: string): string => `
  select to_char(first, 'YYYY_MM') as month, first = last as "isOne", to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00' as from,
    to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00' as to
  from (select date_trunc('month', min(at) at time zone 'UTC') as first, date_trunc('month', max(at) at time zone 'UTC') as last
    from ${parent}_default) held`;

/** Triggers of statements do not come with a partition, as those of rows do. */
const refuseTruncate = (table: string): string =>
  `create trigger ${table}_whole before truncate on ${table} for each statement execute function refuse_audit_change()`;

/**
 * Makes the default partition of a table, which holds rows of one month, that month's, and another one the default. No row is moved: the
 * log is append-only.
 */
const makeMonth = async (em: EntityManager, parent: string, { month, from, to }: Held): Promise<void> => {
  const own = `${parent}_${month}`;
  await sql(em, `alter table ${parent} detach partition ${parent}_default`);
  await sql(em, `alter table ${parent}_default rename to ${own}`);
  await sql(em, `alter trigger ${parent}_default_whole on ${own} rename to ${own}_whole`);
  await sql(em, `alter table ${parent} attach partition ${own} for values from ('${from}') to ('${to}')`);
  await sql(em, `create table ${parent}_default partition of ${parent} default`);
  await sql(em, refuseTruncate(`${parent}_default`));
};

interface Moved {
  readonly month: string;
  readonly from: string;
  readonly to: string;
}

/** The oldest events that no partition was there for: their month, and up to when they are moved; none: there are none. `$1` how many. */
const OLDEST_HELD = `
select to_char(month_start, 'YYYY_MM') as month, ${textOf('month_start')} as from,
  ${textOf(`least(month_start + interval '1 month', greatest(coalesce(next, 'infinity'), first + interval '1 microsecond'))`)} as to
from (select first, date_trunc('month', first) as month_start, next from (select min(at) at time zone 'UTC' as first,
  (select at at time zone 'UTC' from audit_events_default order by at offset $1 limit 1) as next from audit_events_default) held) oldest
where first is not null`;

/**
 * Moves rows before an instant out of the default partition of a table into their month's, which reaches as far as what was moved until
 * all of the month is there. While it is no partition the default one takes deletions: triggers of rows come and go with the table.
 */
const moveRows = async (em: EntityManager, parent: string, { month, from, to }: Moved): Promise<void> => {
  const own = `${parent}_${month}`;
  await sql(em, `alter table ${parent} detach partition ${parent}_default`);
  if (await isThere(em, own)) await sql(em, `alter table ${parent} detach partition ${own}`);
  else {
    await sql(em, `create table ${own} (like ${parent} including all)`);
    await sql(em, refuseTruncate(own));
  }
  await sql(
    em,
    `with moved as (delete from ${parent}_default where at < '${to}' returning *) insert into ${own} select * from moved`,
  );
  await sql(em, `alter table ${parent} attach partition ${own} for values from ('${from}') to ('${to}')`);
  await sql(em, `alter table ${parent} attach partition ${parent}_default default`);
};

const isThere = async (em: EntityManager, table: string): Promise<boolean> => {
  const [found] = await sql<{ name: string | null }>(em, `select to_regclass('${table}')::text as name`);
  return found?.name != null;
};

/**
 * One step towards an empty default partition; gives whether there is more to do. All that it holds becomes its month's as a whole; of
 * several months the oldest rows are moved.
 */
const emptyDefault = (database: Database): Promise<boolean> =>
  database.transaction(async (em) => {
    // Writers wait for this lock, so it is given up rather than waited for or held long.
    await sql(em, `set local lock_timeout = '3s'`);
    await sql(em, `set local statement_timeout = '3s'`);
    await sql(em, `lock table ${PARENTS.join(', ')} in access exclusive mode`);
    const [held] = await sql<Held>(em, heldBy('audit_events'));
    if (held === undefined || held.month === null) return false;
    if (held.isOne && !(await isThere(em, `audit_events_${held.month}`))) {
      for (const parent of PARENTS) await makeMonth(em, parent, held);
      return false;
    }
    const [oldest] = await sql<Moved>(em, OLDEST_HELD, [MOVED_EVENTS]);
    if (oldest === undefined) return false;
    for (const parent of PARENTS) await moveRows(em, parent, oldest);
    return true;
  });

const isHeldByDefault = async (database: Database): Promise<boolean> =>
  (await database.query(`select 1 as found from audit_events_default limit 1`)).length > 0;

/**
 * Sees to it that the months to come have their partitions. A server that comes back after longer than those reach, or a backup that is
 * restored later, has written its first lines into the default partition, which then stands in the way of their month's.
 */
export const ensureAuditPartitions = async (database: Database, now: Date): Promise<void> => {
  if (await isHeldByDefault(database)) {
    for (let moves = 0; moves < MAXIMUM_MOVES && (await emptyDefault(database)); moves += 1);
  }
  let failed: unknown = null;
  for (let month = 0; month < MONTHS_AHEAD; month += 1) {
    // One by one: a month that has rows in the default partition keeps no later one from having its own.
    await database
      .query(`select ensure_audit_partitions(($1::date + make_interval(months => $2::int))::date, 1)`, [
        `${now.toISOString().slice(0, 7)}-01`,
        month,
      ])
      .catch((error: unknown) => (failed = error));
  }
  if (failed !== null) throw failed;
};
