import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignInDocument } from '../../../generated/client/graphql.ts';
import { sql } from '../../../src/database/sql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { getPath, postRaw } from '../http/raw-requests.ts';

const PATIENT = { timeout: 10_000 };
const EMAIL = 'in-flight@example.com';

describe('a server with too much to do', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ settings: { 'server.maximumInFlight': '4' } });
    await makePerson(app, { email: EMAIL });
  });
  afterAll(async () => app.close());

  const signIn = (identifier = EMAIL) =>
    app.anonymous().send(SignInDocument, { input: { identifier, password: PASSWORD } });

  const figures = async () => (await getPath(app, '/metrics')).text();

  /** From now on whoever asks for a user waits. Gives what lets them go on. */
  const freezeUsers = async (): Promise<() => Promise<void>> => {
    const { promise: gate, resolve: release } = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holder = app.database.transaction(async (em) => {
      await sql(em, 'lock table users in access exclusive mode');
      locked.resolve();
      await gate;
    });
    await locked.promise;
    return async () => {
      release();
      await holder;
    };
  };

  test('turns further requests away with 503, a code and Retry-After, answers probes, and finishes what it began', async () => {
    const free = await freezeUsers();
    const inFlight = Array.from({ length: 4 }, () => signIn());
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 4');

    const refused = await postRaw(app, JSON.stringify({ query: '{ __typename }' }));
    expect([refused.status, refused.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '1',
    ]);
    const page = await getPath(app, '/.well-known/jwks.json');
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await getPath(app, '/healthz')).status).toBe(200);
    expect((await getPath(app, '/readyz')).status).toBe(200);
    expect(await figures()).toContain('gatehouse_requests_shed_total{reason="in_flight"} 2');

    await free();
    for (const answer of await Promise.all(inFlight)) {
      expect([answer.status, answer.code, answer.data.signIn?.step]).toEqual([200, 'OK', 'COMPLETE']);
    }
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 0');
    expect((await signIn()).data.signIn?.step).toBe('COMPLETE');
  });

  test('counts clients that went away as gone', async () => {
    const leaving = new AbortController();
    const free = await freezeUsers();
    const gone = Array.from({ length: 4 }, () =>
      fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: `mutation { signIn(input: { identifier: "${EMAIL}", password: "x" }) { step } }`,
        }),
        signal: leaving.signal,
      }).catch(() => null),
    );
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 4');
    leaving.abort();
    await Promise.all(gone);
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 0');
    expect((await postRaw(app, JSON.stringify({ query: '{ __typename }' }))).status).toBe(200);
    await free();
  });

  test('lets those who take long to arrive make room, one for each who comes', async () => {
    const { hostname, port } = new URL(app.url);
    const ask = async () => (await postRaw(app, JSON.stringify({ query: '{ __typename }' }))).status;
    const slow = Array.from({ length: 4 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write(
        'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
      );
      return socket;
    });
    const closed = Promise.race(slow.map((socket) => once(socket, 'close')));
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 4');
    await expect.poll(ask, PATIENT).toBe(200);
    await closed;
    expect(await figures()).toContain('gatehouse_requests_shed_total{reason="slow_arrival"} 1');
    expect(await ask()).toBe(200);
    expect(slow.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    for (const socket of slow) socket.destroy();
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 0');
    expect((await getPath(app, '/errors')).status).toBe(200);
    expect(await (await getPath(app, '/errors')).json()).toEqual({ errors: [] });
  });

  test('keeps who is being answered, however long that takes', async () => {
    const email = 'patient@example.com';
    await makePerson(app, { email });
    const free = await freezeUsers();
    const inFlight = Array.from({ length: 4 }, () => signIn(email));
    await expect.poll(figures, PATIENT).toContain('gatehouse_http_requests_in_flight 4');
    await sleep(1200);
    expect((await postRaw(app, JSON.stringify({ query: '{ __typename }' }))).status).toBe(503);
    await free();
    for (const { data } of await Promise.all(inFlight)) expect(data.signIn?.step).toBe('COMPLETE');
  });

  test('under load answers every request rightly or not at all: nobody gets half an answer or waits', async () => {
    const answers = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const started = performance.now();
        const answer = await postRaw(app, JSON.stringify({ query: '{ signInOptions { setupRequired } }' }));
        return { ...answer, ms: performance.now() - started };
      }),
    );
    const served = answers.filter(({ status }) => status === 200);
    expect(served.length).toBeGreaterThanOrEqual(4);
    for (const { json } of served)
      expect(json).toEqual({ data: { signInOptions: { setupRequired: expect.any(Boolean) } } });
    for (const { status, code, headers } of answers.filter(({ status: other }) => other !== 200)) {
      expect([status, code, headers.get('retry-after')]).toEqual([503, 'SERVICE_UNAVAILABLE', '1']);
    }
  });
});

describe('a server whose event loop is late', () => {
  test('turns requests away until it has caught up', async () => {
    const app = await startTestApp({ settings: { 'server.maximumLoopDelayMs': '200' } });
    const status = async () => (await postRaw(app, JSON.stringify({ query: '{ __typename }' }))).status;
    try {
      // A machine that does much else makes the loop late by itself.
      await expect.poll(status, { timeout: 10_000 }).toBe(200);
      const seen = new Set<number>();
      // What blocks the loop for longer than the monitor looks at is the mean of that time.
      for (let round = 0; round < 20 && !seen.has(503); round += 1) {
        const until = performance.now() + 600;
        while (performance.now() < until);
        await new Promise((resolve) => setImmediate(resolve));
        seen.add(await status());
      }
      expect(seen).toContain(503);
      await expect.poll(status, { timeout: 10_000 }).toBe(200);
    } finally {
      await app.close();
    }
  });
});
