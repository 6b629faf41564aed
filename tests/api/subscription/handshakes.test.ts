import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Subscriber, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import { Way } from '../../support/way.ts';

const PATIENTLY = { timeout: 10_000, interval: 20 };

describe('a handshake at /graphql/ws', () => {
  const app = useTestApp();
  const figures = async (): Promise<string> => (await fetch(`${app().url}/metrics`)).text();

  test('that is refused is over, although its client keeps its half of the connection open', async () => {
    const { hostname, port } = new URL(app().url);
    const handshakeText = [
      'GET /graphql/ws HTTP/1.1',
      'host: localhost',
      'connection: Upgrade',
      'upgrade: websocket',
      'origin: https://evil.example',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    ].join('\r\n');
    const sockets = Array.from({ length: 5 }, () => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      socket.on('error', () => {});
      socket.resume();
      socket.write(handshakeText);
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'end')));
    await expect.poll(figures, PATIENTLY).toMatch(/^gatehouse_http_requests_in_flight 0$/m);
    for (const socket of sockets) socket.destroy();
  });
});

describe('behind a proxy', () => {
  const app = useTestApp({
    settings: { 'server.trustedProxies': '127.0.0.0/8', 'subscription-connections-waiting': '3' },
  });

  test('connections that say nothing are counted by network: no address of the same /64 has more', async () => {
    const open: WebSocket[] = [];
    const statusFrom = async (address: string): Promise<number> => {
      const socket = new WebSocket(`${app().url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws', {
        headers: { 'x-forwarded-for': address },
      });
      open.push(socket);
      socket.on('error', () => {});
      return new Promise((resolve) => {
        socket.on('open', () => resolve(101));
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      });
    };
    for (const host of [1, 2, 3]) expect(await statusFrom(`2001:db8:1:2::${host}`)).toBe(101);
    expect(await statusFrom('2001:db8:1:2:ffff::4')).toBe(429);
    expect(await statusFrom('2001:db8:1:3::1')).toBe(101);
    for (const socket of open) socket.terminate();
    await expect.poll(() => statusFrom('2001:db8:1:2::9'), PATIENTLY).toBe(101);
    for (const socket of open) socket.terminate();
  });
});

test('who connects while the database is away is told to come back later, as clients of the protocol do', async () => {
  const way = await Way.open();
  const app = await startTestApp({ way });
  const { member } = await app.cast();
  way.refuse();
  const subscriber = new Subscriber(app, { authorization: `Bearer ${member.accessToken}` });
  expect(await subscriber.closed).toEqual({ code: 1013, reason: 'Try again later' });
  expect(app.log.filter((line) => line.includes('SERVICE_UNAVAILABLE'))).toHaveLength(1);
  way.heal();
  (await subscriberOf(app, member)).close();
  await app.close();
  await way.close();
});
