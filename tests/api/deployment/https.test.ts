import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { type TestApp, useTestApp } from '../../support/test-app.ts';

interface Raw {
  readonly status: number;
  readonly location: string | undefined;
  readonly hsts: string | undefined;
  readonly body: string;
}

/** A request with exactly these headers and this target. */
const send = (
  app: TestApp,
  method: string,
  path: string,
  { body = '', ...headers }: Readonly<Record<string, string>> & { readonly body?: string } = {},
): Promise<Raw> =>
  new Promise((resolve, fail) => {
    const { hostname, port } = new URL(app.url);
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          hsts: response.headers['strict-transport-security'],
          body: text,
        }),
      );
    });
    sent.once('error', fail);
    sent.end(body);
  });

const BASE = 'https://id.example.org';
const CLIENT = { 'x-forwarded-for': '203.0.113.9' };
const JSON_TYPE = { 'content-type': 'application/json' };
const QUERY = JSON.stringify({ query: '{ __typename }' });

describe('a server with a public https address', () => {
  const app = useTestApp({
    settings: {
      'server.baseUrl': BASE,
      'server.trustedProxies': '127.0.0.0/8',
      'server.plainHttpNetworks': '10.9.0.0/16',
      'server.playground': 'false',
    },
  });
  const byHttps = { ...CLIENT, 'x-forwarded-proto': 'https' };
  const byHttp = { ...CLIENT, 'x-forwarded-proto': 'http' };

  test('answers what a trusted proxy says came by https, and tells browsers to stay there', async () => {
    const { status, hsts } = await send(app(), 'POST', '/graphql', { ...byHttps, ...JSON_TYPE, body: QUERY });
    expect([status, hsts]).toEqual([200, 'max-age=31536000']);
  });

  test.each([
    ['http', byHttp],
    ['nothing', CLIENT],
    ['https of the client, http of the proxy', { ...CLIENT, 'x-forwarded-proto': 'https, http' }],
    ['a word of its own', { ...CLIENT, 'x-forwarded-proto': 'wss' }],
    [
      'https in another header',
      { ...byHttp, 'x-forwarded-ssl': 'on', 'front-end-https': 'on', forwarded: 'proto=https' },
    ],
  ])('refuses calls when the proxy says %s', async (_name, headers) => {
    const { status, body, hsts } = await send(app(), 'POST', '/graphql', { ...headers, ...JSON_TYPE, body: QUERY });
    expect([status, hsts]).toEqual([403, undefined]);
    expect(JSON.parse(body)).toEqual({
      errors: [{ message: expect.stringContaining('clear http') as string, extensions: { code: 'HTTPS_REQUIRED' } }],
    });
  });

  test.each([
    ['GET', '/graphql?query=%7B__typename%7D'],
    ['GET', '/exports/1'],
    ['GET', '/.well-known/jwks.json'],
    ['POST', '/oauth/introspect'],
    ['POST', '/account/invite'],
    ['OPTIONS', '/graphql'],
    ['PUT', '/nothing'],
  ])('refuses %s %s instead of sending it on', async (method, path) => {
    const { status, body, location } = await send(app(), method, path, byHttp);
    expect([status, location]).toEqual([403, undefined]);
    expect(body).toContain('HTTPS_REQUIRED');
  });

  test.each([
    ['/', `${BASE}/`],
    ['/account/reset?lang=it', `${BASE}/account/reset?lang=it`],
    ['/graphqlish', `${BASE}/graphqlish`],
    ['//evil.example/', `${BASE}//evil.example/`],
    ['http://evil.example/x', `${BASE}/`],
  ])('sends the page %s on', async (path, location) => {
    const answer = await send(app(), 'GET', path, {
      ...byHttp,
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
    });
    expect([answer.status, answer.location, answer.hsts]).toEqual([308, location, undefined]);
  });

  test('answers probes and collectors inside, and who is on this machine without a proxy', async () => {
    for (const path of ['/healthz', '/readyz']) expect((await send(app(), 'GET', path, byHttp)).status).toBe(200);
    expect((await send(app(), 'GET', '/metrics', byHttp)).status).toBe(401);
    expect((await send(app(), 'POST', '/graphql', { ...JSON_TYPE, body: QUERY })).status).toBe(200);
  });

  test('lets networks of the settings come by clear http, by the address that proxies tell', async () => {
    const post = (address: string) =>
      send(app(), 'POST', '/graphql', { 'x-forwarded-for': address, ...JSON_TYPE, body: QUERY });
    expect((await post('10.9.1.1')).status).toBe(200);
    expect((await post('10.9.1.1, 203.0.113.9')).status).toBe(403);
  });

  test('reads no password that comes by clear http', async () => {
    const input = { identifier: 'a@b.example', password: 'sent in clear', delivery: 'BODY' };
    const body = JSON.stringify({
      query: 'mutation($input: SignInInput!) { signIn(input: $input) { step } }',
      variables: { input },
    });
    const answer = await send(app(), 'POST', '/graphql', { ...byHttp, ...JSON_TYPE, body });
    expect(answer.status).toBe(403);
    const rows = await app().database.query(`select from audit_events where action like 'SIGN_IN%'`);
    expect(rows).toEqual([]);
  });
});

describe('a proxy on this machine that is not declared', () => {
  const app = useTestApp({ settings: { 'server.baseUrl': BASE } });
  test('is not believed, and its requests are refused instead of taken for local ones', async () => {
    const answer = await send(app(), 'POST', '/graphql', { 'x-forwarded-proto': 'https', ...JSON_TYPE, body: QUERY });
    expect(answer.status).toBe(403);
  });
});

describe('switched off', () => {
  const app = useTestApp({
    settings: { 'server.baseUrl': BASE, 'server.forceHttps': 'false', 'server.trustedProxies': '127.0.0.0/8' },
  });
  test('clear http is answered', async () => {
    const headers = { ...CLIENT, 'x-forwarded-proto': 'http', ...JSON_TYPE };
    const answer = await send(app(), 'POST', '/graphql', { ...headers, body: QUERY });
    expect(answer.status).toBe(200);
  });
});

test.each([
  ['https://id.example.org', true],
  ['http://localhost:4000', false],
  ['https://localhost:4443', false],
  ['http://id.example.org', false],
])('FORCE_HTTPS with %s is %s unless set', (baseUrl, expected) => {
  const env = { APP_ENVIRONMENT: 'test', BASE_URL: baseUrl };
  expect(loadConfig({ env, cwd: import.meta.dirname }).server.forceHttps).toBe(expected);
});
