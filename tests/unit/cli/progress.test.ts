import { expect, test } from 'vitest';
import { Progress } from '../../../src/cli/progress.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

const screen = (showsProgress: boolean) => {
  const shown: (string | null)[] = [];
  const notes: string[] = [];
  const terminal: Terminal = {
    out: () => undefined,
    write: () => Promise.resolve(true),
    note: (line) => notes.push(line),
    progress: (line) => shown.push(line),
    showsProgress,
    isInteractive: false,
    ask: () => Promise.resolve(''),
    askHidden: () => Promise.resolve(''),
    readInput: () => Promise.resolve(''),
  };
  return { terminal, shown, notes };
};

test('shows a bar, the rate and the time that is left, not more than five times a second, and takes it away', () => {
  let now = 0;
  const { terminal, shown } = screen(true);
  const progress = new Progress(terminal, 'lines', () => now);
  progress.at(0, 0);
  now = 100;
  progress.at(0.1, 1000);
  now = 2000;
  progress.at(0.25, 5000);
  expect(progress.end()).toBe(2);
  expect(shown).toEqual([
    '[------------------------] 0 %, 0 lines, 0/s',
    '[######------------------] 25 %, 5,000 lines, 2,500/s, 6 s left',
    null,
  ]);
});

test('counts what an earlier run did as no speed, and tells a log every half minute', () => {
  let now = 0;
  const { terminal, notes } = screen(false);
  const progress = new Progress(terminal, 'lines', () => now);
  progress.at(0.5, 500_000);
  now = 29_999;
  progress.at(0.52, 520_000);
  now = 40_000;
  progress.at(0.6, 600_000);
  expect(notes).toEqual(['[##############----------] 60 %, 600,000 lines, 2,500/s, 3 min left']);
});
