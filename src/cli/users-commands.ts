import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import type { BatchReport, SeenIdentifiers } from '../services/user-import.service.ts';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { type Line, linesOf } from './lines.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

/** Accounts that are made together or not at all. */
const BATCH = 500;
const MAXIMUM_LINE_BYTES = 64 * 1024;

interface Summary {
  imported: number;
  read: number;
  refused: number;
  readonly kinds: Map<string, number>;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

async function* batchesOf(lines: AsyncIterable<Line>): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const note = (host: Host, batch: readonly Line[], report: BatchReport, summary: Summary): void => {
  summary.read += batch.length;
  summary.imported += report.imported;
  for (const { line, text } of report.problems) host.terminal.note(`line ${line}: ${text}`);
  if (report.problems.length > 0) {
    summary.refused += 1;
    host.terminal.note(`lines ${batch[0]?.number} to ${batch.at(-1)?.number}: nothing of this batch was imported`);
    return;
  }
  for (const [kind, count] of report.kinds) summary.kinds.set(kind, (summary.kinds.get(kind) ?? 0) + count);
};

const importAll = async (
  host: Host,
  service: CommandServices['userImport'],
  source: AsyncIterable<Buffer>,
  dryRun: boolean,
): Promise<Summary> => {
  const summary: Summary = { imported: 0, read: 0, refused: 0, kinds: new Map() };
  const seen: SeenIdentifiers = new Map();
  for await (const batch of batchesOf(linesOf(source, MAXIMUM_LINE_BYTES))) {
    note(host, batch, await service.importBatch(batch, { dryRun, seen }), summary);
  }
  return summary;
};

const importUsers = async (host: Host, path: string, dryRun: boolean, command: Command): Promise<void> => {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read (${error.code ?? error.message}).`);
  });
  try {
    await withSession(host, command, configOf(host, command), async (session) => {
      await ensureSchema(session);
      const { userImport } = await session.openServices();
      const source = file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
      const { imported, read, refused, kinds } = await importAll(host, userImport, source, dryRun);
      const done = dryRun ? 'Would import' : 'Imported';
      const methods = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
      host.terminal.out(`${done} ${counted(imported, 'account', 'accounts')} of ${counted(read, 'line', 'lines')}.`);
      if (methods !== '') host.terminal.out(`Password hashes: ${methods}.`);
      if (refused > 0) {
        throw new IncompleteError(`${counted(refused, 'batch', 'batches')} refused; see above.`);
      }
    });
  } finally {
    await file.close();
  }
};

/** `users ...` */
export const addUsersCommands = (host: Host, program: Command): void => {
  const users = program.command('users').helpCommand(false).description('accounts: take them over from another system');
  users
    .command('import')
    .argument('<file>', 'one account a line, as JSON; see docs/import.md')
    .option('--dry-run', 'check everything and write nothing')
    .description(
      `import accounts with the hashes of their passwords, ${BATCH} at a time, each batch whole or not at all`,
    )
    .action((path: string, options: { dryRun?: boolean }, command: Command) =>
      importUsers(host, path, options.dryRun === true, command),
    );
};
