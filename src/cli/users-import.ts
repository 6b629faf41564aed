import type { Command } from 'commander';
import type { ImportPlace } from '../entities/user-import.queries.ts';
import {
  type BatchReport,
  type ImportBatch,
  ImportElsewhereError,
  type KeepProblems,
} from '../services/user-import.service.ts';
import { SeenIdentifiers } from '../services/seen-identifiers.ts';
import { counted } from './counted.ts';
import { ErrorFile } from './error-file.ts';
import { IncompleteError, RefusedError, UsageError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { type FileFormat, ImportFile } from './import-file.ts';
import { Progress } from './progress.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

export interface ImportOptions {
  readonly format?: string;
  readonly dryRun?: boolean;
  readonly errors?: string;
  readonly resume?: boolean;
  readonly restart?: boolean;
}

type Service = CommandServices['userImport'];

/** Problems that are printed; a file keeps them all. */
const PRINTED = 100;

/** How a file is read: as it is said, else by its name. */
export const formatOf = (path: string, given: string | undefined): FileFormat => {
  if (given === undefined) return path.toLowerCase().endsWith('.csv') ? 'csv' : 'ndjson';
  if (given === 'csv' || given === 'ndjson') return given;
  throw new UsageError(`--format is ndjson or csv, not "${given}".`);
};

const NOWHERE: ImportPlace = {
  id: '' as ImportPlace['id'],
  line: 0,
  digest: '',
  read: 0,
  imported: 0,
  kinds: {},
  errorBytes: 0,
};

/** Where to begin: behind what an import that stopped has done, if that is wanted. */
const beginning = async (service: Service, file: ImportFile, options: ImportOptions): Promise<ImportPlace> => {
  if (options.dryRun === true) return NOWHERE;
  const stopped = await service.interrupted(file.head);
  if (options.resume === true) {
    if (stopped === null) throw new UsageError('No import of this file stopped on its way; leave --resume out.');
    return stopped;
  }
  if (stopped !== null && options.restart !== true) {
    throw new RefusedError(
      `An import of this file stopped behind line ${stopped.line}: go on with --resume, or begin anew with --restart.`,
    );
  }
  return service.begin(file.head);
};

/** Prints problems up to a number; there is no sense in a million lines. */
class Printed {
  readonly #host: Host;
  #count = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  add(problems: BatchReport['problems']): void {
    for (const { line, text } of problems) {
      this.#count += 1;
      if (this.#count <= PRINTED) this.#host.terminal.note(`line ${line}: ${text}`);
      else if (this.#count === PRINTED + 1) this.#host.terminal.note('and more; --errors <file> keeps them all');
    }
  }
}

interface Run {
  readonly host: Host;
  readonly service: Service;
  readonly file: ImportFile;
  readonly errors: ErrorFile | null;
  readonly isDry: boolean;
}

const importAll = async ({ host, service, file, errors, isDry }: Run, from: ImportPlace): Promise<ImportPlace> => {
  const printed = new Printed(host);
  const progress = new Progress(host.terminal, 'lines');
  const seen = new SeenIdentifiers();
  let place = from;
  const work = (batch: ImportBatch): Promise<BatchReport> => {
    const { errorBytes } = place;
    const keepProblems: KeepProblems = async (problems) => errors?.keep(problems, errorBytes) ?? errorBytes;
    const options = { format: file.format, keepProblems };
    return isDry ? service.judgeBatch(place, batch, { ...options, seen }) : service.importBatch(place, batch, options);
  };
  try {
    for await (const batch of file.batches(from)) {
      const report = await work(batch);
      ({ place } = report);
      if (errors === null) printed.add(report.problems);
      progress.at(file.share, place.read);
    }
  } catch (error) {
    throw error instanceof ImportElsewhereError ? new RefusedError(error.message) : error;
  } finally {
    const seconds = progress.end();
    const rate = Math.round((place.read - from.read) / Math.max(seconds, 0.001));
    if (place.read - from.read >= 10_000) host.terminal.note(`${rate} lines a second.`);
  }
  return place;
};

const report = (host: Host, place: ImportPlace, options: ImportOptions): void => {
  const { imported, read, kinds } = place;
  const done = options.dryRun === true ? 'Would import' : 'Imported';
  const methods = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  host.terminal.out(`${done} ${counted(imported, 'account')} of ${counted(read, 'line')}.`);
  if (methods.length > 0) host.terminal.out(`Password hashes: ${methods.join(', ')}.`);
  if (read > imported) {
    const where = options.errors === undefined ? 'see above' : `see ${options.errors}`;
    throw new IncompleteError(`${counted(read - imported, 'line')} refused; ${where}.`);
  }
};

/** An import that kept its errors goes on doing so: else they would be lost. */
const errorFileOf = async (options: ImportOptions, place: ImportPlace): Promise<ErrorFile | null> => {
  if (options.errors !== undefined) {
    return ErrorFile.open(options.errors, options.resume === true ? place.errorBytes : null);
  }
  if (place.errorBytes > 0) throw new UsageError('Name the error file of the import that stopped: --errors <file>.');
  return null;
};

export const importUsers = async (
  host: Host,
  path: string,
  options: ImportOptions,
  command: Command,
): Promise<void> => {
  if (options.resume === true && (options.restart === true || options.dryRun === true)) {
    throw new UsageError('--resume goes neither with --restart nor with --dry-run.');
  }
  const file = await ImportFile.open(path, formatOf(path, options.format));
  try {
    await withSession(host, command, configOf(host, command), async (session) => {
      await ensureSchema(session);
      const { userImport: service } = await session.openServices();
      const from = await beginning(service, file, options);
      const errors = await errorFileOf(options, from);
      const isDry = options.dryRun === true;
      let place: ImportPlace;
      try {
        place = await importAll({ host, service, file, errors, isDry }, from);
      } finally {
        await errors?.close();
      }
      if (!isDry) await service.finish(file.head, place);
      report(host, place, options);
    });
  } finally {
    await file.close();
  }
};
