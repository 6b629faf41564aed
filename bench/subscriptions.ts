import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startDatabase } from './database.ts';
import { keyOf, loadDataset } from './dataset.ts';
import { cpuTimeOf, machine, pssOf } from './machine.ts';
import { type RunningServer, startServer } from './server-process.ts';
import { makeSpecs, root } from './targets.ts';

/**
 * What idle subscribers cost the built server: memory of each connection, and the CPU of asking twice a second whether all of them still
 * live. Each connects with an API key of its own and follows the events about itself. Usage: tsx bench/subscriptions.ts [connections]
 */
const connections = Number(process.argv[2] ?? 1000);
const IDLE_MS = 20_000;
const AT_MOST_MIB = 40;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Resolves when the connection is acknowledged and its stream is asked for. */
const connect = (url: string, key: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`A connection was closed with ${code}.`)));
    socket.once('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    });
    socket.once('message', () => {
      const query = 'subscription { auditEventAdded { action } }';
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
      resolve(socket);
    });
  });

const settled = async (server: RunningServer): Promise<{ readonly pss: number; readonly cpuMsPerSecond: number }> => {
  await pause(IDLE_MS / 2);
  const before = cpuTimeOf(server.pid).total;
  await pause(IDLE_MS);
  return { pss: pssOf(server.pid), cpuMsPerSecond: (cpuTimeOf(server.pid).total - before) / (IDLE_MS / 1000) };
};

const measure = async (server: RunningServer): Promise<void> => {
  // What is loaded and compiled for the first connection is no cost of the others.
  const first = await connect(server.url, keyOf(1));
  const empty = await settled(server);
  const sockets: WebSocket[] = [first];
  for (let index = 2; index <= connections; index += 1) sockets.push(await connect(server.url, keyOf(index - 1)));
  const full = await settled(server);
  const grown = full.pss - empty.pss;
  say(`${machine()}; ${connections} idle connections, each with a key and a stream of its own`);
  say(`PSS: ${empty.pss.toFixed(1)} MiB with one, ${full.pss.toFixed(1)} MiB with all: ${grown.toFixed(1)} MiB`);
  say(`CPU: ${empty.cpuMsPerSecond.toFixed(1)} ms/s with one, ${full.cpuMsPerSecond.toFixed(1)} ms/s with all`);
  for (const socket of sockets) {
    socket.removeAllListeners('close');
    socket.terminate();
  }
  if (grown > (AT_MOST_MIB * connections) / 1000) process.exitCode = 1;
};

const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale', '--server-only'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (build.status !== 0) throw new Error('The server does not build.');
const work = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const database = await startDatabase(work);
try {
  await loadDataset(database.database, Math.max(connections + 1, 1000));
  const { gatehouse } = await makeSpecs(database.url, work, null);
  const server = await startServer(
    { ...gatehouse, env: { ...gatehouse.env, SUBSCRIPTION_CONNECTIONS_WAITING: String(connections) } },
    work,
  );
  try {
    await measure(server);
  } finally {
    await server.stop();
  }
} finally {
  await database.stop();
  rmSync(work, { recursive: true, force: true });
}
