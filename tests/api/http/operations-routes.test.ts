import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import { refuseConnections } from './database-faults.ts';
import { getPath } from './raw-requests.ts';

const app = useTestApp();

describe('/healthz and /readyz', () => {
  test('say that the process lives and can answer', async () => {
    const health = await getPath(app(), '/healthz');
    expect([health.status, await health.json()]).toEqual([200, { status: 'OK' }]);
    const ready = await getPath(app(), '/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'OK', checks: { database: 'OK', migrations: 'OK', mail: 'OK', sms: 'OK', webhooks: 'OK' } },
    ]);
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  test('tell a process without its database from a dead one, and say nothing of the reason', async () => {
    const other = await startTestApp();
    const restore = await refuseConnections(other);
    try {
      expect((await getPath(other, '/healthz')).status).toBe(200);
      const ready = await getPath(other, '/readyz');
      expect([ready.status, await ready.json()]).toEqual([
        503,
        {
          status: 'DOWN',
          checks: { database: 'DOWN', migrations: 'DOWN', mail: 'OK', sms: 'OK', webhooks: 'DEGRADED' },
        },
      ]);
      await restore();
      const readyAgain = async (): Promise<number> => {
        other.clock.advance(2); // a report is kept for a second
        return (await getPath(other, '/readyz')).status;
      };
      await expect.poll(readyAgain).toBe(200);
    } finally {
      await other.close();
    }
  });
});

describe('/.well-known/jwks.json', () => {
  test('lets a stranger verify an access token with a library of its own', async () => {
    const { member } = await app().cast();
    const keys = createRemoteJWKSet(new URL(`${app().url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(member.accessToken, keys, {
      issuer: app().config.tokens.issuer,
      audience: app().config.tokens.audience,
      typ: 'at+jwt',
      currentDate: app().clock.now(),
    });
    expect(payload.sub).toBe(member.id);
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
  });

  test('holds public halves only and may be kept for five minutes', async () => {
    const response = await getPath(app(), '/.well-known/jwks.json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });
});

describe('/metrics', () => {
  test('counts operations by name and outcome, in the form of Prometheus', async () => {
    await app().anonymous().run('query CountedHere { __typename }');
    await app().anonymous().run('query RefusedHere { users { totalCount } }');
    const response = await getPath(app(), '/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toContain('gatehouse_graphql_requests_total{operation="CountedHere",type="query",code="OK"} 1');
    expect(text).toContain(
      'gatehouse_graphql_requests_total{operation="RefusedHere",type="query",code="UNAUTHENTICATED"} 1',
    );
    expect(text).toContain('gatehouse_denials_total{coordinate="Query.users",code="UNAUTHENTICATED"}');
    expect(text).toMatch(/^gatehouse_build_info\{version="[^"]+"\} 1$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });

  test('never grow with names that clients invent', async () => {
    const client = app().anonymous();
    for (let batch = 0; batch < 13; batch += 1) {
      const names = Array.from({ length: 20 }, (_, index) => `Invented_${batch}_${index}`);
      await Promise.all(names.map((name) => client.run(`query ${name} { __typename }`)));
    }
    const text = await (await getPath(app(), '/metrics')).text();
    const names = new Set([...text.matchAll(/requests_total\{operation="([^"]*)"/g)].map((match) => match[1]));
    expect(names.size).toBeLessThanOrEqual(202);
    expect(names).toContain('other');
  });

  describe('with a token', () => {
    const token = 'metrics-token-of-thirty-two-bytes';
    const guarded = startTestApp({ settings: { 'limits.metricsToken': token } });
    afterAll(async () => (await guarded).close());

    test('are for its holder', async () => {
      const server = await guarded;
      expect((await getPath(server, '/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
    });

    test.each([
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Bearer ${token.slice(0, -1)}x` },
      { authorization: `Basic ${token}` },
    ])('are refused to everybody else, from this machine too: %j', async (headers) => {
      const response = await getPath(await guarded, '/metrics', headers);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    });
  });
});
