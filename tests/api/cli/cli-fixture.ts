import 'reflect-metadata';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/postgresql';
import { Client, type QueryResultRow } from 'pg';
import { learnSchema } from '../../../src/app.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import type { Host } from '../../../src/cli/host.ts';
import { createServices } from '../../../src/composition/services.ts';
import { systemClock } from '../../../src/clock.ts';
import { type Config, loadConfig } from '../../../src/config/config.ts';
import { Database } from '../../../src/database/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/database/embedded/embedded-postgres.ts';
import { loadMasterKeys } from '../../../src/database/master-key-file.ts';
import { type MigratorOptions, SchemaMigrator } from '../../../src/database/migrator.ts';
import { ormOptions } from '../../../src/orm.ts';

const projectMigrations = join(import.meta.dirname, '../../../migrations');

/** What a command printed and how it ended. */
export interface Ran {
  readonly exitCode: number;
  readonly out: readonly string[];
  readonly notes: readonly string[];
}

/** How the terminal behaves: whether somebody sits at it, what is typed, what is piped in. */
interface Typing {
  readonly isInteractive?: boolean;
  readonly answers?: readonly string[];
  readonly input?: string;
}

export interface Cluster {
  readonly directory: string;
  /** The address of an empty database of its own. */
  newDatabase(): Promise<string>;
  query<Row extends QueryResultRow>(url: string, text: string): Promise<Row[]>;
  /** Runs a command as the process would, with this environment. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>, typing?: Typing): Promise<Ran>;
  stop(): Promise<void>;
}

/** The services of one database, as the composition root builds them. */
const servicesOf = async (config: Config, database: Database) => {
  const masterKeys = await loadMasterKeys(config);
  const foundation = { config, database, masterKeys, clock: systemClock, log: () => undefined };
  const services = createServices(foundation);
  return { ...services, learnSchema: () => learnSchema(foundation, services) };
};

/** A host like the process, with everything it prints and reads in memory. */
const hostFor = (cwd: string, env: Readonly<Record<string, string>>, typing: Typing) => {
  const out: string[] = [];
  const notes: string[] = [];
  const answers = [...(typing.answers ?? [])];
  const answer = (question: string): Promise<string> => {
    notes.push(question);
    return Promise.resolve(answers.shift() ?? '');
  };
  const host: Host = {
    terminal: {
      out: (line) => out.push(line),
      write: async (text) => out.push(text) > 0,
      note: (line) => notes.push(line),
      progress: () => undefined,
      showsProgress: false,
      isInteractive: typing.isInteractive ?? false,
      ask: answer,
      askHidden: answer,
      readInput: () => Promise.resolve(typing.input ?? ''),
    },
    clock: systemClock,
    readConfig: (flags) => loadConfig({ ...flags, env, cwd }),
    openDatabase: async (config, log) => {
      const embedded =
        config.database.url === null
          ? await startEmbeddedPostgres({
              directory: config.database.dataDirectory,
              durable: false,
              log,
              clock: systemClock,
            })
          : null;
      const url = embedded?.url ?? config.database.url?.reveal() ?? '';
      const database = await Database.connect({ url, poolSize: 3 });
      return {
        database,
        close: async () => {
          await database.close();
          await embedded?.stop();
        },
      };
    },
    openServices: servicesOf,
  };
  return { host, out, notes };
};

const query = async <Row extends QueryResultRow>(url: string, text: string): Promise<Row[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
};

/** Runs a command as a process in this directory would, with this environment. */
export const runCommand = async (
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  typing: Typing = {},
): Promise<Ran> => {
  const { host, out, notes } = hostFor(directory, { DATA_DIR: join(directory, 'files'), ...env }, typing);
  return { exitCode: await runCommandLine(args, host), out, notes };
};

/** A running embedded server in a directory of its own, for one test file. */
export const startCluster = async (): Promise<Cluster> => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-cli-'));
  // Started by root, the server runs as another user, who has to pass through here to the data directories below.
  await chmod(directory, 0o711);
  const server: EmbeddedPostgres = await startEmbeddedPostgres({
    directory: join(directory, 'data'),
    durable: false,
    log: () => undefined,
    clock: systemClock,
  });
  let count = 0;
  return {
    directory,
    query,
    newDatabase: async () => {
      count += 1;
      const url = new URL(server.url);
      url.pathname = `/cli_${count}`;
      await query(server.url, `create database cli_${count}`);
      return url.href;
    },
    run: (args, env, typing) => runCommand(directory, args, env, typing),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** The migrator on a database, over the project's migrations or others. */
export const migratorOf = async (
  url: string,
  migrations: string = projectMigrations,
  options: MigratorOptions = {},
): Promise<{ migrator: SchemaMigrator; close: () => Promise<void> }> => {
  const settings = ormOptions({ url, poolSize: 2 });
  const orm = await MikroORM.init({
    ...settings,
    migrations: { ...settings.migrations, path: migrations, pathTs: migrations },
  });
  return { migrator: new SchemaMigrator({ orm }, { tableWaitMs: 500, ...options }), close: () => orm.close(true) };
};

/** A copy of the project's migrations inside the project, where their imports resolve, to add others to. */
export const copyOfMigrations = async (): Promise<{ directory: string; remove: () => Promise<void> }> => {
  const directory = await mkdtemp(join(import.meta.dirname, '.migrations-'));
  await cp(projectMigrations, directory, { recursive: true });
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
};
