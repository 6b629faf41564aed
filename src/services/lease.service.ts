import { type Clock, secondsAfter } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { prepared } from '../database/prepared.ts';
import { randomId } from '../ids.ts';

const TAKE = prepared(`insert into leases (name, holder, fencing, expires_at) values ($1, $2, 1, $4)
  on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at,
    fencing = leases.fencing + case when leases.holder = excluded.holder then 0 else 1 end
  where leases.holder = excluded.holder or leases.expires_at <= $3
  returning fencing::text as fencing`);

/** The right to do a job for a while. `fencing` is larger than that of every earlier holder. */
export interface HeldLease {
  readonly name: string;
  readonly fencing: string;
}

/**
 * Gives one replica at a time the right to run a job. A row with an end, so that a holder that died is replaced, and no
 * session lock, so that connections may be pooled per transaction.
 */
export class LeaseService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #holder = randomId();

  constructor(parts: { database: Database; clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /** Takes or prolongs the lease; null while another replica holds it. */
  async take(name: string, seconds: number): Promise<HeldLease | null> {
    const now = this.#clock.now();
    const rows = await this.#database.query<{ fencing: string }>(TAKE, [
      name,
      this.#holder,
      now.toISOString(),
      secondsAfter(now, seconds).toISOString(),
    ]);
    const fencing = rows[0]?.fencing;
    return fencing === undefined ? null : { name, fencing };
  }

  /** Gives the lease back, so that another replica need not wait for its end. */
  async release(lease: HeldLease): Promise<void> {
    await this.#database.query('update leases set expires_at = $3 where name = $1 and holder = $2', [
      lease.name,
      this.#holder,
      this.#clock.now().toISOString(),
    ]);
  }
}
