import { readdir } from 'node:fs/promises';
import { Migrator } from '@mikro-orm/migrations';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { nearest } from '../config/near-miss.ts';
import { sqlStateOf } from './database.ts';
import { dropSchemaObjects } from './drop-schema-objects.ts';
import {
  adoptStrays,
  createHistory,
  historyShape,
  lastGroup,
  namesOfLastGroup,
  readHistory,
  type HistoryRow,
  withoutEnding,
} from './migration-history.ts';
import { instantOf, sql } from './sql.ts';

/** A migration and what the database knows of it; `unknown`: applied by another release, its file is not here. */
export interface MigrationState {
  readonly name: string;
  readonly state: 'applied' | 'pending' | 'unknown';
  readonly appliedAt: Date | null;
  /** Migrations that were applied together have one number and are undone together. */
  readonly group: number | null;
}

/** The schema cannot be changed, or is not what this release needs. The message is one line and says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Any fixed number will do; this one spells "gatehous" in ASCII. */
const LOCK_KEY = '7449363237540164979';
/** How long a replica waits for another one that is migrating already. */
const WAIT_FOR_OTHERS = '10min';
/** DDL that waits for a table makes everybody behind it wait too, so it gives up early. */
const WAIT_FOR_TABLES_MS = 5000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Applies and undoes the files of `migrations/`, each run in one transaction: all of it or nothing. Any number of processes
 * may do so at once: they take turns by a lock that lives as long as the transaction, so that it works through a connection
 * pooler too, and whoever comes second finds nothing left to do.
 */
export class SchemaMigrator {
  readonly #orm: MikroORM;
  readonly #tableWaitMs: number;

  constructor(
    { orm }: { readonly orm: MikroORM },
    { tableWaitMs = WAIT_FOR_TABLES_MS }: { readonly tableWaitMs?: number } = {},
  ) {
    this.#orm = orm;
    this.#tableWaitMs = tableWaitMs;
  }

  /** Creates the history table; false when it is there already. */
  async prepare(): Promise<boolean> {
    if ((await historyShape(this.#orm.em.fork())) === 'complete') return false;
    return this.#exclusively(async (em) => {
      if ((await historyShape(em)) === 'complete') return false;
      await createHistory(em);
      return true;
    });
  }

  /** Every migration by name, applied or not. Changes nothing. */
  async status(): Promise<readonly MigrationState[]> {
    const history = await readHistory(this.#orm.em.fork());
    const files = await this.#files();
    const applied = history.map((row): MigrationState => ({
      name: row.name,
      state: files.includes(row.name) ? 'applied' : 'unknown',
      appliedAt: instantOf(row.executed_at),
      group: row.group_number,
    }));
    const known = new Set(history.map((row) => row.name));
    const pending = files
      .filter((name) => !known.has(name))
      .map((name): MigrationState => ({ name, state: 'pending', appliedAt: null, group: null }));
    return [...applied, ...pending].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names of the migrations that are due, in their order. */
  async pending(): Promise<readonly string[]> {
    return (await this.status()).filter(({ state }) => state === 'pending').map(({ name }) => name);
  }

  /** Names of the migrations that the database has, those of other releases included. */
  async applied(): Promise<readonly string[]> {
    return (await this.status()).filter(({ state }) => state !== 'pending').map(({ name }) => name);
  }

  /**
   * Throws MigrationError, naming the command to run, when the database lacks a migration of this release. More migrations
   * than this release knows are fine: that is an old release during the roll-out of a new one.
   */
  async check(): Promise<void> {
    const status = await this.status();
    const pending = status.filter(({ state }) => state === 'pending');
    const [first] = pending;
    if (first === undefined) return;
    const what =
      pending.length === status.length
        ? 'The database has no tables of Gatehouse yet'
        : `The database is behind this release by ${counted(pending.length)}, from ${first.name} on`;
    throw new MigrationError(`${what}: run "npm run cli -- migrate deploy", or start with MIGRATE_ON_START=true.`);
  }

  /** Applies everything that is due, or the one that is named, as one group. Gives the names of what it applied. */
  async up(name?: string): Promise<readonly string[]> {
    const files = await this.#files();
    const wanted = name === undefined ? files : [pick(name, files)];
    if (without(wanted, await this.applied()).length === 0) return [];
    await this.prepare();
    const migrator = await this.#migrator();
    return this.#exclusively(async (em) => {
      const history = await adoptStrays(em);
      const due = without(
        wanted,
        history.map((row) => row.name),
      );
      const group = lastGroup(history) + 1;
      for (const migration of due) {
        await applying(migration, () => migrator.up({ migrations: [migration], ...transactionOf(em) }));
        await sql(em, 'update schema_migrations set group_number = $2 where name = $1', [migration, group]);
      }
      return due;
    });
  }

  /** Undoes the group that was applied last, or the one migration that is named. Gives the names, in the order undone. */
  async down(name?: string): Promise<readonly string[]> {
    if ((await this.applied()).length === 0) return [];
    await this.prepare();
    const files = await this.#files();
    const migrator = await this.#migrator();
    return this.#exclusively(async (em) => {
      const history = await adoptStrays(em);
      const due = name === undefined ? namesOfLastGroup(history) : [appliedName(name, history, files)];
      const [missing] = without(due, files);
      if (missing !== undefined) {
        throw new MigrationError(
          `${missing} cannot be undone: its file is not in this release; use the release that applied it.`,
        );
      }
      for (const migration of due) {
        await applying(migration, () => migrator.down({ migrations: [migration], ...transactionOf(em) }));
      }
      return due;
    });
  }

  /** Drops everything in the schema, the history included, whoever made it. Gives the number of tables. */
  dropEverything(): Promise<number> {
    return this.#exclusively((em) => dropSchemaObjects(em));
  }

  async #files(): Promise<readonly string[]> {
    const { path } = this.#orm.config.get('migrations');
    const entries = await readdir(path ?? 'migrations').catch(() => []);
    return entries
      .filter((file) => /^Migration\d{14}\w*\.[jt]s$/.test(file))
      .map(withoutEnding)
      .toSorted();
  }

  /**
   * One per run: it remembers the transaction that it works in. The first call makes it look at the database now; inside the
   * transaction it would need a second connection for that.
   */
  async #migrator(): Promise<Migrator> {
    const migrator = new Migrator(this.#orm.em.fork());
    await migrator.getExecuted();
    return migrator;
  }

  async #exclusively<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.#orm.em.fork().transactional(async (em) => {
      await setForTransaction(em, { statement_timeout: '0', lock_timeout: WAIT_FOR_OTHERS });
      try {
        await sql(em, 'select pg_advisory_xact_lock($1::bigint)', [LOCK_KEY]);
      } catch (error) {
        if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
        const message = 'Another process has been migrating this database for ten minutes: see what it waits for.';
        throw new MigrationError(message, { cause: error });
      }
      await setForTransaction(em, { lock_timeout: `${this.#tableWaitMs}ms` });
      return work(em);
    });
  }
}

