import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Database } from '../src/database/database.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { ADMIN, emailOf, loadDataset, PASSWORD } from './dataset.ts';
import { type Answer, type Lane, measure, middle, type Request, type Sample, send } from './load.ts';
import { machine, peakRssOf } from './machine.ts';
import { answers, type RunningServer, startServer } from './server-process.ts';
import { makeSpecs, root } from './targets.ts';
import { gatehouse, tokensIn } from './workloads.ts';

/*
 * Gatehouse beside better-auth on one PostgreSQL, each with its defaults, in interleaved rounds. better-auth is not among our
 * dependencies; once: mkdir /tmp/peers && cd /tmp/peers && npm init -y && npm install better-auth@1.7.25 pg
 * Usage: npx tsx bench/peers.ts /tmp/peers [--users 1000] [--rounds 5] [--seconds 3] [--connections 16]
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
  },
});
const folder = resolve(positionals[0] ?? '/tmp/peers');
const [USERS, ROUNDS, SECONDS, CONNECTIONS] = [
  Number(values.users),
  Number(values.rounds),
  Number(values.seconds),
  Number(values.connections),
];

const LIST = 'query { users(first: 100) { nodes { id email displayName status createdAt } } }';

/** Its users, with the hash that it made for the first of them. */
const LOAD = `
with made as (
  insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role)
  select 'bench-' || n, 'User user' || n, 'user' || n || '@bench.example', true, now(), now(), 'user'
  from generate_series(0, $1::int - 1) n returning id
)
insert into account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
select m.id, m.id, 'credential', m.id, (select password from account where "providerId" = 'credential' limit 1), now(), now() from made m`;

