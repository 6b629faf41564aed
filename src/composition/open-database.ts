import type { Config } from '../config/config.ts';
import { Database } from '../database/database.ts';
import type { EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts';
import { tlsOptions } from '../database/tls.ts';
import type { Log } from '../log.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Only where the settings name one. */
  readonly replicaDatabase?: Database;
  readonly embedded: EmbeddedPostgres | null;
  close(): Promise<void>;
}

const POOLED =
  'the database forgets prepared statements, as behind a pooler that shares its connections; statements are planned each time from now on: set DATABASE_POOLER=transaction if there is one';

/** The database of the settings: an external one, or the embedded server, which ends with it. */
export const openDatabase = async (
  config: Config,
  { log, embedded }: { readonly log: Log; readonly embedded: EmbeddedPostgres | null },
): Promise<OpenedDatabase> => {
  try {
    const database = await Database.connect({
      url: embedded?.url ?? config.database.url?.reveal() ?? '',
      poolSize: config.database.poolSize,
      pooler: embedded === null ? config.database.pooler : 'none',
      statementTimeoutMs: config.database.statementTimeoutSeconds * 1000,
      ssl: embedded === null ? tlsOptions(config.database.tls) : false,
      onPooled: () => log('warn', POOLED),
    });
    const replicaDatabase = await openReplica(config, log);
    return {
      database,
      ...(replicaDatabase === null ? {} : { replicaDatabase }),
      embedded,
      close: async () => {
        await replicaDatabase?.close();
        await database.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
};

/** Longest wait for a connection to the replica: the primary is there. */
const REPLICA_CONNECTION_MS = 500;

/** It need not be there: no connection is made before somebody reads. */
export const openReplica = async ({ database }: Config, log: Log): Promise<Database | null> => {
  if (database.replicaUrl === null) return null;
  return Database.connect({
    url: database.replicaUrl.reveal(),
    poolSize: database.replicaPoolSize,
    pooler: database.pooler,
    statementTimeoutMs: database.replicaStatementTimeoutSeconds * 1000,
    connectionTimeoutMs: REPLICA_CONNECTION_MS,
    ssl: tlsOptions(database.tls),
    onPooled: () => log('warn', POOLED),
  });
};
