import { describe, expect, test } from 'vitest';
import { FallbackKeyValue } from '../../../src/cache/fallback-key-value.ts';
import { type KeyValue, StoreAway } from '../../../src/cache/key-value.ts';
import { MemoryKeyValue } from '../../../src/cache/memory-key-value.ts';
import { systemClock } from '../../../src/clock.ts';
import { keyValueContract } from '../../support/key-value-contract.ts';
import { TestClock } from '../../support/test-clock.ts';

const memory = (maximumBytes = 1_000_000): MemoryKeyValue => new MemoryKeyValue({ clock: systemClock, maximumBytes });

describe('a store in memory', () => {
  keyValueContract(() => ({ store: memory(), other: null }));

  test('never holds more than it may; what was not used for longest makes room', async () => {
    const store = memory(3000);
    for (const key of ['a', 'b', 'c']) await store.set(key, 'x'.repeat(300), 60_000);
    await store.get('a');
    await store.set('d', 'x'.repeat(300), 60_000);
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => (await store.get(key)) !== null))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    for (let index = 0; index < 10_000; index += 1) await store.set(`key ${index}`, 'x'.repeat(index % 500), 60_000);
    expect(store.bytes).toBeLessThanOrEqual(3000);
    await store.set('too large', 'x'.repeat(3000), 60_000);
    expect(await store.get('too large')).toBeNull();
    store.clear();
    expect(store.bytes).toBe(0);
  });

  test('goes by the clock that it is given', async () => {
    const clock = new TestClock();
    const store = new MemoryKeyValue({ clock, maximumBytes: 10_000 });
    await store.set('key', '1', 60_000);
    clock.advance(59);
    expect(await store.get('key')).toBe('1');
    clock.advance(1);
    expect(await store.get('key')).toBeNull();
  });
});

describe('a shared store with a fallback', () => {
  /** A store that can go away. */
  const leaving = () => {
    const inner = memory();
    const state = { isAway: false };
    const shared = new Proxy<KeyValue>(inner, {
      get: (target, name: keyof KeyValue) => {
        const method = target[name].bind(target) as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => {
          if (state.isAway) throw new StoreAway();
          return method(...given);
        };
      },
    });
    const own = memory();
    return { state, inner, own, store: new FallbackKeyValue({ shared, own }) };
  };

  keyValueContract(() => ({ store: leaving().store, other: null }));

  test('goes on by itself while the store is away, and deletes in both', async () => {
    const { state, inner, own, store } = leaving();
    await store.set('key', 'shared', 60_000);
    state.isAway = true;
    expect(await store.get('key')).toBeNull();
    await store.set('key', 'own', 60_000);
    expect([await store.get('key'), await store.increment('sum', 1000)]).toEqual(['own', 1]);
    await store.publish('news', 'lost');
    state.isAway = false;
    expect(await store.get('key')).toBe('shared');
    await store.delete('key');
    expect([await inner.get('key'), await own.get('key')]).toEqual([null, null]);
  });
});
