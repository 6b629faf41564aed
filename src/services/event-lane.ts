import { randomInt } from 'node:crypto';
import { type Clock, wasWithin } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { advanceSink, failSink, nextEvents, type OutboxRow } from '../entities/outbox.queries.ts';
import type { EventSink, PublishedEvent } from '../events/event-sink.ts';
import type { Log } from '../log.ts';
import { failureText } from '../messages/failure-text.ts';

/** The longest that one batch may take; sinks have shorter limits of their own. */
const PUBLISH_MS = 20_000;
const FIRST_WAIT_MS = 250;
/** A sink that is back is noticed within five seconds. */
const LONGEST_WAIT_MS = 4000;

/** Exponential, up to a quarter less: many replicas' relays of many databases do not meet a broker that comes back at once. */
const waitMs = (failures: number): number =>
  Math.round((Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * randomInt(750, 1001)) / 1000);

/** The lease under which a sink is served. */
export interface RelayTurn {
  readonly fencing: string;
  /** False once the lease may have run out: nothing more is begun then. */
  isHeld(): boolean;
}

interface LaneParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Events of one batch at most. */
  readonly batchSize: number;
}

/** One sink with its position: brings it what it has not taken yet, batch after batch, one batch at a time. */
export class EventLane {
  readonly #parts: LaneParts;
  readonly #sink: EventSink;
  #running: Promise<void> | null = null;
  #lookAgain = false;
  /** Half of it after each failure, for the batch may be too large for the sink; after each success twice as much, near one that failed an eighth more. */
  #size: number;
  /** The smallest batch that failed since a larger one was taken. */
  #failedSize = Number.POSITIVE_INFINITY;
  #failures = 0;
  #rest: { readonly since: Date; readonly milliseconds: number } | null = null;
  #published = 0;
  #failed = 0;

  constructor(sink: EventSink, parts: LaneParts) {
    this.#sink = sink;
    this.#parts = parts;
    this.#size = parts.batchSize;
  }

  get name(): string {
    return this.#sink.name;
  }

  /** Events that this process brought to the sink, and tries of it that failed, since the start. */
  get counts(): { readonly published: number; readonly failures: number } {
    return { published: this.#published, failures: this.#failed };
  }

  /** Serves the sink until it has everything, fails or the lease is over; nothing while it rests after a failure. */
  serve(turn: RelayTurn): Promise<void> {
    if (this.#rest !== null && wasWithin(this.#rest.since, this.#rest.milliseconds, this.#parts.clock.now())) {
      return Promise.resolve();
    }
    if (this.#running === null) this.#running = this.#work(turn);
    // It may have looked for events already when those came about which this is called.
    else this.#lookAgain = true;
    return this.#running;
  }

  /** Waits for the batch under way. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  async #work(turn: RelayTurn): Promise<void> {
    try {
      do {
        this.#lookAgain = false;
        await this.#drain(turn);
      } while (this.#lookAgain && this.#rest === null && turn.isHeld());
    } finally {
      this.#running = null;
    }
  }

  async #drain(turn: RelayTurn): Promise<void> {
    while (turn.isHeld()) {
      const { database } = this.#parts;
      const rows = await database.query<OutboxRow>(nextEvents, [this.name, turn.fencing, this.#size]);
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) return;
      try {
        await bounded(this.#sink.publish(rows.map((row) => eventOf(row))));
      } catch (error) {
        return this.#fail(turn, error, rows.length);
      }
      this.#succeed(rows.length);
      await database.query(advanceSink, [
        this.name,
        turn.fencing,
        first.behind,
        last.position,
        this.#parts.clock.now().toISOString(),
        rows.length,
      ]);
    }
  }

  #succeed(count: number): void {
    if (this.#failures > 0) this.#parts.log('info', 'a sink takes events again', { sink: this.name });
    this.#failures = 0;
    this.#rest = null;
    this.#published += count;
    if (count >= this.#failedSize) this.#failedSize = Number.POSITIVE_INFINITY;
    const isNear = this.#size * 2 >= this.#failedSize;
    this.#size = Math.min(isNear ? this.#size + Math.ceil(this.#size / 8) : this.#size * 2, this.#parts.batchSize);
  }

  async #fail(turn: RelayTurn, error: unknown, count: number): Promise<void> {
    const { clock, database, log } = this.#parts;
    const failure = failureText(error instanceof Error ? error.message : String(error)) || 'no reason given';
    this.#failures += 1;
    this.#failed += 1;
    // One event alone cannot be too many: what comes after it does not have to begin small.
    if (count === 1) this.#failedSize = Number.POSITIVE_INFINITY;
    else [this.#failedSize, this.#size] = [count, Math.ceil(count / 2)];
    // Once per outage: the tries go on every few seconds.
    if (this.#failures === 1) log('warn', 'a sink does not take events; they wait', { sink: this.name, failure });
    const now = clock.now();
    this.#rest = { since: now, milliseconds: waitMs(this.#failures) };
    await database.query(failSink, [this.name, turn.fencing, now.toISOString(), failure]);
  }
}

const eventOf = (row: OutboxRow): PublishedEvent => ({
  id: row.id,
  sequence: row.position,
  type: row.type,
  typeVersion: row.type_version,
  aggregateType: row.aggregate_type,
  aggregateId: row.aggregate_id,
  payload: row.payload,
  occurredAt: instantOf(row.occurred_at),
});

/** A sink that never answers must not keep its lane for ever. What it does with the batch after all is a repetition. */
const bounded = async (work: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PUBLISH_MS / 1000} s`)), PUBLISH_MS).unref();
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
