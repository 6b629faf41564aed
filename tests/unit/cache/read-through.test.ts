import { describe, expect, test } from 'vitest';
import { CacheCounters } from '../../../src/cache/cache-counters.ts';
import { CacheEntries } from '../../../src/cache/cache-entries.ts';
import type { CacheName } from '../../../src/cache/cache-table.ts';
import { Generations } from '../../../src/cache/generations.ts';
import { type KeyValue, StoreAway } from '../../../src/cache/key-value.ts';
import { MemoryKeyValue } from '../../../src/cache/memory-key-value.ts';
import { ReadThrough } from '../../../src/cache/read-through.ts';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { TestClock } from '../../support/test-clock.ts';
import { testMasterKeys } from '../../support/test-config.ts';

const world = (parts: { name?: CacheName; store?: KeyValue; clock?: TestClock; masterKeys?: MasterKeys } = {}) => {
  const clock = parts.clock ?? new TestClock();
  const counters = new CacheCounters(clock);
  const memory = new MemoryKeyValue({ clock, maximumBytes: 1_000_000 });
  const store = parts.store ?? memory;
  const entries = new CacheEntries(parts.masterKeys ?? testMasterKeys());
  const told: string[] = [];
  const cache = new ReadThrough({
    name: parts.name ?? 'stats',
    ttlSeconds: 60,
    store,
    entries,
    counters,
    clock,
    onInvalidated: (key) => void told.push(key),
  });
  let reads = 0;
  const read = async (): Promise<{ readonly number: number }> => ({ number: (reads += 1) });
  return { clock, counters, memory, store, entries, cache, told, read, reads: () => reads };
};

const away: KeyValue = {
  get: () => Promise.reject(new StoreAway()),
  set: () => Promise.reject(new StoreAway()),
  delete: () => Promise.reject(new StoreAway()),
  increment: () => Promise.reject(new StoreAway()),
  publish: () => Promise.reject(new StoreAway()),
  subscribe: () => () => undefined,
};

describe('a read-through cache', () => {
  test('reads once within its time, and again afterwards', async () => {
    const { cache, clock, read, counters } = world();
    expect(await cache.get('key', read)).toEqual({ number: 1 });
    clock.advance(59);
    expect(await cache.get('key', read)).toEqual({ number: 1 });
    clock.advance(1);
    expect(await cache.get('key', read)).toEqual({ number: 2 });
    expect(await cache.get('other', read)).toEqual({ number: 3 });
    expect(counters.totals.get('stats')).toEqual({ hit: 1, miss: 3, error: 0 });
  });

  test('reads once for a thousand who come at once', async () => {
    const { cache, read, reads } = world();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => cache.get('key', read)));
    expect(new Set(answers.map(({ number }) => number))).toEqual(new Set([1]));
    expect(reads()).toBe(1);
  });

  test('keeps neither a failure nor what is not worth it, and nothing at all without a time', async () => {
    const { cache, read } = world();
    const failing = Promise.all([1, 2].map(() => cache.get('key', () => Promise.reject(new Error('away')))));
    await expect(failing).rejects.toThrow('away');
    expect(await cache.get('key', read, { keep: ({ number }) => number > 1 })).toEqual({ number: 1 });
    expect(await cache.get('key', read, { keep: ({ number }) => number > 1 })).toEqual({ number: 2 });
    expect(await cache.get('key', read)).toEqual({ number: 2 });
    expect(await cache.get('none', read, { ttlSeconds: 0 })).toEqual({ number: 3 });
    expect(await cache.get('none', read, { ttlSeconds: 0 })).toEqual({ number: 4 });
  });

  test('takes an entry of another version for none, also while it is being read', async () => {
    const { cache, read } = world();
    const [first, second] = await Promise.all([
      cache.get('key', read, { version: '1' }),
      cache.get('key', read, { version: '2' }),
    ]);
    expect(new Set([first.number, second.number])).toEqual(new Set([1, 2]));
    expect(await cache.get('key', read, { version: '3' })).toEqual({ number: 3 });
    expect(await cache.get('key', read, { version: '3' })).toEqual({ number: 3 });
    expect(await cache.get('key', read)).toEqual({ number: 4 });
  });

  test('does not keep what was made void while it was read, and tells the others', async () => {
    const { cache, read, told } = world();
    let go = (): void => undefined;
    const slow = cache.get('key', async () => {
      await new Promise<void>((resolve) => (go = resolve));
      return { number: -1 };
    });
    await new Promise(setImmediate);
    await cache.invalidate('key');
    const fresh = cache.get('key', read);
    go();
    expect([await slow, await fresh]).toEqual([{ number: -1 }, { number: 1 }]);
    expect(await cache.get('key', read)).toEqual({ number: 1 });
    expect(told).toEqual(['key']);
  });

  test('reads anew when asked to, and says how old a value is', async () => {
    const { cache, clock, read } = world();
    const { at } = await cache.dated('key', read);
    clock.advance(30);
    expect(await cache.dated('key', read)).toEqual({ value: { number: 1 }, at });
    expect(await cache.refresh('key', read)).toEqual({ value: { number: 2 }, at: clock.now() });
    expect(await cache.get('key', read)).toEqual({ number: 2 });
  });

  test('answers without the store as with it', async () => {
    const { cache, read, counters } = world({ store: away });
    expect(await cache.get('key', read)).toEqual({ number: 1 });
    await cache.invalidate('key');
    expect(await cache.get('key', read)).toEqual({ number: 2 });
    expect(counters.totals.get('stats')).toEqual({ hit: 0, miss: 2, error: 0 });
  });
});

