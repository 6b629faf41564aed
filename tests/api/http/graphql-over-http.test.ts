import { serverAudits } from 'graphql-http';
import { describe, expect, test } from 'vitest';
import { useTestApp } from '../../support/test-app.ts';
import { getQuery, postRaw } from './raw-requests.ts';

const app = useTestApp();

/**
 * Recommendations that are not followed, each with its reason. The audits that say MUST have no exception. Apollo Server
 * answers a request that it could not begin to execute with 400 to every client; the specification recommends 200 to clients
 * that accept the older `application/json` only, and allows 400 ("SHOULD", section 6.4.1).
 */
const REVIEWED: Readonly<Record<string, string>> = {
  '572B': 'a document that cannot be parsed is 400 for application/json too: monitors see refused requests by status',
  FDE2: 'a document that is not valid is 400 for application/json too, for the same reason',
  '7B9B': 'variables that cannot be coerced are 400 for application/json too, for the same reason',
};

/** As a client that is no browser page: with the header that pages cannot send to other sites without asking. */
const fetchFn: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('apollo-require-preflight', 'true');
  return fetch(input, { ...init, headers });
};

const audits = serverAudits({ url: () => `${app().url}/graphql`, fetchFn });

describe('GraphQL over HTTP', () => {
  for (const audit of audits) {
    if (audit.id in REVIEWED) continue;
    test(`audit ${audit.id}: ${audit.name}`, async () => {
      const result = await audit.fn();
      expect(result).toMatchObject({ status: 'ok' });
    });
  }

  test('has no exception that is met, none that is unknown, and none that is a MUST', async () => {
    const exceptions = audits.filter(({ id }) => id in REVIEWED);
    const results = await Promise.all(exceptions.map((audit) => audit.fn()));
    expect(Object.fromEntries(results.map(({ id, status }) => [id, status]))).toEqual(
      Object.fromEntries(Object.keys(REVIEWED).map((id) => [id, 'warn'])),
    );
    expect(exceptions.filter(({ name }) => name.startsWith('MUST'))).toEqual([]);
    expect(audits.filter(({ name }) => name.startsWith('MUST')).length).toBeGreaterThan(10);
  });
});

describe('requests that are not GraphQL over HTTP', () => {
  const typename = JSON.stringify({ query: '{ __typename }' });

  test('are refused as GraphQL answers: malformed JSON', async () => {
    const answer = await postRaw(app(), '{"query": "mutation secret-password-1');
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      errors: [{ message: 'The body is not valid JSON.', extensions: { code: 'BAD_REQUEST' } }],
    });
    expect(answer.text).not.toContain('secret-password-1');
  });

  test.each(['', 'null', '42', '"text"', '[]', '{}', '{"query":""}', '{"query":null}', '{"query":{"a":1}}'])(
    'are refused as GraphQL answers: the body %j',
    async (body) => {
      const answer = await postRaw(app(), body);
      expect(answer.status).toBe(400);
      expect(answer.code).toBe('BAD_REQUEST');
    },
  );

  test('are refused as GraphQL answers: a batch', async () => {
    const answer = await postRaw(app(), `[${typename},${typename}]`);
    expect(answer.status).toBe(400);
    expect(answer.code).toBe('BAD_REQUEST');
    expect(answer.json).not.toBeInstanceOf(Array);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
    'are refused with 415 as %s, which browsers send without asking first',
    async (type) => {
      const answer = await postRaw(app(), typename, { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(answer.code).toBe('BAD_REQUEST');
    },
  );

  test.each(['PUT', 'DELETE', 'PATCH'])('are refused with 405 by the method %s', async (method) => {
    const response = await fetch(`${app().url}/graphql`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
  });
});

describe('GET', () => {
  const preflight = { 'apollo-require-preflight': '1' };

  test('answers queries whose sender asked the browser for permission', async () => {
    const answer = await getQuery(app(), 'query Options { signInOptions { identifierKinds } }', preflight);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ data: { signInOptions: { identifierKinds: ['EMAIL', 'PHONE', 'USERNAME'] } } });
  });

  test('refuses what any page could send, as an image does', async () => {
    const answer = await getQuery(app(), '{ __typename }');
    expect(answer.status).toBe(400);
    expect(answer.code).toBe('BAD_REQUEST');
  });

  test('never runs a mutation', async () => {
    const query = 'mutation { signOut(input: {}) { sessionId } }';
    const answer = await getQuery(app(), query, preflight);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(answer.code).toBe('BAD_REQUEST');
  });
});
