import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Options } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import type { Pool } from 'pg';
import { partsInQuery } from './config/database-url.ts';
import { entities } from './entities/entities.ts';

interface OrmSettings {
  readonly url: string;
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  /** Longest wait for a connection, be it a new one or one of the pool. */
  readonly connectionTimeoutMs?: number;
  /** `transaction`: a pooler refuses parameters of a connection, so the time of a statement must be bounded there. */
  readonly pooler?: 'none' | 'transaction';
  readonly applicationName?: string;
  readonly ssl?: boolean | { readonly rejectUnauthorized: boolean };
  /** Called once with the pool, before it is used. */
  readonly onPoolCreated?: (pool: Pool) => void;
}

/** Where migrations are written. Right for both src/orm.ts and dist/main.js. */
export const migrationSources = join(import.meta.dirname, '../migrations');

/**
 * Where they are read: beside the bundle they lie built, since from their sources Node would load a second copy of MikroORM and strip
 * the types of each, which took half a second.
 */
const builtMigrations = join(import.meta.dirname, 'migrations');

/** The one place of ORM options, for the server, the tests and the command line. */
export const ormOptions = (settings: OrmSettings): Options => {
  return defineConfig({
    clientUrl: settings.url,
    entities,
    extensions: [Migrator],
    forceUtcTimezone: true,
    pool: { min: 0, max: settings.poolSize ?? 10, idleTimeoutMillis: 30_000 },
    driverOptions: {
      ...partsInQuery(settings.url),
      application_name: settings.applicationName ?? 'gatehouse',
      connectionTimeoutMillis: settings.connectionTimeoutMs ?? 5000,
      ...(settings.statementTimeoutMs === undefined || settings.pooler === 'transaction'
        ? {}
        : { statement_timeout: settings.statementTimeoutMs }),
      ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
      ...(settings.onPoolCreated === undefined ? {} : { onPoolCreated: settings.onPoolCreated }),
    },
    migrations: {
      path: existsSync(builtMigrations) ? builtMigrations : migrationSources,
      emit: 'ts',
      snapshotName: 'snapshot',
      snapshotOnMigrate: false,
      tableName: 'schema_migrations',
      allOrNothing: true,
      transactional: true,
    },
    // Relations are plain ids, there is no other side to keep in step; the setters for it made a new session cost 28 µs, not 1.
    propagationOnPrototype: false,
    discovery: { warnWhenNoEntities: false },
    logger: () => undefined,
  });
};
