import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisConnection } from '../../../src/cache/redis-connection.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import type { Log } from '../../../src/log.ts';
import { type Budget, RateLimiter } from '../../../src/limits/rate-limiter.ts';
import { redisCounters } from '../../../src/limits/redis-counters.ts';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';

describe.skipIf(redisIsMissing)('limits shared over Redis (needs redis-server)', () => {
  let server: RedisServer;
  const lines: string[] = [];
  const log: Log = (_level, message) => void lines.push(message);
  const opened: RedisConnection[] = [];

  /** A limiter as one replica has it. */
  const replica = async (): Promise<RateLimiter> => {
    const connection = await RedisConnection.open({ url: new Secret(server.url), prefix: 'gatehouse' }, log);
    opened.push(connection);
    return new RateLimiter(redisCounters(connection));
  };
  const budget = (name: string): Budget => ({ name, points: 5, seconds: 60 });
  const spend = async (limiter: RateLimiter, name: string, times: number) =>
    Promise.all(Array.from({ length: times }, () => limiter.spend(budget(name), '203.0.113.9')));

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    for (const connection of opened) connection.close();
    await server.close();
  });

  test('count for all replicas together, also in parallel', async () => {
    const [one, other] = [await replica(), await replica()];
    const spent = (await Promise.all([spend(one, 'together', 10), spend(other, 'together', 10)])).flat();
    expect(spent.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(await one.spent(budget('together'), '203.0.113.9')).toBe(20);
    await other.giveBack(budget('together'), '203.0.113.9');
    expect(await one.spent(budget('together'), '203.0.113.9')).toBe(19);
  });

  test('go on in each replica by itself while Redis is frozen, without waiting for it at every call', async () => {
    const limiter = await replica();
    await spend(limiter, 'frozen', 1);
    server.freeze();
    try {
      const began = performance.now();
      const spent = [];
      for (let time = 0; time < 50; time += 1) spent.push(...(await spend(limiter, 'frozen', 1)));
      expect(spent.filter(({ allowed }) => allowed)).toHaveLength(5);
      // One command waits for its time-out, then the store is left alone: fifty that waited would take 12 s.
      expect(performance.now() - began).toBeLessThan(6000);
    } finally {
      server.thaw();
    }
    expect(lines.filter((line) => line.includes('Redis does not answer'))).not.toEqual([]);
  });

  test('survive a killed Redis, and use it again when it is back', async () => {
    const limiter = await replica();
    await server.kill();
    const spent = await spend(limiter, 'killed', 8);
    expect(spent.filter(({ allowed }) => allowed)).toHaveLength(5);
    await server.run();
    const other = await replica();
    for (let time = 0; time < 100 && (await other.spent(budget('back'), '203.0.113.9')) === 0; time += 1) {
      await spend(limiter, 'back', 1);
      await sleep(100);
    }
    expect(await other.spent(budget('back'), '203.0.113.9')).toBeGreaterThan(0);
    expect(lines).toContain('Redis answers again');
  });

  test('start without Redis: a server need not wait for it', async () => {
    await server.kill();
    const spent = await spend(await replica(), 'away', 8);
    expect(spent.filter(({ allowed }) => allowed)).toHaveLength(5);
    await server.run();
  });

  test('start beside a frozen Redis, within seconds', async () => {
    server.freeze();
    const began = performance.now();
    const spent = await spend(await replica(), 'frozen at the start', 8);
    server.thaw();
    expect(spent.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
