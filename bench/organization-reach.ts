import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type BenchDatabase, startDatabase } from './database.ts';
import { ADMIN, loadDataset, PASSWORD } from './dataset.ts';
import { loadTree, PLACES } from './organization-data.ts';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';

/**
 * What a page of 100 users costs an administrator of one organization, against one whom nothing limits: over HTTP, in interleaved
 * rounds so that what else the machine does hits all alike. A tree of 10,000 organizations (one owner, 10 distributors, 300
 * resellers, the others customers); every user is a member of one customer. Usage: tsx bench/organization-reach.ts [users] [pages]
 */
const users = Number(process.argv[2] ?? 100_000);
const pages = Number(process.argv[3] ?? 100);

const ORGANIZATIONS = 10_000;
const LIST = `query ($after: String) { users(first: 100, after: $after) {
  nodes { id displayName email status createdAt lastSignInAt } pageInfo { hasNextPage endCursor } } }`;

interface Subject {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly times: number[];
  rows: number;
}

const post = async (url: string, headers: Readonly<Record<string, string>>, query: string, variables: object) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: never; errors?: unknown };
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
};

const signIn = async (url: string, name: string, identifier: string): Promise<Subject> => {
  const data: { signIn: { tokens: { accessToken: string } } } = await post(
    url,
    {},
    'mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } } }',
    { input: { identifier, password: PASSWORD, delivery: 'BODY' } },
  );
  return { name, headers: { authorization: `Bearer ${data.signIn.tokens.accessToken}` }, times: [], rows: 0 };
};

const page = async (url: string, subject: Subject): Promise<void> => {
  const from = performance.now();
  const data: { users: { nodes: object[] } } = await post(url, subject.headers, LIST, {});
  subject.times.push(performance.now() - from);
  subject.rows = data.users.nodes.length;
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

const measure = async (bench: BenchDatabase): Promise<void> => {
  const config = loadConfig({
    env: { APP_ENVIRONMENT: 'test', BASE_URL: 'http://localhost:4000', RATE_LIMITS: 'false' },
    assignments: [],
    cwd: tmpdir(),
  });
  const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
  const foundation = { config, database: bench.database, masterKeys, clock: systemClock, log: () => undefined };
  const services = createServices(foundation);
  const { app } = await createApp(foundation, services, pino({ level: 'silent' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`;
    const subjects = [
      await signIn(url, 'unrestricted', ADMIN),
      ...(await Promise.all(Object.keys(PLACES).map((name) => signIn(url, name, `${name}@bench.example`)))),
    ];
    for (let round = 0; round < 20; round += 1) for (const subject of subjects) await page(url, subject);
    for (const subject of subjects) subject.times.length = 0;
    for (let round = 0; round < pages; round += 1) for (const subject of subjects) await page(url, subject);
    const unrestricted = median(subjects[0]?.times ?? []);
    console.log(`${users} users, ${ORGANIZATIONS} organizations, PostgreSQL ${bench.version}, ${pages} pages each`);
    console.table(
      subjects.map(({ name, times, rows }) => ({
        administrator: name,
        rows,
        'median ms': median(times).toFixed(2),
        'of unrestricted': (median(times) / unrestricted).toFixed(2),
      })),
    );
  } finally {
    await app.close();
    await services.activity.flush();
  }
};

const work = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const bench = await startDatabase(work);
try {
  await loadDataset(bench.database, users);
  await loadTree(bench.database, ORGANIZATIONS);
  // As autovacuum leaves them: indexes alone answer what they hold.
  await bench.database.query('vacuum analyze');
  await measure(bench);
} finally {
  await bench.stop();
  rmSync(work, { recursive: true, force: true });
}
