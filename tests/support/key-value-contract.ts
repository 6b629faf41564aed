import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { KeyValue } from '../../src/cache/key-value.ts';

const until = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 200) throw new Error('It did not come about within two seconds.');
    await sleep(10);
  }
};

/** What every store does, whatever it is made of. `other`: the store as another process has it; null where there is none. */
export const keyValueContract = (open: () => { readonly store: KeyValue; readonly other: KeyValue | null }): void => {
  const texts = ['', 'a', '{"at":1}', 'Größe ⛵ \u0000 \n', 'x'.repeat(100_000)];

  test('gives back what was set, letter for letter, to everybody who shares it', async () => {
    const { store, other } = open();
    for (const [index, text] of texts.entries()) await store.set(`text ${index}`, text, 60_000);
    for (const [index, text] of texts.entries()) {
      expect(await store.get(`text ${index}`)).toBe(text);
      expect(await (other ?? store).get(`text ${index}`)).toBe(text);
    }
  });

  test('knows nothing of what was never set, and of what was deleted', async () => {
    const { store } = open();
    expect(await store.get('nobody')).toBeNull();
    await store.delete('nobody');
    await store.set('gone', '1', 60_000);
    await store.delete('gone');
    expect(await store.get('gone')).toBeNull();
  });

  test('replaces a value together with its life', async () => {
    const { store } = open();
    await store.set('twice', 'one', 50);
    await store.set('twice', 'two', 60_000);
    await sleep(80);
    expect(await store.get('twice')).toBe('two');
  });

  test('forgets a value when its time is over', async () => {
    const { store } = open();
    await store.set('short', '1', 60);
    await sleep(90);
    expect(await store.get('short')).toBeNull();
  });

  test('counts each of many calls at once, and begins anew after the time of the first', async () => {
    const { store, other } = open();
    const counters = Array.from({ length: 50 }, (_unused, index) => (index % 2 === 0 ? store : (other ?? store)));
    const sums = await Promise.all(counters.map((one) => one.increment('sum', 60_000)));
    expect(sums.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_unused, index) => index + 1));
    expect(await store.increment('sum', 60_000)).toBe(51);
    // Whoever goes on counting does not make it last longer.
    expect(await store.increment('short sum', 150)).toBe(1);
    let last = 1;
    for (let tries = 0; tries < 100 && (tries === 0 || last > 1); tries += 1) {
      await sleep(40);
      last = await store.increment('short sum', 150);
    }
    expect(last).toBe(1);
  });

  test('tells all listeners of a channel, those of no other, and none that left', async () => {
    const { store, other } = open();
    const heard: string[] = [];
    const listen = (name: string, at: KeyValue, channel: string) =>
      at.subscribe(channel, { message: (text) => void heard.push(`${name} ${text}`), missed: () => undefined });
    const stops = [listen('first', store, 'news'), listen('second', other ?? store, 'news')];
    const leave = listen('left', store, 'news');
    stops.push(listen('elsewhere', store, 'weather'));
    leave();
    for (let tries = 0; heard.length < 2 && tries < 100; tries += 1) {
      heard.length = 0;
      await store.publish('news', 'hello');
      await sleep(20);
    }
    await until(() => heard.length >= 2);
    expect(heard.toSorted()).toEqual(['first hello', 'second hello']);
    for (const stop of stops) stop();
  });
};
