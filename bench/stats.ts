import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import { EVERYBODY } from '../src/entities/stats-counting.queries.ts';
import { figuresOfEverybody, seriesOf } from '../src/entities/stats-series.queries.ts';
import { growTree } from '../tests/support/organization-tree.ts';
import { startDatabase } from './database.ts';
import { median } from './machine.ts';

/*
 * What statistics cost: the counting of the log, the round every five minutes, and the query.
 * Usage: npx tsx bench/stats.ts --users 1000000 --rows 10000000 --organizations 10000 --seconds 300. Events are loaded until so many
 * seconds are over; three fifths are sign-ins, a tenth failures, spread over 60 days. Indexes that statistics do not read are dropped
 * before, or loading would take most of an hour.
 */

const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    rows: { type: 'string', default: '1000000' },
    organizations: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '300' },
    counting: { type: 'string', default: '120' },
  },
});
const USERS = Number(options.users);
const ROWS = Number(options.rows);
const ORGANIZATIONS = Number(options.organizations);
const LOADING_MS = Number(options.seconds) * 1000;
const COUNTING_MS = Number(options.counting) * 1000;
const BATCH = 250_000;
const ROUND_EVENTS = 50_000;

const uuid = (expression: string): string => `lpad(to_hex(${expression}), 32, '0')::uuid`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-stats-bench-'));
const bench = await startDatabase(directory);
const { database, version } = bench;

const loadPeople = async (): Promise<void> => {
  await growTree(database, { name: 'Forest', organizations: ORGANIZATIONS, fanOut: 10, levels: 5 });
  await database.query(`drop index users_search_text_idx`);
  for (let from = 0; from < USERS; from += BATCH) {
    const until = Math.min(from + BATCH, USERS) - 1;
    const numbers = `generate_series(${from}::bigint, ${until}::bigint) n`;
    await database.query(`
      insert into users (id, version, kind, display_name, locale, status, failed_sign_in_count, password_change_required, mfa_enabled_at, created_at, updated_at)
      select ${uuid('n + 16')}, 1, 'PERSON', 'Person ' || n, 'en', case when n % 50 = 0 then 'INVITED' else 'ACTIVE' end, 0, false,
        case when n % 4 = 0 then now() end, now(), now() from ${numbers}`);
    await database.query(`
      insert into organization_members (user_id, organization_id, joined_at)
      select ${uuid('n + 16')}, p.id, now() from ${numbers}
      cross join lateral (select n % ${ORGANIZATIONS} as place union select (n * 7 + 1) % ${ORGANIZATIONS} where n % 10 = 0) w
      join (select id, row_number() over (order by id) - 1 as place from organizations) p using (place)`);
    await database.query(`
      insert into credentials (id, version, user_id, type, secret, external_id, details, created_at, updated_at)
      select gen_random_uuid(), 1, ${uuid('n + 16')}, case k when 0 then 'PASSWORD' else 'PASSKEY' end, 'x',
        case k when 1 then n::text end, '{}', now(), now() from ${numbers}, generate_series(0, 1) k where k = 0 or n % 5 = 0`);
    await database.query(`
      insert into sessions (id, user_id, sign_in_method, assurance_level, delivery, authenticated_at, ip_address, created_at, last_seen_at,
        expires_at, absolute_expires_at, refresh_selector, refresh_hash, refresh_generation)
      select gen_random_uuid(), ${uuid('n + 16')}, 'PASSWORD', 'AAL1', 'BODY', now(), '10.0.0.1', now(), now(),
        now() + interval '7 days', now() + interval '30 days', n::text, '', 0 from ${numbers} where n % 3 = 0`);
  }
  await database.query('vacuum (analyze)');
};

const loadEvents = async (): Promise<number> => {
  await database.query(`select ensure_audit_partitions((current_date - interval '3 months')::date, 5)`);
  for (const name of ['actor', 'target', 'action', 'id', 'result', 'on_behalf_of', 'unsealed']) {
    await database.query(`drop index audit_events_${name}_idx`);
  }
  const began = performance.now();
  let loaded = 0;
  while (loaded < ROWS && performance.now() - began < LOADING_MS) {
    const until = Math.min(loaded + BATCH, ROWS);
    await database.query(`
      insert into audit_events (at, id, action, result, actor_type, actor_id, target_type, target_id, metadata, personal_commitment, chain_sequence, chain_hash)
      select now() - interval '60 days' + n * (interval '60 days' / ${ROWS}), ${uuid('n + 16')},
        case when n % 10 < 7 then 'session.started' else 'user.updated' end, case when n % 10 = 6 then 'FAILURE' else 'SUCCESS' end,
        'User', ${uuid(`n * 7919 % ${USERS} + 16`)}, case when n % 10 < 6 then 'Session' else 'User' end, (${uuid(`n * 7919 % ${USERS} + 16`)})::text,
        '{"method": "PASSWORD"}', decode(md5(n::text), 'hex'), n + 1, decode(md5(n::text), 'hex')
      from generate_series(${loaded}::bigint, ${until - 1}::bigint) n`);
    loaded = until;
  }
  await database.query('update audit_chain set sequence = $1', [loaded]);
  await database.query('vacuum (analyze) audit_events');
  return loaded;
};

