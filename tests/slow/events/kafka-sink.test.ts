import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { KafkaSink } from '../../../src/events/sinks/kafka-sink.ts';
import type { EventRelay } from '../../../src/services/event-relay.ts';
import { makePerson, signIn } from '../../support/cast.ts';
import { emptyOutbox, MemorySink, range, relayOf, writeEvents } from '../../support/events.ts';
import { type ConsumedRecord, KafkaBroker, kafkaIsMissing } from '../../support/kafka-broker.ts';
import { testCertificate } from '../../support/smtp-server.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { testConfig } from '../../support/test-config.ts';

interface Message {
  readonly id: string;
  readonly sequence: string;
  readonly type: string;
  readonly aggregateId: string;
  readonly occurredAt: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const read = ({ value }: ConsumedRecord): Message => JSON.parse(value) as Message;
const numberIn = (record: ConsumedRecord): number => Number(read(record).payload['endedSessions']);

/** As a consumer does: the first one of each id. */
const withoutRepetitions = (records: readonly ConsumedRecord[]): readonly ConsumedRecord[] => {
  const seen = new Set<string>();
  return records.filter(({ headers: { id = '' } }) => !seen.has(id) && seen.add(id));
};

const numbersByKey = (records: readonly ConsumedRecord[]): Readonly<Record<string, readonly number[]>> => {
  const found: Record<string, number[]> = {};
  for (const record of withoutRepetitions(records)) (found[record.key] ??= []).push(numberIn(record));
  return found;
};

const USERS = ['019b0000-0000-7000-8000-000000000001', '019b0000-0000-7000-8000-000000000002'] as const;

describe.skipIf(kafkaIsMissing)('the sink kafka (needs kcat)', () => {
  let app: TestApp;
  let broker: KafkaBroker;
  let relay: EventRelay;
  let beside: MemorySink;
  let topics = 0;
  let topic = '';

  beforeAll(async () => {
    app = await startTestApp();
    broker = await KafkaBroker.start();
    await makePerson(app, { email: 'steady@kafka.example' });
  });
  afterAll(async () => {
    await broker.close();
    await app.close();
  });
  beforeEach(async () => {
    await emptyOutbox(app);
    topics += 1;
    topic = `events-${topics}`;
    beside = new MemorySink();
    relay = relayOf(app, [sinkTo(broker.address), beside], systemClock);
  });

  afterEach(async () => {
    broker.thaw();
    await relay.stop();
  });

  const sinkTo = (address: string) =>
    new KafkaSink(testConfig({ 'kafka.brokers': address, 'kafka.topic': topic }).kafka);
  const write = async (from: number, to: number): Promise<void> => {
    for (const number of range(from, to)) for (const user of USERS) await writeEvents(app, [number], user);
  };
  const position = async (): Promise<number> => {
    const [row] = await app.database.query<{ position: string }>(
      `select position::text as position from outbox_sinks where name = 'kafka'`,
    );
    return Number(row?.position ?? 0);
  };
  const written = async (): Promise<number> => {
    const [row] = await app.database.query<{ count: number }>('select count(*)::int as count from outbox_events');
    return row?.count ?? 0;
  };
  const untilTaken = async (count: number, withinMs = 10_000): Promise<number> => {
    const began = performance.now();
    while ((await position()) < count && performance.now() - began < withinMs) await sleep(25);
    expect(await position()).toBe(count);
    return performance.now() - began;
  };

  test('has each event once, under the id of its aggregate, with id, type and version as headers', async () => {
    await write(1, 20);
    await relay.run();
    const records = await broker.consume(topic);
    expect(records).toHaveLength(40);
    expect(numbersByKey(records)).toEqual({ [USERS[0]]: range(1, 20), [USERS[1]]: range(1, 20) });
    for (const user of USERS) {
      expect(new Set(records.filter(({ key }) => key === user).map(({ partition }) => partition)).size).toBe(1);
    }
    const [record] = records;
    if (record === undefined) throw new Error('There is no record.');
    const message = read(record);
    expect(record.headers).toEqual({ id: message.id, type: 'UserDeleted', version: '1' });
    expect(message).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sequence: expect.stringMatching(/^\d+$/),
      type: 'UserDeleted',
      typeVersion: 1,
      aggregateType: 'User',
      aggregateId: record.key,
      occurredAt: app.clock.now().toISOString(),
      payload: { userId: record.key, endedSessions: numberIn(record) },
    });
    await relay.stop();
  });

