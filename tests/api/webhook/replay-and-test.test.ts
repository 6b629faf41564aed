import { describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../../packages/client/src/index.ts';
import { deadDeliveries } from '../../../src/entities/outbox.queries.ts';
import { EXAMPLE_ID } from '../../../src/events/event-example.ts';
import { newId, type WebhookDeliveryId } from '../../../src/ids.ts';
import { inParallel, recording } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import {
  deliveriesOf,
  eventIdsAt,
  eventOf,
  loopbackReceivers,
  makeWebhook,
  mutate,
  publish,
  type Receiver,
  useReceiver,
} from '../../support/webhooks.ts';

describe('at request', () => {
  const app = useTestApp({ settings: loopbackReceivers });
  const cast = useCast(app);
  const receiver = useReceiver(app);

  const make = (eventTypes = ['UserDeleted']) => makeWebhook(cast().admin, { url: receiver().url, eventTypes });
  const replay = (input: object) => mutate(cast().admin, 'replayWebhookDeliveries', { ...input });
  const refuse: Receiver['behave'] = (_request, response) => void response.writeHead(500).end();
  /** A webhook with so many deliveries that were given up. */
  const withDead = async (count: number, type = 'UserDeleted') => {
    const made = await make([type]);
    await app().services.webhookSink.publish(Array.from({ length: count }, () => eventOf(app(), { type })));
    await app().database.query(
      `update webhook_deliveries set state = 'DEAD', finished_at = $2, next_attempt_at = null where webhook_id = $1`,
      [made.id, app().clock.now().toISOString()],
    );
    return { ...made, ids: (await deliveriesOf(cast().admin, made.id)).map(({ id }) => id) };
  };

  describe('testWebhook', () => {
    test('posts a marked sample at once, signed, and answers how it went', async () => {
      const { id, secret } = await make(['GroupDeleted', 'UserDeleted']);
      const { answer, audit, events } = await recording(app(), () => mutate(cast().admin, 'testWebhook', { id }));
      expect(answer.payload).toMatchObject({
        delivery: {
          kind: 'TEST',
          eventType: 'GroupDeleted',
          state: 'DELIVERED',
          attempts: 1,
          responseStatus: 204,
          webhook: { id },
          tries: [{ number: 1, responseStatus: 204 }],
        },
        errors: [],
      });
      const [request] = receiver().received;
      if (request === undefined) throw new Error('Nothing was sent.');
      expect(verifyWebhook(request, { secrets: secret, now: app().clock.now() })).toMatchObject({
        id: answer.payload?.delivery?.eventId,
        type: 'GroupDeleted',
        aggregateType: 'Group',
        payload: { groupId: EXAMPLE_ID },
        test: true,
      });
      expect(audit).toMatchObject([
        { action: 'webhook.tested', target: { type: 'Webhook', id }, metadata: { eventType: 'GroupDeleted' } },
      ]);
      expect(events).toEqual([]);
    });

    test('tries once, also where nobody listens, and where the webhook is switched off', async () => {
      const { id } = await make();
      await mutate(cast().admin, 'updateWebhook', { id, enabled: false });
      receiver().behave = refuse;
      const { payload } = await mutate(cast().admin, 'testWebhook', { id, eventType: 'GroupDeleted' });
      expect(payload?.delivery).toMatchObject({
        state: 'DEAD',
        attempts: 1,
        responseStatus: 500,
        failure: 'It answered 500.',
        eventType: 'GroupDeleted',
        nextAttemptAt: null,
      });
      app().clock.advance(120);
      expect(await app().services.webhookWorker.run()).toBe(0);
    });

    test('refuses types that the catalogue does not know', async () => {
      const { id } = await make();
      const { payload } = await mutate(cast().admin, 'testWebhook', { id, eventType: 'UserVanished' });
      expect(payload?.errors).toMatchObject([{ code: 'UNKNOWN_EVENT_TYPE', field: ['eventType'] }]);
      expect(receiver().received).toEqual([]);
    });

    test('a receiver that hangs takes as many tests as it has room for; then RATE_LIMITED', async () => {
      const { id } = await make();
      receiver().behave = () => undefined;
      const answers = await inParallel(12, () => mutate(cast().admin, 'testWebhook', { id }));
      const codes = answers.map(({ code }) => code);
      expect(codes.filter((code) => code === 'OK').length).toBeGreaterThanOrEqual(4);
      const outcomes = answers.flatMap(({ payload }) => payload?.delivery?.failure ?? []);
      expect(new Set(outcomes)).toEqual(new Set(['It did not answer in time.']));
      expect((await mutate(cast().admin, 'testWebhook', { id })).code).toBe('OK');
      const full = Promise.all([1, 2, 3, 4].map(() => mutate(cast().admin, 'testWebhook', { id })));
      const before = receiver().received.length;
      for (let looked = 0; receiver().received.length < before + 4 && looked < 100; looked += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect((await mutate(cast().admin, 'testWebhook', { id })).code).toBe('RATE_LIMITED');
      await full;
    });
  });

  describe('replayWebhookDeliveries', () => {
    test('by ids makes new deliveries of the same events, and says so in the log', async () => {
      const { id, ids } = await withDead(3);
      const { answer, audit } = await recording(app(), () => replay({ ids: ids.slice(0, 2) }));
      expect(answer.payload).toEqual({ replayedCount: 2, errors: [] });
      expect(audit).toMatchObject([
        { action: 'webhook.deliveries-replayed', target: { type: 'Webhook', id }, metadata: { count: 2 } },
      ]);
      await app().services.webhookWorker.run();
      const all = await deliveriesOf(cast().admin, id);
      const old = new Map(all.map((one) => [one.id, one]));
      const again = all.filter(({ kind }) => kind === 'REPLAY');
      expect(again).toHaveLength(2);
      for (const one of again) {
        expect(one).toMatchObject({ state: 'DELIVERED', attempts: 1 });
        expect(old.get(one.previous?.id as WebhookDeliveryId)).toMatchObject({ eventId: one.eventId, state: 'DEAD' });
      }
      expect(new Set(eventIdsAt(receiver()))).toEqual(new Set(again.map(({ eventId }) => eventId)));
    });

    test('of 20 at once one replays, the others are told; with one key all hear of the same', async () => {
      const { id, ids } = await withDead(1);
      const answers = await inParallel(20, () => replay({ ids }));
      expect(answers.filter(({ payload }) => payload?.replayedCount === 1)).toHaveLength(1);
      expect(answers.filter(({ payload }) => payload?.errors[0]?.code === 'NOT_REPLAYABLE')).toHaveLength(19);
      const again = await withDead(1, 'GroupCreated');
      const idempotencyKey = unique('key');
      const keyed = await inParallel(10, () => replay({ ids: again.ids, idempotencyKey }));
      expect(keyed.map(({ payload }) => payload?.replayedCount)).toEqual(Array.from({ length: 10 }, () => 1));
      expect((await replay({ ids: [newId()], idempotencyKey })).code).toBe('IDEMPOTENCY_KEY_REUSED');
      expect(await deliveriesOf(cast().admin, again.id)).toHaveLength(2);
      expect(await deliveriesOf(cast().admin, id)).toHaveLength(2);
    });

    test('takes all or none: what waits, is a test, was replayed, or has no webhook that is on is named', async () => {
      const { id, ids } = await withDead(2);
      const codes = async (some: readonly string[]) =>
        (await replay({ ids: some })).payload?.errors.map(({ code, targetId }) => [code, targetId]);
      const unknown = newId();
      expect(await codes([...ids, unknown, 'none'])).toEqual([['TARGET_NOT_FOUND', 'none']]);
      expect(await codes([...ids, unknown])).toEqual([['TARGET_NOT_FOUND', unknown]]);
      const sample = (await mutate(cast().admin, 'testWebhook', { id })).payload?.delivery?.id ?? '';
      expect(await codes([...ids, sample])).toEqual([['NOT_REPLAYABLE', sample]]);
      receiver().behave = refuse;
      await publish(app(), eventOf(app()));
      const waiting = (await deliveriesOf(cast().admin, id)).find(({ state }) => state === 'PENDING')?.id ?? '';
      expect(await codes([waiting])).toEqual([['NOT_REPLAYABLE', waiting]]);
      await mutate(cast().admin, 'updateWebhook', { id, enabled: false });
      expect(await codes(ids)).toEqual(ids.map((one) => ['NOT_REPLAYABLE', one]));
      expect((await deliveriesOf(cast().admin, id)).filter(({ kind }) => kind === 'REPLAY')).toEqual([]);
    });

    test('by a filter takes those that can be, each once', async () => {
      const { id } = await withDead(3);
      const other = await withDead(2, 'GroupCreated');
      const filter = { webhookId: id, stateIn: ['DEAD'] };
      expect((await replay({ filter })).payload?.replayedCount).toBe(3);
      expect((await replay({ filter })).payload?.replayedCount).toBe(0);
      expect((await replay({ filter: { eventTypeIn: ['GroupDeleted'] } })).payload?.replayedCount).toBe(0);
      expect((await replay({ filter: { stateIn: [] } })).payload?.replayedCount).toBe(0);
      expect((await replay({ filter: { webhookId: 'none' } })).payload?.replayedCount).toBe(0);
      expect(await deliveriesOf(cast().admin, other.id)).toHaveLength(2);
      // What failed again can be replayed again: the last of the row, not all of it.
      await app().database.query(`update webhook_deliveries set state = 'DEAD', next_attempt_at = null`);
      expect((await replay({ filter })).payload?.replayedCount).toBe(3);
    });

    test('is counted for outboxStatus up to a bound, however many there are', async () => {
      const { database } = app();
      await withDead(4);
      expect(await database.query(deadDeliveries, [3])).toEqual([{ count: 3 }]);
      const [all] = await database.query(`select count(*)::int as count from webhook_deliveries where state = 'DEAD'`);
      expect(await database.query(deadDeliveries, [100_000])).toEqual([all]);
    });

    test('by a filter takes 10,000 and not one more, in a handful of statements', async () => {
      const { id, ids } = await withDead(1);
      const copy = (count: number) =>
        app().database.query(
          `insert into webhook_deliveries (id, webhook_id, event_id, event_type, kind, body, state, created_at, finished_at)
           select gen_random_uuid(), webhook_id, gen_random_uuid(), event_type, kind, body, state, created_at, finished_at
           from webhook_deliveries, generate_series(1, $2::int) where id = $1`,
          [ids[0], count],
        );
      await copy(9999);
      const filter = { webhookId: id };
      const statements = await statementsOf(app(), async () => {
        expect((await replay({ filter })).payload?.replayedCount).toBe(10_000);
      });
      expect(statements).toBeLessThan(12);
      await app().database.query(`update webhook_deliveries set state = 'DEAD', next_attempt_at = null`);
      await copy(1);
      expect((await replay({ filter })).payload?.errors).toMatchObject([{ code: 'TOO_MANY_ITEMS', field: ['filter'] }]);
    });

    test('asks for ids or a filter, one of them, and for at most 100 ids', async () => {
      const codes = async (input: object) => (await replay(input)).payload?.errors.map(({ code }) => code);
      expect(await codes({})).toEqual(['EXACTLY_ONE_REQUIRED']);
      expect(await codes({ ids: [newId()], filter: {} })).toEqual(['EXACTLY_ONE_REQUIRED']);
      expect(await codes({ ids: [] })).toEqual(['REQUIRED']);
      expect(await codes({ ids: Array.from({ length: 101 }, () => newId()) })).toEqual(['TOO_MANY_ITEMS']);
    });
  });
});
