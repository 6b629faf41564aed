import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/database/sql.ts';
import type { EventRelay } from '../../../src/services/event-relay.ts';
import {
  emptyOutbox,
  happening,
  MemorySink,
  NOBODY,
  numberOf,
  range,
  relayOf,
  writeEvents,
} from '../../support/events.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ settings: { 'events.batchSize': '10' } });
});
beforeEach(() => emptyOutbox(app));
afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));
afterAll(() => app.close());

/** Every relay of a test is stopped at its end: one that goes on would take the lease of the next. */
const relays: EventRelay[] = [];
const replicaWith = (...sinks: readonly MemorySink[]): EventRelay => {
  const relay = relayOf(app, sinks);
  relays.push(relay);
  return relay;
};

/** Something to wait for from elsewhere. */
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let waited = 0; !condition() && waited < 10_000; waited += 20) await sleep(20);
  expect(condition()).toBe(true);
};

describe('the relay', () => {
  let relay: EventRelay;
  let first: MemorySink;
  let second: MemorySink;

  beforeEach(() => {
    [first, second] = [new MemorySink('first'), new MemorySink('second')];
    relay = replicaWith(first, second);
  });

  const run = () => relay.run();
  const positions = async () =>
    Object.fromEntries(
      (
        await app.database.query<{ name: string; position: string }>(
          'select name, position::text as position from outbox_sinks order by name',
        )
      ).map(({ name, position }) => [name, Number(position)]),
    );

  test('brings each committed event to every sink once, as it was written, numbered without gaps', async () => {
    await writeEvents(app, range(1, 25));
    await expect(
      app.database.transaction(async (em) => {
        await app.services.recorder.record(em, NOBODY, [happening(99)]);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await run()).toBe(true);
    expect(first.numbers).toEqual(range(1, 25));
    expect(second.numbers).toEqual(range(1, 25));
    expect(first.batches).toEqual([10, 10, 5]);
    expect(first.taken.map(({ sequence }) => Number(sequence))).toEqual(range(1, 25));
    const [row] = await app.database.query<Record<string, unknown>>(
      `select id, type, type_version, aggregate_type, aggregate_id, payload from outbox_events where position = 1`,
    );
    const [event] = first.taken;
    expect(row).toEqual({
      id: event?.id,
      type: 'UserDeleted',
      type_version: event?.typeVersion,
      aggregate_type: 'User',
      aggregate_id: event?.aggregateId,
      payload: event?.payload,
    });
    expect(event?.occurredAt).toEqual(app.clock.now());
    await run();
    expect(first.taken).toHaveLength(25);
    expect(await positions()).toEqual({ first: 25, second: 25 });
  });

  test('passes over no transaction that is still open: its events come when it commits', async () => {
    const [written, commit] = [gate(), gate()];
    const open = app.database.transaction(async (em) => {
      // A smaller number of the sequence than those that commit before it.
      await app.services.recorder.record(em, NOBODY, [happening(1), happening(2)]);
      written.open();
      await commit.opened;
    });
    await written.opened;
    await writeEvents(app, range(3, 20));
    await run();
    expect(first.numbers).toEqual(range(3, 20));
    commit.open();
    await open;
    await run();
    expect(first.numbers).toEqual([...range(3, 20), 1, 2]);
    expect(first.taken.map(({ sequence }) => Number(sequence))).toEqual(range(1, 20));
  });

  test('keeps the order of each aggregate and loses nothing while many write at once and it runs', async () => {
    relay.start();
    const users = await app.database.query<{ id: string }>('select gen_random_uuid() as id from generate_series(1, 5)');
    await app.database.query(`insert into leases (name, holder, fencing, expires_at)
      select 'row-' || n, '', 0, now() from generate_series(0, 4) n`);
    const next = users.map(() => 0);
    // Each takes the lock of its row before it writes, as operations do, and keeps it for different times.
    const write = async (index: number): Promise<void> => {
      const user = index % users.length;
      await app.database.transaction(async (em) => {
        await sql(em, 'select from leases where name = $1 for update', [`row-${user}`]);
        const number = (next[user] ?? 0) + 1;
        next[user] = number;
        await app.services.recorder.record(em, NOBODY, [happening(number, users[user]?.id)]);
        await sleep((index * 7) % 11);
      });
    };
    await Promise.all(
      range(0, 7).map(async (writer) => {
        for (let turn = 0; turn < 25; turn += 1) await write(turn * 8 + writer);
      }),
    );
    await until(() => first.taken.length >= 200 && second.taken.length >= 200);
    await relay.stop();
    for (const sink of [first, second]) {
      expect(sink.taken).toHaveLength(200);
      for (const { id } of users) {
        const own = sink.taken.filter(({ aggregateId }) => aggregateId === id);
        expect(own.map(numberOf)).toEqual(range(1, 40));
      }
    }
    expect([first.closed, second.closed]).toEqual([true, true]);
  });

  test('serves one sink while the other hangs, and stops in time', async () => {
    const [reached, never] = [gate(), gate()];
    first.before = async () => {
      reached.open();
      await never.opened;
    };
    relay.start();
    await writeEvents(app, range(1, 15));
    await reached.opened;
    await until(() => second.taken.length === 15);
    await writeEvents(app, range(16, 20));
    const began = performance.now();
    await relay.stop();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(second.numbers).toEqual(range(1, 20));
    expect(first.taken).toEqual([]);
    never.open();
  });

  test('finishes the batch under way and brings out what was committed before it stops', async () => {
    first.before = () => sleep(200);
    relay.start();
    await writeEvents(app, range(1, 5));
    await until(() => second.taken.length === 5);
    await writeEvents(app, range(6, 9));
    await relay.stop();
    expect(first.numbers).toEqual(range(1, 9));
    expect(await positions()).toEqual({ first: 9, second: 9 });
    const [lease] = await app.database.query<{ free: boolean }>(
      `select expires_at <= $1 as free from leases where name = 'event-relay'`,
      [app.clock.now().toISOString()],
    );
    expect(lease?.free).toBe(true);
  });

  test('begins a new sink with the oldest event that is kept, and goes on from a place that it is set back to', async () => {
    await writeEvents(app, range(1, 6));
    await run();
    const third = new MemorySink('third');
    const other = replicaWith(third);
    app.clock.advance(60);
    expect(await other.run()).toBe(true);
    expect(third.numbers).toEqual(range(1, 6));
    third.before = async () => {
      third.before = () => undefined;
      await app.database.query(`update outbox_sinks set position = 2 where name = 'third'`);
    };
    await writeEvents(app, [7]);
    await other.run();
    // Set back while a batch was under way: the batch does not undo it.
    expect(third.numbers).toEqual([...range(1, 7), ...range(3, 7)]);
  });
});

describe('two replicas', () => {
  let mine: MemorySink;
  let others: MemorySink;
  let one: EventRelay;
  let other: EventRelay;

  beforeEach(() => {
    [mine, others] = [new MemorySink(), new MemorySink()];
    [one, other] = [replicaWith(mine), replicaWith(others)];
  });

  test('never publish together: the second one waits for the lease and goes on where the first one stood', async () => {
    await writeEvents(app, range(1, 5));
    const worked = await Promise.all([one.run(), other.run()]);
    expect(worked.filter(Boolean)).toHaveLength(1);
    const [relay, standby] = worked[0] ? [mine, others] : [others, mine];
    expect([relay.numbers, standby.numbers]).toEqual([range(1, 5), []]);
    await writeEvents(app, range(6, 8));
    app.clock.advance(16);
    await (worked[0] ? other : one).run();
    expect(standby.numbers).toEqual(range(6, 8));
  });

  test('a relay that slept through the end of its lease moves nothing any more', async () => {
    await writeEvents(app, range(1, 3));
    let asleep: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      mine.before = () => {
        resolve();
        return new Promise<void>((wake) => {
          asleep = wake;
        });
      };
    });
    const sleeping = one.run();
    await reached;
    app.clock.advance(16);
    await other.run();
    await writeEvents(app, range(4, 6));
    await other.run();
    expect(others.numbers).toEqual(range(1, 6));
    asleep();
    await sleeping;
    // What it had begun came twice, with the same ids; it went on with nothing.
    expect(mine.numbers).toEqual(range(1, 3));
    expect(mine.taken.map(({ id }) => id)).toEqual(others.taken.slice(0, 3).map(({ id }) => id));
    const [sink] = await app.database.query<{ position: string }>(
      'select position::text as position from outbox_sinks',
    );
    expect(sink?.position).toBe('6');
    await writeEvents(app, [7]);
    expect(await one.run()).toBe(false);
    const [order] = await app.database.query<{ last: string }>('select last_position::text as last from outbox_order');
    expect(order?.last).toBe('6');
  });
});
