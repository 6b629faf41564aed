import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import { constraintOf, type Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { newAccounts } from '../entities/account-batch.queries.ts';
import {
  addImport,
  closeImports,
  forgetImports,
  type ImportPlace,
  type ImportPlaceRow,
  moveImport,
  openImport,
} from '../entities/user-import.queries.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { newId, type UserId, type UserImportId } from '../ids.ts';
import type { AccessGuard } from './access-guard.ts';
import { systemOrigin } from './caller.ts';
import { SeenIdentifiers } from './seen-identifiers.ts';
import { accountRowOf, importHappening } from './user-import-account.ts';
import { type ImportLine, judgeLines, type Judged, type LineProblem, readLines } from './user-import-judge.ts';
import type { LineFormat } from './user-import-line.ts';

/** Lines that are read, judged and written together. */
export interface ImportBatch {
  readonly lines: readonly ImportLine[];
  /** Hash of all lines of the file up to the last of these. */
  readonly digest: string;
}

/** What became of a batch, and where the import stands behind it. */
export interface BatchReport {
  readonly place: ImportPlace;
  readonly problems: readonly LineProblem[];
}

/** Keeps problems outside of the database before their batch is committed; gives the length of what is kept, in bytes. May run again for the same batch. */
export type KeepProblems = (problems: readonly LineProblem[]) => Promise<number>;

/** Somebody else goes on with the same import. */
export class ImportElsewhereError extends Error {
  override readonly name = 'ImportElsewhereError';
}

/** What a batch can run into that somebody makes or deletes at the same moment; looked at again, the line is refused. */
const MEANWHILE = new Set([
  'identifiers_exclusive_value_unique',
  'identifiers_username_skeleton_unique',
  'memberships_group_id_foreign',
]);
const MAXIMUM_TRIES = 5;
const FORGOTTEN_SECONDS = 90 * 24 * 60 * 60;
const ORIGIN = systemOrigin('import');

/** Takes accounts over from another system, with the hashes of their passwords as they are. */
export class UserImportService {
  readonly #database: Database;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; guard: AccessGuard; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** The import of the file with this beginning that stopped on its way; null: there is none. */
  async interrupted(head: string): Promise<ImportPlace | null> {
    const [row] = await this.#database.query<ImportPlaceRow>(openImport, [head]);
    return row === undefined ? null : placeOf(row);
  }

  /** Begins at the first line; an interrupted import of the same file cannot be gone on with after that. */
  async begin(head: string): Promise<ImportPlace> {
    const now = this.#clock.now();
    await this.#database.query(forgetImports, [secondsAfter(now, -FORGOTTEN_SECONDS).toISOString()]);
    await this.#database.query(closeImports, [head, now.toISOString(), null]);
    const values = [newId<UserImportId>(), head, now.toISOString()];
    const [row] = await this.#database.query<ImportPlaceRow>(addImport, values);
    if (row === undefined) throw new Error('The import was not stored.');
    return placeOf(row);
  }

  /** Marks the import as done. */
  async finish(head: string, { id }: ImportPlace): Promise<void> {
    await this.#database.query(closeImports, [head, this.#clock.now().toISOString(), id]);
  }

  /**
   * Makes the accounts of the lines that can be imported, in one transaction under the lock of access changes that also moves the
   * import on: whatever happens, a line is done once or not at all. With a password hash an account is ACTIVE, without one INVITED.
   * Throws ImportElsewhereError when another process did these lines.
   */
  async importBatch(
    place: ImportPlace,
    batch: ImportBatch,
    options: { readonly format: LineFormat; readonly keepProblems: KeepProblems },
  ): Promise<BatchReport> {
    const read = readLines(batch.lines, options.format);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#database.transaction(async (em) => {
          if (read.accounts.length > 0) await this.#guard.lockForServer(em);
          const judged = await judgeLines((text, values) => sql(em, text, values), read, new SeenIdentifiers());
          if (judged.accounts.length > 0) await this.#save(em, judged);
          const errorBytes = await options.keepProblems(judged.problems);
          const next = movedOn(place, batch, judged, errorBytes);
          await this.#move(em, place, next);
          return { place: next, problems: judged.problems };
        });
      } catch (error) {
        if (attempt >= MAXIMUM_TRIES || !MEANWHILE.has(constraintOf(error) ?? '')) throw error;
      }
    }
  }

  /** What `importBatch` would do, without doing it. `seen` is kept by the caller over all batches of a file. */
  async judgeBatch(
    place: ImportPlace,
    batch: ImportBatch,
    options: { readonly format: LineFormat; readonly keepProblems: KeepProblems; readonly seen: SeenIdentifiers },
  ): Promise<BatchReport> {
    const read = readLines(batch.lines, options.format);
    const judged = await judgeLines((text, values) => this.#database.query(text, values), read, options.seen);
    const errorBytes = await options.keepProblems(judged.problems);
    return { place: movedOn(place, batch, judged, errorBytes), problems: judged.problems };
  }

  async #save(em: EntityManager, { accounts, groups }: Judged): Promise<void> {
    const rows = accounts.map((account) => {
      const groupIds = account.groupKeys.map((key) => groups.get(key)).filter((id) => id !== undefined);
      return accountRowOf(account, groupIds);
    });
    await sql(em, newAccounts, [JSON.stringify(rows), this.#clock.now().toISOString()]);
    await this.#noteAdministrators(
      em,
      rows.map(({ id }) => id),
    );
    const happenings: readonly Happening[] = rows.map(importHappening);
    await this.#recorder.record(em, ORIGIN, happenings);
  }

  /** With an administrator among them the installation is set up: the printed link makes no other one any more. */
  async #noteAdministrators(em: EntityManager, ids: readonly UserId[]): Promise<void> {
    if ((await this.#guard.administratorsAmong(em, ids)).length === 0) return;
    await sql(em, 'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, $1)', [
      this.#clock.now().toISOString(),
    ]);
  }

  async #move(em: EntityManager, from: ImportPlace, to: ImportPlace): Promise<void> {
    const moved = await sql(em, moveImport, [
      to.id,
      from.line,
      to.line,
      to.digest,
      to.read,
      to.imported,
      JSON.stringify(to.kinds),
      to.errorBytes,
      this.#clock.now().toISOString(),
    ]);
    if (moved.length === 0) throw new ImportElsewhereError('Another process goes on with this import.');
  }
}

const placeOf = (row: ImportPlaceRow): ImportPlace => ({ ...row, errorBytes: Number(row.errorBytes) });

const movedOn = (place: ImportPlace, batch: ImportBatch, { accounts }: Judged, errorBytes: number): ImportPlace => {
  const kinds = { ...place.kinds };
  for (const { hashKind } of accounts) kinds[hashKind] = (kinds[hashKind] ?? 0) + 1;
  return {
    id: place.id,
    line: batch.lines.at(-1)?.number ?? place.line,
    digest: batch.digest,
    read: place.read + batch.lines.length,
    imported: place.imported + accounts.length,
    kinds,
    errorBytes,
  };
};
