import type { Client } from 'pg';
import { SUPERUSER } from './cluster.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

export interface Access {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}

/** Loaded when a server is there to be asked: in a build the driver lies with all other packages, and nothing is to wait for those. */
const driver = () => import('pg');

const INVALID_CATALOG_NAME = '3D000';
const INVALID_PASSWORD = '28P01';

/**
 * Names that mean the same in a connection string, whoever reads it: libraries differ in how they decode others. PostgreSQL
 * cuts names after 63 bytes.
 */
export const checkDatabaseName = (name: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name)) {
    throw new EmbeddedPostgresError(
      `"${name}" cannot name a database of the embedded PostgreSQL: take at most 63 letters, digits, "_" and "-", and begin with a letter.`,
    );
  }
  return name;
};

/** The connection string of a database; anybody who has it may do everything in the cluster. */
export const databaseUrl = ({ port, password, database }: Access): string =>
  `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;

const withClient = async <T>(access: Access, use: (client: Client) => Promise<T>): Promise<T> => {
  const { Client: DatabaseClient } = await driver();
  const client = new DatabaseClient({
    host: '127.0.0.1',
    port: access.port,
    user: SUPERUSER,
    password: access.password,
    database: access.database,
    ssl: false,
    connectionTimeoutMillis: 30_000,
  });
  // A server that dies now rejects the statement as well; without a listener the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
};

const serverVersion = (access: Access): Promise<string> =>
  withClient(access, async (client) => {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
    return rows[0]?.version ?? '';
  });

const createDatabase = (access: Access): Promise<unknown> =>
  withClient({ ...access, database: 'postgres' }, async (client) => {
    const { escapeIdentifier } = await driver();
    return client.query(`create database ${escapeIdentifier(access.database)}`);
  });

const isFrom = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Sees to it that the database exists and the password opens it; answers the server's version, like `18.4`. */
export const openDatabase = async (access: Access): Promise<string> => {
  try {
    return await serverVersion(access);
  } catch (error) {
    if (isFrom(error, INVALID_PASSWORD)) {
      throw new EmbeddedPostgresError(
        'The embedded PostgreSQL does not accept the password in its file postgres.password: restore that file, or delete it to have a new password set at the next start.',
        { cause: error },
      );
    }
    if (!isFrom(error, INVALID_CATALOG_NAME)) {
      throw error;
    }
  }
  await createDatabase(access);
  return serverVersion(access);
};
