import type { Command } from 'commander';
import type { ChainReport, KnownPlace } from '../services/audit-verification.ts';
import { counted } from './counted.ts';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

/** `4711:9f86d0...`, as an earlier run printed it. */
const readPlace = (text: string | undefined): KnownPlace | null => {
  if (text === undefined) return null;
  const [, sequence, hash] = /^(\d{1,18}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) {
    throw new UsageError('--expect takes <place>:<hash> as an earlier run printed it.');
  }
  return { sequence, hash: hash.toLowerCase() };
};

const linesOf = ({ rows, dropped, erased, checkpoints, unsealed, end }: ChainReport): readonly string[] => [
  `${counted(rows, 'event')} verified, ${counted(checkpoints, 'signed checkpoint')}.`,
  ...(dropped === 0
    ? []
    : [`${counted(dropped, 'event was', 'events were')} removed before them by retention, as signed.`]),
  ...(erased === 0 ? [] : [`The personal values of ${counted(erased, 'event')} were erased.`]),
  ...(unsealed === 0 ? [] : [`${counted(unsealed, 'event waits', 'events wait')} to be sealed.`]),
  ...(end === null ? [] : [`End of the chain, to keep elsewhere: ${end.sequence}:${end.hash}`]),
];

const verify = async (host: Host, expected: string | undefined, command: Command): Promise<void> => {
  const known = readPlace(expected);
  await withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { auditVerification } = await session.openServices();
    const report = await auditVerification.verify(known);
    for (const line of linesOf(report)) host.terminal.out(line);
    if (report.broken !== null) throw new IncompleteError(`The audit log was tampered with: ${report.broken}`);
  });
};

/** `verify-audit`: is the log what was written? */
export const addAuditCommand = (host: Host, program: Command): void => {
  program
    .command('verify-audit')
    .option('--expect <place:hash>', 'a place of the chain that was noted elsewhere; it must still be there')
    .description(
      'compute the chain of the audit log anew and check every hash and signature; servers may run meanwhile',
    )
    .action((options: { expect?: string }, command: Command) => verify(host, options.expect, command));
};
