import { beforeEach, describe, expect, test } from 'vitest';
import { emptyOutbox, MemorySink, range, writeEvents } from '../../support/events.ts';
import { useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('health of the sinks of events', () => {
  const sinks = ['log', 'webhook', 'redis', 'kafka'].map((name) => new MemorySink(name));
  const kafka = sinks[3] ?? new MemorySink('kafka');
  const app = useTestApp({ eventSinks: sinks });
  const cast = useCast(app);
  const fail = (): never => {
    throw new Error('broker 7 refused');
  };

  beforeEach(async () => {
    await emptyOutbox(app());
    kafka.before = () => undefined;
  });

  /** What each sink's line says; null: nothing is wrong. */
  const messages = async () => {
    app().clock.advance(2);
    const { data } = await cast().admin.run<{
      health: { status: string; checks: { component: string; status: string; message: string | null }[] };
    }>('{ health { status checks { component status message } } }');
    expect(data.health.status).toBe('OK');
    const lines = data.health.checks.filter(({ component }) => /kafka|redis|webhooks|log/.test(component));
    for (const { status, message } of lines) expect(status).toBe(message === null ? 'OK' : 'DEGRADED');
    return Object.fromEntries(lines.map(({ component, message }) => [component, message]));
  };
  const quiet = { webhooks: null, 'redis-stream': null, kafka: null };

  test('each has a line of its own, with the last failure of it until a try works', async () => {
    expect(await messages()).toEqual(quiet);
    kafka.before = fail;
    await writeEvents(app(), range(1, 2));
    await app().services.eventRelay.run();
    expect(await messages()).toEqual({ ...quiet, kafka: 'It takes no events, they wait: broker 7 refused' });
    kafka.before = () => undefined;
    app().clock.advance(5);
    await app().services.eventRelay.run();
    expect(await messages()).toEqual(quiet);
  });

  test('a sink that does not keep up, and all of them while nobody publishes, are late after a minute', async () => {
    const late = 'Events have waited for it for more than 60 seconds.';
    await writeEvents(app(), [1]);
    expect(await messages()).toEqual(quiet);
    app().clock.advance(60);
    expect(await messages()).toEqual({ webhooks: late, 'redis-stream': late, kafka: late });
    await app().services.eventRelay.run();
    expect(await messages()).toEqual(quiet);
    await app().database.query(`update outbox_sinks set position = 0 where name = 'redis'`);
    app().clock.advance(60);
    expect(await messages()).toEqual({ ...quiet, 'redis-stream': late });
  });

  test('takes one statement for all of them, and none more within a second', async () => {
    app().clock.advance(2);
    const look = () => app().services.health.check();
    await look();
    app().clock.advance(2);
    // The database and the sinks; migrations that were applied once stay so.
    expect(await statementsOf(app(), () => Promise.all([look(), look(), look()]))).toBe(2);
    expect(await statementsOf(app(), look)).toBe(0);
  });
});
