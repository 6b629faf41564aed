import Fastify from 'fastify';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, type WebhookFault, WebhookVerificationError } from '../src/index.ts';

const SECRET = 'ghw_abcdefghijkl_0123456789';
const NOW = new Date('2026-01-31T09:30:00Z');
const BODY = JSON.stringify({ id: 'event-1', type: 'UserDeleted', payload: { name: 'größe' } });

const sign = (secret: string, { id = 'event-1', at = NOW, body = BODY } = {}) => {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
};

const faultOf = (work: () => unknown): WebhookFault | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.fault;
    throw error;
  }
};

describe('verifyWebhook', () => {
  const verify = (
    headers: Record<string, string | undefined>,
    body: string | Uint8Array = BODY,
    secrets: string | string[] = SECRET,
  ) => verifyWebhook({ headers, body }, { secrets, now: NOW });

  test('gives the event, of text or bytes, of plain headers or Headers', () => {
    const headers = sign(SECRET);
    expect(verify(headers)).toEqual(JSON.parse(BODY));
    expect(verify(headers, Buffer.from(BODY))).toEqual(JSON.parse(BODY));
    expect(verify(headers, new TextEncoder().encode(BODY))).toEqual(JSON.parse(BODY));
    expect(verifyWebhook({ headers: new Headers(headers), body: BODY }, { secrets: SECRET, now: NOW })).toMatchObject({
      id: 'event-1',
    });
  });

  test('takes any of several secrets and any of several signatures', () => {
    const [old, present] = [sign('ghw_old'), sign('ghw_new')];
    const both = { ...old, 'webhook-signature': `${present['webhook-signature']} ${old['webhook-signature']}` };
    expect(faultOf(() => verify(both, BODY, 'ghw_old'))).toBeNull();
    expect(faultOf(() => verify(both, BODY, 'ghw_new'))).toBeNull();
    expect(faultOf(() => verify(old, BODY, ['ghw_new', 'ghw_old']))).toBeNull();
    expect(faultOf(() => verify(old, BODY, ['ghw_new']))).toBe('SIGNATURE');
    expect(faultOf(() => verify(old, BODY, []))).toBe('SIGNATURE');
  });

  test('in the scope of Fastify that the README shows takes what is signed, and answers the rest with 400', async () => {
    const app = Fastify();
    await app.register(async (hooks) => {
      hooks.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
      hooks.post<{ Body: string }>('/', async ({ headers, body }) => {
        const { id } = verifyWebhook({ headers, body }, { secrets: SECRET, now: NOW });
        return { id };
      });
    });
    const post = async (payload: string) => {
      const headers = { ...sign(SECRET), 'content-type': 'application/json' };
      const answer = await app.inject({ method: 'POST', url: '/', headers, payload });
      return { status: answer.statusCode, body: answer.json<{ id?: string }>() };
    };
    expect(await post(BODY)).toEqual({ status: 200, body: { id: 'event-1' } });
    expect((await post(`${BODY} `)).status).toBe(400);
  });

  test('refuses another body, id or time, and signatures of another form', () => {
    const headers = sign(SECRET);
    const signature = headers['webhook-signature'];
    expect(faultOf(() => verify(headers, `${BODY} `))).toBe('SIGNATURE');
    expect(faultOf(() => verify({ ...headers, 'webhook-id': 'event-2' }))).toBe('SIGNATURE');
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(faultOf(() => verify({ ...headers, 'webhook-timestamp': later }))).toBe('SIGNATURE');
    for (const one of [
      signature.slice(3),
      signature.replace('v1', 'v2'),
      signature.slice(0, -2),
      `${signature}=`,
      'v1,',
      `v1,${'A'.repeat(43)}=`,
      `${Array.from({ length: 10 }, () => 'v1,x').join(' ')} ${signature}`,
    ]) {
      expect([one, faultOf(() => verify({ ...headers, 'webhook-signature': one }))]).toEqual([one, 'SIGNATURE']);
    }
  });

  test('refuses what is old or from the future, and what lacks a header', () => {
    const at = (seconds: number) => sign(SECRET, { at: new Date(NOW.getTime() + seconds * 1000) });
    expect(faultOf(() => verify(at(-300)))).toBeNull();
    expect(faultOf(() => verify(at(300)))).toBeNull();
    expect(faultOf(() => verify(at(-301)))).toBe('TIMESTAMP');
    expect(faultOf(() => verify(at(301)))).toBe('TIMESTAMP');
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      expect(faultOf(() => verify({ ...sign(SECRET), [name]: undefined }))).toBe('HEADERS');
      expect(faultOf(() => verify({ ...sign(SECRET), [name]: '' }))).toBe('HEADERS');
    }
    for (const timestamp of ['1e9', '-5', 'NaN', '1 2', '١']) {
      expect(faultOf(() => verify({ ...sign(SECRET), 'webhook-timestamp': timestamp }))).toBe('HEADERS');
    }
  });
});
