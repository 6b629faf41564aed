import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import type { MasterKeys } from '../src/crypto/master-keys.ts';
import type { PublishedEvent } from '../src/events/event-sink.ts';
import { newId, type OutboxEventId, type WebhookId } from '../src/ids.ts';
import { createWebhookSecret } from '../src/webhooks/webhook-secret.ts';
import { testMasterKeys } from '../tests/support/test-config.ts';
import { type BenchDatabase, startDatabase } from './database.ts';

/*
 * How many events per second one replica posts to one receiver that answers at once, from a durable PostgreSQL, with everything that
 * belongs to it: rows of deliveries and tries, signatures, a connection for each. Usage: npx tsx bench/webhooks.ts --events 2000
 * --rounds 4 --concurrency 4 --delay 0 (milliseconds that the receiver takes).
 */

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '4' },
    concurrency: { type: 'string' },
    delay: { type: 'string', default: '0' },
  },
});
const EVENTS = Number(options.events);
const ROUNDS = Number(options.rounds);
const PUBLISHED = 500;

/** In a thread of its own: the receiver is somebody else's machine. */
const RECEIVER = `
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((request, response) => {
  request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), workerData.delay));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const makeWebhook = async ({ database }: BenchDatabase, keys: MasterKeys, url: string): Promise<void> => {
  const id = newId<WebhookId>();
  await database.query(
    `insert into webhooks (id, name, url, event_types, enabled, sealed_secret, created_at, updated_at)
     values ($1, 'Bench', $2, '{UserStatusChanged}', true, $3, now(), now())`,
    [id, url, createWebhookSecret(keys, id).sealed],
  );
};

const someEvents = (): readonly PublishedEvent[] =>
  Array.from({ length: PUBLISHED }, (_, index) => ({
    id: newId<OutboxEventId>(),
    sequence: String(index + 1),
    type: 'UserStatusChanged',
    typeVersion: 1,
    aggregateType: 'User',
    aggregateId: 'a-user',
    payload: { userId: 'a-user', status: 'LOCKED' },
    occurredAt: new Date(),
  }));

const settingsOf = () =>
  loadConfig({
    env: {
      APP_ENVIRONMENT: 'test',
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_NETWORKS: '127.0.0.0/8',
      ...(options.concurrency === undefined ? {} : { WEBHOOK_CONCURRENCY: options.concurrency }),
    },
    cwd: tmpdir(),
  });

const log = (_level: string, message: string): void => console.error(message);

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-webhooks-'));
const bench = await startDatabase(directory);
const receiver = new Worker(RECEIVER, { eval: true, workerData: { delay: Number(options.delay) } });
try {
  const [port] = (await once(receiver, 'message')) as [number];
  const { database } = bench;
  const masterKeys = testMasterKeys();
  const services = createServices({ config: settingsOf(), database, masterKeys, clock: systemClock, log });
  const { webhookWorker, webhookSink } = services;
  await makeWebhook(bench, masterKeys, `http://127.0.0.1:${port}/hook`);
  webhookWorker.start();
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = webhookWorker.tally.delivered;
    const statements = database.statements.count;
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let made = 0; made < EVENTS; made += PUBLISHED) await webhookSink.publish(someEvents());
    while (webhookWorker.tally.delivered - before < EVENTS) await pause(5);
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const each = ((user + system) / EVENTS).toFixed(0);
    const asked = ((database.statements.count - statements) / EVENTS).toFixed(2);
    const rate = Math.round(EVENTS / seconds);
    console.log(
      `${round === 0 ? 'warm-up' : `round ${round}`}: ${rate} events/s, ${each} us CPU, ${asked} statements each`,
    );
  }
  await webhookWorker.stop();
  services.caches.close();
} finally {
  await receiver.terminate();
  await bench.stop();
  rmSync(directory, { recursive: true, force: true });
}
