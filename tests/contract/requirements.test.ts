import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** How many rows each section has. */
const ROWS = { 0: 37, 1: 28, 2: 11, 3: 14, 4: 61, 5: 26 } as const;
const REQUIREMENTS = Object.entries(ROWS).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
);
const THREATS = Array.from({ length: 34 }, (_, index) => String(index + 1));
/** Threats that this state of the project has to have closed. */
const CLOSED = ['10', '11', '13', '18', '20', '22', '26'];

interface Line {
  readonly id: string;
  readonly how: string;
  readonly tests: readonly string[];
}

/** The lines of the tables of a page: first column, last but one, last. */
const linesOf = (file: string): readonly Line[] =>
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => {
      const cells = line.split('|').slice(1, -1);
      const tests = (cells.at(-1) ?? '').trim();
      return {
        id: (cells[0] ?? '').trim(),
        how: (cells.at(-2) ?? '').trim(),
        tests: tests === '-' ? [] : tests.split(', '),
      };
    });

describe.each([
  ['docs/requirements.md', REQUIREMENTS],
  ['docs/threats.md', THREATS],
])('%s', (file, ids) => {
  const lines = linesOf(file);

  test('has each row once, in order', () => {
    expect(lines.map(({ id }) => id)).toEqual(ids);
  });

  test('names tests that exist', () => {
    const named = [...new Set(lines.flatMap(({ tests }) => tests))];
    expect(named.length).toBeGreaterThan(5);
    expect(
      named.filter(
        (name) => !/^(packages\/client\/)?tests\/[\w./-]+\.test\.ts$/.test(name) || !existsSync(join(root, name)),
      ),
    ).toEqual([]);
  });

  test('has a test for each row that is not planned as a whole, and says what a planned one waits for', () => {
    const silent = lines.filter(({ how, tests }) => how === '' || (tests.length === 0 && !how.includes('planned')));
    expect(silent).toEqual([]);
    expect(lines.filter(({ how, tests }) => /^planned: .{5}/.test(how) && tests.length > 0)).toEqual([]);
  });
});

describe('threats', () => {
  test.each(CLOSED)('row %s is closed by a test', (id) => {
    const line = linesOf('docs/threats.md').find((one) => one.id === id);
    expect(line?.how).not.toMatch(/planned/);
    expect(line?.tests.length).toBeGreaterThan(0);
  });
});
