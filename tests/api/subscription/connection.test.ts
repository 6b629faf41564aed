import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeKey } from '../../support/api-keys.ts';
import type { Cast } from '../../support/cast.ts';
import { beginSession } from '../../support/sessions.ts';
import { closeSubscribers, Subscriber, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const OWN = 'subscription { auditEventAdded { action } }';
const PATIENTLY = { timeout: 10_000, interval: 20 };
const OUR_PAGE = 'http://localhost:4000';
const LISTED = 'https://app.example.org';

describe('/graphql/ws', () => {
  const app = useTestApp({
    settings: {
      'cors-origins': LISTED,
      'subscription-init-timeout': '1s',
      'subscriptions-per-connection': '3',
      'subscription-connections-per-user': '4',
      'subscription-connections-waiting': '5',
      'subscription-message-limit': '8kb',
    },
  });
  let cast: Cast;
  beforeAll(async () => {
    cast = await app().cast();
  });
  afterEach(() => closeSubscribers());

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${app().url}/metrics`)).text();
    return Number(new RegExp(`^${name.replaceAll(/[{}"]/g, String.raw`\$&`)} (\\d+)$`, 'm').exec(text)?.[1] ?? '0');
  };

  /** The answer to a handshake with these headers. */
  const handshake = async (headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }> => {
    const socket = new WebSocket(`${app().url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws', { headers });
    const status = Promise.withResolvers<{ status: number; body: string }>();
    socket.on('open', () => {
      status.resolve({ status: 101, body: '' });
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += String(chunk)));
      response.on('end', () => status.resolve({ status: response.statusCode ?? 0, body }));
    });
    socket.on('error', () => {});
    return status.promise;
  };

  /** A socket that has not said who it is. */
  const raw = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`${app().url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    await once(socket, 'open');
    return socket;
  };
  const closeCodeOf = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

  test('a handshake is a request that is over, whether it was let in or refused', async () => {
    const sockets = [await raw(), await raw(), await raw()];
    await handshake({ origin: 'https://evil.example', cookie: 'gatehouse=ghx_made-up' });
    await expect.poll(() => metric('gatehouse_http_requests_in_flight'), PATIENTLY).toBe(0);
    const entries = app().log.map((line) => JSON.parse(line) as { path?: string; status?: number });
    expect(entries.filter(({ path }) => path === '/graphql/ws').map(({ status }) => status)).toEqual([
      101, 101, 101, 403,
    ]);
    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    expect(await metric('gatehouse_http_requests_in_flight')).toBe(0);
  });

  describe('lets in', () => {
    test('bearers of access tokens and API keys', async () => {
      const key = await makeKey(app(), cast.admin);
      for (const client of [cast.member, key]) {
        const stream = (await subscriberOf(app(), client)).follow(OWN);
        await expect.poll(() => metric('gatehouse_subscriptions'), PATIENTLY).toBeGreaterThan(0);
        expect(stream.messages).toEqual([]);
      }
    });

    test('pages of ours and of listed origins with the session cookie', async () => {
      const { client } = await beginSession(app(), cast.member.email, { delivery: 'COOKIE' });
      const cookie = client.headers['cookie'] ?? '';
      for (const origin of [OUR_PAGE, LISTED]) {
        await expect(new Subscriber(app(), { headers: { cookie, origin } }).connected).resolves.toBeUndefined();
      }
    });
  });

  describe('keeps out', () => {
    test.each([
      ['nobody', undefined],
      ['a made-up token', 'Bearer nonsense'],
      ['a made-up key', 'Bearer ghk_abcdefghijkl_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv'],
      ['another scheme', 'Basic YTpi'],
    ])('%s: 4401', async (_who, authorization) => {
      const subscriber = new Subscriber(app(), authorization === undefined ? {} : { authorization });
      expect(await subscriber.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
    });

    test('pages of other sites, whatever cookie the browser sends along and however the origin is written', async () => {
      const { client } = await beginSession(app(), cast.member.email, { delivery: 'COOKIE' });
      const cookie = client.headers['cookie'] ?? '';
      const foreign = [
        'https://evil.example',
        'null',
        'http://localhost:4000.evil.example',
        'https://localhost:4000',
        'http://localhost:4001',
        'https://app.example.org.evil.example',
        'HTTPS://APP.EXAMPLE.ORG',
        '',
      ];
      for (const origin of foreign) {
        const { status, body } = await handshake({ cookie, origin });
        expect([origin, status]).toEqual([origin, 403]);
        expect(body).toContain('FORBIDDEN');
      }
      // Not by a token, either: whom pages of browsers may reach is said in one list.
      expect((await handshake({ origin: 'https://evil.example' })).status).toBe(403);
    });

    test('a cookie without an origin, which no browser sends', async () => {
      const { client } = await beginSession(app(), cast.member.email, { delivery: 'COOKIE' });
      const cookie = client.headers['cookie'] ?? '';
      expect((await new Subscriber(app(), { headers: { cookie } }).closed).code).toBe(4401);
    });

    test('whoever presents a bad token beside a good cookie', async () => {
      const { client } = await beginSession(app(), cast.member.email, { delivery: 'COOKIE' });
      const headers = { cookie: client.headers['cookie'] ?? '', origin: OUR_PAGE };
      expect((await new Subscriber(app(), { authorization: 'Bearer nonsense', headers }).closed).code).toBe(4401);
    });

    test('whoever does not say who they are in time: 4408; or asks before: 4401; or speaks another protocol: 4406', async () => {
      const silent = await raw();
      const hasty = await raw();
      hasty.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: OWN } }));
      expect(await closeCodeOf(hasty)).toBe(4401);
      expect(await closeCodeOf(silent)).toBe(4408);
      const broken = await raw();
      broken.send('{"type":');
      expect(await closeCodeOf(broken)).toBe(4400);
      const other = new WebSocket(`${app().url.replace('http', 'ws')}/graphql/ws`);
      expect(await closeCodeOf(other)).toBe(4406);
    });

    test('requests that are no handshake, and handshakes elsewhere', async () => {
      const plain = await fetch(`${app().url}/graphql/ws`);
      expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
      // Elsewhere the wish for another protocol is passed over, as HTTP says.
      const elsewhere = httpRequest(`${app().url}/healthz`, {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'x',
        },
      });
      elsewhere.end();
      const [response] = (await once(elsewhere, 'response')) as [{ statusCode: number; resume: () => void }];
      response.resume();
      expect(response.statusCode).toBe(200);
    });
  });

  describe('limits', () => {
    test('streams of a connection, told as an error of that stream', async () => {
      const subscriber = await subscriberOf(app(), cast.member);
      const kept = [1, 2, 3].map(() => subscriber.follow(OWN));
      const [error] = (await subscriber.follow(OWN).ended) ?? [];
      expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', limit: 'maximumPerConnection', maximum: 3 });
      kept[0]?.stop();
      const again = subscriber.follow(OWN);
      await expect.poll(() => metric('gatehouse_subscriptions'), PATIENTLY).toBe(3);
      expect(again.messages).toEqual([]);
    });

    test('connections of a user: 4420; those of others stay free', async () => {
      const { member, support } = cast;
      await Promise.all([1, 2, 3, 4].map(() => subscriberOf(app(), member)));
      const fifth = new Subscriber(app(), { authorization: `Bearer ${member.accessToken}` });
      expect((await fifth.closed).code).toBe(4420);
      await subscriberOf(app(), support);
    });

    test('connections of an address that say nothing: 429; who said something does not count', async () => {
      await subscriberOf(app(), cast.support);
      const silent = await Promise.all([1, 2, 3, 4, 5].map(() => raw()));
      expect((await handshake({})).status).toBe(429);
      for (const socket of silent) socket.terminate();
      await expect.poll(async () => (await handshake({})).status, PATIENTLY).toBe(101);
    });

    test('messages by size: 1009; and by number: 1008', async () => {
      const large = await raw();
      large.send(JSON.stringify({ type: 'connection_init', payload: { padding: 'x'.repeat(9000) } }));
      expect(await closeCodeOf(large)).toBe(1009);
      const busy = await raw();
      for (let count = 0; count < 300; count += 1) busy.send('{"type":"ping"}');
      expect(await closeCodeOf(busy)).toBe(1008);
    });
  });

  describe('runs', () => {
    const refusal = async (query: string, variables = {}): Promise<unknown> => {
      const subscriber = await subscriberOf(app(), cast.auditor);
      const stream = subscriber.follow(query, variables);
      const ended = await stream.ended;
      subscriber.close();
      return (ended ?? stream.messages[0]?.errors)?.map(({ message, extensions }) => [extensions.code, message]);
    };

    test.each([
      ['queries', '{ viewer { user { id } } }', 'BAD_USER_INPUT'],
      ['mutations', 'mutation { signOut(input: {}) { errors { code } } }', 'BAD_USER_INPUT'],
      [
        'two fields',
        'subscription { a: viewerSessionEnded { reason } b: viewerSessionEnded { reason } }',
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['unknown fields', 'subscription { everything }', 'GRAPHQL_VALIDATION_FAILED'],
      ['broken text', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
      [
        'no operation of that name',
        'subscription A { viewerSessionEnded { reason } } subscription B { viewerSessionEnded { reason } }',
        'OPERATION_RESOLUTION_FAILURE',
      ],
      ['a field that is left out', 'subscription { viewerSessionEnded @skip(if: true) { reason } }', 'BAD_USER_INPUT'],
    ])('no %s', async (_what, query, code) => {
      const errors = (await refusal(query)) as [string, string][];
      expect(errors.map(([found]) => found)).toEqual([code]);
    });

    test('nothing deeper, wider or longer than a request may be', async () => {
      const deep = `${'actor { user { auditEvents { nodes { '.repeat(4)}action${' } } } }'.repeat(4)}`;
      expect(await refusal(`subscription { auditEventAdded { ${deep} } }`)).toMatchObject([
        ['QUERY_TOO_COMPLEX', /levels/],
      ]);
      const wide = Array.from({ length: 31 }, (_, n) => `a${n}: action`).join(' ');
      expect(await refusal(`subscription { auditEventAdded { ${wide} } }`)).toMatchObject([
        ['QUERY_TOO_COMPLEX', /aliases/],
      ]);
      const costly =
        'actor { user { auditEvents(first: 100) { nodes { actor { user { auditEvents(first: 100) { nodes { actor { user { auditEvents(first: 100) { nodes { action } } } } } } } } } } } }';
      expect(await refusal(`subscription { auditEventAdded { ${costly} } }`)).toMatchObject([
        ['QUERY_TOO_COMPLEX', /costs/],
      ]);
    });

    test('variables that do not fit are told without their values', async () => {
      const [[code, message] = []] = (await refusal(
        'subscription ($ids: [ID!]!) { userChanged(ids: $ids) { userId } }',
        {
          ids: [{ secret: 'hunter2' }],
        },
      )) as [string, string][];
      expect(code).toBe('BAD_USER_INPUT');
      expect(message).not.toContain('hunter2');
    });

    test('a key that is bound to documents follows these and no others', async () => {
      const key = await makeKey(app(), cast.admin, { documents: [OWN], bindToDocuments: true });
      const subscriber = await subscriberOf(app(), key);
      subscriber.follow(OWN);
      await expect.poll(() => metric('gatehouse_subscriptions'), PATIENTLY).toBe(1);
      const [error] = (await subscriber.follow(`${OWN} `).ended) ?? [];
      expect(error?.extensions).toEqual({ code: 'FORBIDDEN', missing: [], reason: 'DOCUMENT_NOT_BOUND' });
    });
  });

  test('a subscription that comes as a request is refused', async () => {
    const answer = await cast.member.run(OWN);
    expect([answer.status, answer.code, answer.data]).toEqual([400, 'BAD_USER_INPUT', undefined]);
  });

  test('the log tells of a connection, and of nothing that it presented', async () => {
    const subscriber = await subscriberOf(app(), cast.support);
    subscriber.close();
    await subscriber.closed;
    await expect
      .poll(
        () => app().log.some((line) => line.includes('connection closed') && line.includes(cast.support.id)),
        PATIENTLY,
      )
      .toBe(true);
    expect(app().log.join('')).not.toContain(cast.support.accessToken);
  });
});

describe('a server without subscriptions', () => {
  test('has no such place', async () => {
    const app = await startTestApp({ settings: { subscriptions: 'false' } });
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('404');
    await app.close();
  });
});

describe('a server that stops', () => {
  test('closes connections with 1001, also those of clients that do not answer', async () => {
    const app = await startTestApp();
    const { member } = await app.cast();
    const subscriber = await subscriberOf(app, member);
    const stubborn = new WebSocket(`${app.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    await once(stubborn, 'open');
    stubborn.pause();
    const began = performance.now();
    await app.close();
    expect(await subscriber.closed).toMatchObject({ code: 1001 });
    expect(performance.now() - began).toBeLessThan(3000);
    stubborn.terminate();
    closeSubscribers();
  });
});
