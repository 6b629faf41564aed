import { beforeAll, describe, expect, test } from 'vitest';
import { ViewerDocument } from '../../../generated/client/graphql.ts';
import { tokenFromSecret } from '../../../src/crypto/opaque-token.ts';
import { callingAt, type KeyHolder, makeKey } from '../../support/api-keys.ts';
import type { Actor } from '../../support/cast.ts';
import { holderOf } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
let owner: Actor;

beforeAll(async () => {
  owner = await holderOf(app(), ['view:users', 'view:groups']);
});

const calling = (authorization: string) => app().anonymous({ authorization }).send(ViewerDocument, {});
const statusOf = async (key: KeyHolder): Promise<number> => (await key.send(ViewerDocument, {})).status;

describe('networks of a key', () => {
  test('keep it where it belongs; what a client writes into headers does not count', async () => {
    const near = await makeKey(app(), owner, { networks: ['127.0.0.0/8'] });
    const far = await makeKey(app(), owner, { networks: ['10.0.0.0/8', '2001:db8::/32'] });
    expect([await statusOf(near), await statusOf(far)]).toEqual([200, 401]);
    const claimed = far.with({ 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' });
    expect((await claimed.send(ViewerDocument, {})).status).toBe(401);
    await app().services.apiKeyUse.flush();
    const [row] = await app().database.query('select last_used_at from api_keys where id = $1', [far.keyId]);
    expect(row).toEqual({ last_used_at: null });
  });

  test('hold for the address that a trusted proxy saw', async () => {
    const behind = await startTestApp({ beside: app(), settings: { 'server.trustedProxies': '127.0.0.1' } });
    const far = callingAt(behind, await makeKey(app(), owner, { networks: ['10.0.0.0/8'] }));
    expect((await far.with({ 'x-forwarded-for': '10.0.0.1' }).send(ViewerDocument, {})).status).toBe(200);
    expect((await far.with({ 'x-forwarded-for': '10.0.0.1, 192.0.2.1' }).send(ViewerDocument, {})).status).toBe(401);
    await behind.close();
  });

  test('take no address of a proxy for that of a client whom it does not tell', async () => {
    const behind = await startTestApp({ beside: app(), settings: { 'server.trustedProxies': '127.0.0.1' } });
    const near = callingAt(behind, await makeKey(app(), owner, { networks: ['127.0.0.0/8'] }));
    const anywhere = callingAt(behind, await makeKey(app(), owner));
    expect((await near.send(ViewerDocument, {})).status).toBe(200);
    for (const forwarded of ['unknown', '_hidden', '10.0.0.1, unknown']) {
      const headers = { 'x-forwarded-for': forwarded };
      expect((await near.with(headers).send(ViewerDocument, {})).status).toBe(401);
      expect((await anywhere.with(headers).send(ViewerDocument, {})).status).toBe(200);
    }
    await behind.close();
  });
});

describe('requests of a key', () => {
  test('are counted against its own limit, with 429 and when to come back', async () => {
    const key = await makeKey(app(), owner, { rateLimitPerMinute: 3 });
    const other = await makeKey(app(), owner, { rateLimitPerMinute: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => key.send(ViewerDocument, {})));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(7);
    const [first] = limited;
    expect(first?.code).toBe('RATE_LIMITED');
    expect(Number(first?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(first?.errors[0]?.extensions['retryAfterSeconds']).toBeGreaterThan(0);
    expect(first?.headers.get('www-authenticate')).toBeNull();
    expect(await statusOf(other)).toBe(200);
    expect((await owner.send(ViewerDocument, {})).status).toBe(200);
  });

  test('are counted against the limit of the server where it has none', async () => {
    const limited = await startTestApp({
      beside: app(),
      settings: { 'rates.enabled': 'true', 'apiKeys.requestsPerMinute': '2' },
    });
    const key = callingAt(limited, await makeKey(app(), owner));
    expect([await statusOf(key), await statusOf(key), await statusOf(key)]).toEqual([200, 200, 429]);
    await limited.close();
  });

  test('by a wrong secret use up nothing of the right one', async () => {
    const key = await makeKey(app(), owner, { rateLimitPerMinute: 1 });
    const wrong = tokenFromSecret('apiKey', key.secret.slice(4, 16), Buffer.alloc(32, 9)).reveal();
    for (let count = 0; count < 5; count += 1) expect((await calling(`Bearer ${wrong}`)).status).toBe(401);
    expect(await statusOf(key)).toBe(200);
  });
});
