import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { SchemaMigrator } from '../../../src/database/migrator.ts';
import { type Cluster, copyOfMigrations, migratorOf, startCluster } from './cli-fixture.ts';

export const FOUNDATION = 'Migration20261101000000_foundation';
export const GROUPS = 'Migration20261101000001_seed_groups';
export const IDENTITIES = 'Migration20261121000000_identities';
export const LATER = [
  'Migration20261121164141_authorization',
  'Migration20261121170000_audit',
  'Migration20261121180000_events',
  'Migration20261121181000_webhooks',
  'Migration20261121182000_caches',
  'Migration20261121183000_statistics',
  'Migration20261121184000_audit_transactions',
  'Migration20261121190000_imports',
  'Migration20261121190100_search',
  'Migration20261121232449_trusted_documents',
  'Migration20261121233000_attribute_filter',
  'Migration20261121233100_approval_chains',
  'Migration20261122062501_mounted_keys',
  'Migration20261122090000_member_account_age',
  'Migration20261122154314_service_accounts',
];
/** Every migration there is, in order. */
export const ALL = [FOUNDATION, GROUPS, IDENTITIES, ...LATER];

const source = (name: string, up: string, down: string): string => `
import { Migration } from '@mikro-orm/migrations';
export class ${name} extends Migration {
  override up(): void { ${up} }
  override down(): void { ${down} }
}
`;

/** What tests of the migrator share, on one server for all tests of a file. */
export const useMigrations = () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  const opened = async (url: string, migrations?: string): Promise<SchemaMigrator> => {
    const { migrator, close } = await migratorOf(url, migrations);
    onTestFinished(close);
    return migrator;
  };

  /** A database and a migrations folder of its own, to which the test adds files. */
  const bench = async () => {
    const { directory, remove } = await copyOfMigrations();
    onTestFinished(remove);
    const url = await cluster.newDatabase();
    const add = (name: string, up: string, down = ''): Promise<void> =>
      writeFile(join(directory, `${name}.ts`), source(name, up, down));
    return { url, directory, add, migrator: await opened(url, directory) };
  };

  const tables = async (url: string): Promise<string[]> => {
    const rows = await cluster.query<{ tablename: string }>(
      url,
      "select tablename from pg_tables where schemaname = 'public' and tablename !~ '^audit_.*_\\d' order by 1",
    );
    return rows.map((row) => row.tablename);
  };

  return { cluster: () => cluster, opened, bench, tables };
};
