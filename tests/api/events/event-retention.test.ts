import { describe, expect, test } from 'vitest';
import { MemorySink, range, relayOf, writeEvents } from '../../support/events.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('housekeeping', () => {
  const app = useTestApp({ settings: { 'events.retentionSeconds': '1d' } });

  test('deletes events after their time, once every sink has taken them', async () => {
    const [first, second] = [new MemorySink('first'), new MemorySink('second')];
    const relay = relayOf(app(), [first, second]);
    const kept = async (): Promise<number> => {
      const [row] = await app().database.query<{ count: number }>('select count(*)::int as count from outbox_events');
      return row?.count ?? 0;
    };
    await writeEvents(app(), range(1, 4));
    app().clock.advance(2 * 86_400);
    // No relay has seen them yet.
    await app().services.housekeeping.run();
    expect(await kept()).toBe(4);
    second.before = () => {
      throw new Error('away');
    };
    await relay.run();
    app().clock.advance(2 * 86_400);
    await relay.run();
    await app().services.housekeeping.run();
    expect(await kept()).toBe(4);
    second.before = () => undefined;
    app().clock.advance(10);
    await writeEvents(app(), [5]);
    await relay.run();
    expect(second.numbers).toEqual(range(1, 5));
    await app().services.housekeeping.run();
    expect(await kept()).toBe(1);
  });
});
