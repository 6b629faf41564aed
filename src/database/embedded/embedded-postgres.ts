import { setTimeout as pause } from 'node:timers/promises';
import { type Clock } from '../../clock.ts';
import { type Binaries, prepareBinaries } from './binaries.ts';
import { checkOwner, ensureCluster } from './cluster.ts';
import { checkDatabaseName, databaseUrl, openDatabase } from './database-access.ts';
import { type EmbeddedLog } from './embedded-log.ts';
import { adviceFor, EmbeddedPostgresError, explainFileError } from './embedded-postgres-error.ts';
import { clearLeftovers } from './leftovers.ts';
import { type Location, locateCluster, prepareDirectory } from './location.ts';
import { type Ownership, takeOwnership } from './ownership.ts';
import { keepPassword } from './password.ts';
import { choosePort, isFree, rememberPort } from './port.ts';
import { LaunchError, launchServer, type ServerProcess } from './server-process.ts';

export { EmbeddedPostgresError } from './embedded-postgres-error.ts';

export interface EmbeddedPostgresOptions {
  /** The data directory (DATA_DIR): the cluster is `postgres` in it, its password `postgres.password`. Made when absent. */
  readonly directory: string;
  /** Default `gatehouse`; made when absent. Letters, digits, `_` and `-`. */
  readonly database?: string;
  /** Default true. False: a crash of the machine loses everything; for tests. */
  readonly durable?: boolean;
  /** Default: the port of the last run, or any free one when that is taken. */
  readonly port?: number;
  readonly log: EmbeddedLog;
  /** Called once when the server ends without `stop()`, with the reason in one line; the supervisor does not restart it. */
  readonly onUnexpectedExit?: (reason: string) => void;
  readonly clock: Clock;
  /** Called whenever a program of PostgreSQL was started that takes long enough to do something else meanwhile. */
  readonly onWaiting?: (() => void) | undefined;
}

export interface EmbeddedPostgres {
  /** `postgresql://user:password@127.0.0.1:port/database`; a secret. */
  readonly url: string;
  /** The server's version, like `18.4`. */
  readonly version: string;
  /** Fast shutdown: statements in flight are cancelled. Settles when the server has ended; harmless when repeated. */
  stop(): Promise<void>;
}

const PORT_ATTEMPTS = 5;
/** Processes of a killed server may hold its shared memory until they notice. */
const MEMORY_ATTEMPTS = 40;
const MEMORY_PAUSE_MS = 250;

interface Start {
  readonly options: EmbeddedPostgresOptions;
  readonly location: Location;
  readonly binaries: Binaries;
}

interface Running {
  readonly server: ServerProcess;
  readonly port: number;
}

const portFor = async ({ options, location }: Start): Promise<number> => {
  if (options.port === undefined) {
    return choosePort(location.home);
  }
  if (!(await isFree(options.port))) {
    throw new EmbeddedPostgresError(
      `Port ${options.port}, meant for the embedded PostgreSQL, is taken: stop what uses it, or set another port.`,
    );
  }
  return options.port;
};

const launch = async (start: Start): Promise<Running> => {
  const { options, location, binaries } = start;
  let ports = 0;
  for (let attempt = 1; ; attempt += 1) {
    const port = await portFor(start);
    const { cluster, account } = location;
    try {
      const plan = { cluster, port, durable: options.durable ?? true, postgres: binaries.postgres, account };
      const { log, onWaiting } = options;
      return { server: await launchServer({ ...plan, log, onWaiting }), port };
    } catch (error) {
      if (!(error instanceof LaunchError)) {
        throw error;
      }
      const reason = error.message;
      const portWasTaken = reason.includes('Address already in use') && ++ports < PORT_ATTEMPTS;
      const memoryIsHeld = reason.includes('pre-existing shared memory block') && attempt < MEMORY_ATTEMPTS;
      if (!portWasTaken && !memoryIsHeld) {
        const text = `The embedded PostgreSQL in ${cluster} did not start (${reason}). ${adviceFor(reason)}`;
        throw new EmbeddedPostgresError(text, { cause: error });
      }
      await pause(memoryIsHeld ? MEMORY_PAUSE_MS : 0);
    }
  }
};

/** Couples the server's end, wanted or not, with giving the ownership back. */
const supervise = (
  server: ServerProcess,
  ownership: Ownership,
  options: EmbeddedPostgresOptions,
): (() => Promise<void>) => {
  let stopping: Promise<void> | null = null;
  const finish = async (): Promise<void> => {
    await server.stop();
    await ownership.release();
  };
  const onEnd = async (): Promise<void> => {
    const reason = await server.ended;
    if (stopping !== null) {
      return;
    }
    stopping = ownership.release();
    options.log('error', 'the embedded PostgreSQL has ended unexpectedly', { reason });
    await stopping;
    options.onUnexpectedExit?.(`The embedded PostgreSQL has ended unexpectedly (${reason}). ${adviceFor(reason)}`);
  };
  void onEnd();
  return () => {
    stopping ??= finish();
    return stopping;
  };
};

interface Place {
  readonly database: string;
  readonly directory: string;
  readonly location: Location;
  readonly ownership: Ownership;
}

const startOwned = async (options: EmbeddedPostgresOptions, place: Place): Promise<EmbeddedPostgres> => {
  const { database, directory, location, ownership } = place;
  if (location.account === null) {
    // An ordinary user could not even read the files of somebody else's cluster.
    await checkOwner(location);
  }
  const binaries = await prepareBinaries(location.account, options.log);
  const password = await keepPassword(directory);
  await clearLeftovers(location, options.log);
  const { durable = true, log, onWaiting } = options;
  await ensureCluster({ location, binaries, password, durable, onWaiting }, log);
  const { server, port } = await launch({ options, location, binaries });
  const access = { port, password: password.text, database };
  try {
    const version = await openDatabase(access);
    await rememberPort(location.home, port);
    return { url: databaseUrl(access), version, stop: supervise(server, ownership, options) };
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const start = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const begun = options.clock.now().getTime();
  const database = checkDatabaseName(options.database ?? 'gatehouse');
  const directory = await prepareDirectory(options.directory);
  const location = await locateCluster(directory, options.log);
  const ownership = await takeOwnership(location.home, options.clock);
  try {
    const running = await startOwned(options, { database, directory, location, ownership });
    const milliseconds = options.clock.now().getTime() - begun;
    options.log('info', 'the embedded PostgreSQL is ready', { version: running.version, milliseconds, directory });
    return running;
  } catch (error) {
    await ownership.release();
    throw error;
  }
};

/**
 * Starts the PostgreSQL that comes with the package on the data directory, making the cluster and database when absent. The
 * server belongs to this process: it ends with it, even with kill -9, and a second start meanwhile is refused. Throws
 * EmbeddedPostgresError, whose message is one line to show to the person who started the program.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  try {
    return await start(options);
  } catch (error) {
    throw explainFileError(error, options.directory);
  }
};
