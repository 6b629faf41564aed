import { Client, DatabaseError, escapeIdentifier } from 'pg';
import type { Config } from '../config/config.ts';
import { databaseTarget } from '../config/database-url.ts';
import { tlsOptions } from './tls.ts';

const MISSING = '3D000';
const EXISTS = '42P04';
/** Two sessions that create databases at once disturb each other at the template. */
const UNIQUE_VIOLATION = '23505';
/** Exists in every cluster, and everybody may connect to it. */
const MAINTENANCE_DATABASE = 'postgres';

const isState = (error: unknown, ...states: readonly string[]): boolean =>
  error instanceof DatabaseError && states.includes(error.code ?? '');

const withClient = async (url: string, config: Config, use: (client: Client) => Promise<void>): Promise<void> => {
  const client = new Client({
    connectionString: url,
    ssl: tlsOptions(config.database.tls),
    connectionTimeoutMillis: 5000,
    application_name: 'gatehouse-cli',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end();
  }
};

const maintenanceUrl = (url: string): string => {
  const other = new URL(url);
  other.pathname = `/${MAINTENANCE_DATABASE}`;
  return other.href;
};

/**
 * Creates the database of DATABASE_URL when the server does not have it; true when it did. The role needs CREATEDB then.
 * Without DATABASE_URL there is nothing to do: the embedded server makes its own.
 */
export const createDatabaseIfMissing = async (config: Config): Promise<boolean> => {
  const url = config.database.url?.reveal();
  if (url === undefined) return false;
  try {
    await withClient(url, config, async () => undefined);
    return false;
  } catch (error) {
    if (!isState(error, MISSING)) throw error;
  }
  const name = databaseTarget(url)?.database ?? '';
  try {
    await withClient(maintenanceUrl(url), config, async (client) => {
      await client.query(`create database ${escapeIdentifier(name)}`);
    });
    return true;
  } catch (error) {
    if (isState(error, EXISTS, UNIQUE_VIOLATION)) return false;
    throw error;
  }
};
