import type { Command } from 'commander';
import { MasterKeyError } from '../crypto/master-keys.ts';
import type { BoundToOlderKeys, ResealedColumn } from '../services/reseal.service.ts';
import { counted } from './counted.ts';
import type { Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';
import { addSigningKeyCommands } from './signing-key-commands.ts';

const lineOf = ({ what, outdated, resealed, unreadable }: ResealedColumn, isDryRun: boolean): string => {
  const done = isDryRun ? `${outdated} under older keys` : `${resealed} of ${outdated} sealed again`;
  return `${what}: ${done}${unreadable === 0 ? '' : `, ${unreadable} cannot be opened`}`;
};

/** `left`: sealed values that are still under older keys. */
const boundLines = ({ sessions, recoveryCodes, passwords }: BoundToOlderKeys, left: number): readonly string[] => {
  const parts = [
    ...(sessions === 0 ? [] : [counted(sessions, 'session (until it ends)', 'sessions (until they end)')]),
    ...(recoveryCodes === 0 ? [] : [`${counted(recoveryCodes, 'recovery code')} (until new ones are made)`]),
    ...(passwords === 0
      ? []
      : [counted(passwords, 'password (until its owner signs in)', 'passwords (until their owners sign in)')]),
  ];
  if (parts.length > 0) return [`Bound to older keys, and lost with them: ${parts.join(', ')}.`];
  return left > 0 ? [] : ['Nothing needs an older key any more; MASTER_KEYS can do without.'];
};

const reseal = async (host: Host, isDryRun: boolean, command: Command): Promise<void> => {
  await withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { reseal: service } = await session.openServices();
    const { version, columns, bound } = await service.reseal({ dryRun: isDryRun });
    host.terminal.out(`The current master key is version ${version}.`);
    for (const column of columns) host.terminal.out(lineOf(column, isDryRun));
    const left = columns.reduce((sum, { outdated, resealed }) => sum + outdated - resealed, 0);
    for (const line of boundLines(bound, left)) host.terminal.out(line);
    const unreadable = columns.reduce((sum, column) => sum + column.unreadable, 0);
    if (unreadable > 0) {
      throw new MasterKeyError(
        `${counted(unreadable, 'sealed value')} cannot be opened: altered, or the master key that sealed them is not in MASTER_KEYS.`,
      );
    }
  });
};

/** `keys ...`: the keys that sign, and what is kept under the master keys. */
export const addKeysCommand = (host: Host, program: Command): void => {
  const keys = program.command('keys').helpCommand(false).description('keys that sign, and the master keys');
  addSigningKeyCommands(host, keys);
  keys
    .command('reseal')
    .option('--dry-run', 'only count')
    .description('bring every sealed value under the newest master key; servers that hold it may run meanwhile')
    .action((options: { dryRun?: boolean }, command: Command) => reseal(host, options.dryRun === true, command));
};
