import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Migration } from '@mikro-orm/migrations';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { withoutEnding } from './migration-history.ts';
import { sql } from './sql.ts';

/** Migrations that are applied together in one transaction, or a single one that must not run in any. */
export interface Stretch {
  readonly names: readonly string[];
  readonly isConcurrent: boolean;
}

/** Bounds of the statements of migrations, in milliseconds; 0 = none. */
export interface MigrationTimes {
  readonly tableWaitMs: number;
  readonly statementMs: number;
}

type MigrationClass = new (...parts: ConstructorParameters<typeof Migration>) => Migration;

const isMigrationClass = (value: unknown): value is MigrationClass => typeof value === 'function';

/** The migration of a file; as MikroORM loads it. */
const load = async (orm: MikroORM, name: string): Promise<Migration> => {
  const { path = 'migrations' } = orm.config.get('migrations');
  const file = (await readdir(path)).find((entry) => /\.[jt]s$/.test(entry) && withoutEnding(entry) === name);
  const module = (await import(pathToFileURL(join(path, file ?? `${name}.ts`)).href)) as Readonly<
    Record<string, unknown>
  >;
  const found = Object.values(module).find(isMigrationClass);
  if (found === undefined) throw new Error(`${name} holds no migration.`);
  return new found(orm.em.getDriver(), orm.config);
};

/** The migrations in their order, cut where one says by `isTransactional() { return false; }` that it runs by itself. */
export const stretchesOf = async (orm: MikroORM, names: readonly string[]): Promise<readonly Stretch[]> => {
  const stretches: Stretch[] = [];
  for (const name of names) {
    const isConcurrent = !(await load(orm, name)).isTransactional();
    const last = stretches.at(-1);
    if (isConcurrent || last === undefined || last.isConcurrent) stretches.push({ names: [name], isConcurrent });
    else stretches[stretches.length - 1] = { names: [...last.names, name], isConcurrent };
  }
  return stretches;
};

const statementsOf = async (migration: Migration, method: 'up' | 'down'): Promise<readonly string[]> => {
  await migration[method]();
  return migration.getQueries().map((query) => {
    if (typeof query === 'string') return query;
    throw new Error('A migration adds its statements as text.');
  });
};

/**
 * Runs a migration within the transaction of `em`, all of its statements in one round trip: a new database gets some four hundred, and
 * waiting for each took as long as running them.
 */
export const runTogether = async (
  orm: MikroORM,
  em: EntityManager,
  name: string,
  method: 'up' | 'down',
): Promise<void> => {
  const statements = await statementsOf(await load(orm, name), method);
  // A line of its own for what ends a statement: its last line may be a comment.
  if (statements.length > 0) await sql(em, statements.map((statement) => statement.replace(/;\s*$/, '')).join('\n;\n'));
};

/**
 * Runs a migration statement by statement on one connection, each as a transaction of its own: `create index concurrently` and its
 * like refuse any other way. What was done before a statement fails stays done, so such a migration must be able to run again.
 */
export const runConcurrently = async (
  orm: MikroORM,
  name: string,
  method: 'up' | 'down',
  { tableWaitMs, statementMs }: MigrationTimes,
): Promise<void> => {
  const statements = await statementsOf(await load(orm, name), method);
  await orm.em
    .fork()
    .getKysely()
    .connection()
    .execute(async (connection) => {
      const run = (text: string) => connection.executeQuery(CompiledQuery.raw(text));
      await run(`set statement_timeout = ${statementMs}`);
      await run(`set lock_timeout = ${tableWaitMs}`);
      try {
        for (const statement of statements) await run(statement);
      } finally {
        // The connection goes back among the others, with the bounds that it was opened with.
        await run('reset statement_timeout');
        await run('reset lock_timeout');
      }
    });
};
