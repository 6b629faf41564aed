import 'reflect-metadata';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { Database } from '../src/database/database.ts';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.ts';
import { SchemaMigrator } from '../src/database/migrator.ts';

export interface BenchDatabase {
  readonly url: string;
  readonly database: Database;
  readonly version: string;
  stop(): Promise<void>;
}

/** A durable embedded PostgreSQL of its own, migrated. */
export const startDatabase = async (directory: string): Promise<BenchDatabase> => {
  const server = await startEmbeddedPostgres({
    directory: join(directory, 'database'),
    durable: true,
    clock: systemClock,
    log: () => undefined,
  });
  const database = await Database.connect({ url: server.url, poolSize: 4 });
  await new SchemaMigrator(database).up();
  return {
    url: server.url,
    database,
    version: server.version,
    stop: async () => {
      await database.close();
      await server.stop();
    },
  };
};
