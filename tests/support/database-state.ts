import type { TestApp } from './test-app.ts';

/** Marks of use, which may be written at any moment. */
const MARKS = ['last_seen_at', 'expires_at'];

/**
 * Every row of every table as one text per table, so that two states can be compared and a difference names its table.
 * Last-seen marks of sessions are left out.
 */
export const databaseState = async ({ database }: TestApp): Promise<Readonly<Record<string, string>>> => {
  const tables = await database.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const parts = tables.map(({ name }) => {
    const row = name === 'sessions' ? `to_jsonb(t) - '{${MARKS.join(',')}}'::text[]` : 'to_jsonb(t)';
    return `select '${name}' as name, md5(coalesce(string_agg((${row})::text, '|' order by (${row})::text), '')) as state from ${name} t`;
  });
  const rows = await database.query<{ name: string; state: string }>(parts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
};
