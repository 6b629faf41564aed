import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { RedisConnection } from '../../../src/cache/redis-connection.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { Way } from '../../support/way.ts';

/** What happened to callers while something happened to Redis. */
interface Seen {
  signIns: number;
  failures: string[];
  longestMs: number;
}

const EMAIL = 'steady@faults.example';

test.skipIf(redisIsMissing)('a connection that the network has forgotten is left for another one', async () => {
  const [server, way] = [await RedisServer.start(), await Way.open()];
  const url = new Secret(await way.leadTo(server.url));
  const connection = await RedisConnection.open({ url, prefix: 'forgotten' }, () => undefined);
  onTestFinished(async () => {
    connection.close();
    await way.close();
    await server.close();
  });
  await expect(connection.run((client) => client.ping())).resolves.toBe('PONG');
  way.forget();
  await expect(connection.run((client) => client.ping())).rejects.toThrow('The store does not answer.');
  await expect.poll(() => connection.isAway, { interval: 20, timeout: 10_000 }).toBe(false);
  await expect(connection.run((client) => client.ping())).resolves.toBe('PONG');
});

describe.skipIf(redisIsMissing)('sign-ins while Redis fails (needs redis-server)', () => {
  let server: RedisServer;
  let app: TestApp;

  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startTestApp({
      settings: { 'redis.url': server.url, 'rates.enabled': 'true', 'rates.failures': '100000' },
    });
    await makePerson(app, { email: EMAIL });
  });
  afterAll(async () => {
    await app.close();
    await server.close();
  });

  const signInAndLook = async (seen: Seen): Promise<void> => {
    const began = performance.now();
    const { data, code } = await app
      .anonymous()
      .send(SignInDocument, { input: { identifier: EMAIL, password: PASSWORD, delivery: 'BODY' } });
    const token = data.signIn?.tokens?.accessToken;
    if (token === undefined) {
      seen.failures.push(`${code} ${JSON.stringify(data)}`);
      return;
    }
    const viewer = await app.anonymous({ authorization: `Bearer ${token}` }).send(ViewerDocument, {});
    if (viewer.data.viewer?.user.email !== EMAIL) seen.failures.push(viewer.code);
    seen.signIns += 1;
    seen.longestMs = Math.max(seen.longestMs, performance.now() - began);
  };

  /** Callers who sign in over and over while `harm` is done: fewer at once than the tries that lock an account. */
  const under = async (harm: () => Promise<void>): Promise<Seen> => {
    const seen: Seen = { signIns: 0, failures: [], longestMs: 0 };
    const over = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await signInAndLook(seen);
    });
    await sleep(300);
    await harm();
    over.abort();
    await Promise.all(callers);
    return seen;
  };

  const isBack = async (): Promise<number> => {
    const began = performance.now();
    while (app.services.redisHealth.isUp !== true) {
      if (performance.now() - began > 5000) throw new Error('Redis was not taken up again within 5 s.');
      await sleep(20);
    }
    return performance.now() - began;
  };

  const harms: Readonly<Record<string, { readonly hurt: () => Promise<void>; readonly heal: () => Promise<void> }>> = {
    killed: { hurt: () => server.kill(), heal: () => server.run() },
    frozen: { hurt: async () => server.freeze(), heal: async () => server.thaw() },
    full: {
      hurt: async () => {
        await server.command('config', 'set', 'maxmemory-policy', 'noeviction');
        await server.command('config', 'set', 'maxmemory', '1');
      },
      heal: async () => void (await server.command('config', 'set', 'maxmemory', '0')),
    },
    emptied: { hurt: async () => void (await server.command('flushall')), heal: async () => undefined },
  };

  test.each(Object.keys(harms))('go on while it is %s, and it is used again within five seconds', async (name) => {
    const harm = harms[name];
    const outages = app.services.redisHealth.outages;
    let [recoveredMs, wasUp]: [number, boolean | null] = [0, null];
    const seen = await under(async () => {
      await harm?.hurt();
      await sleep(1500);
      wasUp = app.services.redisHealth.isUp;
      await harm?.heal();
      recoveredMs = await isBack();
      await sleep(200);
    });
    expect([seen.failures, wasUp]).toEqual([[], name === 'emptied']);
    expect(seen.signIns).toBeGreaterThan(10);
    // Without the breaker each sign-in would wait for each of its questions.
    expect(seen.longestMs).toBeLessThan(3000);
    expect(recoveredMs).toBeLessThan(5000);
    expect(app.services.redisHealth.outages - outages).toBe(name === 'emptied' ? 0 : 1);
  });

  test('are told apart in metrics and reports', async () => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/^gatehouse_redis_up 1$/m);
    expect(metrics).toMatch(/^gatehouse_redis_outages_total 3$/m);
    expect(metrics).toMatch(/^gatehouse_cache_requests_total\{cache="permissions",outcome="hit"\} [1-9]/m);
  });
});