describe('what lies in the store', () => {
  const stored = async ({ store, entries }: ReturnType<typeof world>, key = 'key') =>
    (await store.get(entries.keyOf('stats', key))) ?? '';

  test('shows neither values nor persons', async () => {
    const people = world({ name: 'jit_roles' });
    const name = people.entries.keyOf('jit_roles', 'https://issuer.example ada');
    await people.cache.get('https://issuer.example ada', async () => ({ role: 'treasurer' }));
    expect(name).not.toMatch(/ada|issuer/);
    expect(await people.store.get(name)).toMatch(/^v1\.[\w.-]+$/);
    expect(await people.store.get(name)).not.toContain('treasurer');
  });

  test.each<[string, (text: string, here: ReturnType<typeof world>) => Promise<string> | string]>([
    ['was altered', (text) => `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`],
    ['is no entry', () => '{"at":99999999999999,"version":null,"value":{"number":66}}'],
    ['is empty', () => ''],
    [
      'belongs to another key',
      async (_text, here) => {
        await here.cache.get('other', async () => ({ number: 66 }));
        return stored(here, 'other');
      },
    ],
    [
      'was sealed by somebody else',
      (_text, { entries }) => {
        const others = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 9).toString('base64url')) }]);
        const storeKey = entries.keyOf('stats', 'key');
        return new CacheEntries(others).write(storeKey, { at: Date.now(), version: null, value: { number: 66 } });
      },
    ],
  ])('is not believed when it %s', async (_what, plant) => {
    const here = world();
    await here.cache.get('key', here.read);
    await here.store.set(here.entries.keyOf('stats', 'key'), await plant(await stored(here), here), 60_000);
    expect(await here.cache.get('key', here.read)).toEqual({ number: 2 });
    expect(here.counters.totals.get('stats')?.error).toBe(1);
  });

  test('counts no longer when an old entry is put back', async () => {
    const here = world();
    await here.cache.get('key', here.read);
    const old = await stored(here);
    here.clock.advance(60);
    await here.store.set(here.entries.keyOf('stats', 'key'), old, 60_000);
    expect(await here.cache.get('key', here.read)).toEqual({ number: 2 });
  });
});

describe('counts', () => {
  test('give the ratio of the last five minutes', () => {
    const clock = new TestClock();
    const counters = new CacheCounters(clock);
    expect(counters.hitRatio).toBeNull();
    for (let index = 0; index < 4; index += 1) counters.count('stats', index === 0 ? 'miss' : 'hit');
    expect(counters.hitRatio).toBe(0.75);
    clock.advance(150);
    counters.count('jwks', 'miss');
    counters.count('jwks', 'error');
    expect(counters.hitRatio).toBe(0.6);
    clock.advance(180);
    expect(counters.hitRatio).toBe(0);
    clock.advance(300);
    expect(counters.hitRatio).toBeNull();
  });

  test('of changes never give the same number for two states', () => {
    const generations = new Generations();
    const seen = new Set<string>();
    for (let round = 0; round < 25_000; round += 1) {
      generations.changed('one');
      generations.changed(`other ${round}`);
      seen.add(generations.of('one'));
    }
    expect(seen.size).toBe(25_000);
    const before = generations.of('one');
    generations.allChanged();
    expect(generations.of('one')).not.toBe(before);
  });
});
