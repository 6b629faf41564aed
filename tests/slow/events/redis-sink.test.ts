import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { RedisSink } from '../../../src/events/sinks/redis-sink.ts';
import type { EventRelay } from '../../../src/services/event-relay.ts';
import { emptyOutbox, range, relayOf, writeEvents } from '../../support/events.ts';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { Way } from '../../support/way.ts';

const STREAM = 'events';

describe.skipIf(redisIsMissing)('the sink redis (needs redis-server)', () => {
  let app: TestApp;
  let redis: RedisServer;
  let relay: EventRelay;

  beforeAll(async () => {
    app = await startTestApp({ settings: { 'events.batchSize': '100' } });
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis.close();
    await app.close();
  });
  beforeEach(async () => {
    await emptyOutbox(app);
    await redis.command('DEL', STREAM);
    const sink = new RedisSink({ url: new Secret(redis.url), stream: STREAM, maximumLength: 1000 });
    relay = relayOf(app, [sink], systemClock);
  });

  /** Numbers of the events in the stream, first occurrences only. */
  const numbers = async (): Promise<readonly number[]> => {
    const text = await redis.command('--json', 'XRANGE', STREAM, '-', '+');
    const entries = JSON.parse(text) as readonly (readonly [string, readonly string[]])[];
    const found = new Map<string, number>();
    for (const [, fields] of entries) {
      const event = JSON.parse(fields[7] ?? '') as { id: string; payload: { endedSessions: number } };
      if (!found.has(event.id)) found.set(event.id, event.payload.endedSessions);
    }
    return [...found.values()];
  };
  const untilTaken = async (count: number): Promise<number> => {
    const began = performance.now();
    const taken = async (): Promise<number> => {
      const [row] = await app.database.query<{ position: string }>(
        'select position::text as position from outbox_sinks',
      );
      return Number(row?.position ?? 0);
    };
    while ((await taken()) < count && performance.now() - began < 10_000) await sleep(25);
    expect(await taken()).toBe(count);
    return performance.now() - began;
  };

  test('has each event as an entry of the stream, with id, type and version beside the event', async () => {
    await writeEvents(app, range(1, 250));
    await relay.run();
    expect(await numbers()).toEqual(range(1, 250));
    const [[, fields] = ['', []]] = JSON.parse(
      await redis.command('--json', 'XRANGE', STREAM, '-', '+', 'COUNT', '1'),
    ) as readonly (readonly [string, readonly string[]])[];
    const event = JSON.parse(fields[7] ?? '') as Readonly<Record<string, unknown>>;
    expect(fields.slice(0, 7)).toEqual(['id', event['id'], 'type', 'UserDeleted', 'version', '1', 'event']);
    await relay.stop();
  });

  test('keeps about as many entries as the settings say', async () => {
    await app.database
      .query(`insert into outbox_events (id, type, type_version, aggregate_type, aggregate_id, payload, occurred_at)
      select gen_random_uuid(), 'UserDeleted', 1, 'User', 'u', jsonb_build_object('userId', gen_random_uuid(), 'endedSessions', n), now()
      from generate_series(1, 5000) n`);
    await relay.run();
    const length = Number(await redis.command('XLEN', STREAM));
    expect(length).toBeGreaterThanOrEqual(1000);
    expect(length).toBeLessThan(1300);
    await relay.stop();
  });

  test('killed and started again: nothing is lost, the order is kept', async () => {
    relay.start();
    await writeEvents(app, range(1, 10));
    await untilTaken(10);
    expect(await numbers()).toEqual(range(1, 10));
    await redis.kill();
    await writeEvents(app, range(11, 40));
    await sleep(1000);
    await redis.run();
    expect(await untilTaken(40)).toBeLessThan(6000);
    await relay.stop();
    // It has forgotten what it had taken before; all of the rest is there.
    expect(await numbers()).toEqual(range(11, 40));
  });

  test('a connection that the network has forgotten is left for another one', async () => {
    const way = await Way.open();
    const url = new Secret(await way.leadTo(redis.url));
    const behind = relayOf(app, [new RedisSink({ url, stream: STREAM, maximumLength: 1000 })], systemClock);
    onTestFinished(async () => {
      await behind.stop();
      await way.close();
    });
    behind.start();
    await writeEvents(app, range(1, 5));
    await untilTaken(5);
    way.forget();
    await writeEvents(app, range(6, 12));
    await untilTaken(12);
    expect(await numbers()).toEqual(range(1, 12));
  });

  test('frozen: a try ends after its time, and when it goes on nothing is lost', async () => {
    relay.start();
    await writeEvents(app, range(1, 5));
    await untilTaken(5);
    redis.freeze();
    await writeEvents(app, range(6, 12));
    const began = performance.now();
    while (relay.counts[0]?.failures === 0 && performance.now() - began < 10_000) await sleep(25);
    expect(performance.now() - began).toBeLessThan(5000);
    redis.thaw();
    expect(await untilTaken(12)).toBeLessThan(6000);
    await relay.stop();
    expect(await numbers()).toEqual(range(1, 12));
  });
});