  test('killed and started again: nothing is lost, the order is kept, other sinks go on', async () => {
    relay.start();
    await write(1, 5);
    await untilTaken(10);
    const before = await broker.consume(topic);
    await broker.kill();
    await write(6, 30);
    const began = performance.now();
    while (beside.taken.length < 60 && performance.now() - began < 5000) await sleep(25);
    expect(beside.taken).toHaveLength(60);
    expect(await position()).toBe(10);
    await broker.run();
    expect(await untilTaken(60)).toBeLessThan(6000);
    await relay.stop();
    const after = await broker.consume(topic);
    expect(numbersByKey([...before, ...after])).toEqual({ [USERS[0]]: range(1, 30), [USERS[1]]: range(1, 30) });
  });

  test('hanging: each try ends, other sinks go on; when it goes on, nothing is lost and the order is kept', async () => {
    relay.start();
    await write(1, 5);
    await untilTaken(10);
    broker.freeze();
    await write(6, 10);
    const began = performance.now();
    while (relay.counts[0]?.failures === 0 && performance.now() - began < 10_000) await sleep(25);
    // Bounded by the limit of a request.
    expect(performance.now() - began).toBeLessThan(5000);
    expect(beside.taken).toHaveLength(20);
    await write(11, 15);
    broker.thaw();
    expect(await untilTaken(30)).toBeLessThan(6000);
    await relay.stop();
    const records = await broker.consume(topic);
    expect(numbersByKey(records)).toEqual({ [USERS[0]]: range(1, 15), [USERS[1]]: range(1, 15) });
  });

  /** Signs somebody in again and again while events are written; gives how long the longest of the sign-ins took. */
  const longestSignInWithin = async (ms: number, writeNext: () => Promise<void>): Promise<number> => {
    let longest = 0;
    for (const began = performance.now(); performance.now() - began < ms;) {
      await writeNext();
      const asked = performance.now();
      await signIn(app, 'steady@kafka.example');
      longest = Math.max(longest, performance.now() - asked);
    }
    return longest;
  };

  test.each([
    { everyMs: 1500, how: 'late', isTooLate: false },
    { everyMs: 3000, how: 'too late for each try', isTooLate: true },
  ])(
    'answering $how: no request waits for it, other sinks go on; when it is quick, nothing is lost and the order is kept',
    async ({ everyMs, isTooLate }) => {
      await signIn(app, 'steady@kafka.example');
      relay.start();
      await write(1, 5);
      await untilTaken(await written());
      const quicken = broker.slow(everyMs);
      let last = 5;
      const longest = await longestSignInWithin(8000, async () => {
        last += 1;
        await write(last, last);
      });
      expect(longest).toBeLessThan(everyMs);
      await expect.poll(() => beside.taken.length, { timeout: 5000 }).toBe(await written());
      expect((relay.counts[0]?.failures ?? 0) > 0).toBe(isTooLate);
      if (!isTooLate) await untilTaken(await written());
      expect((await position()) < (await written())).toBe(isTooLate);
      quicken();
      expect(await untilTaken(await written())).toBeLessThan(6000);
      await relay.stop();
      const { [USERS[0]]: one, [USERS[1]]: other } = numbersByKey(await broker.consume(topic));
      expect([one, other]).toEqual([range(1, last), range(1, last)]);
    },
  );

