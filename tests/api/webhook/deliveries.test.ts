import { beforeAll, describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../../packages/client/src/index.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import {
  deliveriesOf,
  eventIdsAt,
  eventOf,
  loopbackReceivers,
  makeWebhook,
  mutate,
  onlyDelivery,
  publish,
  type ReceivedRequest,
  reset,
  useReceiver,
} from '../../support/webhooks.ts';

describe('deliveries', () => {
  const app = useTestApp({ settings: loopbackReceivers });
  const cast = useCast(app);
  const receiver = useReceiver(app);
  /** An administrator's program: days pass here, and sessions would end. */
  let admin: KeyHolder;

  beforeAll(async () => {
    admin = await makeKey(app(), cast().admin);
  });

  const make = (url = receiver().url, eventTypes = ['UserDeleted']) => makeWebhook(admin, { url, eventTypes });
  const only = (id: string) => onlyDelivery(admin, id);

  test('an event is posted once to each webhook that listens to it, signed with its secret alone', async () => {
    const first = await make();
    const second = await make();
    const deaf = await make(receiver().url, ['GroupDeleted']);
    const event = eventOf(app());
    await publish(app(), event);
    expect(receiver().received).toHaveLength(2);
    const [posted, other] = receiver().received;
    expect(posted?.body).toBe(other?.body);
    expect(posted).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json', 'user-agent': 'Gatehouse-Webhooks', 'webhook-id': event.id },
    });
    const now = app().clock.now();
    expect(posted?.headers['webhook-timestamp']).toBe(String(Math.floor(now.getTime() / 1000)));
    const verified = receiver().received.map((request) =>
      [first, second, deaf].map(({ secret }) => {
        try {
          return verifyWebhook(request, { secrets: secret, now });
        } catch {
          return null;
        }
      }),
    );
    const told = { ...event, occurredAt: event.occurredAt.toISOString() };
    expect(verified.flat().filter((one) => one !== null)).toEqual([told, told]);
    expect(verified.every((row) => row[2] === null)).toBe(true);
    expect(await only(first.id)).toMatchObject({
      eventId: event.id,
      eventType: 'UserDeleted',
      kind: 'EVENT',
      state: 'DELIVERED',
      attempts: 1,
      responseStatus: 204,
      failure: null,
      nextAttemptAt: null,
      deliveredAt: now.toISOString(),
      previous: null,
      tries: [{ number: 1, responseStatus: 204, failure: null }],
    });
    expect(await deliveriesOf(admin, deaf.id)).toEqual([]);
  });

  test('an event that the relay hands over again is not sent again; a batch is one statement', async () => {
    const { id } = await make();
    const events = Array.from({ length: 300 }, (_, index) => eventOf(app(), { sequence: String(index) }));
    const statements = await statementsOf(app(), () => app().services.webhookSink.publish(events));
    expect(statements).toBe(1);
    await Promise.all([1, 2, 3].map(() => app().services.webhookSink.publish(events)));
    await app().services.webhookWorker.run();
    expect(eventIdsAt(receiver())).toEqual(
      events.map((event) => event.id).toSorted((left, right) => left.localeCompare(right)),
    );
    const rows = await app().database.query<{ event_id: string; id: string }>(
      'select event_id, id from webhook_deliveries where webhook_id = $1 order by id',
      [id],
    );
    expect(rows.map((row) => row.event_id)).toEqual(events.map((event) => event.id));
    expect(rows.every((row) => /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-/.test(row.id))).toBe(true);
    await app().services.webhookSink.publish([]);
  });

  test('nothing goes to a webhook that is switched off; what waited goes on afterwards', async () => {
    const { id } = await make();
    receiver().behave = (_request, response) => void response.writeHead(500).end();
    await publish(app(), eventOf(app()));
    await mutate(admin, 'updateWebhook', { id, enabled: false });
    reset(receiver());
    app().clock.advance(60);
    await publish(app(), eventOf(app()));
    expect(receiver().received).toEqual([]);
    expect(await only(id)).toMatchObject({ state: 'PENDING', attempts: 1 });
    await mutate(admin, 'updateWebhook', { id, enabled: true });
    await app().services.webhookWorker.run();
    expect(receiver().received).toHaveLength(1);
    expect(await only(id)).toMatchObject({ state: 'DELIVERED', attempts: 2 });
  });

  test('deleting a webhook cancels what waits, and takes its deliveries out of sight', async () => {
    const { id } = await make();
    receiver().behave = (_request, response) => void response.writeHead(500).end();
    await publish(app(), eventOf(app()));
    await mutate(admin, 'deleteWebhook', { id });
    reset(receiver());
    app().clock.advance(60);
    expect(await app().services.webhookWorker.run()).toBe(0);
    expect(receiver().received).toEqual([]);
    expect(await deliveriesOf(admin, id)).toEqual([]);
  });

  describe('rotation', () => {
    test('for a while both secrets sign, then the new one alone', async () => {
      const { id, secret: old } = await make();
      const rotated = await mutate(admin, 'rotateWebhookSecret', { id, overlapSeconds: 60 });
      const present = rotated.payload?.secret ?? '';
      await publish(app(), eventOf(app()));
      app().clock.advance(61);
      await publish(app(), eventOf(app()));
      const [during, after] = receiver().received;
      const fits = (request: ReceivedRequest | undefined, secrets: string): boolean => {
        try {
          return request !== undefined && verifyWebhook(request, { secrets, toleranceSeconds: 1e9 }).id !== '';
        } catch {
          return false;
        }
      };
      expect([fits(during, old), fits(during, present)]).toEqual([true, true]);
      expect([fits(after, old), fits(after, present)]).toEqual([false, true]);
      expect(String(during?.headers['webhook-signature']).split(' ')).toHaveLength(2);
      expect(String(after?.headers['webhook-signature']).split(' ')).toHaveLength(1);
    });

    test('a replaced secret without overlap signs nothing any more, and of many rotations at once the last one counts', async () => {
      const { id } = await make();
      const rotations = await Promise.all(
        Array.from({ length: 10 }, () => mutate(admin, 'rotateWebhookSecret', { id, overlapSeconds: 0 })),
      );
      await publish(app(), eventOf(app()));
      const [request] = receiver().received;
      const fitting = rotations.filter(({ payload }) => {
        try {
          return (
            request !== undefined && verifyWebhook(request, { secrets: payload?.secret ?? '', now: app().clock.now() })
          );
        } catch {
          return false;
        }
      });
      expect(fitting).toHaveLength(1);
    });
  });
});
