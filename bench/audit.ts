import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auditPage, type AuditConditions } from '../src/entities/audit.queries.ts';
import { readAuditFilter, type AuditFilter } from '../src/services/audit-filter.ts';
import { COMMON_ACTOR, loadAudit, RARE_ACTOR } from './audit-data.ts';
import { type BenchDatabase, startDatabase } from './database.ts';

/*
 * How long a page of the audit log takes at so many events, the first one and one in the depth, for each filter alone.
 * Usage: npx tsx bench/audit.ts --rows 1000000. Events are spread over twelve months, 1,000 actors and 1,000 targets, 40 actions
 * and 4,096 addresses; the rare values stand in the oldest month alone, where a walk along the time finds them last.
 */

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, times: { type: 'string', default: '9' } },
});
const ROWS = Number(options.rows);
const TIMES = Number(options.times);
const PAGE = 101;

const me = COMMON_ACTOR;

const cases: Readonly<Record<string, { readonly filter: AuditFilter; readonly subject?: string }>> = {
  'no filter': { filter: {} },
  'actor, common': { filter: { actorId: me } },
  'actor, long ago': { filter: { actorId: RARE_ACTOR } },
  'target, common': { filter: { targetId: me } },
  'target, long ago': { filter: { targetId: 'rare' } },
  'one action': { filter: { actionIn: ['user.action-3'] } },
  'one action, long ago': { filter: { actionIn: ['rare.done'] } },
  'forty actions': { filter: { actionIn: ['rare.done', ...Array.from({ length: 39 }, (_, n) => `user.action-${n}`)] } },
  'result SUCCESS': { filter: { resultIn: ['SUCCESS'] } },
  'result DENIED, long ago': { filter: { resultIn: ['DENIED'] } },
  'two results': { filter: { resultIn: ['DENIED', 'FAILURE'] } },
  'address, common': { filter: { ipAddress: '10.0.3.93' } },
  'address, long ago': { filter: { ipAddress: '203.0.113.9' } },
  'range /8, everything': { filter: { ipAddress: '10.0.0.0/8' } },
  'range /24, common': { filter: { ipAddress: '10.0.3.0/24' } },
  'range /24, long ago': { filter: { ipAddress: '203.0.113.0/24' } },
  'time, one month': {
    filter: { at: { from: new Date(Date.now() - 90 * 86_400_000), until: new Date(Date.now() - 60 * 86_400_000) } },
  },
  'about oneself': { filter: {}, subject: me },
  'about oneself, with actions': { filter: { actionIn: ['user.action-3', 'user.action-4'] }, subject: me },
};

interface Place {
  readonly at: string;
  readonly id: string;
}

const statementAt = (filter: AuditConditions, subject: string | undefined, place: Place | null) => {
  const values: unknown[] = subject === undefined ? [] : [subject];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const by = subject === undefined ? null : '$1::uuid';
  const condition =
    place === null
      ? 'true'
      : `e.at <= ${bind(place.at)}::timestamptz and (e.at, e.id) < ($${values.length}::timestamptz, ${bind(place.id)}::uuid)`;
  return {
    text: auditPage(
      filter,
      { subject: by, viewer: by },
      { condition, orderBy: 'e.at desc, e.id desc', limit: PAGE },
      bind,
    ),
    values,
  };
};

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const timed = async (
  bench: BenchDatabase,
  filter: AuditConditions,
  subject: string | undefined,
  place: Place | null,
) => {
  const { text, values } = statementAt(filter, subject, place);
  const times: number[] = [];
  let rows: readonly Place[] = [];
  for (let round = 0; round < TIMES; round += 1) {
    const began = performance.now();
    rows = await bench.database.query<Place>(text, values);
    times.push(performance.now() - began);
  }
  const plan = await bench.database.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, timing off) ${text}`,
    values,
  );
  const lines = plan.map((line) => line['QUERY PLAN']);
  // Months without events have nothing else to be read by.
  const scans = lines.filter((line) => /Seq Scan.*actual rows=(?!0)/.test(line)).length;
  const planning = Number(/[\d.]+/.exec(lines.find((line) => line.includes('Planning Time')) ?? '0')?.[0]);
  // Of the topmost node: what all below it read. Tells more than the time where others use the machine.
  const buffers = lines.find((line) => line.includes('Buffers:')) ?? '';
  const pages = [...buffers.matchAll(/(?:hit|read)=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return { rows: rows.length, ms: median(times), scans, planning, pages };
};

/** The event at nine tenths of the filter's way, read once by its number. */
const deepPlace = async (
  bench: BenchDatabase,
  filter: AuditConditions,
  subject: string | undefined,
): Promise<Place | null> => {
  const { text, values } = statementAt(filter, subject, null);
  const all = text.replaceAll(`limit ${PAGE}`, '');
  const [found] = await bench.database.query<{ count: number }>(
    `select count(*)::int as count from (${all}) a`,
    values,
  );
  const rows = await bench.database.query<Place>(
    `select at, id from (${all}) a order by at::timestamptz desc, id desc offset ${Math.floor((found?.count ?? 0) * 0.9)} limit 1`,
    values,
  );
  return rows[0] ?? null;
};

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-audit-bench-'));
const bench = await startDatabase(directory);
try {
  const began = performance.now();
  await loadAudit(bench.database, ROWS);
  process.stdout.write(
    `${ROWS} events loaded in ${Math.round((performance.now() - began) / 1000)} s, PostgreSQL ${bench.version}\n`,
  );
  process.stdout.write(
    '| filter | first page, ms | pages of 8 kB | deep page, ms | pages of 8 kB | of it planning, ms | whole partitions read |\n|---|---|---|---|---|---|---|\n',
  );
  for (const [name, { filter, subject }] of Object.entries(cases)) {
    const read = readAuditFilter(filter);
    const first = await timed(bench, read, subject, null);
    const deep = await timed(bench, read, subject, await deepPlace(bench, read, subject));
    process.stdout.write(
      `| ${name} | ${first.ms.toFixed(1)} | ${first.pages} | ${deep.ms.toFixed(1)} | ${deep.pages} | ${deep.planning.toFixed(1)} | ${first.scans + deep.scans} |\n`,
    );
  }
} finally {
  await bench.stop();
  rmSync(directory, { recursive: true, force: true });
}
