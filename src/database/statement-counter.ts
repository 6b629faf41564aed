import type { Pool, PoolClient } from 'pg';
import { inPresentScope } from '../telemetry/request-scope.ts';

const TRANSACTION_CONTROL = /^\s*(begin|commit|rollback|start transaction|savepoint|release|set transaction)\b/i;

/** Told of every counted statement when it is sent; what it gives is called when the statement has ended, with its error. */
interface StatementObserver {
  began(text: string): (error: unknown) => void;
}

type Arguments = unknown[];
type Query = (...args: Arguments) => unknown;
type Connected = (error: Error | undefined, client: PoolClient | undefined, done: () => void) => void;

/**
 * Counts the statements that a pool sends: for the metrics, and for the tests that hold every operation to its number.
 * BEGIN, COMMIT and their like are not counted.
 */
export class StatementCounter {
  #count = 0;
  #recorder: ((text: string) => void) | null = null;
  #observer: StatementObserver | null = null;
  #pool: Pool | null = null;

  get count(): number {
    return this.#count;
  }

  /** Connections by what they do, and how many statements wait for one. */
  get pool(): { readonly busy: number; readonly idle: number; readonly waiting: number } {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#pool ?? {};
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** Calls `listener` with the text of every counted statement until the returned function is called. */
  record(listener: (text: string) => void): () => void {
    this.#recorder = listener;
    return () => {
      this.#recorder = null;
    };
  }

  /** From now on `observer` is told of every statement, instead of the one before it. */
  observe(observer: StatementObserver): void {
    this.#observer = observer;
  }

  watch(pool: Pool): void {
    this.#pool = pool;
    keepScopes(pool);
    pool.on('connect', (client: PoolClient) => {
      const query = client.query.bind(client) as Query;
      Object.assign(client, { query: (...args: Arguments) => this.#send(query, args) });
    });
  }

  #send(query: Query, args: Arguments): unknown {
    const text = typeof args[0] === 'string' ? args[0] : textOf(args[0]);
    if (TRANSACTION_CONTROL.test(text)) return query(...args);
    this.#count += 1;
    this.#recorder?.(text);
    return this.#observer === null ? query(...args) : observed(query, args, this.#observer.began(text));
  }
}

/** The driver answers to a callback, or with a promise; what streams its rows tells us no end. */
const observed = (query: Query, args: Arguments, ended: (error: unknown) => void): unknown => {
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    args[args.length - 1] = (error: unknown, result: unknown) => {
      ended(error);
      Reflect.apply(callback, undefined, [error, result]);
    };
    return query(...args);
  }
  const answer = query(...args);
  if (answer instanceof Promise) void answer.then(() => ended(null), ended);
  return answer;
};

/** Whoever waits for a connection gets it while somebody else gives theirs back: the statement is still the waiter's. */
const keepScopes = (pool: Pool): void => {
  const connect = pool.connect.bind(pool) as (callback?: Connected) => unknown;
  Object.assign(pool, {
    connect: (callback?: Connected) => (callback === undefined ? connect() : connect(inPresentScope(callback))),
  });
};

const textOf = (statement: unknown): string =>
  typeof statement === 'object' && statement !== null && 'text' in statement && typeof statement.text === 'string'
    ? statement.text
    : '';
