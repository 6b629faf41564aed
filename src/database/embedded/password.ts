import { randomBytes } from 'node:crypto';
import { chmod, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './embedded-postgres-error.ts';

export interface Password {
  readonly text: string;
  /** It was made just now: a cluster that exists already does not know it. */
  readonly isNew: boolean;
}

const FORM = /^[0-9a-f]{64}$/;

const read = async (file: string): Promise<string> => {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    await chmod(file, 0o600);
    return text;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return '';
    }
    throw error;
  }
};

/** The superuser's password of a data directory: 256 random bits in hex, in a file of mode 0600; made when absent or damaged. */
export const keepPassword = async (directory: string): Promise<Password> => {
  const file = join(directory, 'postgres.password');
  const present = await read(file);
  if (FORM.test(present)) {
    return { text: present, isNew: false };
  }
  const text = randomBytes(32).toString('hex');
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { text, isNew: true };
};
