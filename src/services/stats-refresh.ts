import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { beginCounting, countApiKeys } from '../entities/stats-counting.queries.ts';
import {
  figuresDue,
  finishFigures,
  goneOrganizations,
  refreshFigures,
  removeFigures,
  removeHours,
  removeReturns,
} from '../entities/stats-figures.queries.ts';
import type { OrganizationId } from '../ids.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import type { AuditChainService } from './audit-chain.ts';
import type { HeldLease } from './lease.service.ts';
import { COUNTING_SETTINGS, type StatsCounter } from './stats-counter.ts';

/** Figures are computed anew after this part of the time that they are good for, so that they are not stale while that goes on. */
const DUE_AFTER = 0.8;
/** How often it is looked whether they are due, as a part of the same time. */
const LOOK_EVERY = 0.1;
/** Batches of one round: a log that was never counted is counted in several, and the figures of the present need not wait for it. */
const MAXIMUM_BATCHES = 500;
/** Uses of API keys are written some seconds later; those before the last round by as much are looked at again. */
const KEY_USE_DELAY_SECONDS = 600;
/** Rows of one statement, and organizations of one round, whose counts are removed. */
const REMOVED_ROWS = 5000;
const REMOVED_ORGANIZATIONS = 100;

interface Parts {
  readonly database: Database;
  readonly auditChain: Pick<AuditChainService, 'run'>;
  readonly statsCounter: StatsCounter;
  readonly clock: Clock;
  readonly config: Config;
  readonly background: BackgroundWork;
}

/** Keeps the figures: counts new audit events, and computes those of the present anew, every five minutes in one replica at a time. */
export class StatsRefresh {
  readonly #parts: Parts;
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    const failed = 'statistics could not be computed; the next round tries again';
    this.#rounds = parts.background.rounds('statistics', failed);
  }

  start(): void {
    const seconds = this.#parts.config.stats.refreshSeconds;
    this.#timer ??= setInterval(() => this.#tick(), seconds * LOOK_EVERY * 1000).unref();
    this.#tick();
  }

  /** Stops, and waits for the round under way. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** One round, if it is due; else one statement. */
  async runIfDue(): Promise<boolean> {
    const { database, clock, config } = this.#parts;
    const due = await database.query(figuresDue, [clock.now().toISOString(), config.stats.refreshSeconds * DUE_AFTER]);
    return due.length > 0 && this.run();
  }

  /** One round; does nothing while another replica is at it. Gives whether it worked. */
  async run(): Promise<boolean> {
    const { database, auditChain, statsCounter, clock } = this.#parts;
    const lease = await statsCounter.take();
    if (lease === null) return false;
    const now = clock.now();
    // Sealed events are counted. While another replica seals, or it fails, which it says itself, the newest wait for the next round.
    await auditChain.run().catch(() => null);
    const complete = await statsCounter.count(MAXIMUM_BATCHES);
    if (complete === null || (await statsCounter.take()) === null) return false;
    // By itself: it holds the owners of the keys, and computing figures takes seconds.
    await database.transaction((em) => countKeys(em, lease));
    const worked = await database.transaction((em) => this.#compute(em, lease, { now, complete }));
    await this.#forget();
    await statsCounter.release(lease);
    return worked;
  }

  async #compute(
    em: EntityManager,
    { fencing }: HeldLease,
    { now, complete }: { readonly now: Date; readonly complete: boolean },
  ): Promise<boolean> {
    for (const setting of COUNTING_SETTINGS) await sql(em, setting);
    if ((await sql(em, beginCounting, [fencing])).length === 0) return false;
    const at = now.toISOString();
    await sql(em, refreshFigures, [at]);
    await sql(em, finishFigures, [at, complete]);
    return true;
  }

  /** Removes what was counted for organizations that are gone, a part in each round; their figures last, by which they are found. */
  async #forget(): Promise<void> {
    const { database } = this.#parts;
    const rows = await database.query<{ organization_id: OrganizationId }>(goneOrganizations, [REMOVED_ORGANIZATIONS]);
    if (rows.length === 0) return;
    const ids = rows.map((row) => row.organization_id);
    for (const statement of [removeHours, removeReturns]) {
      while ((await database.query(statement, [ids, REMOVED_ROWS])).length === REMOVED_ROWS);
    }
    await database.query(removeFigures, [ids]);
  }

  #tick(): void {
    if (this.#running !== null) return;
    this.#running = this.#rounds.follow(this.runIfDue()).finally(() => {
      this.#running = null;
    });
  }
}

/** Counts the uses of API keys since the last round; nothing when a later holder of the lease was there before. */
const countKeys = async (em: EntityManager, { fencing }: HeldLease): Promise<void> => {
  for (const setting of COUNTING_SETTINGS) await sql(em, setting);
  if ((await sql(em, beginCounting, [fencing])).length === 0) return;
  const [state] = await sql<{ since: string }>(
    em,
    `select (computed_at - make_interval(secs => $1))::text as since from stats_state`,
    [KEY_USE_DELAY_SECONDS],
  );
  if (state !== undefined) await sql(em, countApiKeys, [state.since]);
};
