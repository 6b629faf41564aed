import { beforeAll, describe, expect, test } from 'vitest';
import { WAITS_SECONDS } from '../../../src/webhooks/webhook-worker.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { useCast } from '../../support/holder.ts';
import { eventually } from '../../support/messaging.ts';
import { testCertificate, testKey } from '../../support/smtp-server.ts';
import { useTestApp } from '../../support/test-app.ts';
import {
  eventOf,
  loopbackReceivers,
  makeWebhook,
  onlyDelivery,
  publish,
  type Receiver,
  reset,
  startReceiver,
  useReceiver,
} from '../../support/webhooks.ts';

describe('a receiver that', () => {
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

  const SECRET_ANSWER = 'the answer holds s3cret-of-theirs';
  const failing: Readonly<Record<string, readonly [Receiver['behave'], RegExp, number | null]>> = {
    'answers 500': [
      (_request, response) => void response.writeHead(500).end(SECRET_ANSWER),
      /^It answered 500\.$/,
      500,
    ],
    'answers 404': [(_request, response) => void response.writeHead(404).end(), /^It answered 404\.$/, 404],
    hangs: [() => undefined, /^It did not answer in time\.$/, null],
    'resets the connection': [
      (_request, response) => void response.socket?.resetAndDestroy(),
      /^It could not be reached: ECONNRESET\.$/,
      null,
    ],
    'closes the connection': [
      (_request, response) => void response.socket?.destroy(),
      /^It could not be reached: ECONNRESET\.$/,
      null,
    ],
    'sends headers without end': [
      (_request, response) => void response.socket?.write('HTTP/1.1 200 OK\r\nx: '),
      /^It did not answer in time\.$/,
      null,
    ],
    'answers what is no HTTP': [
      (_request, response) => void response.socket?.end('no\r\n\r\n'),
      /^It could not be reached: HPE_\w+\.$/,
      null,
    ],
    'redirects to this machine': [
      (_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
      /^It answered 307: it redirects, which is not followed\.$/,
      307,
    ],
    'redirects to the metadata of a cloud': [
      (_request, response) =>
        void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      /^It answered 302: it redirects, which is not followed\.$/,
      302,
    ],
  };

  test.each(Object.keys(failing))('%s gets the event again, and the row says why', async (name) => {
    const [behave, failure, responseStatus] = failing[name] ?? [];
    const { id } = await make();
    if (behave !== undefined) receiver().behave = behave;
    await publish(app(), eventOf(app()));
    expect(receiver().received).toHaveLength(1);
    expect(receiver().received.map(({ path }) => path)).toEqual(['/hook']);
    const failed = await only(id);
    expect(failed).toMatchObject({
      state: 'PENDING',
      attempts: 1,
      responseStatus,
      failure: expect.stringMatching(failure ?? /^$/),
      deliveredAt: null,
      tries: [{ number: 1, responseStatus, failure: expect.stringMatching(failure ?? /^$/) }],
    });
    const wait = (Date.parse(failed.nextAttemptAt ?? '') - app().clock.now().getTime()) / 1000;
    expect(wait).toBeGreaterThanOrEqual(4);
    expect(wait).toBeLessThanOrEqual(6);
    expect(failed.durationMs).toBeLessThan(1500);
    expect(app().log.join('')).not.toContain('s3cret-of-theirs');
    reset(receiver());
    expect(await app().services.webhookWorker.run()).toBe(0);
    app().clock.advance(6);
    expect(await app().services.webhookWorker.run()).toBe(1);
    expect(await only(id)).toMatchObject({
      state: 'DELIVERED',
      attempts: 2,
      failure: null,
      tries: [{ number: 1 }, { number: 2, responseStatus: 204, failure: null }],
    });
  });

  const accepting: Readonly<Record<string, Receiver['behave']>> = {
    'answers 200 and ten megabytes': (_request, response) => void response.writeHead(200).end(Buffer.alloc(10_000_000)),
    'answers 200 and a body that never ends': (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    },
  };

  test.each(Object.keys(accepting))('%s has accepted: nothing of it is kept', async (name) => {
    const { id } = await make();
    let cutOff = false;
    receiver().behave = (request, response) => {
      response.on('close', () => (cutOff = true));
      accepting[name]?.(request, response);
    };
    const began = Date.now();
    await publish(app(), eventOf(app()));
    expect(Date.now() - began).toBeLessThan(900);
    expect(await only(id)).toMatchObject({ state: 'DELIVERED', responseStatus: 200 });
    await eventually(() => cutOff);
  });

  test('is not there gets the event later', async () => {
    const gone = await startReceiver();
    await gone.close();
    const { id } = await make(gone.url);
    await publish(app(), eventOf(app()));
    expect(await only(id)).toMatchObject({
      state: 'PENDING',
      responseStatus: null,
      failure: 'It could not be reached: ECONNREFUSED.',
    });
  });

  test('shows a certificate that nobody trusts gets nothing', async () => {
    const secure = await startReceiver({ key: testKey, cert: testCertificate });
    const { id } = await make(secure.url);
    await publish(app(), eventOf(app()));
    expect(secure.received).toEqual([]);
    expect(await only(id)).toMatchObject({ failure: 'It could not be reached: DEPTH_ZERO_SELF_SIGNED_CERT.' });
    await secure.close();
  });

  test('is away for a day is given up after eleven tries, with a line in the log and every try in its row', async () => {
    const { id } = await make();
    receiver().behave = (_request, response) => void response.writeHead(503).end();
    await app().services.webhookSink.publish([eventOf(app())]);
    const began = app().clock.now().getTime();
    for (let round = 0; round < 30 && (await app().services.webhookWorker.run()) > 0; round += 1) {
      const { nextAttemptAt } = await only(id);
      if (nextAttemptAt === null) break;
      const wait = (Date.parse(nextAttemptAt) - app().clock.now().getTime()) / 1000;
      const exact = WAITS_SECONDS[round] ?? 0;
      expect(wait).toBeGreaterThanOrEqual(exact * 0.79);
      expect(wait).toBeLessThanOrEqual(exact * 1.21);
      app().clock.advance(Math.ceil(wait));
    }
    expect((app().clock.now().getTime() - began) / 3_600_000).toBeGreaterThan(19);
    const dead = await only(id);
    expect(dead).toMatchObject({ state: 'DEAD', attempts: 11, responseStatus: 503, nextAttemptAt: null });
    expect(dead.tries.map(({ number }) => number)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
    expect(receiver().received).toHaveLength(11);
    expect(new Set(receiver().received.map((request) => request.headers['webhook-id'])).size).toBe(1);
    expect(new Set(receiver().received.map((request) => request.body)).size).toBe(1);
    expect(new Set(receiver().received.map((request) => request.headers['webhook-signature'])).size).toBe(11);
    expect(app().log.join('')).toContain('webhook delivery given up');
    expect(app().services.webhookWorker.tally.dead).toBeGreaterThan(0);
    expect(await app().services.webhookWorker.run()).toBe(0);
    const { data } = await admin.run<{ webhook: object }>(
      'query ($id: ID!) { webhook(id: $id) { enabled lastDelivery { state } } }',
      { id },
    );
    expect(data.webhook).toEqual({ enabled: true, lastDelivery: { state: 'DEAD' } });
  });
});
