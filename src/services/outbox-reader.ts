import { type Clock, wasWithin } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { type SinkRow, sinkStates } from '../entities/outbox.queries.ts';
import type { EventSink } from '../events/event-sink.ts';
import { RELAY_LEASE } from './event-relay.ts';

/** Where one sink stands. */
export interface SinkStatus {
  readonly name: string;
  /** The last try worked. */
  readonly healthy: boolean;
  /** Events it has not taken yet. */
  readonly pending: number;
  /** Events given up, counted up to a hundred thousand. */
  readonly deadLetters: number;
  readonly lastPublishedAt: Date | null;
  /** Reason of the last failure. */
  readonly failure: string | null;
}

/** Events between commit and publication. */
export interface OutboxStatus {
  /** Events that some sink has not taken yet. */
  readonly pending: number;
  readonly oldestPendingAt: Date | null;
  readonly lagSeconds: number;
  readonly publishedPerMinute: number;
  readonly relay: string | null;
  readonly sinks: readonly SinkStatus[];
}

/** How long an answer is good: whoever asks a thousand times in one document asks the database once. */
const KEPT_MS = 1000;
/** More are not counted: there may be tens of millions, and figures are asked for every few seconds. */
export const MAXIMUM_COUNTED = 100_000;

interface Parts {
  readonly database: Database;
  readonly clock: Clock;
  readonly sinks: readonly EventSink[];
  /** Counts what a sink has given up; the others try for ever. */
  readonly deadLetters?: Readonly<Record<string, () => Promise<number>>>;
}

/** Tells how far events have come, whichever replica is the relay. */
export class OutboxReader {
  readonly #parts: Parts;
  #latest: { readonly status: Promise<OutboxStatus>; readonly at: Date } | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The state at most a second ago, in one statement. */
  status(): Promise<OutboxStatus> {
    const now = this.#parts.clock.now();
    const latest = this.#latest;
    if (latest !== null && wasWithin(latest.at, KEPT_MS, now)) return latest.status;
    const status = this.#read(now);
    this.#latest = { status, at: now };
    // A failure is not kept.
    status.catch(() => {
      this.#latest = null;
    });
    return status;
  }

  async #read(now: Date): Promise<OutboxStatus> {
    const { database, sinks, deadLetters = {} } = this.#parts;
    const names = sinks.map(({ name }) => name);
    const rows = await database.query<SinkRow>(sinkStates, [names, now.toISOString(), RELAY_LEASE, MAXIMUM_COUNTED]);
    const [first] = rows;
    const oldest = instantOf(first?.oldest ?? null);
    return {
      pending: Math.max(0, ...rows.map(({ pending }) => pending)),
      oldestPendingAt: oldest,
      lagSeconds: oldest === null ? 0 : Math.max(0, (now.getTime() - oldest.getTime()) / 1000),
      publishedPerMinute: Math.max(0, ...rows.map((row) => row.per_minute)),
      relay: first?.relay ?? null,
      sinks: await Promise.all(
        rows.map(async (row) => ({
          name: row.name,
          healthy: row.failed_at === null,
          pending: row.pending,
          deadLetters: (await deadLetters[row.name]?.()) ?? 0,
          lastPublishedAt: instantOf(row.published_at),
          failure: row.failure,
        })),
      ),
    };
  }
}
