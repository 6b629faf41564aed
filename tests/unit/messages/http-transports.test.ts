import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/crypto/secret.ts';
import { newId, type MessageId } from '../../../src/ids.ts';
import { HttpMailService } from '../../../src/messages/http-mail-service.ts';
import { type RenderedMessage, TransportFailure } from '../../../src/messages/message-transport.ts';
import { SmsGateway } from '../../../src/messages/sms-gateway.ts';

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

type Answering = (response: ServerResponse, count: number) => void;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A real HTTP server that notes what it gets and answers as told. */
const service = async (answering: Answering): Promise<{ url: string; received: Received[] }> => {
  const received: Received[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const content: unknown = body === '' ? null : JSON.parse(body);
    received.push({ method: request.method, headers: request.headers, body: content });
    answering(response, received.length);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/email/send`, received };
};

const message: RenderedMessage = {
  id: newId<MessageId>(),
  template: 'code',
  channel: 'EMAIL',
  recipient: 'ada@example.com',
  locale: 'it',
  subject: 'Il tuo codice',
  text: '493817\n',
  html: '<p>493817</p>',
  variables: { code: '493817', purpose: 'SIGN_IN', expiresAt: '2026-03-01T17:30:00Z', userName: 'Ada' },
};

const never = new AbortController().signal;
const answer =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answering =>
  (response) =>
    void response.writeHead(status, headers).end(body);

const refusal = async (sending: Promise<void>): Promise<TransportFailure> => {
  const error = await sending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportFailure)) throw new Error(`Not a refusal: ${String(error)}`);
  return error;
};

describe('the HTTP mail service', () => {
  test('gets recipient, subject, template, variables and both forms, with the token', async () => {
    const { url, received } = await service(answer(202));
    await new HttpMailService({ url, token: new Secret('mail-token') }).send(message, never);
    expect(received).toHaveLength(1);
    const [{ method, headers, body }] = received as [Received];
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer mail-token',
      'idempotency-key': message.id,
    });
    expect(body).toEqual({
      to: 'ada@example.com',
      subject: 'Il tuo codice',
      template: 'code',
      variables: message.variables,
      html: '<p>493817</p>',
      text: '493817\n',
      locale: 'it',
    });
  });

  test('gets no authorization where no token is set', async () => {
    const { url, received } = await service(answer(200, '{}'));
    await new HttpMailService({ url, token: null }).send(message, never);
    expect(received[0]?.headers.authorization).toBeUndefined();
  });

  test('is asked three times while it fails, with the same key, and a late success counts', async () => {
    const broken = await service(answer(500, 'database down'));
    const failure = await refusal(new HttpMailService({ url: broken.url, token: null }).send(message, never));
    expect(broken.received).toHaveLength(3);
    expect(new Set(broken.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect([failure.permanent, failure.message]).toEqual([false, 'The service answered 500: database down']);

    const recovering = await service((response, count) => response.writeHead(count < 3 ? 503 : 204).end());
    await new HttpMailService({ url: recovering.url, token: null }).send(message, never);
    expect(recovering.received).toHaveLength(3);
  });

  test.each([
    [400, true, 1],
    [422, true, 1],
    [401, false, 3],
    [429, false, 3],
  ])('answering %i is final: %s, after %i tries', async (status, permanent, tries) => {
    const { url, received } = await service(answer(status));
    const failure = await refusal(new HttpMailService({ url, token: null }).send(message, never));
    expect([failure.permanent, received.length]).toEqual([permanent, tries]);
  });

  test('cannot send us elsewhere', async () => {
    const elsewhere = await service(answer(200));
    const { url, received } = await service(answer(307, '', { location: elsewhere.url }));
    const failure = await refusal(new HttpMailService({ url, token: new Secret('mail-token') }).send(message, never));
    expect([failure.permanent, received.length, elsewhere.received.length]).toEqual([false, 3, 0]);
    expect(failure.message).toMatch(/redirects/);
  });

  test.each([200, 400])('with an answer of 10 MB (%i) is not listened to', async (status) => {
    let written = 0;
    const { url } = await service((response) => {
      response.writeHead(status);
      const chunk = 'x'.repeat(65_536);
      const more = (): void => {
        while (written < 10_485_760 && !response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const sending = new HttpMailService({ url, token: null }).send(message, never);
    const outcome = await sending.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(outcome.length).toBeLessThan(5000);
    expect(outcome === '').toBe(status === 200);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(5_000_000);
  });

  test('that never answers is left when the caller says so', async () => {
    const { url, received } = await service(() => undefined);
    const began = Date.now();
    const failure = await refusal(new HttpMailService({ url, token: null }).send(message, AbortSignal.timeout(200)));
    expect(Date.now() - began).toBeLessThan(1500);
    expect([failure.permanent, received.length]).toEqual([false, 1]);
  });

  test('that is away is told from one that answers', async () => {
    const { url } = await service(answer(404));
    await expect(new HttpMailService({ url, token: null }).verify(never)).resolves.toBeUndefined();
    for (const close of open.splice(0)) close();
    const failure = await refusal(new HttpMailService({ url, token: null }).verify(never));
    expect(failure.message).toBe('The service cannot be reached: ECONNREFUSED.');
  });
});

describe('the gateway for text messages', () => {
  test('gets number and text', async () => {
    const { url, received } = await service(answer(200));
    const sms: RenderedMessage = { ...message, channel: 'SMS', recipient: '+15550100', html: null };
    await new SmsGateway({ url, token: new Secret('sms-token') }).send(sms, never);
    expect(received[0]?.body).toEqual({ to: '+15550100', text: '493817' });
    expect(received[0]?.headers.authorization).toBe('Bearer sms-token');
  });
});
