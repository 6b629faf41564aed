import { beforeAll, describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../../packages/client/src/index.ts';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { useCast } from '../../support/holder.ts';
import { eventually } from '../../support/messaging.ts';
import { statementsOf } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import {
  deliveriesOf,
  eventIdsAt,
  eventOf,
  loopbackReceivers,
  makeWebhook,
  mutate,
  onlyDelivery,
  publish,
  startReceiver,
  useReceiver,
} from '../../support/webhooks.ts';

describe('the worker of webhooks', () => {
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

  describe('several replicas', () => {
    test('send each event once, at most four of a webhook at once each', { timeout: 20_000 }, async () => {
      const { id } = await make();
      const second = await startTestApp({ settings: loopbackReceivers, beside: app() });
      let [present, most] = [0, 0];
      receiver().behave = (_request, response) => {
        present += 1;
        most = Math.max(most, present);
        setTimeout(() => {
          present -= 1;
          response.writeHead(200).end();
        }, 5);
      };
      const events = Array.from({ length: 80 }, () => eventOf(app()));
      await app().services.webhookSink.publish(events);
      const tries = await Promise.all([app().services.webhookWorker.run(), second.services.webhookWorker.run()]);
      expect(tries[0] + tries[1]).toBe(80);
      expect(Math.min(...tries)).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(8);
      expect(new Set(eventIdsAt(receiver())).size).toBe(80);
      expect(receiver().received).toHaveLength(80);
      expect((await deliveriesOf(admin, id)).every(({ state }) => state === 'DELIVERED')).toBe(true);
      await second.close();
    });

    test('a delivery whose process died in the middle of a try goes out later, and the try is seen', async () => {
      const { id } = await make();
      await app().services.webhookSink.publish([eventOf(app())]);
      const now = app().clock.now();
      const until = new Date(now.getTime() + 31_000);
      const [claimed] = await app().services.webhookQueue.claimDue(now, until, { room: 4, busy: new Map() });
      expect(claimed?.attempt).toBe(1);
      expect(await app().services.webhookWorker.run()).toBe(0);
      expect(await only(id)).toMatchObject({ attempts: 1, tries: [{ number: 1, durationMs: null, failure: null }] });
      app().clock.advance(31);
      expect(await app().services.webhookWorker.run()).toBe(1);
      expect(await only(id)).toMatchObject({
        state: 'DELIVERED',
        attempts: 2,
        tries: [
          { number: 1, durationMs: null, failure: 'It was cut off: the server ended.' },
          { number: 2, responseStatus: 204, failure: null },
        ],
      });
      // The dead one comes back to life: what is delivered stays so.
      if (claimed === undefined) throw new Error('Nothing was claimed.');
      const late = {
        state: 'PENDING',
        responseStatus: 500,
        failure: 'late',
        durationMs: 1,
        nextAttemptAt: now,
      } as const;
      expect(await app().services.webhookQueue.settle(claimed, late, now)).toBeNull();
      expect((await only(id)).state).toBe('DELIVERED');
    });
  });

  describe('tries that end together', () => {
    const claimSome = async (count: number) => {
      await app().services.webhookSink.publish(Array.from({ length: count }, () => eventOf(app())));
      const now = app().clock.now();
      const until = new Date(now.getTime() + 31_000);
      return app().services.webhookQueue.claimDue(now, until, { room: count, busy: new Map() });
    };
    const outcome = (failure: string | null) => ({
      state: failure === null ? ('DELIVERED' as const) : ('DEAD' as const),
      responseStatus: failure === null ? 200 : 500,
      failure,
      durationMs: 7,
      nextAttemptAt: null,
    });

    test('are written by one statement, each with what became of it', async () => {
      const { id } = await make();
      const claimed = await claimSome(6);
      const [taken, accepted] = claimed;
      // Two were taken over by another replica meanwhile: of one of them it counts all the same that it was accepted.
      await app().database.query('update webhook_deliveries set attempts = 2 where id = any($1::uuid[])', [
        [taken?.id, accepted?.id],
      ]);
      const now = app().clock.now();
      const failures = claimed.map((delivery, index) =>
        delivery === accepted || index > 3 ? null : 'No, "thank" {you}, \\',
      );
      let views: readonly unknown[] = [];
      const statements = await statementsOf(app(), async () => {
        const { webhookQueue } = app().services;
        views = await Promise.all(
          claimed.map((delivery, index) => webhookQueue.settle(delivery, outcome(failures[index] ?? null), now)),
        );
      });
      expect(statements).toBe(1);
      expect(views).toMatchObject(
        claimed.map((delivery, index) => {
          if (delivery === taken) return null;
          return { id: delivery.id, state: failures[index] === null ? 'DELIVERED' : 'DEAD', failure: failures[index] };
        }),
      );
      const rows = await deliveriesOf(admin, id);
      for (const [index, delivery] of claimed.entries()) {
        const [first] = rows.find((row) => row.id === delivery.id)?.tries ?? [];
        expect(first).toMatchObject({ number: 1, durationMs: 7, failure: failures[index] });
      }
    });

    test('are told when they could not be written, and the next ones are written', async () => {
      await make();
      const claimed = await claimSome(3);
      const { webhookQueue } = app().services;
      const settle = () =>
        Promise.allSettled(claimed.map((one) => webhookQueue.settle(one, outcome(null), app().clock.now())));
      await app().database.query('alter table webhook_attempts rename to webhook_attempts_away');
      const failed = await settle();
      await app().database.query('alter table webhook_attempts_away rename to webhook_attempts');
      expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect((await settle()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    });
  });

  describe('a started worker', () => {
    test('goes on as soon as there is room, and takes and notes together what is together', async () => {
      const { id } = await make();
      const settings = { ...loopbackReceivers, 'webhooks.concurrency': '10', 'webhooks.timeoutSeconds': '30s' };
      const replica = await startTestApp({ settings, beside: app() });
      const { webhookWorker, webhookSink } = replica.services;
      // Answers only when there is no more room: a look that nobody took would be waited for each time.
      const waiting: (() => void)[] = [];
      receiver().behave = (_request, response) => {
        waiting.push(() => void response.writeHead(204).end());
        if (waiting.length === 10) for (const answer of waiting.splice(0)) answer();
      };
      try {
        const statements = await statementsOf(replica, async () => {
          webhookWorker.start();
          await webhookSink.publish(Array.from({ length: 150 }, () => eventOf(app())));
          await eventually(() => webhookWorker.tally.delivered === 150);
        });
        expect(statements).toBeLessThan(150);
        expect((await deliveriesOf(admin, id)).every(({ attempts }) => attempts === 1)).toBe(true);
      } finally {
        await webhookWorker.stop();
        await replica.close();
      }
    });

    test('sends what is handed over at once, and receivers that hang delay nobody else', async () => {
      const hanging = await startReceiver();
      hanging.behave = () => undefined;
      for (let made = 0; made < 5; made += 1) await make(hanging.url);
      const { id } = await make();
      const patient = { ...loopbackReceivers, 'webhooks.timeoutSeconds': '60s' };
      const replica = await startTestApp({ settings: patient, beside: app() });
      const { webhookWorker, webhookSink } = replica.services;
      webhookWorker.start();
      for (let batch = 0; batch < 5; batch += 1) {
        await webhookSink.publish(Array.from({ length: 10 }, () => eventOf(app())));
      }
      await eventually(async () => (await deliveriesOf(admin, id)).every(({ state }) => state === 'DELIVERED'));
      expect(receiver().received).toHaveLength(50);
      // None of them has come to its end: each webhook has its room and no more.
      await eventually(() => hanging.received.length === 20);
      await hanging.close();
      await webhookWorker.stop();
      await replica.close();
    });
  });

  test('a try that the stop of its server cut off is made again at once by another one, the last one too', async () => {
    const { id } = await make();
    const replica = await startTestApp({
      settings: { ...loopbackReceivers, 'webhooks.timeoutSeconds': '60s' },
      beside: app(),
    });
    receiver().behave = () => undefined;
    await app().services.webhookSink.publish([eventOf(app()), eventOf(app())]);
    const [first, last] = (await deliveriesOf(admin, id)).map((delivery) => delivery.id);
    await app().database.query('update webhook_deliveries set attempts = 10 where id = $1', [last]);
    replica.services.webhookWorker.start();
    await eventually(() => receiver().received.length === 2);
    await replica.services.webhookWorker.stop();
    await replica.close();
    const cutOff = { state: 'PENDING', failure: 'It was cut off: the server stopped.' };
    const shown = async () =>
      new Map((await deliveriesOf(admin, id)).map(({ id: one, state, failure }) => [one, { state, failure }]));
    expect(await shown()).toEqual(new Map([first, last].map((one) => [one, cutOff])));
    receiver().behave = (_request, response) => void response.writeHead(204).end();
    expect(await app().services.webhookWorker.run()).toBe(2);
    const delivered = { state: 'DELIVERED', failure: null };
    expect(await shown()).toEqual(new Map([first, last].map((one) => [one, delivered])));
  });

  describe('keeping', () => {
    test('housekeeping takes old deliveries with their tries, keeps young ones and what waits', async () => {
      const { id } = await make();
      const off = await make(receiver().url, ['GroupCreated']);
      await publish(app(), eventOf(app()));
      receiver().behave = (_request, response) => void response.writeHead(500).end();
      await publish(app(), eventOf(app()), eventOf(app(), { type: 'GroupCreated' }));
      await mutate(admin, 'updateWebhook', { id: off.id, enabled: false });
      app().clock.advance(29 * 86_400);
      await app().services.housekeeping.run();
      expect((await deliveriesOf(admin, id)).map(({ state }) => state)).toEqual(['PENDING', 'DELIVERED']);
      expect(await deliveriesOf(admin, off.id)).toHaveLength(1);
      app().clock.advance(2 * 86_400);
      await app().services.housekeeping.run();
      expect((await deliveriesOf(admin, id)).map(({ state }) => state)).toEqual(['PENDING']);
      expect(await deliveriesOf(admin, off.id)).toEqual([]);
      const [left] = await app().database.query<{ count: number }>(
        'select count(*)::int as count from webhook_attempts',
      );
      expect(left?.count).toBe(1);
    });

    test('secrets are brought under a newer master key, and sign as before', async () => {
      const { id, secret: old } = await make();
      const present = (await mutate(admin, 'rotateWebhookSecret', { id })).payload?.secret ?? '';
      const keys = new MasterKeys(
        [1, 2].map((version) => ({
          version,
          secret: new Secret(Buffer.alloc(32, version === 1 ? 7 : 8).toString('base64url')),
        })),
      );
      const rekeyed = await startTestApp({ settings: loopbackReceivers, beside: app(), masterKeys: keys });
      const { columns } = await rekeyed.services.reseal.reseal({ dryRun: false });
      const webhooks = columns.filter(({ what }) => what.includes('webhook'));
      expect(webhooks.map(({ outdated, resealed, unreadable }) => [outdated, resealed, unreadable])).toEqual([
        [1, 1, 0],
        [1, 1, 0],
      ]);
      await rekeyed.services.webhookSink.publish([eventOf(app())]);
      await rekeyed.services.webhookWorker.run();
      const [request] = receiver().received;
      if (request === undefined) throw new Error('Nothing was sent.');
      for (const secrets of [old, present])
        expect(verifyWebhook(request, { secrets, now: app().clock.now() })).toBeTruthy();
      await rekeyed.close();
      // Whoever holds the old key alone cannot sign any more, and says so.
      await publish(app(), eventOf(app()));
      const failed = (await deliveriesOf(admin, id)).find(({ state }) => state === 'PENDING');
      expect(failed?.failure).toBe('Its secret cannot be opened; rotate it.');
      await app().database.query('delete from webhooks');
    });

    test('figures say how tries ended and what waits', async () => {
      await make();
      await publish(app(), eventOf(app()));
      receiver().behave = (_request, response) => void response.writeHead(500).end();
      await publish(app(), eventOf(app()));
      app().clock.advance(3);
      const text = await (await fetch(`${app().url}/metrics`)).text();
      const { delivered, failed } = app().services.webhookWorker.tally;
      expect(delivered).toBeGreaterThan(0);
      expect(text).toContain(`gatehouse_webhook_deliveries_total{outcome="delivered"} ${delivered}`);
      expect(text).toContain(`gatehouse_webhook_deliveries_total{outcome="failed"} ${failed}`);
      expect(text).toContain('gatehouse_webhook_deliveries_pending 1\n');
      expect(text).toContain('gatehouse_webhook_oldest_pending_seconds 3\n');
    });

    test('what the relay brings out goes to webhooks, by the sink of that name', async () => {
      const made = await make(receiver().url, ['GroupCreated']);
      const { data } = await admin.run<{ createGroup: { group: { id: string } } }>(
        'mutation { createGroup(input: { name: "Relayed", permissions: [] }) { group { id } } }',
      );
      await app().services.eventRelay.run();
      await app().services.webhookWorker.run();
      const [request] = receiver().received;
      if (request === undefined) throw new Error('Nothing was sent.');
      expect(verifyWebhook(request, { secrets: made.secret, now: app().clock.now() })).toMatchObject({
        type: 'GroupCreated',
        aggregateType: 'Group',
        aggregateId: data.createGroup.group.id,
      });
    });
  });
});
