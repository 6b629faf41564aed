import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeNewFile } from '../../../src/cli/output-file.ts';

const newPath = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-output-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'accounts.ndjson');
};

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s in the middle leaves no half of a file', async (signal) => {
  const path = newPath();
  const killed = vi.spyOn(process, 'kill').mockReturnValue(true);
  onTestFinished(() => killed.mockRestore());
  const before = process.listenerCount(signal);
  await writeNewFile(
    path,
    (async function* () {
      yield 'one\n';
      yield 'two\n';
      expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
      process.emit(signal, signal);
    })(),
  );
  // The signal then does what it always does; here it was caught, so the writer went on.
  expect(killed.mock.calls).toEqual([[process.pid, signal]]);
  expect(existsSync(path)).toBe(false);
  expect(process.listenerCount(signal)).toBe(before);
});

test('what fails leaves none, and what is whole stays', async () => {
  const path = newPath();
  const failing = (async function* () {
    yield 'one\n';
    throw new Error('away');
  })();
  await expect(writeNewFile(path, failing)).rejects.toThrow('away');
  expect(existsSync(path)).toBe(false);
  await writeNewFile(
    path,
    (async function* () {
      yield 'one\n';
    })(),
  );
  expect(readFileSync(path, 'utf8')).toBe('one\n');
});
