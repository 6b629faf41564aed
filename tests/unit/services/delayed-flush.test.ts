import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Log } from '../../../src/log.ts';
import { DelayedFlush } from '../../../src/services/delayed-flush.ts';
import { BackgroundWork } from '../../../src/telemetry/background-work.ts';

describe('DelayedFlush', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const flushing = (flush: () => Promise<void> = async () => undefined) => {
    const log = vi.fn<Log>();
    const rounds = new BackgroundWork({ clock: systemClock, log }).rounds('usage', 'not written');
    const written = vi.fn<() => Promise<void>>(flush);
    return { written, log, delayed: new DelayedFlush({ delayMs: 1000, flush: written, rounds }) };
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
    const { delayed, log } = flushing(() => Promise.reject(failure));
    delayed.due();
    await vi.advanceTimersByTimeAsync(1000);
    expect(log).toHaveBeenCalledWith('warn', 'not written', { failures: 1, err: failure });
  });
});
