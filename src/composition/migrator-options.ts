import type { Config } from '../config/config.ts';
import type { MigratorOptions } from '../database/migrator.ts';

/** What the settings say of migrations. */
export const migratorOptions = ({ database }: Pick<Config, 'database'>): MigratorOptions => ({
  tableWaitMs: database.migrationLockSeconds * 1000,
  statementMs: database.migrationStatementSeconds * 1000,
  pooled: database.pooler === 'transaction',
});
