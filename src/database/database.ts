import { setTimeout as sleep } from 'node:timers/promises';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { ormOptions } from '../orm.ts';
import { returnLostConnections } from './lost-connections.ts';
import { PreparedStatements } from './prepared.ts';
import { cutSilentConnections } from './silent-connections.ts';
import { sql } from './sql.ts';
import { StatementCounter } from './statement-counter.ts';
import { readTextArraysAtOnce } from './text-arrays.ts';
import { presentFrame, type Work } from './transaction-frame.ts';

type DatabaseSettings = Omit<Parameters<typeof ormOptions>[0], 'onPoolCreated'> & {
  /** Called once when the server turns out to be several, behind a pooler that `pooler` does not tell of. */
  readonly onPooled?: () => void;
};

/** SQLSTATEs after which the whole transaction may simply be run again: serialization failure and deadlock. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAXIMUM_TRIES = 4;

/** One connection, for statements that must be answered by the same server one after the other. */
export interface Connection {
  /** Fails after `timeoutMs` whatever the server does; the connection is of no use then. */
  query<Row extends object>(text: string, values: readonly unknown[], timeoutMs: number): Promise<Row[]>;
}

/** The connection pool, with the two ways of using it: a read, or a transaction. */
export class Database {
  readonly orm: MikroORM;
  readonly statements: StatementCounter;
  readonly #reader: EntityManager;
  readonly #prepared: PreparedStatements;
  #pool: Pool | null = null;

  private constructor(settings: DatabaseSettings) {
    this.statements = new StatementCounter();
    this.#prepared = new PreparedStatements(settings.onPooled);
    const onPoolCreated = (pool: Pool): void => {
      this.#pool = pool;
      // Behind a pooler the next statement may go to a server that knows none of the names.
      if (settings.pooler !== 'transaction') this.#prepared.watch(pool);
      this.statements.watch(pool);
      readTextArraysAtOnce(pool);
      returnLostConnections(pool);
      if (settings.statementTimeoutMs !== undefined) cutSilentConnections(pool, settings.statementTimeoutMs);
    };
    // Not MikroORM.init, which looks for extensions that we do not have, and loads a second copy of those in our bundle.
    this.orm = new MikroORM(ormOptions({ ...settings, onPoolCreated }));
    this.#reader = this.orm.em.fork();
  }

  static async connect(settings: DatabaseSettings): Promise<Database> {
    return new Database(settings);
  }

  /**
   * One statement that is a transaction of its own, straight to the driver: hot paths gain from every layer that is left out.
   * After a deadlock or serialization failure it runs again.
   */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#repeated(async () => {
      // The pool comes into being with the first statement, whoever sends it.
      if (this.#pool === null) return sql<Row>(this.#reader, text, values);
      return (await this.#pool.query<Row>(text, [...values])).rows;
    });
  }

  /**
   * Runs `work` in one transaction (read committed) and commits what it wrote; when it throws, nothing of it remains.
   * After a deadlock or serialization failure `work` runs again, so it must do nothing but database work.
   */
  transaction<T>(work: Work<T>): Promise<T> {
    const begin = <R>(own: Work<R>): Promise<R> => this.#repeated(() => this.orm.em.fork().transactional(own));
    return presentFrame()?.transaction(begin, work) ?? begin(work);
  }

  /** Whether all connections are at work, so that another statement would wait for one. */
  get isExhausted(): boolean {
    const pool = this.#pool;
    return pool !== null && pool.idleCount === 0 && pool.totalCount >= pool.options.max;
  }

  /** Runs `work` on one connection. When it fails the connection is closed: nobody knows what it still waits for. */
  async onConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#poolOfOwn().connect();
    try {
      const result = await work({
        query: async <Row extends object>(text: string, values: readonly unknown[], timeoutMs: number) => {
          const timed = { text, values: [...values], query_timeout: timeoutMs };
          return (await client.query<Row>(timed)).rows;
        },
      });
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  #poolOfOwn(): Pool {
    if (this.#pool === null) this.orm.em.getKysely();
    if (this.#pool === null) throw new Error('The driver made no pool.');
    return this.#pool;
  }

  async close(): Promise<void> {
    await this.orm.close(true);
  }

  /** Runs `work` again after a failure of which nothing remains. */
  async #repeated<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const state = sqlStateOf(error) ?? '';
        if (attempt >= MAXIMUM_TRIES || !(RETRYABLE.has(state) || this.#prepared.renew(state, error))) throw error;
        await sleep(attempt * attempt * 5);
      }
    }
  }
}

/** The SQLSTATE of an error of the driver or of the ORM around it; null for any other error. */
export const sqlStateOf = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** The constraint that an error of the database names; null when it names none. */
export const constraintOf = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null) return null;
  if ('constraint' in error && typeof error.constraint === 'string') return error.constraint;
  return 'cause' in error ? constraintOf(error.cause) : null;
};
