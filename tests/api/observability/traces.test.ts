import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CreateUserDocument, SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { Outbound } from '../../../src/providers/outbound.ts';
import { startTracing } from '../../../src/start/tracing.ts';
import { traced, type Tracing, useTracing } from '../../../src/telemetry/tracing.ts';
import { PASSWORD } from '../../support/cast.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, valuesOf } from '../../support/otlp-receiver.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { testConfig } from '../../support/test-config.ts';
import { failInserts } from '../http/database-faults.ts';

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

let count = 0;
const newTrace = () => {
  count += 1;
  const traceId = count.toString(16).padStart(32, 'a');
  return { traceId, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
};

describe('traces', () => {
  let app: TestApp;
  let receiver: OtlpReceiver;
  let tracing: Tracing | null = null;

  /** Runs `work` with traces going to the receiver, and gives what came of one trace. */
  const tracedBy = async (
    settings: Readonly<Record<string, string>>,
    work: (traceparent: string) => Promise<unknown>,
  ): Promise<readonly ReceivedSpan[]> => {
    const { traceId, traceparent } = newTrace();
    tracing = await startTracing(testConfig({ 'tracing.endpoint': receiver.endpoint, ...settings }));
    try {
      await work(traceparent);
    } finally {
      useTracing(null);
      await tracing?.close();
    }
    return receiver.spans.filter((span) => span.traceId === traceId);
  };

  beforeAll(async () => {
    app = await startTestApp();
    receiver = await startOtlpReceiver();
  });
  afterAll(async () => {
    useTracing(null);
    await app.close();
    await receiver.close();
  });

  test('follow a request from HTTP over the operation to statements and hashes, within the trace of the caller', async () => {
    const { member } = await app.cast();
    const spans = await tracedBy({}, (traceparent) =>
      app
        .anonymous({ traceparent, 'x-request-id': 'traced-sign-in' })
        .send(SignInDocument, { input: { identifier: member.email, password: PASSWORD } }),
    );
    const of = (name: string) => spans.find((span) => span.name === name);
    const http = of('POST /graphql');
    expect(http).toMatchObject({ kind: SERVER, parentSpanId: '00f067aa0ba902b7' });
    expect(valuesOf(http?.attributes ?? [])).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/graphql',
      'http.response.status_code': 200,
      'gatehouse.request.id': 'traced-sign-in',
    });
    const operation = of('mutation SignIn');
    expect(operation?.parentSpanId).toBe(http?.spanId);
    expect(valuesOf(operation?.attributes ?? [])).toMatchObject({
      'graphql.operation.name': 'SignIn',
      'graphql.root.field': 'signIn',
      'gatehouse.code': 'OK',
    });
    expect(of('password hash')?.parentSpanId).toBe(operation?.spanId);
    const statements = spans.filter(({ kind }) => kind === CLIENT);
    expect(statements.length).toBeGreaterThan(0);
    for (const { parentSpanId, attributes } of statements) {
      expect(parentSpanId).toBe(operation?.spanId);
      expect(valuesOf(attributes)).toMatchObject({
        'db.system.name': 'postgresql',
        'db.query.text': expect.any(String),
      });
    }
    expect(receiver.resources.at(-1)).toMatchObject({
      'service.name': 'gatehouse',
      'service.version': expect.any(String),
    });
    const line = app.log.map((text) => JSON.parse(text) as { requestId?: string; traceId?: string });
    expect(line.find(({ requestId }) => requestId === 'traced-sign-in')?.traceId).toBe(http?.traceId);
    for (const secret of [PASSWORD, member.email, member.accessToken])
      expect(receiver.texts.join('')).not.toContain(secret);
  });

  test('hold mails and calls to other servers, which are told the trace', async () => {
    const heard: IncomingHttpHeaders[] = [];
    const issuer = createServer((request, response) => {
      heard.push(request.headers);
      response.end('{}');
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    const address = new URL(`http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token?code=secret-code`);
    const outbound = new Outbound({ allowedNetworks: [], timeoutMs: 5000, loopback: true });
    const { admin } = await app.cast();
    const spans = await tracedBy({}, async (traceparent) => {
      const input = { email: 'traced@example.com', displayName: 'Traced', groupIds: [MEMBERS_GROUP_ID] };
      await admin.with({ traceparent }).send(CreateUserDocument, { input });
      await app.services.messageWorker.run();
      await traced('work', { kind: 'internal', alone: true }, () => outbound.send(address, { loopback: true }));
    });
    const call = receiver.spans.find(({ name }) => name === 'GET 127.0.0.1');
    expect(call?.kind).toBe(CLIENT);
    expect(heard[0]?.['traceparent']).toBe(`00-${call?.traceId}-${call?.spanId}-01`);
    const mail = receiver.spans.find(({ name }) => name === 'send message');
    expect(valuesOf(mail?.attributes ?? [])).toMatchObject({ 'gatehouse.message.template': 'invite' });
    expect(spans.map(({ name }) => name)).toContain('mutation CreateUser');
    for (const secret of ['secret-code', 'traced@example.com']) expect(receiver.texts.join('')).not.toContain(secret);
    await outbound.send(address, { loopback: true });
    expect(heard[1]).not.toHaveProperty('traceparent');
    await new Promise((resolve) => issuer.close(resolve));
  });

  test('tell of an unforeseen error as an event of its span, by class and place, not by what it says', async () => {
    const { admin } = await app.cast();
    const restore = await failInserts(app, 'outbox_events', '42703');
    const spans = await tracedBy({}, (traceparent) =>
      admin.with({ traceparent }).send(CreateUserDocument, {
        input: { email: 'failing@example.com', displayName: 'Failing', groupIds: [MEMBERS_GROUP_ID] },
      }),
    );
    await restore();
    const failed = spans.filter(({ status }) => status.code === ERROR);
    const [event] = failed.flatMap(({ events }) => events);
    expect(event).toMatchObject({ name: 'exception' });
    expect(Object.keys(valuesOf(event?.attributes ?? [])).toSorted()).toEqual([
      'exception.stacktrace',
      'exception.type',
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret-path');
    expect(failed.some(({ attributes }) => valuesOf(attributes)['db.system.name'] === 'postgresql')).toBe(true);
  });

  test('are not recorded where the caller records none, nor beyond our share of those who do; probes never are', async () => {
    const { member } = await app.cast();
    const unsampled = await tracedBy({}, (traceparent) =>
      member.with({ traceparent: traceparent.replace(/01$/, '00') }).send(ViewerDocument, {}),
    );
    const none = await tracedBy({ 'tracing.samplePercent': '0' }, (traceparent) =>
      member.with({ traceparent }).send(ViewerDocument, {}),
    );
    const probes = await tracedBy({}, (traceparent) => fetch(`${app.url}/readyz`, { headers: { traceparent } }));
    expect([unsampled, none, probes]).toEqual([[], [], []]);
  });

  test('carry the headers that the collector asks for', async () => {
    await tracedBy({ 'tracing.headers': 'authorization=Bearer%20collector-token,x-tenant=one' }, (traceparent) =>
      app.anonymous({ traceparent }).run('{ __typename }'),
    );
    expect(receiver.headers.at(-1)).toMatchObject({ authorization: 'Bearer collector-token', 'x-tenant': 'one' });
  });

  test('keep nobody waiting for a collector that is away', async () => {
    const { member } = await app.cast();
    tracing = await startTracing(testConfig({ 'tracing.endpoint': 'http://127.0.0.1:9' }));
    const started = performance.now();
    for (let request = 0; request < 20; request += 1) {
      expect((await member.send(ViewerDocument, {})).code).toBe('OK');
    }
    expect(performance.now() - started).toBeLessThan(5000);
    useTracing(null);
    await tracing?.close().catch(() => undefined);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
