import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { Database } from '../database/database.ts';
import type { EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts';
import { tlsOptions } from '../database/tls.ts';
import type { Log } from '../log.ts';

/** The database of the settings: an external one, or the embedded server. */
export const openDatabase = async (
  config: Config,
  parts: { readonly log: Log; readonly clock: Clock; readonly onUnexpectedExit?: (reason: string) => void },
): Promise<{ database: Database; embedded: EmbeddedPostgres | null; close(): Promise<void> }> => {
  const embedded = config.database.url === null ? await startEmbedded(config, parts) : null;
  try {
    const database = await Database.connect({
      url: embedded?.url ?? config.database.url?.reveal() ?? '',
      poolSize: config.database.poolSize,
      pooler: embedded === null ? config.database.pooler : 'none',
      statementTimeoutMs: config.database.statementTimeoutSeconds * 1000,
      ssl: embedded === null ? tlsOptions(config.database.tls) : false,
    });
    return {
      database,
      embedded,
      close: async () => {
        await database.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
};

/** Loaded only when needed: a server with DATABASE_URL never reads it. */
const startEmbedded = async (
  config: Config,
  { log, clock, onUnexpectedExit }: Parameters<typeof openDatabase>[1],
): Promise<EmbeddedPostgres> => {
  const { startEmbeddedPostgres } = await import('../database/embedded/embedded-postgres.ts');
  return startEmbeddedPostgres({
    directory: config.database.dataDirectory,
    clock,
    log,
    ...(onUnexpectedExit === undefined ? {} : { onUnexpectedExit }),
  });
};
