import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { EventQueue } from '../../../src/services/event-queue.ts';
import type { Actor, Cast } from '../../support/cast.ts';
import { closeSubscribers, followed, subscriberOf } from '../../support/subscriber.ts';
import { type TestApp, useTestApp } from '../../support/test-app.ts';

const MANY = 'subscription { auditEventAdded(filter: { actionIn: ["test.flood"] }) { id action metadata } }';
const PATIENTLY = { timeout: 15_000, interval: 20 };

describe('clients that are gone or do not keep up, and connections that break', () => {
  const sockets: WebSocket[] = [];
  afterEach(() => {
    closeSubscribers();
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  const figure = async ({ url }: TestApp, name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1) ?? '0',
    );
  };

  /** A connection with streams, over a socket that a test can leave unanswered or unread. */
  const connect = async (app: TestApp, actor: Actor, { streams = 1, autoPong = true } = {}): Promise<WebSocket> => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws', { autoPong });
    sockets.push(socket);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${actor.accessToken}` } }));
    await once(socket, 'message');
    for (let id = 1; id <= streams; id += 1) {
      socket.send(JSON.stringify({ type: 'subscribe', id: String(id), payload: { query: MANY } }));
    }
    return socket;
  };
  const closeOf = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

  describe('a connection that breaks', () => {
    const app = useTestApp();

    test('is closed with 1011, and one line of the log says why and whose it was, without what it presented', async () => {
      const { auditor } = await app().cast();
      vi.spyOn(EventQueue.prototype, Symbol.asyncIterator).mockImplementationOnce(() => {
        throw new Error('the queue is gone');
      });
      onTestFinished(() => void vi.restoreAllMocks());
      const socket = await connect(app(), auditor);
      expect(await closeOf(socket)).toBe(1011);
      // It was written before the connection was closed.
      const lines = app().log.filter((line) => line.includes('"connection broken"'));
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({
          level: 50,
          code: 1011,
          principalId: auditor.id,
          requestId: expect.any(String),
          fingerprint: expect.any(String),
          err: expect.objectContaining({ message: 'the queue is gone' }),
        }),
      ]);
      expect(lines.join('')).not.toContain(auditor.accessToken);
    });

    test('in one of its streams ends that one with an error, which the log has too', async () => {
      const { auditor } = await app().cast();
      vi.spyOn(EventQueue.prototype, 'next').mockRejectedValueOnce(new Error('the next one is lost'));
      onTestFinished(() => void vi.restoreAllMocks());
      const socket = await connect(app(), auditor);
      const [text] = (await once(socket, 'message')) as [Buffer];
      const message = JSON.parse(text.toString()) as { type: string; payload: readonly { extensions: object }[] };
      expect(message).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
      expect(text.toString()).not.toContain('lost');
      const lines = app().log.filter((line) => line.includes('the next one is lost'));
      expect(lines).toEqual([expect.stringMatching(/"requestId":"[^"]+".*"request failed"/)]);
    });
  });

  describe('a client that answers no pings', () => {
    const app = useTestApp({ settings: { 'subscription-ping': '1s' } });
    let cast: Cast;
    beforeAll(async () => {
      cast = await app().cast();
    });

    test('is cut off at the next one, its streams end, and whoever answers stays', async () => {
      const healthy = await subscriberOf(app(), cast.auditor);
      healthy.follow(MANY);
      const dead = await connect(app(), cast.auditor, { streams: 2, autoPong: false });
      await followed(app(), 3);
      let pings = 0;
      dead.on('ping', () => (pings += 1));
      // No code: there is nobody to tell it to.
      expect(await closeOf(dead)).toBe(1006);
      expect(pings).toBeLessThanOrEqual(1);
      await followed(app(), 1);
      await expect.poll(() => figure(app(), 'gatehouse_subscription_connections'), PATIENTLY).toBe(1);
      expect(await figure(app(), 'gatehouse_subscriptions')).toBe(1);
      await expect(Promise.race([healthy.closed, sleep(1500, 'open')])).resolves.toBe('open');
    });

    test('is not held by messages that it sends, if it never answers', async () => {
      const busy = await connect(app(), cast.auditor, { autoPong: false });
      const talk = setInterval(() => busy.send('{"type":"ping"}'), 200);
      expect(await closeOf(busy)).toBe(1006);
      clearInterval(talk);
    });
  });

  describe('a client that does not read', () => {
    const app = useTestApp({ settings: { 'subscription-buffer-limit': '16kb' } });
    let cast: Cast;
    beforeAll(async () => {
      cast = await app().cast();
    });

    /** So many events, each of some kilobytes. */
    const flood = (count: number): Promise<object[]> =>
      app().database.query(
        `insert into audit_events (at, id, action, result, target_type, target_id, metadata, personal_commitment)
         select $1::timestamptz + n * interval '1 microsecond', gen_random_uuid(), 'test.flood', 'SUCCESS', 'Test', n::text,
           jsonb_build_object('text', repeat('x', 8000)), '\\x00' from generate_series(1, $2::int) n`,
        [app().clock.now().toISOString(), count],
      );

    /** Events until one client is too far behind; `keepUp` is told how many there are. */
    const floodUntilSlow = async (reason: string, keepUp = async (_made: number) => {}): Promise<void> => {
      const name = `gatehouse_subscription_dropped_total{reason="${reason}"}`;
      const before = await figure(app(), name);
      let made = 0;
      while (made < 16_000 && (await figure(app(), name)) === before) {
        await flood(400);
        made += 400;
        await app().services.auditTail.round();
        await keepUp(made);
      }
      expect(await figure(app(), name)).toBe(before + 1);
    };

    test('is disconnected with 4422 once a thousand events wait; whoever reads gets every one', async () => {
      const reader = (await subscriberOf(app(), cast.auditor)).follow(MANY);
      const slow = await connect(app(), cast.auditor);
      await followed(app(), 2);
      slow.pause();
      const keepUp = async (made: number): Promise<void> => {
        await expect.poll(() => reader.messages.length, PATIENTLY).toBe(made);
      };
      await floodUntilSlow('queue', keepUp);
      slow.resume();
      expect(await closeOf(slow)).toBe(4422);
      await followed(app(), 1);
      expect(reader.messages.every(({ errors }) => errors === undefined)).toBe(true);
    });

    test('is disconnected with 4422 when what was made for it fills the buffer', async () => {
      const slow = await connect(app(), cast.auditor, { streams: 10 });
      await followed(app(), 10);
      slow.pause();
      await floodUntilSlow('buffer');
      slow.resume();
      expect(await closeOf(slow)).toBe(4422);
      await followed(app(), 0);
    });

    test('is cut off when it does not even read why', async () => {
      const slow = await connect(app(), cast.auditor, { streams: 10 });
      await followed(app(), 10);
      slow.pause();
      await floodUntilSlow('buffer');
      await expect.poll(() => figure(app(), 'gatehouse_subscription_connections'), PATIENTLY).toBe(0);
      expect(app().services.auditTail.size).toBe(0);
    });
  });
});
