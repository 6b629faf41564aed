import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { UsageError } from './exit-codes.ts';

const cannotBeMade = (path: string, { code, message }: NodeJS.ErrnoException): UsageError =>
  new UsageError(`${path} cannot be made (${code ?? message}).`);

/**
 * Writes parts to a new file that its owner alone can read, one after another, and all of it to the disk. Throws UsageError when it exists.
 * What fails on its way leaves no file: half of one would be taken for all of it, and stand in the way of the next try.
 */
export const writeNewFile = async (path: string, parts: AsyncIterable<string>): Promise<void> => {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw cannotBeMade(path, error);
  });
  try {
    for await (const part of parts) await file.appendFile(part, 'utf8');
    await file.datasync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
};

/** Makes a directory with those above it, unless it is there. Throws UsageError when it cannot. */
export const makeDirectory = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw cannotBeMade(path, error as NodeJS.ErrnoException);
  }
};
