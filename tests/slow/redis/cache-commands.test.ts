import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Caches } from '../../../src/cache/caches.ts';
import { RedisConnection } from '../../../src/cache/redis-connection.ts';
import { systemClock } from '../../../src/clock.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { RateLimiter } from '../../../src/limits/rate-limiter.ts';
import { redisCounters } from '../../../src/limits/redis-counters.ts';
import { runAlone } from '../../support/command-line.ts';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';
import { testConfig, testMasterKeys } from '../../support/test-config.ts';

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runAlone(args, { cwd: tmpdir(), env });

describe.skipIf(redisIsMissing)('cache status and cache flush (need redis-server)', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let caches: Caches;

  beforeAll(async () => {
    server = await RedisServer.start();
    connection = await RedisConnection.open({ url: new Secret(server.url), prefix: 'gatehouse' }, () => undefined);
    const parts = { redis: connection, masterKeys: testMasterKeys(), clock: systemClock, config: testConfig() };
    caches = new Caches(parts);
  });
  afterAll(async () => {
    caches.close();
    connection.close();
    await server.close();
  });

  test('say what there is, and empty the caches of all servers without touching limits', async () => {
    let reads = 0;
    const figures = () => caches.statistics.get('figures', async () => (reads += 1));
    const limiter = new RateLimiter(redisCounters(connection));
    const budget = { name: 'failures', points: 5, seconds: 60 };
    await limiter.spend(budget, '203.0.113.9');
    for (let tries = 0; tries < 100 && (await server.command('pubsub', 'channels')) === ''; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const flushes: string[] = [];
    caches.onFlush(() => void flushes.push('forgotten'));
    await figures();
    await server.command('set', 'somebody:elses', '1');
    const env = { REDIS_URL: server.url };
    const before = await run(['cache', 'status'], env);
    expect(before).toMatchObject({ exitCode: 0, notes: [] });
    expect(before.out[0]).toMatch(/^Redis \d+\.\d+\.\d+ answers within [\d.]+ ms\.$/);
    expect(before.out[1]).toMatch(/^Memory: .+ of no limit; when full: noeviction\.$/);
    expect(before.out.slice(2)).toEqual([
      'Counters of limits: 1.',
      'stats: computed answers of statistics; Redis, 1 entry; 600 s',
      'jit_roles: what the interface of an issuer says about a person; Redis, 0 entries; 300 s',
      'jwks: public keys of an issuer; Redis, 0 entries; 300 s',
      'org_users: how many members a large organization has; in the memory of each server; 180 s',
      'ways: in which way pages of users find the people of a part of the tree fast; in the memory of each server; 60 s',
      'search_parts: how common parts of names and addresses are, so that an index is asked for the rarest; in the memory of each server; 300 s',
      expect.stringMatching(/^permissions: .+; in the memory of each server; as long as it is right$/),
      expect.stringMatching(/^documents: .+; in the memory of each server; as long as it is right$/),
      expect.stringMatching(/^tokens: .+; in the memory of each server; as long as it is right$/),
    ]);
    expect((await run(['cache', 'flush'], env)).out).toEqual([
      '1 entry removed; all servers that are connected forget theirs.',
    ]);
    expect(await figures()).toBe(2);
    expect(await limiter.spent(budget, '203.0.113.9')).toBe(1);
    expect(await server.command('get', 'somebody:elses')).toBe('1');
    for (let tries = 0; tries < 50 && flushes.length === 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(flushes).toEqual(['forgotten']);
  });

  test('fail in one line, without the password, when Redis does not answer', async () => {
    const env = { REDIS_URL: 'redis://:hunter22@127.0.0.1:1/0' };
    for (const what of ['status', 'flush']) {
      const ran = await run(['cache', what], env);
      expect(ran.exitCode).toBe(1);
      expect(ran.notes).toEqual([
        'Redis at 127.0.0.1:1 does not answer. Servers go on without it: each counts limits and keeps caches by itself.',
      ]);
    }
  });

  test('say so where there is none', async () => {
    expect((await run(['cache', 'status'])).out[0]).toBe(
      'REDIS_URL is not set: each server keeps caches in its own memory.',
    );
    expect((await run(['cache', 'flush'])).out).toEqual([
      'REDIS_URL is not set: caches are in the memory of each server, and end with it or with their time.',
    ]);
  });
});
