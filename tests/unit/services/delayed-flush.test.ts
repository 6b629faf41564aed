import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DelayedFlush } from '../../../src/services/delayed-flush.ts';

describe('DelayedFlush', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const flushing = (flush: () => Promise<void> = async () => undefined) => {
    const onError = vi.fn<(error: unknown) => void>();
    const written = vi.fn<() => Promise<void>>(flush);
    return { written, onError, delayed: new DelayedFlush({ delayMs: 1000, flush: written, onError }) };
  };

  test('writes once, a while after the first', async () => {
    const { delayed, written } = flushing();
    delayed.due();
    await vi.advanceTimersByTimeAsync(900);
    delayed.due();
    expect(written).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(written).toHaveBeenCalledTimes(1);
  });

  test('waits anew after somebody wrote', async () => {
    const { delayed, written } = flushing();
    delayed.due();
    await vi.advanceTimersByTimeAsync(900);
    delayed.begun();
    delayed.due();
    await vi.advanceTimersByTimeAsync(900);
    expect(written).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(written).toHaveBeenCalledTimes(1);
  });

  test('tells of a failure, which ends nothing', async () => {
    const failure = new Error('no database');
    const { delayed, onError } = flushing(() => Promise.reject(failure));
    delayed.due();
    await vi.advanceTimersByTimeAsync(1000);
    expect(onError).toHaveBeenCalledWith(failure);
  });
});