const request = (method: 'GET' | 'POST', path: string, headers: Request['headers'], body?: object): Request => ({
  method,
  path,
  headers,
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

const lane = (next: () => Request, holds: string): Lane => ({
  next,
  took: ({ status, text }: Answer) => {
    if (status !== 200 || !text.includes(holds)) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
  },
});

const ask = async (server: RunningServer, one: Request): Promise<Answer> => {
  const agent = new Agent();
  try {
    return await send(agent, server.url, one);
  } finally {
    agent.destroy();
  }
};

let turn = 0;
const nextEmail = (): string => emailOf((turn += 1) % USERS);

interface Workload {
  readonly signIn: () => Lane;
  readonly session: () => Lane;
  readonly list: () => Lane;
}

const ours = async (server: RunningServer): Promise<Workload> => {
  const signIn = async (email: string): Promise<string> =>
    tokensIn((await ask(server, gatehouse.signInRequest(email))).text).accessToken;
  const [somebody, admin] = [await signIn(emailOf(0)), await signIn(ADMIN)];
  const list = request('POST', '/graphql', { authorization: `Bearer ${admin}` }, { query: LIST });
  return {
    signIn: () => gatehouse.signIn(USERS),
    session: () => gatehouse.viewer(somebody),
    list: () => lane(() => list, '"nodes":[{'),
  };
};

/** Signs in over HTTP, and keeps the cookie as a browser would. */
const theirs = async (server: RunningServer): Promise<Workload> => {
  const origin = { origin: server.url };
  const signIn = (email: string): Request =>
    request('POST', '/api/auth/sign-in/email', origin, { email, password: PASSWORD });
  const cookie = async (email: string): Promise<Request['headers']> => {
    const { method, path, headers, body = '' } = signIn(email);
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    return {
      cookie: response.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; '),
    };
  };
  const session = request('GET', '/api/auth/get-session', await cookie(emailOf(0)));
  const list = request('GET', '/api/auth/admin/list-users?limit=100', await cookie(ADMIN));
  return {
    signIn: () => lane(() => signIn(nextEmail()), '"token":"'),
    session: () => lane(() => session, '"user0@bench.example"'),
    list: () => lane(() => list, '"users":[{'),
  };
};

const startTheirs = async (bench: BenchDatabase, work: string): Promise<RunningServer> => {
  await bench.database.query('create database better_auth');
  const url = new URL(bench.url);
  url.pathname = '/better_auth';
  copyFileSync(join(root, 'bench/peers/better-auth.mjs'), join(folder, 'server.mjs'));
  const server = await startServer(
    {
      name: 'better-auth',
      command: [process.execPath, 'server.mjs'],
      cwd: folder,
      env: { NODE_ENV: 'production', DATABASE_URL: url.href, PEER_SECRET: randomBytes(32).toString('base64') },
      probe: (at) => answers(`${at}/api/auth/ok`),
    },
    work,
  );
  const signUp = { email: ADMIN, password: PASSWORD, name: 'Administrator' };
  await ask(server, request('POST', '/api/auth/sign-up/email', { origin: server.url }, signUp));
  const database = await Database.connect({ url: url.href, poolSize: 1 });
  await database.query(LOAD, [USERS]);
  await database.query(`update "user" set role = 'admin' where email = $1`, [ADMIN]);
  await database.query('vacuum analyze');
  await database.close();
  return server;
};

interface Subject {
  readonly name: string;
  readonly server: RunningServer;
  readonly workload: Workload;
}

const PARTS = ['signIn', 'session', 'list'] as const;

/** In turn, round by round; the first one warms them up. */
const measurePart = async (part: (typeof PARTS)[number], subjects: readonly Subject[]): Promise<readonly Sample[]> => {
  const samples = subjects.map((): Sample[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { server, workload }] of subjects.entries()) {
      const lanes = Array.from({ length: CONNECTIONS }, () => workload[part]());
      samples[index]?.push(await measure(server, lanes, SECONDS));
    }
  }
  return samples.map((all) => middle(all.slice(1)));
};

const report = (part: string, subjects: readonly Subject[], samples: readonly Sample[]): void => {
  console.table(
    subjects.map(({ name }, index) => ({
      [part]: name,
      'requests/s': samples[index]?.perSecond.toFixed(0),
      'CPU ms': samples[index]?.cpu.toFixed(2),
      'p50 ms': samples[index]?.p50.toFixed(1),
      'p99 ms': samples[index]?.p99.toFixed(1),
    })),
  );
  const [us, them] = samples;
  if (us === undefined || them === undefined) return;
  const ratio = (pick: (sample: Sample) => number): string => (pick(us) / pick(them)).toFixed(2);
  console.log(`${ratio((one) => one.perSecond)} times the requests a second, ${ratio((one) => one.cpu)} times the CPU`);
};

const versionOfTheirs = (): string => {
  const text = readFileSync(join(folder, 'node_modules/better-auth/package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

const compare = async (bench: BenchDatabase, work: string): Promise<void> => {
  await loadDataset(bench.database, USERS);
  const { gatehouse: spec } = await makeSpecs(bench.url, work, null);
  const servers = [await startServer(spec, work), await startTheirs(bench, work)] as const;
  try {
    const subjects: readonly Subject[] = [
      { name: 'gatehouse', server: servers[0], workload: await ours(servers[0]) },
      { name: 'better-auth', server: servers[1], workload: await theirs(servers[1]) },
    ];
    console.log(
      `${machine()}, PostgreSQL ${bench.version}, better-auth ${versionOfTheirs()}, ${USERS} users, ${CONNECTIONS} connections`,
    );
    for (const part of PARTS) report(part, subjects, await measurePart(part, subjects));
    for (const { name, server } of subjects) console.log(`${name}: peak RSS ${peakRssOf(server.pid).toFixed(0)} MiB`);
  } finally {
    for (const server of servers) await server.stop();
  }
};

const work = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const bench = await startDatabase(work);
try {
  await compare(bench, work);
} finally {
  await bench.stop();
  rmSync(work, { recursive: true, force: true });
}
