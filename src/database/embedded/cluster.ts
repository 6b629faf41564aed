import { chown, lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, runProgram } from './account.ts';
import { type Binaries } from './binaries.ts';
import { type EmbeddedLog } from './embedded-log.ts';
import { adviceFor, EmbeddedPostgresError, hasCode, tailOf } from './embedded-postgres-error.ts';
import { type Location } from './location.ts';
import { type Password } from './password.ts';

/** The superuser of every embedded cluster; the application connects as it. */
export const SUPERUSER = 'gatehouse';
const MAJOR = '18';
const DRAFT = 'postgres.draft-';

/**
 * Character classes for what does not follow the built-in locale (trigrams, text search). The second one exists everywhere
 * and knows ASCII only. Collation and lower() come from the built-in C.UTF-8 in either case.
 */
const characterTypes = (): readonly string[] => [process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8', 'C'];

const readText = async (file: string): Promise<string | null> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
};

const ownerOf = async (path: string): Promise<number | null> => {
  try {
    return (await lstat(path)).uid;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
};

/** Throws when the cluster belongs to another user than the one that has to run it, which PostgreSQL would refuse. */
export const checkOwner = async ({ cluster, account }: Location): Promise<void> => {
  const uid = await ownerOf(cluster);
  const wanted = account?.uid ?? process.getuid?.() ?? uid;
  if (uid !== null && uid !== wanted) {
    const group = account?.gid ?? process.getgid?.() ?? wanted;
    throw new EmbeddedPostgresError(
      `${cluster} belongs to user ${uid} instead of ${wanted}: run "chown -R ${wanted}:${group} ${cluster}" as root, or set another DATA_DIR.`,
    );
  }
};

/** Whether a usable cluster is there. Throws when there is one that must not be touched. */
const inspect = async (location: Location): Promise<'ready' | 'absent' | 'half-made'> => {
  const { cluster } = location;
  const entries = await readdir(cluster).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  });
  if (entries === null) {
    return 'absent';
  }
  const [major, control] = await Promise.all([
    readText(join(cluster, 'PG_VERSION')),
    lstat(join(cluster, 'global/pg_control')).catch(() => null),
  ]);
  if (control === null) {
    // Without its control file a cluster holds nothing that any server could read.
    return entries.length === 0 ? 'absent' : 'half-made';
  }
  if (major !== MAJOR) {
    const found = major === null ? 'no version' : `PostgreSQL ${major}`;
    throw new EmbeddedPostgresError(
      `${cluster} holds a cluster of ${found}, and this release runs PostgreSQL ${MAJOR}: dump it with its own release and restore it here, set another DATA_DIR, or set DATABASE_URL.`,
    );
  }
  await checkOwner(location);
  return 'ready';
};

/** Gives a path to the account, when there is another one. */
const handOver = async (path: string, account: Account): Promise<void> => {
  if (account === null) {
    return;
  }
  try {
    await chown(path, account.uid, account.gid);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `PostgreSQL may not run as root, and root may not give ${path} to user ${account.uid} here: start as an ordinary user, or set DATABASE_URL.`,
      { cause },
    );
  }
};

/** Makes the rename of the cluster survive a power failure as well; directories cannot be opened for that on every system. */
const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
};

interface Plan {
  readonly location: Location;
  readonly binaries: Binaries;
  readonly password: Password;
  readonly durable: boolean;
  readonly onWaiting?: (() => void) | undefined;
}

const initialise = async ({ location, binaries, durable, onWaiting }: Plan, draft: string): Promise<void> => {
  const args = [
    '-D',
    join(draft, 'cluster'),
    '-U',
    SUPERUSER,
    '-A',
    'scram-sha-256',
    `--pwfile=${join(draft, 'password')}`,
  ];
  const locale = ['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const pace = durable ? [] : ['--no-sync', '--no-data-checksums'];
  let failure = '';
  for (const type of characterTypes()) {
    const all = [...args, ...locale, `--lc-ctype=${type}`, '--no-instructions', ...pace];
    const made = runProgram(binaries.initdb, all, location.account);
    onWaiting?.();
    const { status, output } = await made;
    if (status === 0) {
      return;
    }
    failure = tailOf(output.split('\n'));
    if (!failure.includes('invalid locale')) {
      break;
    }
  }
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL could not create ${location.cluster} (${failure}). ${adviceFor(failure)}`,
  );
};

/** A draft that is renamed when it is whole: a start that is interrupted leaves nothing that looks like a cluster. */
const create = async (plan: Plan): Promise<void> => {
  const { location, password } = plan;
  const draft = await mkdtemp(join(location.home, DRAFT));
  try {
    await writeFile(join(draft, 'password'), password.text, { mode: 0o600 });
    await handOver(join(draft, 'password'), location.account);
    await mkdir(join(draft, 'cluster'), { mode: 0o700 });
    await handOver(join(draft, 'cluster'), location.account);
    await handOver(draft, location.account);
    await initialise(plan, draft);
    await rename(join(draft, 'cluster'), location.cluster);
    await (plan.durable ? syncDirectory(location.home) : undefined);
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** Drafts of starts that were killed. An initdb that outlived its start may still write into one: then a later start gets it. */
const sweepDrafts = async (home: string): Promise<void> => {
  const drafts = (await readdir(home)).filter((name) => name.startsWith(DRAFT));
  await Promise.allSettled(drafts.map((name) => rm(join(home, name), { recursive: true, force: true, maxRetries: 3 })));
};

/** The password file was lost: single-user mode, open to whoever owns the files, tells the cluster the new one. */
const resetPassword = async ({ location, binaries, password }: Plan): Promise<void> => {
  const args = ['--single', '-D', location.cluster, '-c', 'log_min_messages=error', 'postgres'];
  const input = `ALTER ROLE "${SUPERUSER}" PASSWORD '${password.text}';\n`;
  const { status, output } = await runProgram(binaries.postgres, args, location.account, { input });
  if (status !== 0 || /^.*(?:ERROR|FATAL|PANIC):/m.test(output)) {
    const failure = tailOf(output.split('\n')).replaceAll(password.text, '[secret]');
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL in ${location.cluster} could not take a new password (${failure}). ${adviceFor(failure)}`,
    );
  }
};

const setAside = async (cluster: string, log: EmbeddedLog): Promise<void> => {
  const aside = await mkdtemp(`${cluster}.unusable-`);
  await rename(cluster, join(aside, 'postgres'));
  log('warn', 'a half-made cluster of the embedded PostgreSQL was set aside', { cluster, movedTo: aside });
};

/**
 * Sees to it that a whole cluster of the right release is at its place and knows the password. The caller owns the home
 * directory, and no server runs on the cluster.
 */
export const ensureCluster = async (plan: Plan, log: EmbeddedLog): Promise<void> => {
  const { location, password } = plan;
  await sweepDrafts(location.home);
  const state = await inspect(location);
  if (state === 'half-made') {
    await setAside(location.cluster, log);
  }
  if (state !== 'ready') {
    await create(plan);
    log('info', 'the embedded PostgreSQL has a new cluster', { cluster: location.cluster });
  } else if (password.isNew) {
    await resetPassword(plan);
    log('warn', 'the password file of the embedded PostgreSQL was missing: the cluster has a new password', {
      cluster: location.cluster,
    });
  }
};
