import { open } from 'node:fs/promises';
import { UsageError } from './exit-codes.ts';

/** Writes parts to a new file that its owner alone can read, one after another, and all of it to the disk. Throws UsageError when it exists. */
export const writeNewFile = async (path: string, parts: AsyncIterable<string>): Promise<void> => {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be made (${error.code ?? error.message}).`);
  });
  try {
    for await (const part of parts) await file.appendFile(part, 'utf8');
    await file.datasync();
  } finally {
    await file.close();
  }
};
