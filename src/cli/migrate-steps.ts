import { createDatabaseIfMissing } from '../database/create-database.ts';
import type { Config } from '../config/config.ts';
import { type MigrationState } from '../database/migrator.ts';
import { accountLines } from '../services/seeded-accounts.ts';
import type { Host } from './host.ts';
import type { Session } from './session.ts';

const list = (terminal: Host['terminal'], verb: string, names: readonly string[]): void => {
  for (const name of names) terminal.out(`${verb} ${name}`);
};

/** Creates the database where the server does not have it yet; must come before the session, which connects to it. */
export const createDatabaseStep = async (host: Host, config: Config): Promise<void> => {
  if (await createDatabaseIfMissing(config)) host.terminal.out('Created the database.');
};

export const prepareStep = async ({ host, migrator }: Session): Promise<void> => {
  const created = await migrator.prepare();
  host.terminal.out(created ? 'Created the table of migrations.' : 'The table of migrations is there already.');
};

export const upStep = async ({ host, migrator }: Session, name?: string): Promise<void> => {
  const applied = await migrator.up(name);
  list(host.terminal, 'Applied', applied);
  if (applied.length === 0) host.terminal.out('Nothing to apply.');
};

export const downStep = async ({ host, migrator }: Session, name?: string): Promise<void> => {
  const undone = await migrator.down(name);
  list(host.terminal, 'Undid', undone);
  if (undone.length === 0) host.terminal.out('Nothing to undo.');
};

const NOBODY: Readonly<Record<Config['environment'], string>> = {
  development: 'Nothing to seed: the sample accounts were made before.',
  test: 'Nothing to seed: the sample accounts were made before.',
  staging: 'Nothing to seed: an administrator was made before.',
  production: 'Nothing to seed: production begins with nobody; make an administrator with create-admin.',
};

export const seedStep = async ({ host, config, openServices }: Session): Promise<void> => {
  const { seed } = await openServices();
  const { accounts, file } = await seed.seed();
  if (accounts.length === 0) {
    host.terminal.out(NOBODY[config.environment]);
    return;
  }
  const kept = file === null ? 'these passwords are shown once' : `also in ${file}`;
  host.terminal.out(`Made ${accounts.length === 1 ? 'one account' : `${accounts.length} accounts`} (${kept}):`);
  for (const line of accountLines(accounts)) host.terminal.out(`  ${line}`);
};

const timeText = (instant: Date | null): string =>
  instant === null ? '' : instant.toISOString().slice(0, 19).replace('T', ' ');

/** A table: one line per migration, then a sum. */
export const statusLines = (states: readonly MigrationState[]): readonly string[] => {
  const rows = states.map((one) => [one.name, one.state, timeText(one.appliedAt), one.group?.toString() ?? '']);
  const table = [['migration', 'state', 'applied at (UTC)', 'group'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const count = (state: MigrationState['state']): number => states.filter((one) => one.state === state).length;
  const unknown = count('unknown');
  const sums = [
    `${count('applied')} applied, ${count('pending')} pending.`,
    ...(unknown === 0 ? [] : [`${unknown} unknown: applied by another release, which is fine while releases change.`]),
  ];
  return [...lines, '', ...sums];
};
