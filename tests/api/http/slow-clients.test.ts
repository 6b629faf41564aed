import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/database/sql.ts';
import { useTestApp } from '../../support/test-app.ts';
import { getPath } from './raw-requests.ts';

const PATIENT = { timeout: 15_000 };

describe('a client that keeps the server waiting', () => {
  const app = useTestApp({
    settings: { 'server.requestTimeoutSeconds': '1', 'limits.maximumCost': '10000000', 'administration.port': '0' },
  });

  const connected = (url: string): Socket => {
    const { hostname, port } = new URL(url);
    return connect(Number(port), hostname).on('error', () => {});
  };
  const inFlight = async (): Promise<string | undefined> =>
    /^gatehouse_http_requests_in_flight (\d+)$/m.exec(await (await getPath(app(), '/metrics')).text())?.[1];

  /** Megabytes: more than the buffers between the two take. */
  const query = `{ _service { ${Array.from({ length: 30 }, (_, at) => `a${at}: sdl`).join(' ')} } }`;
  const body = JSON.stringify({ query });
  const request = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    'connection: close',
    'content-type: application/json',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');

  test.each([
    ['with its headers', 'POST /graphql HTTP/1.1\r\nhost: local'],
    [
      'with its body',
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ],
  ])('%s is answered 408 and cut off, by both listeners', async (_what, beginning) => {
    for (const url of [app().url, app().administrationUrl ?? '']) {
      const socket = connected(url);
      let answer = '';
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.write(beginning);
      const began = performance.now();
      await once(socket, 'close');
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(performance.now() - began).toBeLessThan(15_000);
    }
    await expect.poll(inFlight, PATIENT).toBe('0');
  });

  test('taking nothing of its answer is cut off', async () => {
    const sockets = [connected(app().url), connected(app().administrationUrl ?? '')];
    for (const socket of sockets) socket.pause().write(request);
    await expect.poll(inFlight, PATIENT).toBe('2');
    await expect.poll(inFlight, PATIENT).toBe('0');
    for (const socket of sockets) socket.destroy();
  });

  test('taking its answer piece by piece gets all of it', async () => {
    const socket = connected(app().url);
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 40);
    });
    const began = performance.now();
    socket.write(request);
    await once(socket, 'end');
    expect(performance.now() - began).toBeGreaterThan(2000);
    expect(size).toBeGreaterThan(4_000_000);
    socket.destroy();
  });

  test('is another matter than a server that keeps its client waiting: a long answer comes, on a connection used before, too', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (document: string) =>
      new Promise<{ status: number | undefined; reused: boolean }>((resolve, fail) => {
        const headers = { 'content-type': 'application/json' };
        const sent = httpRequest(`${app().url}/graphql`, { method: 'POST', agent, headers }, (response) => {
          response.resume().once('end', () => resolve({ status: response.statusCode, reused: sent.reusedSocket }));
        });
        sent.once('error', fail);
        sent.end(JSON.stringify({ query: document }));
      });
    expect(await ask('{ __typename }')).toEqual({ status: 200, reused: false });
    const locked = Promise.withResolvers<void>();
    const holder = app().database.transaction(async (em) => {
      await sql(em, 'lock table users in access exclusive mode');
      locked.resolve();
      await sleep(2500);
    });
    await locked.promise;
    const began = performance.now();
    const answer = await ask(
      'mutation { signIn(input: { identifier: "nobody@slow.example", password: "x" }) { step } }',
    );
    expect(answer).toEqual({ status: 200, reused: true });
    expect(performance.now() - began).toBeGreaterThan(1500);
    await holder;
    agent.destroy();
  });
});

describe('by default', () => {
  const app = useTestApp();

  test('the description of the schema cannot be asked for again and again in one request', async () => {
    const client = app().anonymous();
    expect((await client.run('{ _service { sdl } }')).code).toBe('OK');
    const aliases = Array.from({ length: 30 }, (_, at) => `a${at}: sdl`).join(' ');
    expect((await client.run(`{ _service { ${aliases} } }`)).code).toBe('QUERY_TOO_COMPLEX');
  });
});
