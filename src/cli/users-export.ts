import type { Command } from 'commander';
import { systemOrigin } from '../services/caller.ts';
import { type ExportChoice, type ExportField, exportFields, HASH_FIELD } from '../services/user-export.service.ts';
import { counted } from './counted.ts';
import { UsageError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { writeResult } from './output-file.ts';
import { Progress } from './progress.ts';
import { configOf, ensureSchema, withSession } from './session.ts';
import { formatOf } from './users-import.ts';

export interface ExportOptions {
  readonly format?: string;
  readonly fields?: string;
  readonly hashes?: boolean;
}

const isField = (name: string): name is ExportField => exportFields.some((field) => field === name);

/** All fields but hashes, unless some are named; hashes only where they are asked for by their own flag. */
const fieldsOf = ({ fields, hashes = false }: ExportOptions): readonly ExportField[] => {
  if (fields === undefined) return exportFields.filter((field) => hashes || field !== HASH_FIELD);
  const named = fields.split(',').map((name) => {
    const field = name.trim();
    if (!isField(field)) throw new UsageError(`There is no field "${field}"; there are ${exportFields.join(', ')}.`);
    return field;
  });
  if (named.includes(HASH_FIELD) && !hashes) throw new UsageError(`${HASH_FIELD} is written with --hashes alone.`);
  return [...new Set(hashes ? [...named, HASH_FIELD] : named)];
};

const HASH_WARNING =
  'Warning: the file holds the hashes of passwords. Whoever reads it can try passwords without limit; move it encrypted, and delete it.';

export const exportUsers = async (
  host: Host,
  path: string,
  options: ExportOptions,
  command: Command,
): Promise<void> => {
  const format = formatOf(path, options.format) === 'csv' ? 'CSV' : 'NDJSON';
  const choice: ExportChoice = { format, fields: fieldsOf(options) };
  if (choice.fields.includes(HASH_FIELD)) host.terminal.note(HASH_WARNING);
  await withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { userExport } = await session.openServices();
    let count = 0;
    await writeResult(host.terminal, path, {
      parts: counting(host, userExport, choice, (more) => (count += more)),
      summary: (place) => `Wrote ${counted(count, 'account')} to ${place}.`,
    });
  });
};

/** The pages as they come; the export is in the log once its file could be made. */
async function* counting(
  host: Host,
  service: CommandServices['userExport'],
  choice: ExportChoice,
  add: (count: number) => number,
): AsyncGenerator<string> {
  const total = await service.begin(systemOrigin('command line'), choice);
  const progress = new Progress(host.terminal, 'accounts');
  try {
    for await (const { text, count } of service.pages(choice)) {
      yield text;
      progress.at(total === 0 ? 1 : Math.min(1, add(count) / total), add(0));
    }
  } finally {
    progress.end();
  }
}
