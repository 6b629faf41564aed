import type { TestApp } from './test-app.ts';

/** Marks of use, which may be written at any moment. */
const MARKS: Readonly<Record<string, readonly string[]>> = {
  sessions: ['last_seen_at', 'expires_at'],
  devices: ['last_seen_at', 'last_ip_address'],
  api_keys: ['last_used_at', 'last_used_ip'],
};

/** A refused attempt leaves a line in the log, some time after its answer; it changes nothing else. */
const WITHOUT_DENIALS: Readonly<Record<string, string>> = {
  audit_events: `(select * from audit_events where action <> 'operation.denied')`,
  audit_personal_values: `(select p.* from audit_personal_values p join audit_events e on e.at = p.at and e.id = p.event_id where e.action <> 'operation.denied')`,
};

/**
 * Every row of every table as one text per table, so that two states can be compared and a difference names its table.
 * Marks of use are left out.
 */
export const databaseState = async ({ database }: TestApp): Promise<Readonly<Record<string, string>>> => {
  const tables = await database.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const parts = tables.map(({ name }) => {
    const marks = MARKS[name];
    const row = marks === undefined ? 'to_jsonb(t)' : `to_jsonb(t) - '{${marks.join(',')}}'::text[]`;
    const rows = WITHOUT_DENIALS[name] ?? name;
    return `select '${name}' as name, md5(coalesce(string_agg((${row})::text, '|' order by (${row})::text), '')) as state from ${rows} t`;
  });
  const rows = await database.query<{ name: string; state: string }>(parts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
};
