import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log.ts';
import type { LeaseService } from './lease.service.ts';
import { endExpiredSessions } from './refresh.service.ts';
import { retireSigningKeys } from './signing-key.service.ts';

const INTERVAL_MS = 5 * 60 * 1000;
/** Longer than a round takes, shorter than the interval. */
const LEASE_SECONDS = 4 * 60;
/** Rows of one statement: small enough that it never holds locks for long. */
const BATCH = 1000;
const MAXIMUM_BATCHES = 100;
/** Months of audit partitions that exist ahead. */
const MONTHS_AHEAD = 4;

/** What grows old: expired sessions, tokens, idempotency keys, retired signing keys; and partitions for the months to come. */
export class Housekeeping {
  readonly #database: Database;
  readonly #leases: LeaseService;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(parts: { database: Database; leases: LeaseService; clock: Clock; log: Log }) {
    this.#database = parts.database;
    this.#leases = parts.leases;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Begins to work every five minutes, in one replica at a time. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    this.#tick();
  }

  /** Stops, and waits for the round under way. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** One round; does nothing while another replica is at it. Gives whether it worked. */
  async run(): Promise<boolean> {
    const lease = await this.#leases.take('housekeeping', LEASE_SECONDS);
    if (lease === null) return false;
    const now = this.#clock.now();
    await this.#database.query('select ensure_audit_partitions($1::date, $2::int)', [now.toISOString(), MONTHS_AHEAD]);
    await retireSigningKeys(this.#database, now);
    await inBatches(() => endExpiredSessions(this.#database, now, BATCH));
    await inBatches(() => this.#delete('idempotency_keys', 'expires_at <= $1', now));
    await inBatches(() => this.#delete('one_time_tokens', `expires_at <= $1::timestamptz - interval '30 days'`, now));
    await inBatches(() => this.#delete('sessions', `ended_at <= $1::timestamptz - interval '90 days'`, now));
    await this.#leases.release(lease);
    return true;
  }

  async #delete(
    table: 'idempotency_keys' | 'one_time_tokens' | 'sessions',
    condition: string,
    now: Date,
  ): Promise<number> {
    const rows = await this.#database.query(
      `delete from ${table} where ctid = any(array(select ctid from ${table} where ${condition} limit ${BATCH})) returning 1 as gone`,
      [now.toISOString()],
    );
    return rows.length;
  }

  #tick(): void {
    this.#running = this.run()
      .then(() => undefined)
      .catch((error: unknown) => this.#log('warn', 'housekeeping failed and will be tried again', { err: error }));
  }
}

const inBatches = async (work: () => Promise<number>): Promise<void> => {
  for (let batch = 0; batch < MAXIMUM_BATCHES; batch += 1) {
    if ((await work()) < BATCH) return;
  }
};
