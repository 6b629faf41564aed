import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import { GraphQLError } from 'graphql';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Failure, Rejection } from '../../../../src/errors.ts';
import type { ErrorReport } from '../../../../src/http/errors/error-reporter.ts';
import { createErrorFormatting, type ErrorContext } from '../../../../src/http/errors/format-error.ts';
import { createHttpErrorHandlers } from '../../../../src/http/errors/http-error-handlers.ts';

const SECRET = 'hunter2';
const reports: ErrorReport[] = [];
const report = (one: ErrorReport): void => {
  reports.push(one);
};
let app: FastifyInstance;
let refused: unknown = null;
let broken = false;

beforeAll(async () => {
  const handlers = createHttpErrorHandlers({ report });
  const formatting = createErrorFormatting({ report, fieldSuggestions: true });
  app = fastify({ bodyLimit: 1000, frameworkErrors: handlers.onFrameworkError, genReqId: () => 'request-1' });
  app.setErrorHandler(handlers.onError);
  app.setNotFoundHandler(handlers.onNotFound);
  const apollo = new ApolloServer<ErrorContext>({
    typeDefs: 'type Query { fine: Int }',
    formatError: formatting.formatError,
    includeStacktraceInErrorResponses: false,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    plugins: [
      formatting.plugin,
      {
        requestDidStart: async () => ({
          willSendResponse: async () => {
            if (broken) throw new Error(SECRET);
          },
        }),
      },
    ],
  });
  await apollo.start();
  await app.register(fastifyApollo(apollo), {
    context: async (request) => {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      if (refused !== null) throw formatting.refusal(refused, { requestId: request.id, headers });
      return { requestId: request.id };
    },
  });
  app.get<{ Params: { kind: string } }>('/rest/:kind', ({ params: { kind } }) => {
    if (kind === 'failure') throw new Failure('RATE_LIMITED', undefined, { retryAfterSeconds: 1.5 });
    if (kind === 'rejection') throw new Rejection([{ code: 'TOKEN_EXPIRED' }]);
    if (kind === 'anonymous') throw new Failure('UNAUTHENTICATED');
    if (kind === 'wrapped') throw new Error(SECRET, { cause: new Failure('NOT_FOUND') });
    if (kind === 'database') throw Object.assign(new AggregateError([], SECRET), { code: 'ECONNREFUSED' });
    if (kind === 'text') throw SECRET as unknown as Error;
    throw Object.assign(new Error(SECRET), { code: 'ERR_INVALID_URL' });
  });
  app.post('/rest', () => 'fine');
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => app.close());

beforeEach(() => {
  reports.length = 0;
  refused = null;
  broken = false;
});

const json = { 'content-type': 'application/json' };

const send = async (options: InjectOptions): Promise<LightMyRequestResponse> => {
  const response = await app.inject(options);
  expect(response.body).not.toContain(SECRET);
  return response;
};

describe.each([
  ['/graphql', 'graphql'],
  ['/rest', 'rest'],
])('what a client sends to %s', (url, kind) => {
  const codeOf = (response: LightMyRequestResponse): unknown => {
    const body: { error?: { code: unknown }; errors?: { extensions: { code: unknown } }[] } = response.json();
    return kind === 'graphql' ? body.errors?.[0]?.extensions.code : body.error?.code;
  };

  test.each([
    ['a body that is no JSON', { headers: json, payload: `{"password": ${SECRET}}` }, 400],
    ['an empty body', { headers: json, payload: '' }, 400],
    ['a body with __proto__', { headers: json, payload: `{"__proto__": {"x": "${SECRET}"}}` }, 400],
    ['a body with a constructor', { headers: json, payload: '{"constructor": {"prototype": {}}}' }, 400],
    ['a body that is too large', { headers: json, payload: JSON.stringify({ query: SECRET.repeat(500) }) }, 413],
    ['another media type', { headers: { 'content-type': `text/${SECRET}` }, payload: 'x' }, 415],
    ['a media type that is none', { headers: { 'content-type': ';;' }, payload: 'x' }, 415],
  ])('%s is answered with 4xx and a static message', async (_, options, status) => {
    const response = await send({ method: 'POST', url, ...options });
    expect([response.statusCode, codeOf(response)]).toEqual([status, 'BAD_REQUEST']);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(reports).toEqual([]);
  });

  test('a length that is a lie is answered with 400', async () => {
    const response = await send({
      method: 'POST',
      url,
      headers: { ...json, 'content-length': '5' },
      payload: '{"a": 1}',
    });
    expect(response.statusCode).toBe(400);
  });
});

describe('the GraphQL path', () => {
  test('answers in the media type of the GraphQL response where that is accepted', async () => {
    const headers = { ...json, accept: 'application/graphql-response+json, application/json;q=0.9' };
    const response = await send({ method: 'POST', url: '/graphql?x=1', headers, payload: '{' });
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
    expect(response.json()).toEqual({
      errors: [{ message: 'The body is not valid JSON.', extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  test('names the allowed methods to others', async () => {
    const response = await send({ method: 'DELETE', url: '/graphql' });
    expect([response.statusCode, response.headers['allow']]).toEqual([405, 'GET, POST']);
  });

  test.each([
    {
      what: 'a refused token',
      thrown: new Failure('UNAUTHENTICATED'),
      status: 401,
      extensions: { code: 'UNAUTHENTICATED' },
      reported: 0,
    },
    {
      what: 'a spent limit',
      thrown: new Failure('RATE_LIMITED', undefined, { retryAfterSeconds: 3 }),
      status: 429,
      extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 3 },
      reported: 0,
    },
    {
      what: 'a lost database',
      thrown: Object.assign(new Error(SECRET), { code: '57P01' }),
      status: 503,
      extensions: { code: 'SERVICE_UNAVAILABLE' },
      reported: 1,
    },
    {
      what: 'a fault',
      thrown: new Error(SECRET),
      status: 500,
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' },
      reported: 1,
    },
    {
      what: 'a fault that is no error',
      thrown: SECRET,
      status: 500,
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' },
      reported: 1,
    },
  ])('$what while the context is made keeps its status and code', async ({ thrown, status, extensions, reported }) => {
    refused = thrown;
    const response = await send({ method: 'POST', url: '/graphql', headers: json, payload: { query: '{ fine }' } });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ errors: [{ extensions }] });
    expect(response.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect(reports).toHaveLength(reported);
  });

  test('a broken pipeline is reported once, with its cause', async () => {
    broken = true;
    const response = await send({ method: 'POST', url: '/graphql', headers: json, payload: { query: '{ fine }' } });
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
    expect(reports).toMatchObject([{ error: { message: SECRET }, requestId: 'request-1' }]);
  });

  test('a Host header that is no host is the fault of the client', async () => {
    const { port } = app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET /graphql?query=%7Bfine%7D HTTP/1.1\r\nHost: [[\r\nConnection: close\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('BAD_REQUEST');
    expect(reports).toEqual([]);
  });
});

const errorAt = async (url: string): Promise<[number, Record<string, unknown>, LightMyRequestResponse]> => {
  const response = await send({ method: 'GET', url });
  return [response.statusCode, response.json<{ error: Record<string, unknown> }>().error, response];
};

describe('other paths', () => {
  test('failures and rejections keep code and details', async () => {
    const [status, error, response] = await errorAt('/rest/failure');
    expect([status, error]).toEqual([
      429,
      { code: 'RATE_LIMITED', message: expect.any(String), requestId: 'request-1', retryAfterSeconds: 1.5 },
    ]);
    expect(response.headers).toMatchObject({ 'retry-after': '2', 'cache-control': 'no-store' });
    expect((await errorAt('/rest/rejection'))[1]).toMatchObject({
      code: 'BAD_USER_INPUT',
      problems: [{ code: 'TOKEN_EXPIRED' }],
    });
    expect((await errorAt('/rest/anonymous'))[2].headers['www-authenticate']).toBe('Bearer');
    expect((await errorAt('/rest/wrapped'))[1]['code']).toBe('NOT_FOUND');
    expect(reports).toEqual([]);
  });

  test.each([
    ['database', 503, 'SERVICE_UNAVAILABLE'],
    ['text', 500, 'INTERNAL_SERVER_ERROR'],
    ['fault', 500, 'INTERNAL_SERVER_ERROR'],
  ])('an unforeseen %s error is reported once and told without its message', async (kind, expected, code) => {
    const [status, error] = await errorAt(`/rest/${kind}`);
    expect([status, error['code'], error['requestId']]).toEqual([expected, code, 'request-1']);
    expect(reports).toHaveLength(1);
  });

  test('what does not exist or cannot be routed is answered in the same shape', async () => {
    expect((await errorAt(`/nowhere/${SECRET}`)).slice(0, 2)).toEqual([
      404,
      { code: 'NOT_FOUND', message: 'There is nothing at this address.', requestId: 'request-1' },
    ]);
    const [status, error] = await errorAt(`/rest/%zz${SECRET}`);
    expect([status, error['code']]).toEqual([400, 'BAD_REQUEST']);
    expect((await errorAt(`/rest/${'x'.repeat(200)}`))[1]['code']).toBe('BAD_REQUEST');
  });

  test('GraphQL errors thrown beside GraphQL are internal', async () => {
    const handlers = createHttpErrorHandlers({ report, graphqlPath: '/api' });
    const other = fastify();
    other.setErrorHandler(handlers.onError);
    other.get('/api', () => {
      throw new GraphQLError(SECRET, { extensions: { code: 'BAD_USER_INPUT' } });
    });
    const response = await other.inject('/api');
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain(SECRET);
    await other.close();
  });
});
