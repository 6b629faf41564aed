import { mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** In place of a file: standard output. */
const STANDARD_OUTPUT = '-';

const cannotBeMade = (path: string, { code, message }: NodeJS.ErrnoException): UsageError =>
  new UsageError(`${path} cannot be made (${code ?? message}).`);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs work that a signal may end, with its usual effect, but not before `leave` was done. */
const orLeaving = async (leave: () => void, work: () => Promise<void>): Promise<void> => {
  const end = (signal: NodeJS.Signals): void => {
    ignore();
    leave();
    process.kill(process.pid, signal);
  };
  const ignore = (): void => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    await work();
  } finally {
    ignore();
  }
};

/**
 * Writes parts to a new file that its owner alone can read, one after another, and all of it to the disk. Throws UsageError when it exists.
 * What fails or is stopped on its way leaves no file: half of one would be taken for all of it, and stand in the way of the next try.
 */
export const writeNewFile = async (path: string, parts: AsyncIterable<string>): Promise<void> => {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw cannotBeMade(path, error);
  });
  try {
    await orLeaving(
      () => rmSync(path, { force: true }),
      async () => {
        for await (const part of parts) await file.appendFile(part, 'utf8');
        await file.datasync();
      },
    );
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
};

/**
 * Writes parts to a new file, or with `-` to standard output, each once the one before was taken. Then says what was written, where it is
 * in nobody's way. Throws UsageError when the file exists, IncompleteError when the reader goes away before the end.
 */
export const writeResult = async (
  terminal: Terminal,
  path: string,
  { parts, summary }: { readonly parts: AsyncIterable<string>; readonly summary: (place: string) => string },
): Promise<void> => {
  if (path !== STANDARD_OUTPUT) {
    await writeNewFile(path, parts);
    terminal.out(summary(path));
    return;
  }
  for await (const part of parts) {
    if (!(await terminal.write(part))) throw new IncompleteError('The reader went away before everything was written.');
  }
  terminal.note(summary('standard output'));
};

/** Makes a directory with those above it, unless it is there. Throws UsageError when it cannot. */
export const makeDirectory = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw cannotBeMade(path, error as NodeJS.ErrnoException);
  }
};
