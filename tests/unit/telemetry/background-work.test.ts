import { describe, expect, test, vi } from 'vitest';
import type { Log } from '../../../src/log.ts';
import { BackgroundWork } from '../../../src/telemetry/background-work.ts';
import { TestClock } from '../../support/test-clock.ts';

describe('background work', () => {
  const set = () => {
    const clock = new TestClock();
    const log = vi.fn<Log>();
    const rounds = new BackgroundWork({ clock, log }).rounds('messages', 'it failed');
    return { clock, log, rounds };
  };

  test('that fails every second is told of once a minute, and is an error once it has gone on', () => {
    const { clock, log, rounds } = set();
    for (let second = 0; second < 660; second += 1) {
      rounds.failed(new Error('away'));
      clock.advance(1);
    }
    const told = log.mock.calls.map(([level, , details]) => [level, details?.['failures']]);
    expect(told.slice(0, 2)).toEqual([
      ['warn', 1],
      ['warn', 61],
    ]);
    expect(told.slice(8)).toEqual([
      ['warn', 481],
      ['error', 541],
      ['error', 601],
    ]);
  });

  test('that worked meanwhile begins anew', async () => {
    const { clock, log, rounds } = set();
    expect(await rounds.follow(Promise.reject(new Error('away')))).toBeNull();
    expect(await rounds.follow(Promise.resolve('done'))).toBe('done');
    clock.advance(3600);
    await rounds.follow(Promise.reject(new Error('away')));
    expect(log.mock.calls.map(([level, , details]) => [level, details?.['failures']])).toEqual([
      ['warn', 1],
      ['warn', 1],
    ]);
  });
});
