import { beforeEach, describe, expect, test } from 'vitest';
import { OutboxStatusDocument } from '../../../generated/client/graphql.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { recording } from '../../support/evidence.ts';
import { emptyOutbox, MemorySink, range, writeEvents } from '../../support/events.ts';
import { useCast } from '../../support/holder.ts';
import { holdLock, waitForLock } from '../../support/locks.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const ORIGIN = systemOrigin('command line');

describe('outboxStatus', () => {
  const [kafka, log] = [new MemorySink('kafka'), new MemorySink('log')];
  const app = useTestApp({ eventSinks: [log, kafka] });
  const cast = useCast(app);

  beforeEach(async () => {
    await emptyOutbox(app());
    kafka.before = () => undefined;
    app().clock.advance(20);
  });

  const status = async () => {
    app().clock.advance(1);
    const { data, errors } = await cast().admin.send(OutboxStatusDocument, {});
    expect(errors).toEqual([]);
    if (!data.outboxStatus) throw new Error('There is no status.');
    return data.outboxStatus;
  };
  const quiet = { healthy: true, pending: 0, deadLetters: 0, lastPublishedAt: null, failure: null };

  test('tells what waits, since when, who publishes, and where each sink stands', async () => {
    expect(await status()).toEqual({
      pending: 0,
      oldestPendingAt: null,
      lagSeconds: 0,
      publishedPerMinute: 0,
      relay: null,
      sinks: [
        { name: 'log', ...quiet },
        { name: 'kafka', ...quiet },
      ],
    });
    const written = app().clock.now();
    await writeEvents(app(), range(1, 3));
    app().clock.advance(9);
    expect(await status()).toMatchObject({
      pending: 3,
      oldestPendingAt: written.toISOString(),
      lagSeconds: 10,
      sinks: [{ pending: 3 }, { pending: 3 }],
    });
    kafka.before = () => {
      throw new Error('broker 7 refused');
    };
    await app().services.eventRelay.run();
    const now = app().clock.now().toISOString();
    expect(await status()).toEqual({
      pending: 3,
      oldestPendingAt: written.toISOString(),
      lagSeconds: 11,
      publishedPerMinute: 3,
      relay: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sinks: [
        { name: 'log', ...quiet, lastPublishedAt: now },
        { name: 'kafka', ...quiet, healthy: false, pending: 3, failure: 'broker 7 refused' },
      ],
    });
    kafka.before = () => undefined;
    app().clock.advance(5);
    await app().services.eventRelay.run();
    expect(await status()).toMatchObject({
      pending: 0,
      oldestPendingAt: null,
      lagSeconds: 0,
      sinks: [{ pending: 0 }, { name: 'kafka', healthy: true, pending: 0, failure: null }],
    });
    // Nobody has prolonged the lease.
    app().clock.advance(120);
    expect(await status()).toMatchObject({ relay: null, publishedPerMinute: 0 });
  });

  test('is one statement besides that of the session, and none within a second, however often it is asked', async () => {
    await status();
    app().clock.advance(1);
    const aliases = range(1, 10).map((number) => `a${number}: outboxStatus { pending sinks { pending } }`);
    const ask = () => cast().admin.run(`{ ${aliases.join(' ')} }`);
    expect(await statementsOf(app(), ask)).toBe(2);
    expect(await statementsOf(app(), ask)).toBe(1);
  });

  test('a clock that is put back keeps no answer for longer', async () => {
    await status();
    app().clock.advance(-600);
    await writeEvents(app(), [1]);
    const { data } = await cast().admin.send(OutboxStatusDocument, {});
    app().clock.advance(600);
    expect(data.outboxStatus).toMatchObject({ pending: 1 });
  });

  test('is for those who may see the health of the server', async () => {
    const { code } = await cast().member.send(OutboxStatusDocument, {});
    expect(code).toBe('FORBIDDEN');
    expect((await app().anonymous().send(OutboxStatusDocument, {})).code).toBe('UNAUTHENTICATED');
  });

  test('stands in the metrics, by sink', async () => {
    await writeEvents(app(), range(1, 4));
    kafka.before = () => {
      throw new Error('away');
    };
    app().clock.advance(10);
    await app().services.eventRelay.run();
    app().clock.advance(7);
    const text = await (await fetch(`${app().url}/metrics`)).text();
    expect(text).toContain('gatehouse_outbox_pending{sink="log"} 0\n');
    expect(text).toContain('gatehouse_outbox_pending{sink="kafka"} 4\n');
    expect(text).toContain('gatehouse_outbox_lag_seconds 17\n');
    expect(text).toMatch(/gatehouse_events_published_total\{sink="log"\} [1-9]/);
    expect(text).toMatch(/gatehouse_event_sink_failures_total\{sink="kafka"\} [1-9]/);
  });

  test('a sink is set back to a place or a time, never forward, and not behind what is kept', async () => {
    const { eventReplay, eventRelay } = app().services;
    expect(await eventReplay.replay(ORIGIN, 'kafka', { sequence: '1' })).toBeNull();
    await writeEvents(app(), range(1, 3));
    app().clock.advance(60);
    const later = app().clock.now();
    await writeEvents(app(), range(4, 6));
    kafka.taken.length = 0;
    await eventRelay.run();
    expect(kafka.numbers).toEqual(range(1, 6));
    expect(await eventReplay.replay(ORIGIN, 'kafka', { sequence: '5' })).toBe(2);
    await eventRelay.run();
    expect(await eventReplay.replay(ORIGIN, 'kafka', { at: later })).toBe(3);
    await eventRelay.run();
    expect(kafka.numbers).toEqual([...range(1, 6), 5, 6, 4, 5, 6]);
    expect(new Set(kafka.taken.map(({ id }) => id)).size).toBe(6);
    expect(await eventReplay.replay(ORIGIN, 'kafka', { sequence: '99' })).toBe(0);
    await app().database.query('delete from outbox_events where position <= 2');
    expect(await eventReplay.replay(ORIGIN, 'kafka', { sequence: '1' })).toBe(4);
    expect(log.numbers.slice(-6)).toEqual(range(1, 6));
  });

  test('a sink that goes on meanwhile is set back to the place that was asked for', async () => {
    const { eventReplay, eventRelay } = app().services;
    await writeEvents(app(), range(1, 6));
    await eventRelay.run();
    await app().database.query(`update outbox_sinks set position = 2 where name = 'kafka'`);
    const taking = holdLock(app().database, `update outbox_sinks set position = 6 where name = 'kafka'`, []);
    await taking.begun;
    const replayed = eventReplay.replay(ORIGIN, 'kafka', { sequence: '5' });
    await waitForLock(app().database);
    await taking.release();
    expect(await replayed).toBe(2);
    kafka.taken.length = 0;
    await eventRelay.run();
    expect(kafka.numbers).toEqual([5, 6]);
  });

  test('who sets a sink back, which one, and from where stands in the log; a sink that nobody served leaves nothing', async () => {
    const { eventReplay, eventRelay } = app().services;
    const unknown = await recording(app(), () => eventReplay.replay(ORIGIN, 'kafka', { sequence: '1' }));
    expect([unknown.answer, unknown.audit]).toEqual([null, []]);
    await writeEvents(app(), range(1, 3));
    await eventRelay.run();
    const at = app().clock.now();
    const { answer, audit, events } = await recording(app(), async () => [
      await eventReplay.replay(ORIGIN, 'kafka', { sequence: '2' }),
      await eventReplay.replay(ORIGIN, 'kafka', { at }),
    ]);
    expect(answer).toEqual([2, 1]);
    expect(events).toEqual([]);
    const line = {
      action: 'events.replayed',
      result: 'SUCCESS',
      actor: { type: 'System', id: null, label: 'command line' },
      target: { type: 'System', id: null, label: 'events' },
    };
    expect(audit).toHaveLength(2);
    expect(audit).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...line, metadata: { sink: 'kafka', from: '2', count: 2 } }),
        expect.objectContaining({ ...line, metadata: { sink: 'kafka', from: at.toISOString(), count: 1 } }),
      ]),
    );
  });
});
