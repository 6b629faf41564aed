import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { SUPERUSER } from './cluster.ts';
import { checkDatabaseName, databaseUrl } from './database-access.ts';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';
import { clusterArguments } from './leftovers.ts';
import { locateCluster } from './location.ts';
import { findProcess } from './process-table.ts';

/** An embedded server that another process runs. */
export interface RunningPostgres {
  /** A secret. */
  readonly url: string;
  /** The process that owns it; its end is the server's end. */
  readonly ownerPid: number;
}

const STEP_MS = 100;
const READY_WITHIN_MS = 20_000;

const readText = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
};

/** The living process that the owner file names; null when nobody runs the cluster. */
const livingOwner = async (home: string): Promise<number | null> => {
  const [, pid, start] =
    /^\{"pid":(\d+),"start":"([^"]+)",/.exec((await readText(join(home, 'postgres.owner'))) ?? '') ?? [];
  if (pid === undefined) return null;
  return (await findProcess(Number(pid)))?.start === start ? Number(pid) : null;
};

/**
 * The port in the server's lock file (line 4) once it says that it is ready (line 8) and its process (line 1) lives: on the
 * port of a file that was left behind, a stranger may listen who would ask for the password.
 */
const readyPort = async (cluster: string): Promise<number | null> => {
  const lines = ((await readText(join(cluster, 'postmaster.pid'))) ?? '').split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (lines[7]?.trim() !== 'ready' || !Number.isInteger(port) || port < 1) return null;
  const command = (await findProcess(pid))?.command ?? '';
  return command.includes(`${clusterArguments(cluster).join(' ')} ${port}`) ? port : null;
};

/** Whether the server has the database and accepts the password. */
const answers = async (port: number, password: string, database: string): Promise<boolean> => {
  const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database, ssl: false });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
};

/**
 * The server that another process runs on the data directory, so that commands work beside it; null when none does. Waits for
 * one that is just starting. Throws EmbeddedPostgresError when its owner lives but it cannot be reached.
 */
export const connectionOfRunning = async (
  directory: string,
  databaseName = 'gatehouse',
): Promise<RunningPostgres | null> => {
  const database = checkDatabaseName(databaseName);
  const real = await realpath(directory).catch(() => null);
  if (real === null) return null;
  const { home, cluster } = await locateCluster(real, () => undefined);
  for (let waited = 0; waited < READY_WITHIN_MS; waited += STEP_MS) {
    const ownerPid = await livingOwner(home);
    if (ownerPid === null) return null;
    const port = await readyPort(cluster);
    const password = (await readText(join(real, 'postgres.password')))?.trim() ?? '';
    if (port !== null && (await answers(port, password, database))) {
      return { url: databaseUrl({ port, password, database }), ownerPid };
    }
    await pause(STEP_MS);
  }
  throw new EmbeddedPostgresError(
    `Process ${(await livingOwner(home)) ?? 'unknown'} holds the embedded PostgreSQL in ${real}, but it cannot be reached: stop that process and try again.`,
  );
};
