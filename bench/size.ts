import 'reflect-metadata';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Database } from '../src/database/database.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { machine, median } from './machine.ts';
import { PLACES } from './organization-data.ts';
import { loadSize, ROOT, type Size } from './size-data.ts';
import { filterQuestions } from './size-filters.ts';
import { type SizeServer, startSizeServer } from './size-server.ts';

/*
 * What lists and searches cost at size, over HTTP and in the database, against the same with a thousand users. Usage:
 * npx tsx bench/size.ts [--users 1000000 --audit 10000000 --rounds 30 --directory /tmp/kept]. With a directory the data is kept and
 * used again.
 */

const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    audit: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '30' },
    directory: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const LARGE: Size = {
  users: Number(options.users),
  groups: 10_000,
  organizations: 10_000,
  auditEvents: Number(options.audit),
};
const SMALL: Size = { users: 1000, groups: 100, organizations: 1000, auditEvents: 0 };

const FIELDS = 'nodes { id displayName email status createdAt lastSignInAt } pageInfo { startCursor endCursor }';
const USERS = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) { ${FIELDS} } }`;
const AUDIT = `query ($first: Int, $after: String, $last: Int, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, last: $last, filter: $filter) { nodes { id at action } pageInfo { startCursor } } }`;

interface Subject {
  readonly name: string;
  readonly server: SizeServer;
  readonly who: string;
  readonly query: string;
  readonly variables: object;
}

const subjectOf = (server: SizeServer, name: string, variables: object, who = ROOT): Subject => ({
  name,
  server,
  who,
  query: USERS,
  variables,
});

const run = ({ server, who, query, variables }: Subject): Promise<unknown> => server.send(who, query, variables);

/** All subjects in turn, round by round, so that what else the machine does hits all alike. */
const measure = async (title: string, subjects: readonly Subject[]): Promise<void> => {
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < rounds + 5; round += 1) {
    for (const [index, subject] of subjects.entries()) {
      const from = performance.now();
      await run(subject);
      if (round >= 5) times[index]?.push(performance.now() - from);
    }
  }
  const first = median(times[0] ?? []);
  const rows: object[] = [];
  for (const [index, subject] of subjects.entries()) {
    const works = [];
    for (let time = 0; time < 5; time += 1) works.push(await subject.server.explain(() => run(subject)));
    const [p50, best] = [median(times[index] ?? []), Math.min(...(times[index] ?? []))];
    rows.push({
      what: subject.name,
      'p50 ms': p50.toFixed(1),
      'best ms': best.toFixed(1),
      'of the first': (p50 / first).toFixed(2),
      'database ms': Math.min(...works.map(({ executionMs }) => executionMs)).toFixed(2),
      'planning ms': Math.min(...works.map(({ planningMs }) => planningMs)).toFixed(2),
      pages: median(works.map(({ pages }) => pages)),
    });
  }
  console.log(`\n${title}`);
  console.table(rows);
};

const lastCursor = async (server: SizeServer, query: string, list: 'users' | 'auditEvents'): Promise<string> => {
  const data = await server.send<Record<string, { pageInfo: { startCursor: string } }>>(ROOT, query, { last: 100 });
  return data[list]?.pageInfo.startCursor ?? '';
};

const measurePages = async (large: SizeServer, small: SizeServer): Promise<void> => {
  const sizes = [
    ['1,000', small],
    [LARGE.users.toLocaleString('en'), large],
  ] as const;
  const pages = [
    { name: 'first page', of: () => Promise.resolve({ first: 100 }) },
    {
      name: 'last page by cursor',
      of: async (server: SizeServer) => ({ first: 99, after: await lastCursor(server, USERS, 'users') }),
    },
    { name: 'last page backwards', of: () => Promise.resolve({ last: 100 }) },
    { name: 'first by name', of: () => Promise.resolve({ first: 100, orderBy: { field: 'DISPLAY_NAME' } }) },
  ];
  for (const { name, of } of pages) {
    const subjects: Subject[] = [];
    for (const [users, server] of sizes) subjects.push(subjectOf(server, `${users} users`, await of(server)));
    await measure(name, subjects);
  }
};

const SEARCHES = [
  'ada',
  'ada ba',
  'person123',
  'person999999',
  'company7.example',
  '.person5',
  'xenia vi',
  'nobody-at-all',
  'an',
  'zo',
  'qu',
  '99',
  'qx',
  'x9',
  'ö',
  'zoé',
];

const measureSize = async (large: SizeServer, small: SizeServer, database: Database): Promise<void> => {
  await measurePages(large, small);
  await measure(
    'search, a page of 25',
    SEARCHES.filter((search) => Array.from(search).length > 1).map((search) =>
      subjectOf(large, JSON.stringify(search), { first: 25, filter: { search } }),
    ),
  );
  await measure('administrators of one organization of 10,000', [
    subjectOf(large, 'unrestricted', { first: 100 }),
    ...Object.keys(PLACES).map((place) => subjectOf(large, place, { first: 100 }, `${place}@bench.example`)),
  ]);
  for (const [title, questions] of await filterQuestions(database)) {
    await measure(
      title,
      questions.map((question) => ({ ...question, server: large })),
    );
  }
  if (LARGE.auditEvents === 0) return;
  const after = await lastCursor(large, AUDIT, 'auditEvents');
  const audit = (name: string, variables: object): Subject => ({
    name,
    server: large,
    who: ROOT,
    query: AUDIT,
    variables,
  });
  await measure(`audit events, ${LARGE.auditEvents.toLocaleString('en')}`, [
    audit('first page', { first: 100 }),
    audit('last page by cursor', { first: 99, after }),
    audit('last page backwards', { last: 100 }),
    audit('one action, first', { first: 100, filter: { actionIn: ['user.action-3'] } }),
    audit('one action, long ago', { first: 100, filter: { actionIn: ['rare.done'] } }),
    audit('one address', { first: 100, filter: { ipAddress: '10.0.3.93' } }),
  ]);
};

/** The database of a directory; filled unless it was kept. */
const openDatabase = async (directory: string, size: Size): Promise<BenchDatabase> => {
  mkdirSync(directory, { recursive: true });
  const bench = await startDatabase(directory);
  const mark = join(directory, 'loaded');
  if (existsSync(mark)) return bench;
  await loadSize(bench.database, size, (what, seconds) => console.log(`${what}: ${seconds.toFixed(0)} s`));
  writeFileSync(mark, JSON.stringify(size));
  return bench;
};

const work = options.directory ?? mkdtempSync(join(tmpdir(), 'gatehouse-size-'));
try {
  const large = await openDatabase(join(work, 'large'), LARGE);
  const small = await openDatabase(join(work, 'small'), SMALL);
  console.log(`${machine()}, PostgreSQL ${large.version}, ${JSON.stringify(LARGE)}, ${rounds} rounds`);
  const servers = [await startSizeServer(large), await startSizeServer(small)] as const;
  await measureSize(...servers, large.database);
  for (const server of servers) await server.close();
  for (const bench of [large, small]) await bench.stop();
} finally {
  if (options.directory === undefined) rmSync(work, { recursive: true, force: true });
}
