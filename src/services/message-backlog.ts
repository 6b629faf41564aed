import { setTimeout as sleep } from 'node:timers/promises';
import type { StatementRunner } from '../database/sql.ts';

/** Beyond this the number does not matter, and counting would cost. */
const MOST = 10_000;
/** How long a number is good: figures are asked for by several machines. */
const KEPT_MS = 5000;
/** Longer than this nobody who asks for figures waits. */
const WAIT_MS = 1000;

const COUNT = `select count(*)::integer as waiting from (select from messages where state = 'QUEUED' limit ${MOST}) queued`;

/** How many messages wait to be sent. */
export class MessageBacklog {
  readonly #database: StatementRunner;
  #latest: { readonly count: Promise<number>; readonly at: number } | null = null;

  constructor(database: StatementRunner) {
    this.#database = database;
  }

  /** At most five seconds old, and at most ten thousand; NaN when the database does not say. Never throws. */
  async count(): Promise<number> {
    const now = performance.now();
    if (this.#latest === null || now - this.#latest.at > KEPT_MS) {
      const count = this.#database
        .query<{ waiting: number }>(COUNT)
        .then(([row]) => row?.waiting ?? Number.NaN)
        .catch(() => Number.NaN);
      this.#latest = { count, at: now };
    }
    return Promise.race([this.#latest.count, sleep(WAIT_MS, Number.NaN, { ref: false })]);
  }
}