const applying = async (migration: string, step: () => Promise<unknown>): Promise<void> => {
  try {
    await step();
  } catch (error) {
    throw new MigrationError(`${migration} failed, nothing was changed: ${reasonOf(error)}`, { cause: error });
  }
};

const transactionOf = (em: EntityManager) => {
  const transaction = em.getTransactionContext();
  return transaction === undefined ? {} : { transaction };
};

const setForTransaction = async (em: EntityManager, settings: Readonly<Record<string, string>>): Promise<void> => {
  await sql(em, 'select set_config(name, value, true) from unnest($1::text[], $2::text[]) as given(name, value)', [
    Object.keys(settings),
    Object.values(settings),
  ]);
};

const without = (names: readonly string[], others: readonly string[]): readonly string[] =>
  names.filter((name) => !others.includes(name));

const counted = (count: number): string => (count === 1 ? 'one migration' : `${count} migrations`);

/** The migration that a person means: by its name, its file, its time, or what stands behind the time. */
const pick = (given: string, names: readonly string[]): string => {
  const bare = withoutEnding(given.slice(given.lastIndexOf('/') + 1));
  const exact = names.filter((name) => name === bare);
  const found =
    exact.length > 0
      ? exact
      : names.filter((name) =>
          name
            .replace(/^Migration(\d{14})_?/, '$1 ')
            .split(' ')
            .includes(bare),
        );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) throw new MigrationError(`"${bare}" means several migrations: ${found.join(', ')}.`);
  const meant = nearest(bare, [...names, ...names.map((name) => name.replace(/^Migration\d{14}_?/, ''))], 3);
  const hint = meant === null ? 'see "migrate status"' : `did you mean ${meant}?`;
  throw new MigrationError(`There is no migration "${bare.slice(0, 100)}"; ${hint}`);
};

const appliedName = (given: string, history: readonly HistoryRow[], files: readonly string[]): string => {
  const applied = history.map((row) => row.name);
  const name = pick(given, [...new Set([...applied, ...files])]);
  if (!applied.includes(name)) throw new MigrationError(`${name} is not applied, so there is nothing to undo.`);
  return name;
};

/** One line; the statement that failed, which the ORM puts in front, is left out. */
const reasonOf = (error: unknown): string => {
  if (sqlStateOf(error) === LOCK_NOT_AVAILABLE) {
    return 'a table was in use for too long; try again in a quieter moment.';
  }
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = innermost instanceof Error ? innermost.message : String(innermost);
  return (text.split('\n').at(0) ?? '').slice(0, 500);
};
