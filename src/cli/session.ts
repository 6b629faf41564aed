import { inspect } from 'node:util';
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { Database } from '../database/database.ts';
import { connectionOfRunning } from '../database/embedded/running.ts';
import { migratorOptions } from '../composition/migrator-options.ts';
import { SchemaMigrator } from '../database/migrator.ts';
import type { Log } from '../log.ts';
import { RefusedError } from './exit-codes.ts';
import type { CommandServices, Host, OpenDatabase } from './host.ts';

export interface GlobalOptions {
  readonly env?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly verbose?: boolean;
}

/** A command at work: settings read, database open. */
export interface Session {
  readonly host: Host;
  readonly config: Config;
  readonly database: Database;
  readonly migrator: SchemaMigrator;
  readonly openServices: () => Promise<CommandServices>;
}

/** The settings as the global options change them. */
export const configOf = (host: Host, command: Command, { evenIfRefused = false } = {}): Config => {
  const { env, config, set } = command.optsWithGlobals<GlobalOptions>();
  return host.readConfig({
    argv: { ...(env === undefined ? {} : { environment: env }), ...(config === undefined ? {} : { config }) },
    assignments: set ?? [],
    evenIfRefused,
  });
};

/** What the parts of the server would log, in plain text: troubles always, progress when asked for. */
const logTo = (host: Host, command: Command): Log => {
  const isVerbose = command.optsWithGlobals<GlobalOptions>().verbose === true;
  return (level, message, details = {}) => {
    if (level === 'info' && !isVerbose) return;
    const facts = Object.entries(details).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : inspect(value, { breakLength: Infinity })}`,
    );
    host.terminal.note([message, ...facts].join(' '));
  };
};

/** A server that runs on the data directory shares its database; only without one the command starts its own. */
const open = async (host: Host, config: Config, log: Log): Promise<OpenDatabase> => {
  const running = config.database.url === null ? await connectionOfRunning(config.database.dataDirectory) : null;
  if (running === null) return host.openDatabase(config, log);
  log('info', 'using the embedded PostgreSQL of the running server', { pid: running.ownerPid });
  const database = await Database.connect({ url: running.url, poolSize: 4, applicationName: 'gatehouse-cli' });
  return { database, close: () => database.close() };
};

export const withSession = async <T>(
  host: Host,
  command: Command,
  config: Config,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  for (const warning of config.warnings) host.terminal.note(`Warning: ${warning}`);
  const log = logTo(host, command);
  const opened = await open(host, config, log);
  const { database } = opened;
  try {
    return await work({
      host,
      config,
      database,
      migrator: new SchemaMigrator(database, migratorOptions(config)),
      openServices: () => host.openServices(config, database, log),
    });
  } finally {
    await opened.close();
  }
};

/** Commands that destroy data do not exist in production. */
export const refuseInProduction = (config: Config, what: string): void => {
  if (config.environment === 'production') {
    throw new RefusedError(`Refused: ${what} is not available in production, because it destroys data.`);
  }
};

/** For commands that need the tables: applies what is due where the server would do so at its start, else says what is missing. */
export const ensureSchema = async ({ config, migrator }: Session): Promise<void> => {
  if (config.database.migrateOnStart) await migrator.up();
  else await migrator.check();
};
