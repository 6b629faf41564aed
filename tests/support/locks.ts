import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';

/** Resolves when some statement of this database waits for a lock; ten seconds at most. */
export const waitForLock = async (database: Database): Promise<void> => {
  for (let count = 0; count < 1000; count += 1) {
    const waiting = await database.query(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
    await sleep(10);
  }
  throw new Error('Nothing waits.');
};

/** Runs a statement in a transaction of its own and keeps what it locked until it is released. */
export const holdLock = (database: Database, text: string, values: readonly unknown[]) => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const over = database.transaction(async (em) => {
    await sql(em, text, values);
    begun.resolve();
    await gate.promise;
  });
  const release = async (): Promise<void> => {
    gate.resolve();
    await over;
  };
  return { begun: begun.promise, release };
};

/**
 * Begins `work` while the row of a user is held, runs `meanwhile` once it waits for that row, and then lets it go on: what it
 * finds is not what it found when it began.
 */
export const overtaking = async <T>(
  database: Database,
  userId: string,
  work: () => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<T> => {
  const held = holdLock(database, 'select from users where id = $1 for update', [userId]);
  await held.begun;
  const late = work();
  try {
    await waitForLock(database);
    await meanwhile();
  } finally {
    await held.release();
  }
  return late;
};
