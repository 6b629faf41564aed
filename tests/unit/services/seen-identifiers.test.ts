import { expect, test } from 'vitest';
import { SeenIdentifiers } from '../../../src/services/seen-identifiers.ts';

test('remembers in which line each of a hundred thousand texts stood', () => {
  const seen = new SeenIdentifiers();
  let found = 0;
  for (let line = 1; line <= 100_000; line += 1) {
    if (seen.lineOf(`person ${line}`) !== null) found += 1;
    seen.add(`person ${line}`, line);
  }
  expect(found).toBe(0);
  for (let line = 1; line <= 100_000; line += 997) expect(seen.lineOf(`person ${line}`)).toBe(line);
  expect(seen.lineOf('person 0')).toBeNull();
});
