import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, accountFor, childOptions, runProgram } from '../../src/database/embedded/account.ts';
import { type Binaries, prepareBinaries } from '../../src/database/embedded/binaries.ts';
import { Database } from '../../src/database/database.ts';
import { localeOptions, releaseForTests } from './postgres-release.ts';

const run = promisify(execFile);

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // Room for a suite of parallel test files.
  max_connections: '200',
  shared_buffers: '24MB',
  wal_level: 'replica',
  max_wal_senders: '4',
  wal_keep_size: '64MB',
  // What a replica replays ends the statements that are in its way soon.
  max_standby_streaming_delay: '100ms',
  // Nothing of it outlives the test; commits are written before they are acknowledged all the same.
  fsync: 'off',
  jit: 'off',
  timezone: 'UTC',
} as const;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
};

interface Place {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly home: string;
  readonly settings: readonly string[];
}

/**
 * A real PostgreSQL of the programs that come with the project, or of the release that TEST_POSTGRES brings, which can be killed,
 * frozen, promoted, and followed by a replica.
 */
export class PostgresServer {
  readonly port: number;
  readonly #place: Place;
  readonly #cluster: string;
  #process: ChildProcess | null = null;

  private constructor(place: Place, cluster: string, port: number) {
    this.#place = place;
    this.#cluster = cluster;
    this.port = port;
  }

  /** An empty primary, below a directory. */
  static async primary(directory = tmpdir()): Promise<PostgresServer> {
    const release = await releaseForTests();
    const home = await mkdtemp(join(directory, 'gatehouse-postgres-'));
    const account = await accountFor(home);
    if (account !== null) await chown(home, account.uid, account.gid);
    await chmod(home, 0o755);
    const binaries = await prepareBinaries(account, () => undefined, release?.programs);
    const cluster = join(home, 'primary');
    const options = ['-D', cluster, '-U', 'gatehouse', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--wal-segsize=1'];
    const { status, output } = await runProgram(binaries.initdb, [...options, ...localeOptions(release)], account);
    if (status !== 0) throw new Error(`initdb: ${output}`);
    // Releases before 18 do not know how to read otherwise.
    const settings = release !== null && release.major < 18 ? [] : ['-c', 'io_method=sync'];
    const server = new PostgresServer({ binaries, account, home, settings }, cluster, await freePort());
    await server.start();
    return server;
  }

  /** A standby that streams from this one: its files are copied while it runs, as a base backup is made. */
  async replica(): Promise<PostgresServer> {
    const { home, account } = this.#place;
    const cluster = join(home, `replica-${await freePort()}`);
    const admin = await Database.connect({ url: this.url('postgres'), poolSize: 1 });
    try {
      await admin.onConnection(async (connection) => {
        await connection.query(`select pg_backup_start('replica', fast => true)`, [], 30_000);
        const copied = await runProgram('/bin/cp', ['-a', this.#cluster, cluster], account);
        if (copied.status !== 0) throw new Error(`cp: ${copied.output}`);
        const [label] = await connection.query<{ labelfile: string }>(
          'select labelfile from pg_backup_stop(wait_for_archive => false)',
          [],
          30_000,
        );
        await this.#write(join(cluster, 'backup_label'), label?.labelfile ?? '');
      });
    } finally {
      await admin.close();
    }
    await rm(join(cluster, 'postmaster.pid'));
    await this.#write(join(cluster, 'standby.signal'), '');
    const source = `host=127.0.0.1 port=${this.port} user=gatehouse application_name=replica`;
    await appendFile(join(cluster, 'postgresql.conf'), `\nprimary_conninfo = '${source}'\n`);
    const server = new PostgresServer(this.#place, cluster, await freePort());
    await server.start();
    return server;
  }

  /** Where its socket lies. */
  get directory(): string {
    return this.#place.home;
  }

  /** It asks for no password; a pooler in between does. */
  url(database: string): string {
    return `postgresql://gatehouse:unasked@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts it and waits until it takes connections. */
  async start(): Promise<void> {
    const { binaries, account } = this.#place;
    const common = Object.entries({ ...SETTINGS, port: String(this.port), unix_socket_directories: this.directory });
    const child = spawn(
      binaries.postgres,
      ['-D', this.#cluster, ...common.flatMap(([name, value]) => ['-c', `${name}=${value}`]), ...this.#place.settings],
      { ...childOptions(account), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (/ready to accept (read-only )?connections/.test(said)) resolve();
      });
      child.once('exit', () => reject(new Error(said)));
    });
  }

  /** Ends it in order, and removes its files. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child !== null) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGINT');
      await ended;
    }
    await this.close({ files: true });
  }

  /** Ends it at once, as a power failure would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    for (const pid of await this.#family(child)) signal(pid, 'SIGKILL');
    await ended;
  }

  /** Stops every process of it where it stands: connections stay open and nobody answers. */
  async freeze(): Promise<void> {
    if (this.#process !== null) for (const pid of await this.#family(this.#process)) signal(pid, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    if (this.#process !== null) for (const pid of await this.#family(this.#process)) signal(pid, 'SIGCONT');
  }

  /** Kills it and, unless others still stand there, removes its files. */
  async close({ files }: { readonly files: boolean }): Promise<void> {
    await this.thaw();
    await this.kill();
    if (files) await rm(this.#place.home, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The server removes these itself. */
  async #write(file: string, text: string): Promise<void> {
    const { account } = this.#place;
    await writeFile(file, text);
    if (account !== null) await chown(file, account.uid, account.gid);
  }

  /** The server and its children, each of which is a group of its own. */
  async #family({ pid }: ChildProcess): Promise<readonly number[]> {
    const { stdout } = await run('ps', ['-axo', 'pid=,ppid=']);
    const children = stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === pid)
      .flatMap(([child]) => child ?? []);
    return [...(pid === undefined ? [] : [pid]), ...children];
  }
}

/** A child may have ended since it was listed. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};