  test('always answering too late for the first tries: it gets everything all the same, and no request waits for it', async () => {
    // A fifth of what it waits elsewhere, and an answer that comes a little later than that.
    const slow = await KafkaBroker.start({ lateMs: 460 });
    onTestFinished(() => slow.close());
    const settings = testConfig({ 'kafka.brokers': slow.address, 'kafka.topic': topic }).kafka;
    relay = relayOf(app, [new KafkaSink(settings, { least: 400, most: 1600 }), beside], systemClock);
    await signIn(app, 'steady@kafka.example');
    relay.start();
    await write(1, 5);
    expect(await longestSignInWithin(2000, () => Promise.resolve())).toBeLessThan(2000);
    await expect.poll(() => beside.taken.length, { timeout: 5000 }).toBe(await written());
    await untilTaken(await written(), 40_000);
    await write(6, 10);
    await untilTaken(await written(), 20_000);
    const failures = relay.counts[0]?.failures;
    await relay.stop();
    // Tries last longer once they were too short: the first ones fail, those of later events do not.
    expect(failures).toBeLessThanOrEqual(3);
    expect(relay.counts[0]?.published).toBe(await written());
  });

  test('away from the start: stopping does not wait for it, and says why events wait', async () => {
    await broker.kill();
    relay.start();
    await write(1, 2);
    const began = performance.now();
    while (relay.counts[0]?.failures === 0 && performance.now() - began < 10_000) await sleep(25);
    const stopped = performance.now();
    await relay.stop();
    expect(performance.now() - stopped).toBeLessThan(6000);
    const [row] = await app.database.query<{ failure: string }>(
      `select failure from outbox_sinks where name = 'kafka'`,
    );
    expect(row?.failure).toMatch(/connect|closed|connection/i);
    await broker.run();
  });

  test('health tells it from everything else: degraded while it takes nothing, and ready all the same', async () => {
    const settings = { 'kafka.brokers': broker.address, 'kafka.topic': topic };
    const replica = await startTestApp({ settings, beside: app });
    const { eventRelay, health } = replica.services;
    const parts = async (at = replica): Promise<unknown> => {
      app.clock.advance(5);
      const answer = await fetch(`${at.url}/readyz`);
      return [answer.status, ((await answer.json()) as { checks: unknown }).checks];
    };
    const working = { database: 'OK', migrations: 'OK', mail: 'OK', sms: 'OK', kafka: 'OK', webhooks: 'OK' };
    await write(1, 1);
    await eventRelay.run();
    expect(await parts()).toEqual([200, working]);
    await broker.kill();
    // Until something is to be brought there, nobody knows.
    await write(2, 2);
    await eventRelay.run();
    expect(await parts()).toEqual([200, { ...working, kafka: 'DEGRADED' }]);
    const { checks } = await health.check();
    expect(checks.find(({ component }) => component === 'kafka')?.message).toMatch(/^It takes no events, they wait: /);
    // Probes connect to no broker, here or in a replica that is not the relay.
    const before = broker.accepted;
    const second = await startTestApp({ settings, beside: app });
    for (let probe = 0; probe < 20; probe += 1) await Promise.all([parts(), parts(second)]);
    expect(await parts(second)).toEqual([200, { ...working, kafka: 'DEGRADED' }]);
    expect(broker.accepted).toBe(before);
    await second.close();
    await broker.run();
    app.clock.advance(5);
    await eventRelay.run();
    expect(await parts()).toEqual([200, working]);
    await eventRelay.stop();
    await replica.close();
  });
});

test('a file of authorities that was not there is read again with the next try', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'authorities-'));
  const caFile = join(directory, 'ca.pem');
  const settings = { 'kafka.brokers': '127.0.0.1:1', 'kafka.tls': 'true', 'kafka.caFile': caFile };
  const sink = new KafkaSink(testConfig(settings).kafka);
  const event = { id: 'a', sequence: '1', type: 'UserDeleted', typeVersion: 1, aggregateType: 'User', payload: {} };
  const publish = () => sink.publish([{ ...event, aggregateId: USERS[0], occurredAt: new Date(0) }]);
  await expect(publish()).rejects.toThrow('ENOENT');
  await writeFile(caFile, testCertificate);
  await expect(publish()).rejects.toThrow('ECONNREFUSED');
  await sink.close();
  await rm(directory, { recursive: true });
});
