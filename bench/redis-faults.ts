import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startDatabase } from './database.ts';
import { emailOf, loadDataset } from './dataset.ts';
import { type Lane, measure, middle, type Sample, send } from './load.ts';
import { startServer } from './server-process.ts';
import { makeSpecs } from './targets.ts';
import { gatehouse, tokensIn } from './workloads.ts';

/*
 * What callers notice while Redis is away: the time of `viewer` and of `signIn` with Redis up, from the moment it is killed, and from the
 * moment it is frozen, in turns. Usage: npx tsx bench/redis-faults.ts --rounds 5 --seconds 4. Needs redis-server.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    users: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '4' },
  },
});
const [ROUNDS, SECONDS, USERS, CONNECTIONS] = [
  Number(options.rounds),
  Number(options.seconds),
  Number(options.users),
  Number(options.connections),
];

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A Redis that comes and goes on one port. */
class FailingRedis {
  readonly port: number;
  readonly #directory: string;
  #process: ChildProcess | null = null;

  constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
  }

  async up(): Promise<void> {
    this.#process?.kill('SIGCONT');
    if (this.#process === null) {
      const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory];
      this.#process = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    }
    // Long enough to be taken up again.
    await pause(3000);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    child?.kill('SIGKILL');
  }

  async freeze(): Promise<void> {
    this.#process?.kill('SIGSTOP');
  }
}

const line = (name: string, { p50, p99, perSecond }: Sample, base: Sample): string =>
  `| ${name} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${((p99 / base.p99 - 1) * 100).toFixed(0)} % | ${perSecond.toFixed(0)} |`;

type RunningServer = Awaited<ReturnType<typeof startServer>>;

/** Measures one kind of request in each state of Redis, in turns, and prints a row for each. */
const compare = async (
  { redis, server }: { readonly redis: FailingRedis; readonly server: RunningServer },
  name: string,
  lane: () => Lane,
): Promise<void> => {
  const states = { up: () => redis.up(), killed: () => redis.kill(), frozen: () => redis.freeze() } as const;
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [state, enter] of Object.entries(states)) {
      await redis.up();
      await enter();
      const sample = await measure(server, Array.from({ length: CONNECTIONS }, lane), SECONDS);
      // The first round warms up.
      if (round > 0) samples.set(state, [...(samples.get(state) ?? []), sample]);
    }
  }
  const base = middle(samples.get('up') ?? []);
  for (const [state, measured] of samples) console.log(line(`${name}, Redis ${state}`, middle(measured), base));
};

const accessTokenOf = async (server: RunningServer): Promise<string> => {
  const agent = new Agent({ keepAlive: true });
  const { text } = await send(agent, server.url, gatehouse.signInRequest(emailOf(0)));
  agent.destroy();
  return tokensIn(text).accessToken;
};

const run = async (): Promise<void> => {
  const work = mkdtempSync(join(tmpdir(), 'gatehouse-redis-faults-'));
  const redis = new FailingRedis(await freePort(), work);
  const bench = await startDatabase(work);
  await redis.up();
  try {
    await loadDataset(bench.database, USERS);
    const { gatehouse: spec } = await makeSpecs(bench.url, work, null);
    const env = { ...spec.env, REDIS_URL: `redis://127.0.0.1:${redis.port}/0` };
    const server = await startServer({ ...spec, env }, work);
    try {
      const accessToken = await accessTokenOf(server);
      console.log('| | p50 ms | p99 ms | p99 against up | per second |\n|---|---|---|---|---|');
      await compare({ redis, server }, 'viewer', () => gatehouse.viewer(accessToken));
      await compare({ redis, server }, 'signIn', () => gatehouse.signIn(USERS));
    } finally {
      await server.stop();
    }
  } finally {
    await bench.stop();
    await redis.up();
    await redis.kill();
    rmSync(work, { recursive: true, force: true });
  }
};

await run();