const config = loadConfig({ env: { APP_ENVIRONMENT: 'test' }, cwd: directory });
const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
const { statsCounter, statsRefresh } = createServices({
  config,
  database,
  masterKeys,
  clock: systemClock,
  log: (_level, message, details) => say(`${message} ${JSON.stringify(details)}`),
});

const timed = async (work: () => Promise<unknown>): Promise<string> => {
  const began = performance.now();
  await work();
  return secondsSince(began);
};

const position = async (): Promise<number> =>
  Number((await database.query<{ position: string }>('select position from stats_state'))[0]?.position ?? 0);

/** Counts from the beginning until the time is over; then all but the last events are taken as counted. */
const countLog = async (rows: number): Promise<void> => {
  const began = performance.now();
  while (performance.now() - began < COUNTING_MS && (await statsCounter.count(1)) === false);
  const counted = await position();
  say(
    `${counted} events counted in ${secondsSince(began)} s: ${Math.round((counted / (performance.now() - began)) * 1000)} a second`,
  );
  await database.query('update stats_state set position = greatest(position, $1)', [rows - ROUND_EVENTS]);
  if (counted < rows - ROUND_EVENTS) {
    say(`${ROUND_EVENTS} events more: ${await timed(() => statsCounter.count())} s`);
  }
};

const series = (organizationId: string, interval: string, days: number): readonly unknown[] => {
  const until = new Date();
  const from = new Date(until.getTime() - days * 86_400_000);
  return [organizationId, from.toISOString(), until.toISOString(), interval, from.toISOString(), until.toISOString()];
};

const measureQuery = async (name: string, text: string, values: readonly unknown[]): Promise<void> => {
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const began = performance.now();
    await database.query(text, values);
    times.push(performance.now() - began);
  }
  const plan = await database.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${text}`, values);
  const lines = plan.map((line) => line['QUERY PLAN']);
  const scans = lines.filter((line) => /Seq Scan on (?!stats_state)/.test(line)).length;
  const pages = /hit=(\d+)/.exec(lines.find((line) => line.includes('Buffers:')) ?? '')?.[1] ?? '0';
  say(`| ${name} | ${median(times).toFixed(1)} | ${pages} | ${scans} |`);
};

try {
  say(`PostgreSQL ${version}: ${USERS} users in ${ORGANIZATIONS} organizations loaded in ${await timed(loadPeople)} s`);
  const began = performance.now();
  const rows = await loadEvents();
  say(`${rows} events loaded in ${secondsSince(began)} s`);
  await countLog(rows);
  say(`first round (figures of the present): ${await timed(() => statsRefresh.run())} s`);
  say(`next round: ${await timed(() => statsRefresh.run())} s`);
  const sizes = await database.query<{ name: string; size: string; rows: string }>(
    `select relname as name, pg_size_pretty(pg_total_relation_size(relid)) as size, n_live_tup::text as rows from pg_stat_user_tables where relname like 'stats%' order by 1`,
  );
  say(sizes.map(({ name, size, rows: count }) => `${name} ${count} rows, ${size}`).join('; '));
  await database.query('analyze');
  const [root] = await database.query<{ id: string }>('select id from organizations where parent_id is null limit 1');
  say('| statement | median, ms | pages of 8 kB | whole tables read |\n|---|---|---|---|');
  await measureQuery('figures of everybody', figuresOfEverybody, []);
  for (const [whom, id] of [
    ['everybody', EVERYBODY],
    ['the topmost organization', root?.id ?? ''],
  ] as const) {
    await measureQuery(`30 days by day, ${whom}`, seriesOf, series(id, 'day', 30));
    await measureQuery(`31 days by hour, ${whom}`, seriesOf, series(id, 'hour', 31));
    await measureQuery(`60 days by month, ${whom}`, seriesOf, series(id, 'month', 60));
  }
} finally {
  await bench.stop();
  rmSync(directory, { recursive: true, force: true });
}
