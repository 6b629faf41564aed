import type { Pool, PoolClient } from 'pg';

const TRANSACTION_CONTROL = /^\s*(begin|commit|rollback|start transaction|savepoint|release|set transaction)\b/i;

/**
 * Counts the statements that a pool sends: for the metrics, and for the tests that hold every operation to its number.
 * BEGIN, COMMIT and their like are not counted.
 */
export class StatementCounter {
  #count = 0;
  #recorder: ((text: string) => void) | null = null;

  get count(): number {
    return this.#count;
  }

  /** Calls `listener` with the text of every counted statement until the returned function is called. */
  record(listener: (text: string) => void): () => void {
    this.#recorder = listener;
    return () => {
      this.#recorder = null;
    };
  }

  watch(pool: Pool): void {
    pool.on('connect', (client: PoolClient) => {
      const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
      const counted = (...args: readonly unknown[]): unknown => {
        this.#note(args[0]);
        return query(...args);
      };
      Object.assign(client, { query: counted });
    });
  }

  #note(statement: unknown): void {
    const text = typeof statement === 'string' ? statement : textOf(statement);
    if (TRANSACTION_CONTROL.test(text)) return;
    this.#count += 1;
    this.#recorder?.(text);
  }
}

const textOf = (statement: unknown): string =>
  typeof statement === 'object' && statement !== null && 'text' in statement && typeof statement.text === 'string'
    ? statement.text
    : '';
