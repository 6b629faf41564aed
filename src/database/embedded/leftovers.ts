import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedLog } from './embedded-log.ts';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';
import { type Location } from './location.ts';
import { findProcess } from './process-table.ts';

const STEP_MS = 20;
const FAST_MS = 15_000;
const IMMEDIATE_MS = 10_000;

/** How our servers are started; the port behind it keeps `/data/postgres` and `/data/postgres-2` apart. */
export const clusterArguments = (cluster: string): readonly string[] => ['-D', cluster, '-p'];

const isServerOf = (command: string, cluster: string): boolean =>
  command.includes(`/postgres ${clusterArguments(cluster).join(' ')} `);

const readLock = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
};

const isGone = async (pid: number, start: string, withinMs: number): Promise<boolean> => {
  for (let waited = 0; waited < withinMs; waited += STEP_MS) {
    if ((await findProcess(pid))?.start !== start) {
      return true;
    }
    await pause(STEP_MS);
  }
  return false;
};

const signal = (pid: number, name: 'SIGINT' | 'SIGQUIT'): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) {
      throw error;
    }
  }
};

const stopOrphan = async (pid: number, start: string, cluster: string): Promise<void> => {
  signal(pid, 'SIGINT');
  if (await isGone(pid, start, FAST_MS)) {
    return;
  }
  signal(pid, 'SIGQUIT');
  if (!(await isGone(pid, start, IMMEDIATE_MS))) {
    throw new EmbeddedPostgresError(
      `A PostgreSQL server without an owner, process ${pid}, runs on ${cluster} and does not stop: end it with "kill -QUIT ${pid}" and start again.`,
    );
  }
};

/**
 * PostgreSQL does not start while the process id in its lock file exists, be it a stranger's by now or a dead server's that
 * nobody collects (process 1 of many containers does not). Removing the file would also remove the check for server processes
 * that outlived their postmaster (it names the shared memory), so only the id is replaced, by ours: PostgreSQL takes its
 * parent's id in the file for a leftover. Written beside and renamed, since the directory belongs to the account, which could
 * have put a link there.
 */
const disarmLock = async (lock: string, content: string, { home, account }: Location): Promise<void> => {
  const draft = join(home, 'postgres.lock-draft');
  await rm(draft, { force: true });
  await writeFile(draft, content.replace(/^\s*-?\d*/, String(process.pid)), { mode: 0o600, flag: 'wx' });
  if (account !== null) {
    await chown(draft, account.uid, account.gid);
  }
  await rename(draft, lock);
};

const stopServerOf = async (cluster: string, lock: string, log: EmbeddedLog): Promise<void> => {
  const pid = Number.parseInt(lock, 10);
  const found = pid > 0 ? await findProcess(pid) : null;
  if (found !== null && isServerOf(found.command, cluster)) {
    log('warn', 'a server without an owner runs on the cluster of the embedded PostgreSQL: stopping it', { pid });
    await stopOrphan(pid, found.start, cluster);
  }
};

/**
 * Deals with what an earlier run left on the cluster: a server whose owner was killed is stopped, a lock file that no server
 * holds any more is disarmed. The caller owns the home directory, so a server found here has no living owner.
 */
export const clearLeftovers = async (location: Location, log: EmbeddedLog): Promise<void> => {
  const file = join(location.cluster, 'postmaster.pid');
  const lock = await readLock(file);
  if (lock === null) {
    return;
  }
  await stopServerOf(location.cluster, lock, log);
  const left = await readLock(file);
  if (left !== null) {
    await disarmLock(file, left, location);
  }
};
