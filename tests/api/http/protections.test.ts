import { describe, expect, test } from 'vitest';
import { useTestApp } from '../../support/test-app.ts';
import { getPath, postRaw } from './raw-requests.ts';

const ALLOWED = 'https://console.example.org';
const app = useTestApp({ settings: { 'server.corsOrigins': `${ALLOWED},http://localhost:5173` } });
const typename = JSON.stringify({ query: '{ __typename }' });

/** It has a parameter that is too long for any route. */
const TOO_LONG = `/exports/${'x'.repeat(200)}`;

describe('headers of every answer', () => {
  test.each([
    '/graphql',
    '/healthz',
    '/readyz',
    '/metrics',
    '/.well-known/jwks.json',
    '/nothing-here',
    '/%zz',
    TOO_LONG,
  ])('protect the browser at %s', async (path) => {
    const { headers } = await getPath(app(), path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('server')).toBe(false);
  });

  test('keep answers of /graphql out of every cache', async () => {
    const { headers } = await postRaw(app(), typename);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['/%zz', 400, 'The request is malformed.'],
    [TOO_LONG, 414, 'The address is longer than allowed.'],
  ])('are complete, and the answer has the form of others, at %s', async (path, status, message) => {
    const answer = await getPath(app(), path, { 'x-request-id': 'request-of-mine' });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, 'request-of-mine']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      error: { code: 'BAD_REQUEST', message, requestId: 'request-of-mine' },
    });
  });

  test('ask for TLS only where the server has it', async () => {
    expect((await getPath(app(), '/healthz')).headers.has('strict-transport-security')).toBe(false);
  });
});

describe('cross-origin requests', () => {
  const preflight = async (origin: string): Promise<Headers> =>
    (
      await fetch(`${app().url}/graphql`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,authorization,x-csrf-token',
        },
      })
    ).headers;

  test.each([ALLOWED, 'http://localhost:5173'])('are allowed from %s, which the settings name', async (origin) => {
    const headers = await preflight(origin);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(headers.get('access-control-allow-headers')).toContain('x-csrf-token');
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
    expect(headers.get('vary')?.toLowerCase()).toContain('origin');
    const answer = await postRaw(app(), typename, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after');
  });

  test.each([
    'https://evil.example',
    'https://console.example.org.evil.example',
    'https://sub.console.example.org',
    'http://console.example.org',
    'https://console.example.org:8443',
    'null',
  ])('are not allowed from %s', async (origin) => {
    expect((await preflight(origin)).get('access-control-allow-origin')).toBeNull();
    const answer = await postRaw(app(), typename, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('bodies', () => {
  test('are read up to the limit and refused beyond it, as a GraphQL answer that repeats nothing', async () => {
    const limit = app().config.server.bodyLimitBytes;
    const body = (size: number): string => {
      const empty = JSON.stringify({ query: '{ __typename }', extensions: { padding: '' } });
      return empty.replace('""', `"${'x'.repeat(size - empty.length)}"`);
    };
    expect((await postRaw(app(), body(limit))).status).toBe(200);
    const answer = await postRaw(app(), body(limit + 1));
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual({
      errors: [{ message: 'The body is larger than allowed.', extensions: { code: 'BAD_REQUEST' } }],
    });
  });
});

describe('request ids', () => {
  test('are made for requests without one, each its own', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await getPath(app(), '/healthz')).headers.get('x-request-id')),
    );
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(new Set(ids).size).toBe(3);
  });

  test('are taken over from a proxy', async () => {
    const { headers } = await postRaw(app(), typename, { 'x-request-id': 'edge-1:0af7651916cd43dd' });
    expect(headers.get('x-request-id')).toBe('edge-1:0af7651916cd43dd');
  });

  test.each([
    'short',
    'x'.repeat(129),
    'with spaces in it',
    '{"level":60,"msg":"forged"}',
    'a\tb-c-d-e-f',
    '<script>alert(1)</script>',
  ])('that could forge a log line are replaced: %j', async (given) => {
    const { headers } = await postRaw(app(), typename, { 'x-request-id': given });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(app().log.join('\n')).not.toContain(given);
  });
});

describe('GraphQL without error details', () => {
  test('answers unknown paths in the same form as its errors', async () => {
    const response = await getPath(app(), '/nothing-here');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        code: 'NOT_FOUND',
        message: 'There is nothing at this address.',
        requestId: response.headers.get('x-request-id'),
      },
    });
  });
});
