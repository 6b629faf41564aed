import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type BenchDatabase, startDatabase } from './database.ts';
import { loadDataset } from './dataset.ts';
import { measureHashes } from './hashes.ts';
import { machine, peakRssOf } from './machine.ts';
import { type Options, type Part, readOptions, usage } from './options.ts';
import { reportOf, type Results } from './report.ts';
import { makeRows, measureBystander, measureRow, type MeasuredRow, type Servers, signInPeople } from './rows.ts';
import { type RunningServer, startServer } from './server-process.ts';
import { measureStarts } from './starts.ts';
import { makeSpecs, root, type Specs } from './targets.ts';
import { measureTree } from './tree.ts';

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const serverParts: readonly Part[] = ['sign-in', 'refresh', 'viewer', 'list', 'create-user', 'bystander'];

/** The build is part of what is measured: a stale one would give the figures of yesterday. */
const buildServer = (): void => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale', '--server-only'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('The server does not build.');
};

const measureServers = async (
  specs: Specs,
  options: Options,
  work: string,
): Promise<Pick<Results, 'rows' | 'bystander' | 'peakRss'>> => {
  const started: RunningServer[] = [];
  const start = async (spec: Specs[keyof Specs]): Promise<RunningServer> => {
    const server = await startServer(spec, work);
    started.push(server);
    return server;
  };
  try {
    const servers: Servers = {
      gatehouse: await start(specs.gatehouse),
      gatehousePortable: await start(specs.gatehousePortable),
      floor: await start(specs.floor),
      apollo: await start(specs.apollo),
    };
    const people = await signInPeople(servers, options.connections);
    const rows: MeasuredRow[] = [];
    for (const row of makeRows(servers, people, options)) {
      if (!options.parts.has(row.part)) continue;
      say(`measuring ${row.part} ...`);
      rows.push(await measureRow(row, options));
    }
    const bystander = options.parts.has('bystander') ? await measureBystander(servers, people, options) : null;
    const peakRss = Object.fromEntries(started.map((server) => [server.name, peakRssOf(server.pid)]));
    return { rows, bystander, peakRss };
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
};

const measureAll = async (options: Options, bench: BenchDatabase, work: string): Promise<Results> => {
  say(`loading ${options.users} users ...`);
  await loadDataset(bench.database, options.users);
  const specs = await makeSpecs(bench.url, work, options.profile);
  const wanted = (part: Part): boolean => options.parts.has(part);
  if (wanted('hashes')) say('measuring hashes ...');
  const hashes = wanted('hashes') ? await measureHashes(options.seconds * 2) : null;
  if (wanted('tree')) say('measuring the permission tree ...');
  const tree = wanted('tree') ? await measureTree() : null;
  if (wanted('starts')) say('measuring starts ...');
  const starts = wanted('starts') ? await measureStarts(specs, work, options.rounds) : null;
  const served = serverParts.some(wanted)
    ? await measureServers(specs, options, work)
    : { rows: [], bystander: null, peakRss: null };
  return {
    at: new Date().toISOString().slice(0, 10),
    machine: machine(),
    postgres: bench.version,
    users: options.users,
    rounds: options.rounds,
    seconds: options.seconds,
    connections: options.connections,
    hashes,
    tree,
    starts,
    ...served,
  };
};

const run = async (options: Options): Promise<void> => {
  buildServer();
  const work = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const bench = await startDatabase(work);
  try {
    const results = await measureAll(options, bench, work);
    const file = resolve(options.json);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
    console.log(reportOf(results));
  } finally {
    await bench.stop();
    rmSync(work, { recursive: true, force: true });
  }
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) console.log(usage);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
