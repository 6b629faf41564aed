import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts';
import type { Log } from '../log.ts';

/** Starts the embedded server; null where the settings name an external database, and then none of its code is loaded. */
export const startEmbedded = async (
  { database }: Config,
  parts: {
    readonly log: Log;
    readonly clock: Clock;
    readonly onUnexpectedExit: (reason: string) => void;
    readonly onWaiting?: () => void;
  },
): Promise<EmbeddedPostgres | null> => {
  if (database.url !== null) return null;
  const { startEmbeddedPostgres } = await import('../database/embedded/embedded-postgres.ts');
  return startEmbeddedPostgres({ directory: database.dataDirectory, ...parts });
};
