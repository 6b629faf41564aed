import { inject } from 'vitest';
import { Database } from '../../../src/database/database.ts';
import type { TestApp } from '../../support/test-app.ts';

/** Works on the server of the test databases, beside the app's own connections. */
const asOperator = async (...statements: readonly string[]): Promise<void> => {
  const operator = await Database.connect({ url: inject('adminUrl'), poolSize: 1 });
  try {
    for (const statement of statements) await operator.query(statement);
  } finally {
    await operator.close();
  }
};

const nameOf = (app: TestApp): string => new URL(app.databaseUrl).pathname.slice(1);

const termination = (app: TestApp): string =>
  `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${nameOf(app)}' and pid <> pg_backend_pid()`;

/** Ends every connection that the app has, as a restart of the database does. */
export const killConnections = async (app: TestApp): Promise<void> => asOperator(termination(app));

/** The database goes away; calling the answer brings it back. */
export const refuseConnections = async (app: TestApp): Promise<() => Promise<void>> => {
  const database = nameOf(app);
  await asOperator(`alter database ${database} with allow_connections false`, termination(app));
  return async () => asOperator(`alter database ${database} with allow_connections true`);
};

/** Every insert into the table fails with this SQLSTATE; calling the answer ends it. */
export const failInserts = async (app: TestApp, table: string, sqlState: string): Promise<() => Promise<void>> => {
  await app.database.query(
    `create function simulated_fault() returns trigger language plpgsql as $$
     begin raise exception 'simulated: could not extend file "base/16384/secret-path"' using errcode = '${sqlState}'; end $$`,
  );
  await app.database.query(
    `create trigger simulated_fault before insert on ${table} for each row execute function simulated_fault()`,
  );
  return async () => {
    await app.database.query(`drop trigger simulated_fault on ${table}`);
    await app.database.query('drop function simulated_fault()');
  };
};
