import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CacheEntries } from '../../../src/cache/cache-entries.ts';
import { Caches } from '../../../src/cache/caches.ts';
import { StoreAway } from '../../../src/cache/key-value.ts';
import { RedisConnection } from '../../../src/cache/redis-connection.ts';
import { RedisHealth } from '../../../src/cache/redis-health.ts';
import { RedisKeyValue } from '../../../src/cache/redis-key-value.ts';
import { systemClock } from '../../../src/clock.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { keyValueContract } from '../../support/key-value-contract.ts';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';
import { testConfig, testMasterKeys } from '../../support/test-config.ts';

// Redis has a quarter of a second for an answer: a machine that does much else is tried again.
describe.skipIf(redisIsMissing)('a store in Redis (needs redis-server)', { retry: 2 }, () => {
  let server: RedisServer;
  const ends: (() => void)[] = [];
  const lines: string[] = [];

  const connect = async (): Promise<RedisConnection> => {
    const settings = { url: new Secret(server.url), prefix: 'gatehouse' };
    const connection = await RedisConnection.open(settings, (_level, message) => void lines.push(message));
    ends.push(() => connection.close());
    return connection;
  };
  const storeOf = (connection: RedisConnection): RedisKeyValue => {
    const store = new RedisKeyValue(connection);
    ends.push(() => store.close());
    return store;
  };
  /** The caches of one replica. */
  const replica = async (): Promise<Caches> => {
    const parts = { redis: await connect(), masterKeys: testMasterKeys(), clock: systemClock, config: testConfig() };
    const caches = new Caches(parts);
    ends.push(() => caches.close());
    return caches;
  };
  const within = async (ms: number, condition: () => boolean | Promise<boolean>): Promise<number> => {
    const began = performance.now();
    while (!(await condition())) {
      if (performance.now() - began > ms) throw new Error(`It did not come about within ${ms} ms.`);
      await sleep(10);
    }
    return performance.now() - began;
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    connections = [await connect(), await connect()];
    const [store, other] = connections.map(storeOf);
    shared = { store: store as RedisKeyValue, other: other as RedisKeyValue };
  });
  beforeEach(async () => {
    await within(5000, () => connections.every(({ isAway }) => !isAway));
  });
  afterAll(async () => {
    for (const end of ends) end();
    await server.close();
  });

  let connections: readonly RedisConnection[];
  let shared: { readonly store: RedisKeyValue; readonly other: RedisKeyValue };
  keyValueContract(() => shared);

  test('begins every name with the prefix, and gives every one an end', async () => {
    await shared.store.set('one', '1', 60_000);
    await shared.store.increment('two', 60_000);
    const keys = (await server.command('--raw', 'keys', '*')).split('\n');
    expect(keys.filter((key) => !key.startsWith('gatehouse:'))).toEqual([]);
    // -1: for ever; -2: its end has come meanwhile.
    for (const key of keys) expect(Number(await server.command('pttl', key))).not.toBe(-1);
  });

  test('takes a text of another kind for a mistake about that key alone', async () => {
    await server.command('lpush', 'gatehouse:list', '1');
    await expect(shared.store.get('list')).rejects.toThrow(StoreAway);
    await shared.store.set('key', '1', 60_000);
    expect(await shared.store.get('key')).toBe('1');
  });

  test('is left alone while it is frozen: what comes afterwards does not wait', async () => {
    const store = storeOf(await connect());
    server.freeze();
    const began = performance.now();
    await Promise.allSettled(Array.from({ length: 100 }, () => store.get('key')));
    const first = performance.now() - began;
    const again = performance.now();
    const settled = await Promise.allSettled(Array.from({ length: 1000 }, () => store.get('key')));
    const later = performance.now() - again;
    server.thaw();
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
    expect([first < 1000, later < 200]).toEqual([true, true]);
    await within(5000, () =>
      store.get('key').then(
        () => true,
        () => false,
      ),
    );
  });

  test('counts as away while it is full, for a store that takes nothing is none', async () => {
    const connection = await connect();
    const store = storeOf(connection);
    await server.command('config', 'set', 'maxmemory-policy', 'noeviction');
    await server.command('config', 'set', 'maxmemory', '1');
    await expect(store.set('key', 'x', 60_000)).rejects.toThrow(StoreAway);
    await sleep(1500);
    expect([connection.isAway, connection.outages]).toEqual([true, 1]);
    await server.command('config', 'set', 'maxmemory', '0');
    await within(5000, () => !connection.isAway);
    await store.set('key', 'x', 60_000);
  });

  test('says how it is, for reports', async () => {
    const connection = await connect();
    const health = new RedisHealth(connection);
    expect(await health.check()).toMatchObject([{ component: 'redis', status: 'OK', message: null }]);
    await server.kill();
    const [check] = await health.check();
    expect(check).toMatchObject({ status: 'DEGRADED', latencyMs: null });
    expect(check?.message).not.toContain('127.0.0.1');
    await server.run();
    await within(5000, () => health.isUp === true);
    expect(health.outages).toBe(1);
    expect(await new RedisHealth(null).check()).toEqual([]);
  });

  test('serves what one replica has read to the others, sealed', async () => {
    const [one, other] = [await replica(), await replica()];
    await sleep(300); // once they listen, they forget what they might have missed
    await one.issuerKeys.get('https://issuer.example', async () => ({ keys: [{ kid: 'first' }] }));
    const elsewhere = await other.issuerKeys.get('https://issuer.example', async () => ({ keys: [] as object[] }));
    expect(elsewhere).toEqual({ keys: [{ kid: 'first' }] });
    const key = `gatehouse:${new CacheEntries(testMasterKeys()).keyOf('jwks', 'https://issuer.example')}`;
    expect(await server.command('get', key)).toMatch(/^v1\.[\w.-]+$/);
    // Whoever can write to Redis plants nothing.
    await server.command('set', key, JSON.stringify({ at: Date.now(), version: null, value: { keys: ['planted'] } }));
    const after = await other.issuerKeys.get('https://issuer.example', async () => ({ keys: [{ kid: 'real' }] }));
    expect(after).toEqual({ keys: [{ kid: 'real' }] });
  });

  test('carries what is void to all replicas within a second, and a new connection voids everything', async () => {
    const [one, other] = [await replica(), await replica()];
    const read = async (): Promise<number> => Math.random();
    const count = (): Promise<number> =>
      other.organizationUsers.get('org:all', read, { version: other.organizations.of('org') });
    let known = await count();
    expect(await count()).toBe(known);
    // The listeners connect in the background.
    await within(3000, async () => {
      one.membersChanged('org');
      return (await count()) !== known;
    });
    known = await count();
    one.membersChanged('org');
    expect(await within(1000, async () => (await count()) !== known)).toBeLessThan(1000);
    const figures = await one.statistics.get('users', read);
    expect(await other.statistics.get('users', read)).toBe(figures);
    await one.statistics.invalidate('users');
    expect(await other.statistics.get('users', read)).not.toBe(figures);
    known = await count();
    await server.kill();
    await server.run();
    await within(5000, async () => (await count()) !== known);
  });

  test('may be emptied, or come back empty, at any moment: answers are read again', async () => {
    const one = await replica();
    let reads = 0;
    const read = async (): Promise<number> => (reads += 1);
    expect(await one.statistics.get('figures', read)).toBe(1);
    await server.command('flushall');
    expect(await one.statistics.get('figures', read)).toBe(2);
    await server.kill();
    expect(await one.statistics.get('figures', read)).toBe(3);
    // Meanwhile the replica keeps them by itself.
    expect(await one.statistics.get('figures', read)).toBe(3);
    await server.run();
    await within(5000, async () => {
      await one.statistics.get('figures', read);
      return (await server.command('--raw', 'keys', '*stats*')) !== '';
    });
  });
});
