import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Account, accountFor, canReach, isTrusted } from './account.ts';
import { type EmbeddedLog } from './embedded-log.ts';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';

/** Where a cluster lives and who runs it. */
export interface Location {
  /** Holds the cluster, its owner file, port and drafts; writable by this process only. */
  readonly home: string;
  /** The data directory of PostgreSQL, owned by the account. */
  readonly cluster: string;
  readonly account: Account;
}

const RECORD = 'postgres.location';
/** Outside every home directory; the second for systems whose /var/lib is read-only. */
const REFUGES = ['/var/lib/gatehouse', '/var/tmp/gatehouse'] as const;

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return false;
    }
    throw error;
  }
};

/** Makes a directory that only this user can use; parents get the usual mode, `mkdir -p -m` would give them the strict one. */
const makeDirectory = async (directory: string): Promise<void> => {
  await mkdir(dirname(directory), { recursive: true });
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) {
      throw error;
    }
  }
};

/** The same, for everybody to pass through (after mkdir, whose mode the umask narrows). */
const makePassage = async (directory: string): Promise<void> => {
  await makeDirectory(directory);
  if (await isTrusted(directory)) {
    await chmod(directory, 0o711);
  }
};

/**
 * Lets the account pass through a data directory of our own that is closed to all others: by its group, so that nobody else
 * gains anything. A group that somebody gave rights to stays as it is.
 */
const letThrough = async (directory: string, account: NonNullable<Account>): Promise<void> => {
  const { uid, mode } = await lstat(directory);
  if (uid === process.getuid?.() && (mode & 0o077) === 0 && (await canReach(account, [dirname(directory)]))) {
    await chown(directory, uid, account.gid);
    await chmod(directory, 0o710);
  }
};

/** Makes the data directory if need be and gives its real path, so that two names of one directory have one owner. */
export const prepareDirectory = async (directory: string): Promise<string> => {
  await makeDirectory(resolve(directory));
  return realpath(directory);
};

const at = async (home: string): Promise<Location> => {
  const cluster = join(home, 'postgres');
  return { home, cluster, account: await accountFor(cluster) };
};

/** A place recorded earlier. Only our own refuges count: the record may lie in a directory that others can write. */
const recorded = async (directory: string): Promise<string | null> => {
  const file = join(directory, RECORD);
  if (!(await exists(file))) {
    return null;
  }
  const home = (await readFile(file, 'utf8')).trim();
  if (!REFUGES.includes(dirname(home) as (typeof REFUGES)[number]) || !/\/[0-9a-f]{24}$/.test(home)) {
    throw new EmbeddedPostgresError(
      `${file} does not name a place of the embedded PostgreSQL: restore that file, or set DATABASE_URL.`,
    );
  }
  return home;
};

const isUsableRefuge = async (refuge: string, home: string): Promise<boolean> => {
  try {
    await makePassage(refuge);
    if (!(await isTrusted(refuge))) {
      return false;
    }
    await makePassage(home);
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT')) {
      return false;
    }
    throw error;
  }
  return (await isTrusted(home)) && canReach((await at(home)).account, [home]);
};

/** A home for the cluster of a directory that the account cannot enter: the same one for the same directory. */
const takeRefuge = async (directory: string): Promise<string> => {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24);
  for (const refuge of REFUGES) {
    const home = join(refuge, name);
    if (await isUsableRefuge(refuge, home)) {
      await writeFile(join(directory, RECORD), `${home}\n`, { mode: 0o600 });
      return home;
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL may not run as root, and the user it runs as instead cannot enter ${directory} or ${REFUGES.join(' or ')}: set DATA_DIR to a directory that everybody may pass through, or set DATABASE_URL.`,
  );
};

/**
 * Decides where the cluster of a prepared data directory lives: in it, or, when root starts us in a place that is closed to
 * the account (below a home of mode 0700), in a refuge that a file in the directory names from then on.
 */
export const locateCluster = async (directory: string, log: EmbeddedLog): Promise<Location> => {
  const inPlace = await at(directory);
  if (inPlace.account === null) {
    return inPlace;
  }
  const known = await recorded(directory);
  if (known === null) {
    await letThrough(directory, inPlace.account);
  }
  if (known === null && (await canReach(inPlace.account, [directory]))) {
    return inPlace;
  }
  if (known === null && (await exists(inPlace.cluster))) {
    throw new EmbeddedPostgresError(
      `User ${inPlace.account.uid}, who owns ${inPlace.cluster}, can no longer enter ${directory}: allow that again (chmod o+x on it and its parents), or set DATABASE_URL.`,
    );
  }
  const location = await at(known ?? (await takeRefuge(directory)));
  log('info', 'the embedded PostgreSQL keeps its data elsewhere, since its user cannot enter the data directory', {
    dataDirectory: directory,
    cluster: location.cluster,
  });
  return location;
};
