import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { type MigrationTimes, runConcurrently, runTogether, stretchesOf } from './migration-run.ts';
import { sqlStateOf } from './database.ts';
import { dropSchemaObjects } from './drop-schema-objects.ts';
import {
  adoptStrays,
  createHistory,
  forgetMigration,
  historyShape,
  lastGroup,
  readHistory,
  withoutEnding,
} from './migration-history.ts';
import { MigrationError } from './migration-error.ts';
import { dueDown, pick, without } from './migration-names.ts';
import { instantOf, sql } from './sql.ts';

/** A migration and what the database knows of it; `unknown`: applied by another release, its file is not here. */
export interface MigrationState {
  readonly name: string;
  readonly state: 'applied' | 'pending' | 'unknown';
  readonly appliedAt: Date | null;
  /** Migrations that were applied together have one number and are undone together. */
  readonly group: number | null;
}

export { MigrationError };

/** Any fixed number will do; this one spells "gatehous" in ASCII. */
const LOCK_KEY = '7449363237540164979';
const TRY_LOCK = 'select pg_try_advisory_xact_lock($1::bigint) as taken';
/** How long a replica waits for another one that is migrating already. */
const WAIT_FOR_OTHERS_MS = 600_000;
const LOOK_AGAIN_MS = 50;
/** DDL that waits for a table makes everybody behind it wait too, so it gives up early. */
const WAIT_FOR_TABLES_MS = 5000;
const LOCK_NOT_AVAILABLE = '55P03';

/** How a migrator goes to work. */
export interface MigratorOptions extends Partial<MigrationTimes> {
  /** A pooler shares out connections by the transaction, so what must run outside of one is refused. */
  readonly pooled?: boolean;
}

/**
 * Applies and undoes the files of `migrations/`, each run in one transaction: all of it or nothing. One that says that it is not
 * transactional runs by itself between two such runs. Any number of processes may do so at once: they take turns by a lock that lives
 * as long as the transaction, so that it works through a connection pooler too, and whoever comes second finds nothing left to do.
 */
export class SchemaMigrator {
  readonly #orm: MikroORM;
  readonly #times: MigrationTimes;
  readonly #pooled: boolean;

  constructor({ orm }: { readonly orm: MikroORM }, options: MigratorOptions = {}) {
    const { tableWaitMs = WAIT_FOR_TABLES_MS, statementMs = 0, pooled = false } = options;
    this.#orm = orm;
    this.#times = { tableWaitMs, statementMs };
    this.#pooled = pooled;
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
    const wanted = without(name === undefined ? files : [pick(name, files)], await this.applied());
    if (wanted.length === 0) return [];
    await this.prepare();
    const done: string[] = [];
    let group: number | null = null;
    for (const { names, isConcurrent } of await stretchesOf(this.#orm, wanted)) {
      const applied = await this.#exclusively(async (em) => {
        const history = await adoptStrays(em);
        group ??= lastGroup(history) + 1;
        const present = history.map((row) => row.name);
        const due = without(names, present);
        for (const migration of due) {
          if (isConcurrent) await this.#concurrently(migration, 'up');
          else await applying(migration, done, () => runTogether(this.#orm, em, migration, 'up'));
          await sql(em, 'insert into schema_migrations (name, group_number) values ($1, $2)', [migration, group]);
        }
        return due;
      });
      done.push(...applied);
    }
    return done;
  }

  /** Undoes the group that was applied last, or the one migration that is named. Gives the names, in the order undone. */
  async down(name?: string): Promise<readonly string[]> {
    if ((await this.applied()).length === 0) return [];
    await this.prepare();
    const files = await this.#files();
    const wanted = await this.#exclusively(async (em) => dueDown(await adoptStrays(em), files, name));
    const done: string[] = [];
    for (const { names, isConcurrent } of await stretchesOf(this.#orm, wanted)) {
      await this.#exclusively(async (em) => {
        const present = new Set((await adoptStrays(em)).map((row) => row.name));
        for (const migration of names.filter((one) => present.has(one))) {
          if (isConcurrent) await this.#concurrently(migration, 'down');
          else await applying(migration, done, () => runTogether(this.#orm, em, migration, 'down'));
          await forgetMigration(em, migration);
          done.push(migration);
        }
      });
    }
    return done;
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
   * Beside the transaction that holds the lock, which keeps no snapshot between its statements, so nothing waits for it. The line of
   * the history is written in that one, after the work: a crash in between runs the work again.
   */
  async #concurrently(migration: string, method: 'up' | 'down'): Promise<void> {
    if (this.#pooled) {
      throw new MigrationError(
        `${migration} runs outside of a transaction, which a pooler does not allow: give the migration job the address of PostgreSQL itself and DATABASE_POOLER=none.`,
      );
    }
    try {
      await runConcurrently(this.#orm, migration, method, this.#times);
    } catch (error) {
      const message = `${migration} failed, and may have left an index behind that is not valid; it can be run again: ${reasonOf(error)}`;
      throw new MigrationError(message, { cause: error });
    }
  }

  /**
   * Runs `work` in a transaction that holds the lock. Until then each look at the lock is a transaction of its own: an index that is
   * built concurrently waits for every transaction that it finds at work, so none may wait for the lock that its builder holds.
   */
  async #exclusively<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    for (let waited = 0; waited < WAIT_FOR_OTHERS_MS; waited += LOOK_AGAIN_MS) {
      const done = await this.#orm.em.fork().transactional(async (em) => {
        const [row] = await sql<{ taken: boolean }>(em, TRY_LOCK, [LOCK_KEY]);
        if (row?.taken !== true) return null;
        const { tableWaitMs, statementMs } = this.#times;
        await sql(em, `set local statement_timeout = ${statementMs}`);
        await sql(em, `set local lock_timeout = ${tableWaitMs}`);
        return { result: await work(em) };
      });
      if (done !== null) return done.result;
      await sleep(LOOK_AGAIN_MS);
    }
    throw new MigrationError(
      'Another process has been migrating this database for ten minutes: see what it waits for.',
    );
  }
}

/** `done`: what an earlier transaction of the same run has committed. */
const applying = async (migration: string, done: readonly string[], step: () => Promise<unknown>): Promise<void> => {
  try {
    await step();
  } catch (error) {
    const left = done.length === 0 ? 'nothing was changed' : `what was done before it stays (${done.join(', ')})`;
    throw new MigrationError(`${migration} failed, ${left}: ${reasonOf(error)}`, { cause: error });
  }
};

const counted = (count: number): string => (count === 1 ? 'one migration' : `${count} migrations`);

/** One line; the statement that failed, which the ORM puts in front, is left out. */
const reasonOf = (error: unknown): string => {
  if (sqlStateOf(error) === LOCK_NOT_AVAILABLE) {
    return 'a table was in use for too long; try again in a quieter moment.';
  }
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = innermost instanceof Error ? innermost.message : String(innermost);
  return (text.split('\n').at(0) ?? '').slice(0, 500);
};
