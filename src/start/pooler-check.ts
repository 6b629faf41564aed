import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log.ts';

/**
 * Behind a pooler the server cannot bound the time of its statements for a connection, because it shares them: warns where nobody
 * else does, as a statement that hangs would then hold a connection for ever.
 */
export const warnOfUnboundStatements = async (
  { database: { pooler } }: Pick<Config, 'database'>,
  database: Pick<Database, 'query'>,
  log: Log,
): Promise<void> => {
  if (pooler === 'none') return;
  const [row] = await database.query<{ unbound: boolean }>(
    `select current_setting('statement_timeout') = '0' as unbound`,
  );
  if (row?.unbound === true) {
    log(
      'warn',
      'no statement_timeout holds behind the pooler: set one for the role (alter role ... set statement_timeout = 15000), or by connect_query in pgbouncer.ini',
    );
  }
};
