import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { beginCounting, countHours, countPeople, moveCounting } from '../entities/stats-counting.queries.ts';
import type { HeldLease, LeaseService } from './lease.service.ts';

const LEASE = 'stats';
/** Longer than a batch, or the figures of the present, take; prolonged before each. */
const LEASE_SECONDS = 300;
/** Places of the chain that are counted in one transaction. It holds the people in them: who changes one of them waits for its end. */
const BATCH = 2000;
/** Beyond what a request may take: nobody waits for it, and there is one of it. */
export const COUNTING_SETTINGS = [`set local statement_timeout = '240s'`, `set local work_mem = '64MB'`];

/**
 * Counts audit events forward along the chain in which they are sealed: it has only committed events, each at one place, without
 * a gap, so that an event that is committed late is counted late and none is passed over or counted twice. The place up to
 * which is counted moves in the transaction that adds the counts.
 */
export class StatsCounter {
  readonly #database: Database;
  readonly #leases: LeaseService;

  constructor(parts: { database: Database; leases: LeaseService }) {
    this.#database = parts.database;
    this.#leases = parts.leases;
  }

  /** Takes or prolongs the right to count; null while another replica has it. */
  take(): Promise<HeldLease | null> {
    return this.#leases.take(LEASE, LEASE_SECONDS);
  }

  release(lease: HeldLease): Promise<void> {
    return this.#leases.release(lease);
  }

  /** Counts what is sealed, at most so many batches. Gives whether all of it is counted; null when another replica took over. */
  async count(maximumBatches = Infinity): Promise<boolean | null> {
    for (let batch = 0; batch < maximumBatches; batch += 1) {
      const lease = await this.take();
      const counted = lease === null ? null : await this.#database.transaction((em) => countBatch(em, lease));
      if (counted === null) return null;
      if (counted < BATCH) return true;
    }
    return false;
  }
}

/** Gives how many places it went on; null when a later holder of the lease was there before. */
const countBatch = async (em: EntityManager, { fencing }: HeldLease): Promise<number | null> => {
  for (const setting of COUNTING_SETTINGS) await sql(em, setting);
  const [state] = await sql<{ position: string; sealed: string }>(em, beginCounting, [fencing]);
  if (state === undefined) return null;
  const from = BigInt(state.position);
  const sealed = BigInt(state.sealed);
  const until = sealed - from > BATCH ? from + BigInt(BATCH) : sealed;
  // What was sealed is as the statement saw it when it began to wait for the lock; another replica can be further already.
  if (until <= from) return 0;
  const places = [from.toString(), until.toString()];
  await sql(em, countHours, places);
  await sql(em, countPeople, places);
  await sql(em, moveCounting, [until.toString()]);
  return Number(until - from);
};
