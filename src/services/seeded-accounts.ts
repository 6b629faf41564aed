import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../crypto/secret.ts';
import { randomId } from '../ids.ts';

/** An account that a seed made; its password exists nowhere else in clear text, so it has to be shown. */
export interface SeededAccount {
  readonly email: string;
  readonly displayName: string;
  readonly password: Secret<string>;
  readonly groups: readonly string[];
}

/** What a seed made, and the file that holds the passwords as well; without one they are nowhere but in this answer. */
export interface SeededAccounts {
  readonly accounts: readonly SeededAccount[];
  readonly file: string | null;
}

/** Where the passwords of the development seed can be looked up, in the data directory. */
const ACCOUNTS_FILE = 'development-accounts.txt';

/** One line per account, in columns: address, password, name, groups. */
export const accountLines = (accounts: readonly SeededAccount[]): readonly string[] => {
  const width = Math.max(0, ...accounts.map(({ email }) => email.length));
  return accounts.map(
    ({ email, password, displayName, groups }) =>
      `${email.padEnd(width)}  ${password.reveal()}  ${displayName} (${groups.join(', ')})`,
  );
};

/**
 * Writes the file, mode 0600, whole or not at all; replaces an older one. Gives its path, or null where nothing can be written, as
 * in a container whose file system is read-only: the accounts are of use without it.
 */
export const writeAccountsFile = async (
  directory: string,
  accounts: readonly SeededAccount[],
  now: Date,
): Promise<string | null> => {
  const file = join(directory, ACCOUNTS_FILE);
  const head = `Accounts of the development seed, made ${now.toISOString()}. Their passwords are written down here only.\n\n`;
  const draft = `${file}.${randomId()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(draft, `${head}${accountLines(accounts).join('\n')}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
    return file;
  } catch {
    // Half a draft on a full disk would be a file of passwords that nobody knows of.
    await rm(draft, { force: true }).catch(() => undefined);
    return null;
  }
};

/** For a seed that was not committed after all. */
export const forgetAccountsFile = (file: string): Promise<void> => rm(file, { force: true });
