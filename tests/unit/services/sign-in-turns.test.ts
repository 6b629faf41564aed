import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SignInTurns } from '../../../src/services/sign-in-turns.ts';

/** Work that ends when it is told to, and says how much of it runs at once. */
const makeWork = () => {
  const open: (() => void)[] = [];
  let most = 0;
  const work = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => open.push(resolve));
    most = Math.max(most, open.length);
    await ended;
  };
  const endAll = async (tries: readonly Promise<void>[]): Promise<void> => {
    const all = Promise.all(tries).then(() => true);
    do {
      await tick();
      open.shift()?.();
    } while (!(await Promise.race([all, tick(false)])));
  };
  return { work, endAll, most: () => most };
};

test.each([
  [5, 2],
  [2, 1],
  [1, 1],
])('with %i failures that lock, %i tries of one identifier are looked at at once', async (failures, atOnce) => {
  const turns = new SignInTurns(failures);
  const { work, endAll, most } = makeWork();
  const tries = Array.from({ length: 10 }, () => turns.take('somebody', work));
  await endAll(tries);
  expect(most()).toBe(atOnce);
});

test('other identifiers do not wait, and a flood of one is turned away at the door', async () => {
  const turns = new SignInTurns(5);
  const flood = makeWork();
  const tries = Array.from({ length: 102 }, () => turns.take('flooded', flood.work));
  await expect(turns.take('flooded', flood.work)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(await turns.take('other', async () => 'answered')).toBe('answered');
  await flood.endAll(tries);
  expect(await turns.take('flooded', async () => 'answered')).toBe('answered');
});

test('a try that fails gives its turn to the next', async () => {
  const turns = new SignInTurns(2);
  const failing = turns.take('somebody', async () => {
    throw new Error('broken');
  });
  const next = turns.take('somebody', async () => 'answered');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('answered');
});
