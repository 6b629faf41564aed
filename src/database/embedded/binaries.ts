import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Account, canReach, isTrusted } from './account.ts';
import { type EmbeddedLog } from './embedded-log.ts';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';

/** The programs of one PostgreSQL release, where the account can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** An npm package of a release: `native` in it holds the programs. */
export interface ProgramPackage {
  readonly root: string;
  readonly version: string;
}

const WAY_OUT = 'set DATABASE_URL to a PostgreSQL 15 to 18 server';
const COPIES = '/var/tmp';

const stringIn = (value: unknown, key: string): string => {
  const entry: unknown =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : null;
  return typeof entry === 'string' ? entry : '';
};

/** The package's `exports` hide its package.json, so the way leads up from its main file. */
const installedPackage = async (): Promise<ProgramPackage> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL runs on Linux and macOS: on Windows ${WAY_OUT}, or use WSL.`,
    );
  }
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    const message = `The package ${name} with the embedded PostgreSQL is not installed: run npm ci without --omit=optional, or ${WAY_OUT}.`;
    throw new EmbeddedPostgresError(message, { cause });
  }
  for (let root = dirname(main); root !== dirname(root); root = dirname(root)) {
    const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}');
    const manifest: unknown = JSON.parse(text);
    if (stringIn(manifest, 'name') === name) {
      return { root, version: stringIn(manifest, 'version') };
    }
  }
  throw new EmbeddedPostgresError(`The package ${name} is damaged: run npm ci again, or ${WAY_OUT}.`);
};

/**
 * Makes the links that the package's install script would have made; npm packages cannot hold any, and install scripts are
 * often off. `root` holds `native`. Needs no right when all are there.
 */
const makeLinks = async (root: string): Promise<void> => {
  const listed: unknown = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]'));
  for (const entry of Array.isArray(listed) ? listed : []) {
    const [source, target] = [stringIn(entry, 'source'), stringIn(entry, 'target')];
    const link = join(root, target);
    const found = await lstat(link).catch(() => null);
    if (found === null) {
      await symlink(relative(dirname(link), join(root, source)), link).catch((error: unknown) => {
        if (!hasCode(error, 'EEXIST')) {
          throw error;
        }
      });
    }
  }
};

/** Names and sizes of all files below a directory, to see whether a copy is whole: /var/tmp is swept by age on many systems. */
const inventory = async (directory: string): Promise<string> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const lines = await Promise.all(files.map(async (file) => `${relative(directory, file)} ${(await stat(file)).size}`));
  return lines.toSorted((one, other) => (one < other ? -1 : 1)).join('\n');
};

const isWhole = async (copy: string, wanted: string): Promise<boolean> => {
  try {
    return (await inventory(copy)) === wanted;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return false;
    }
    throw error;
  }
};

/** A strict umask at installation may have closed the files to everybody but their owner. */
const openForAll = async (directory: string): Promise<void> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(
    [directory, ...paths].map(async (path) => {
      const { mode } = await stat(path);
      await chmod(path, (mode & 0o100) === 0 ? 0o644 : 0o755);
    }),
  );
};

/** A copy of `native` for everybody, made under another name and renamed, so that a parallel start never sees half of it. */
const copyNative = async ({ root, version }: ProgramPackage): Promise<string> => {
  const owner = process.getuid?.() ?? 0;
  const copy = join(COPIES, `gatehouse-postgres-${version}-${process.platform}-${process.arch}-${owner}`);
  const wanted = await inventory(join(root, 'native'));
  const present = await lstat(copy).catch(() => null);
  // Anybody may create names in /var/tmp: a directory that somebody else controls is not a place to run programs from.
  if (present !== null && !(await isTrusted(copy))) {
    throw new EmbeddedPostgresError(
      `${copy} belongs to or is writable by another user: remove it and start again, or ${WAY_OUT}.`,
    );
  }
  if (present === null || !(await isWhole(join(copy, 'native'), wanted))) {
    const draft = await mkdtemp(`${copy}.draft-`);
    try {
      await cp(join(root, 'native'), join(draft, 'content/native'), { recursive: true, verbatimSymlinks: true });
      await openForAll(join(draft, 'content'));
      await makeLinks(join(draft, 'content'));
      if (present !== null) {
        await rename(copy, join(draft, 'old'));
      }
      await rename(join(draft, 'content'), copy);
    } catch (error) {
      // Another start was faster with the same files.
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) {
        throw error;
      }
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  await makeLinks(copy);
  return copy;
};

const programsOf = (root: string): Binaries => ({
  initdb: join(root, 'native/bin/initdb'),
  postgres: join(root, 'native/bin/postgres'),
});

const usableInPlace = async ({ root }: ProgramPackage, account: Account): Promise<boolean> => {
  try {
    await makeLinks(root);
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
      return false;
    }
    throw error;
  }
  const { initdb, postgres } = programsOf(root);
  return canReach(account, [initdb, postgres, join(root, 'native/lib'), join(root, 'native/share/postgresql')]);
};

/**
 * Finds the programs; where the account cannot reach them inside the project (a home directory of mode 0700), or links are
 * missing in a place that cannot be written, they are copied once per version. Tests bring packages of other releases.
 */
export const prepareBinaries = async (
  account: Account,
  log: EmbeddedLog,
  given: ProgramPackage | null = null,
): Promise<Binaries> => {
  const found = given ?? (await installedPackage());
  if (await usableInPlace(found, account)) {
    return programsOf(found.root);
  }
  const copy = await copyNative(found);
  log('info', 'the programs of the embedded PostgreSQL were copied to where its user can run them', {
    directory: copy,
  });
  return programsOf(copy);
};
