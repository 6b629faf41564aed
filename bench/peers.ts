import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchDatabase, startDatabase } from './database.ts';
import { ADMIN, emailOf, loadDataset } from './dataset.ts';
import { measure, middle, type Sample } from './load.ts';
import { machine, peakRssOf } from './machine.ts';
import { betterAuth } from './peers/better-auth.ts';
import { directus } from './peers/directus.ts';
import { ask, lane, PARTS, type Peer, request, type Workload } from './peers/peer.ts';
import { type RunningServer, startServer } from './server-process.ts';
import { makeSpecs } from './targets.ts';
import { gatehouse, tokensIn } from './workloads.ts';

/*
 * Gatehouse beside better-auth and Directus on one PostgreSQL, each with its defaults, in interleaved rounds. They are not among our
 * dependencies; once, in any empty folder: npm init -y && npm install better-auth@1.7.25 directus@12.3.0 pg
 * Usage: npx tsx bench/peers.ts <folder> [--peers better-auth,directus] [--users 1000] [--rounds 5] [--seconds 3] [--connections 16]
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'string', default: 'better-auth,directus' },
    users: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
  },
});
const folder = resolve(positionals[0] ?? '.');
const [USERS, ROUNDS, SECONDS, CONNECTIONS] = [
  Number(values.users),
  Number(values.rounds),
  Number(values.seconds),
  Number(values.connections),
];

interface Subject {
  readonly name: string;
  readonly server: RunningServer;
  readonly workload: Workload;
}

const ours = async (server: RunningServer): Promise<Workload> => {
  const signIn = async (email: string): Promise<string> =>
    tokensIn((await ask(server, gatehouse.signInRequest(email))).text).accessToken;
  const [somebody, admin] = [await signIn(emailOf(0)), await signIn(ADMIN)];
  const query = 'query { users(first: 100) { nodes { id email displayName status lastSignInAt } } }';
  const list = request('POST', '/graphql', { authorization: `Bearer ${admin}` }, { query });
  return {
    signIn: () => gatehouse.signIn(USERS),
    session: () => gatehouse.viewer(somebody),
    list: () => lane(() => list, '"nodes":[{'),
  };
};

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
  const [us] = samples;
  const rows = subjects.flatMap(({ name }, index) => {
    const sample = samples[index];
    if (us === undefined || sample === undefined) return [];
    return {
      [part]: name,
      'requests/s': sample.perSecond.toFixed(0),
      'CPU ms': sample.cpu.toFixed(2),
      'CPU of ours': (sample.cpu / us.cpu).toFixed(2),
      'p50 ms': sample.p50.toFixed(1),
      'p99 ms': sample.p99.toFixed(1),
    };
  });
  console.table(rows);
};

const versionOf = ({ name }: Peer): string => {
  const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return `${name} ${(JSON.parse(text) as { readonly version: string }).version}`;
};

const compare = async (bench: BenchDatabase, work: string): Promise<void> => {
  await loadDataset(bench.database, USERS);
  const wanted = values.peers.split(',');
  const peers = [betterAuth, directus].filter(({ name }) => wanted.includes(name));
  const { gatehouse: spec } = await makeSpecs(bench.url, work, null);
  const subjects: Subject[] = [];
  const add = async (name: string, server: RunningServer, workload: () => Promise<Workload>): Promise<void> => {
    started.push(server);
    subjects.push({ name, server, workload: await workload() });
  };
  const started: RunningServer[] = [];
  try {
    const server = await startServer(spec, work);
    await add('gatehouse', server, () => ours(server));
    for (const peer of peers) {
      const theirs = await peer.start({ folder, work, bench, users: USERS });
      await add(peer.name, theirs, () => peer.workload(theirs, USERS));
    }
    const versions = peers.map((peer) => versionOf(peer)).join(', ');
    console.log(`${machine()}, PostgreSQL ${bench.version}, ${versions}, ${USERS} users, ${CONNECTIONS} connections`);
    for (const part of PARTS) report(part, subjects, await measurePart(part, subjects));
    for (const { name, server: one } of subjects) {
      console.log(`${name}: ready after ${one.startedIn.toFixed(0)} ms, peak RSS ${peakRssOf(one.pid).toFixed(0)} MiB`);
    }
  } finally {
    for (const server of started) await server.stop();
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
