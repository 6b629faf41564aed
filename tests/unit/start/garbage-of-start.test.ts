import { expect, test } from 'vitest';
import { dropGarbageOfStart } from '../../../src/start/garbage-of-start.ts';

test('what nothing holds any more is given back after the start, without a word', async () => {
  const given: string[] = [];
  const told: unknown[] = [];
  const left = new FinalizationRegistry<string>((name) => given.push(name));
  left.register({ text: 'of the start' }, 'trees');
  dropGarbageOfStart((...said) => told.push(said), 1);
  await expect.poll(() => given, { timeout: 5000 }).toEqual(['trees']);
  expect(told).toEqual([]);
});
