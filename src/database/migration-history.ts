import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from './sql.ts';

/** A line of the table of migrations; `group_number` is null for what MikroORM's own command applied. */
export interface HistoryRow {
  readonly name: string;
  readonly executed_at: string;
  readonly group_number: number | null;
}

/** Makes the table, or completes one that MikroORM's own command made, which has no groups. */
export const createHistory = async (em: EntityManager): Promise<void> => {
  await sql(
    em,
    `create table if not exists schema_migrations (id serial primary key, name varchar(255),
       executed_at timestamptz default current_timestamp, group_number integer)`,
  );
  await sql(em, 'alter table schema_migrations add column if not exists group_number integer');
};

/** Whether the table of migrations is there, and whether it counts groups. */
export const historyShape = async (em: EntityManager): Promise<'absent' | 'without groups' | 'complete'> => {
  const [row] = await sql<{ present: boolean; grouped: boolean }>(
    em,
    `select to_regclass('schema_migrations') is not null as present, exists (select from pg_attribute
       where attrelid = to_regclass('schema_migrations') and attname = 'group_number' and not attisdropped) as grouped`,
  );
  if (row?.present !== true) return 'absent';
  return row.grouped ? 'complete' : 'without groups';
};

/** In the order of their application. */
export const readHistory = async (em: EntityManager): Promise<readonly HistoryRow[]> => {
  const shape = await historyShape(em);
  if (shape === 'absent') return [];
  const group = shape === 'complete' ? 'group_number' : 'null::integer as group_number';
  const rows = await sql<HistoryRow>(
    em,
    `select name, executed_at::text as executed_at, ${group} from schema_migrations order by id`,
  );
  return rows.map((row) => ({ ...row, name: withoutEnding(row.name) }));
};

/** What MikroORM's own command applied has no group: those become one, so that they can be undone. */
export const adoptStrays = async (em: EntityManager): Promise<readonly HistoryRow[]> => {
  await sql(
    em,
    `update schema_migrations set group_number = (select coalesce(max(group_number), 0) + 1 from schema_migrations)
     where group_number is null`,
  );
  return readHistory(em);
};

/** Removes the line of a migration that was undone, also one that MikroORM's own command wrote with the ending of the file. */
export const forgetMigration = async (em: EntityManager, name: string): Promise<void> => {
  await sql(em, 'delete from schema_migrations where name = any($1::text[])', [[name, `${name}.ts`, `${name}.js`]]);
};

export const lastGroup = (history: readonly HistoryRow[]): number =>
  history.reduce((last, row) => Math.max(last, row.group_number ?? 0), 0);

/** Last applied first. */
export const namesOfLastGroup = (history: readonly HistoryRow[]): readonly string[] => {
  const last = lastGroup(history);
  return history
    .filter((row) => row.group_number === last)
    .map((row) => row.name)
    .toReversed();
};

/** The name of a migration is its file's without `.ts`. */
export const withoutEnding = (file: string): string => file.replace(/\.[jt]s$/, '');
