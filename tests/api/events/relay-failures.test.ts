import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventRelay } from '../../../src/services/event-relay.ts';
import { emptyOutbox, MemorySink, range, relayOf, writeEvents } from '../../support/events.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the relay and sinks that fail', () => {
  const app = useTestApp({ settings: { 'events.batchSize': '10' } });
  let relay: EventRelay;
  let first: MemorySink;
  let second: MemorySink;

  beforeEach(async () => {
    await emptyOutbox(app());
    [first, second] = [new MemorySink('first'), new MemorySink('second')];
    relay = relayOf(app(), [first, second]);
  });
  afterEach(() => relay.stop());

  const run = () => relay.run();

  test('serves one sink while the other fails, and that one from where it stood when it is back', async () => {
    await writeEvents(app(), range(1, 12));
    first.before = () => {
      throw new Error('connect refused at https://broker.example/ghk_secret');
    };
    await run();
    expect([first.taken, second.numbers]).toEqual([[], range(1, 12)]);
    await writeEvents(app(), range(13, 30));
    // It rests for a moment: no storm of tries.
    await run();
    expect(relay.counts[0]).toEqual({ sink: 'first', published: 0, failures: 1 });
    expect(second.numbers).toEqual(range(1, 30));
    const [row] = await app().database.query<{ failure: string }>(
      `select failure from outbox_sinks where name = 'first'`,
    );
    expect(row?.failure).toBe('connect refused at [link]');
    first.before = () => undefined;
    app().clock.advance(5);
    await run();
    expect(first.numbers).toEqual(range(1, 30));
    expect(app().log.filter((line) => line.includes('a sink does not take events'))).toHaveLength(1);
    expect(app().log.filter((line) => line.includes('a sink takes events again'))).toHaveLength(1);
  });

  test('a sink that cannot take as much at once gets less, and more again when it can', async () => {
    await writeEvents(app(), range(1, 30));
    let most = 3;
    first.refuses = (count) => count > most;
    const pass = async () => {
      for (let step = 0; step < 100 && first.taken.length < 30; step += 1) {
        await run();
        app().clock.advance(5);
      }
    };
    await pass();
    expect(first.numbers).toEqual(range(1, 30));
    expect(second.batches).toEqual([10, 10, 10]);
    most = 10;
    await writeEvents(app(), range(31, 130));
    app().clock.advance(5);
    await run();
    expect(first.numbers).toEqual(range(1, 130));
    expect(Math.max(...first.batches)).toBe(10);
  });

  test('a clock that is put back lets no sink rest for longer, and no lease last for longer', async () => {
    await writeEvents(app(), range(1, 3));
    first.before = () => {
      throw new Error('away');
    };
    await run();
    first.before = () => undefined;
    app().clock.advance(-3600);
    await run();
    expect(first.numbers).toEqual(range(1, 3));
    const [lease] = await app().database.query<{ seconds: number }>(
      `select extract(epoch from expires_at - $1::timestamptz)::float8 as seconds from leases where name = 'event-relay'`,
      [app().clock.now().toISOString()],
    );
    expect(lease?.seconds).toBe(15);
    app().clock.advance(3600);
  });

  test('waits longer from failure to failure, up to four seconds', async () => {
    await writeEvents(app(), [1]);
    let tries = 0;
    first.before = () => {
      tries += 1;
      throw new Error('away');
    };
    for (let step = 0; step < 200; step += 1) {
      await run();
      app().clock.advance(0.2);
    }
    // Forty seconds: five tries in the first seven, then one in three to four seconds.
    expect(tries).toBeGreaterThan(11);
    expect(tries).toBeLessThan(21);
  });
});
