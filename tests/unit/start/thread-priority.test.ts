import { pbkdf2 } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { lowerPoolPriority } from '../../../src/start/thread-priority.ts';

describe.runIf(process.platform === 'linux')('lowerPoolPriority (Linux has a priority for each thread)', () => {
  test('puts the threads of the pool behind the one that answers requests, and no others', async () => {
    await promisify(pbkdf2)('begins', 'the pool', 1, 32, 'sha256');
    const count = await lowerPoolPriority();
    expect(count).toBeGreaterThan(0);
    const threads = readdirSync('/proc/self/task').map((thread) => ({
      name: readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(),
      priority: getPriority(Number(thread)),
    }));
    const lowered = threads.filter(({ priority }) => priority === constants.priority.PRIORITY_BELOW_NORMAL);
    expect(lowered.map(({ name }) => name)).toEqual(Array.from({ length: count }, () => 'libuv-worker'));
    expect(getPriority()).toBe(0);
  });
});
