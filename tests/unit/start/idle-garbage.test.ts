import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Heap, IdleGarbage } from '../../../src/start/idle-garbage.ts';

const MIB = 2 ** 20;

describe('IdleGarbage', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const looking = (collect: () => Promise<void> = async () => undefined) => {
    const probe = { busy: 0, heap: 100 * MIB, collected: 0 };
    const told: unknown[] = [];
    new IdleGarbage((...said) => told.push(said), {
      utilization: () => probe.busy,
      heapBytes: () => probe.heap,
      collect: async () => {
        probe.collected += 1;
        await collect();
      },
    }).start();
    return { probe, told };
  };
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

  test('collects once after the start, and not again while the heap does not grow', async () => {
    const { probe } = looking();
    await seconds(600);
    expect(probe.collected).toBe(1);
  });

  test('collects what a burst has left as soon as nobody asks for anything', async () => {
    const { probe } = looking();
    await seconds(60);
    Object.assign(probe, { busy: 0.5, heap: 200 * MIB });
    await seconds(120);
    expect(probe.collected).toBe(1);
    probe.busy = 0.01;
    await seconds(5);
    expect(probe.collected).toBe(2);
  });

  test('takes what is in use after a collection as needed', async () => {
    const { probe } = looking();
    await seconds(60);
    probe.heap = 200 * MIB;
    await seconds(600);
    expect(probe.collected).toBe(2);
    probe.heap = 220 * MIB;
    await seconds(600);
    expect(probe.collected).toBe(2);
  });

  test('collects once in ten minutes at most, after that of the start', async () => {
    const { probe } = looking();
    for (let second = 0; second < 3600; second += 5) {
      probe.heap += 30 * MIB;
      await seconds(5);
    }
    expect(probe.collected).toBe(7);
  });

  test('tells of a failure, which ends nothing', async () => {
    const { probe, told } = looking(() => Promise.reject(new Error('no inspector')));
    await seconds(100);
    expect(told).toEqual([['warn', 'memory could not be given back', { err: new Error('no inspector') }]]);
    probe.heap += 100 * MIB;
    await seconds(100);
    expect(probe.collected).toBe(2);
  });
});

describe('the heap of the process', () => {
  test('loses what nothing holds any more when it is collected', async () => {
    const given: string[] = [];
    const left = new FinalizationRegistry<string>((name) => given.push(name));
    left.register({ text: 'of the start' }, 'trees');
    const heap = new Heap();
    await heap.collect();
    await expect.poll(() => given, { timeout: 5000 }).toEqual(['trees']);
    expect(heap.heapBytes()).toBeGreaterThan(MIB);
    expect(heap.utilization()).toBeGreaterThan(0);
  });
});
