import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.ts';
import { loadConfig } from '../src/config/config.ts';
import type { EventSink } from '../src/events/event-sink.ts';
import { KafkaSink } from '../src/events/sinks/kafka-sink.ts';
import { EventRelay } from '../src/services/event-relay.ts';
import { LeaseService } from '../src/services/lease.service.ts';
import { BackgroundWork } from '../src/telemetry/background-work.ts';
import { KafkaBroker } from '../tests/support/kafka-broker.ts';
import { type BenchDatabase, startDatabase } from './database.ts';

/*
 * How many events per second the relay brings to a broker that speaks Kafka's protocol (the mock cluster of kcat), from a durable
 * PostgreSQL, confirmed by acks=all, with everything that belongs to it: positions, batches, the sink's place after each.
 * Usage: npx tsx bench/events.ts --events 50000 --rounds 5. Events are spread over 1,000 aggregates.
 */

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '500' },
  },
});
const EVENTS = Number(options.events);
const ROUNDS = Number(options.rounds);

const fill = async ({ database }: BenchDatabase): Promise<void> => {
  await database.query(
    `insert into outbox_events (id, type, type_version, aggregate_type, aggregate_id, payload, occurred_at)
     select gen_random_uuid(), 'UserStatusChanged', 1, 'User', u, jsonb_build_object('userId', u, 'status', 'LOCKED'), now()
     from (select lpad(to_hex(n % 1000), 32, '0')::uuid::text as u from generate_series(1, $1::int) n) rows`,
    [EVENTS],
  );
};

const log = (_level: string, message: string): void => console.error(message);

/** Brings out what is there; gives the seconds. */
const drain = async ({ database }: BenchDatabase, sink: EventSink): Promise<number> => {
  const config = loadConfig({ env: { APP_ENVIRONMENT: 'test', EVENT_BATCH_SIZE: options.batch }, cwd: tmpdir() });
  const leases = new LeaseService({ database, clock: systemClock });
  const background = new BackgroundWork({ clock: systemClock, log });
  const relay = new EventRelay({ database, leases, clock: systemClock, config, log, background, sinks: [sink] });
  const began = performance.now();
  await relay.run();
  const seconds = (performance.now() - began) / 1000;
  const published = relay.counts[0]?.published ?? 0;
  if (published !== EVENTS) throw new Error(`${published} of ${EVENTS} events were published.`);
  await database.query('delete from outbox_events');
  await database.query('delete from leases');
  return seconds;
};

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-events-'));
const database = await startDatabase(directory);
const broker = await KafkaBroker.start();
const { kafka } = loadConfig({ env: { APP_ENVIRONMENT: 'test', KAFKA_BROKERS: broker.address }, cwd: tmpdir() });
const sink = new KafkaSink(kafka);
try {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    await fill(database);
    const cpu = process.cpuUsage();
    const seconds = await drain(database, sink);
    const { user, system } = process.cpuUsage(cpu);
    const rate = Math.round(EVENTS / seconds);
    const each = ((user + system) / EVENTS).toFixed(0);
    // The first one loads the client and makes the topic.
    if (round > 0) rates.push(rate);
    console.log(
      `${round === 0 ? 'warm-up' : `round ${round}`}: ${rate} events/s, ${each} us CPU of the relay per event`,
    );
  }
  const middle = rates.toSorted((a, b) => a - b)[Math.floor((rates.length - 1) / 2)] ?? 0;
  console.log(`median ${middle} events/s, target 10000: ${middle >= 10_000 ? 'PASS' : 'MISS'}`);
} finally {
  await sink.close();
  await broker.close();
  await database.stop();
  rmSync(directory, { recursive: true, force: true });
}
