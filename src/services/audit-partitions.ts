import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';

/** Months that have partitions ahead, the present one included. */
const MONTHS_AHEAD = 4;
const PARENTS = ['audit_events', 'audit_personal_values'] as const;

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
  await sql(
    em,
    `create trigger ${parent}_default_whole before truncate on ${parent}_default for each statement execute function refuse_audit_change()`,
  );
};

/** Rows of several months stay where they are: they could not be told apart without moving them. */
const adoptDefault = (database: Database): Promise<void> =>
  database.transaction(async (em) => {
    // Writers wait for this lock, so it is given up rather than waited for long.
    await sql(em, `set local lock_timeout = '3s'`);
    await sql(em, `lock table ${PARENTS.join(', ')} in access exclusive mode`);
    for (const parent of PARENTS) {
      const [held] = await sql<Held>(em, heldBy(parent));
      if (held === undefined || held.month === null || !held.isOne) continue;
      const [taken] = await sql<{ taken: string | null }>(
        em,
        `select to_regclass('${parent}_${held.month}')::text as taken`,
      );
      if (taken?.taken === null) await makeMonth(em, parent, held);
    }
  });

const isHeldByDefault = async (database: Database): Promise<boolean> =>
  (await database.query(`select 1 as found from audit_events_default limit 1`)).length > 0;

/**
 * Sees to it that the months to come have their partitions. A server that comes back after longer than those reach, or a backup that is
 * restored later, has written its first lines into the default partition, which then stands in the way of their month's.
 */
export const ensureAuditPartitions = async (database: Database, now: Date): Promise<void> => {
  if (await isHeldByDefault(database)) await adoptDefault(database);
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
