import { spawn } from 'node:child_process';
import { lstat, stat } from 'node:fs/promises';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';

/** The operating system user that the programs of PostgreSQL run as; null: the user of this process. */
export type Account = { readonly uid: number; readonly gid: number } | null;

/** PostgreSQL refuses to run as root, so root's children become the user that owns nothing; none has to be created. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;

const runsAsRoot = (): boolean => process.getuid?.() === 0;

/** The account for a cluster: its present owner when root starts it, so that a directory made without sudo works with it too. */
export const accountFor = async (cluster: string): Promise<Account> => {
  if (!runsAsRoot()) {
    return null;
  }
  try {
    const { uid, gid } = await stat(cluster);
    return uid === 0 ? NOBODY : { uid, gid };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return NOBODY;
    }
    throw error;
  }
};

/** A directory that only this process's user can have filled: not a link, its own, writable by nobody else. */
export const isTrusted = async (directory: string): Promise<boolean> => {
  const found = await lstat(directory);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
};

/**
 * What every child gets: nothing of our environment, which may hold secrets, a LANG that initdb would obey, or PG* settings;
 * and `/` as working directory, since ours may be closed to the account.
 */
export const childOptions = (account: Account) => ({
  cwd: '/',
  env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' },
  ...account,
});

export interface ProgramResult {
  /** Exit status; null when a signal ended the program. */
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program to its end; `output` is stdout and stderr together. Rejects with the system's error when it cannot be started. */
export const runProgram = (
  command: string,
  args: readonly string[],
  account: Account,
  { input = '', timeoutMs = 120_000 }: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<ProgramResult> =>
  new Promise((resolve, fail) => {
    const child = spawn(command, args, { ...childOptions(account), stdio: 'pipe', timeout: timeoutMs });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', fail);
    child.once('close', (status) => resolve({ status, output }));
    // A program that ends without reading breaks the pipe; its exit status tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

/**
 * Can the account search and execute all of these paths? Asked of the kernel rather than computed from mode bits, which know
 * nothing of access lists and mount options.
 */
export const canReach = async (account: Account, paths: readonly string[]): Promise<boolean> => {
  try {
    const script = 'for path do test -x "$path" || exit 1; done';
    const { status } = await runProgram('/bin/sh', ['-c', script, 'sh', ...paths], account);
    return status === 0;
  } catch (error) {
    if (account !== null && hasCode(error, 'EPERM', 'EINVAL')) {
      throw new EmbeddedPostgresError(
        `PostgreSQL may not run as root, and this container does not let root become user ${account.uid}: start as an ordinary user, or set DATABASE_URL.`,
        { cause: error },
      );
    }
    throw error;
  }
};
