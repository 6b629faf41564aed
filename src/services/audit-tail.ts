import { type Clock, secondsAfter } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { type TailedRow, tailedEvents, type TailRow, tailStart } from '../entities/audit-tail.queries.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';

const INTERVAL_MS = 500;
/** Events of one statement; more are read at once by further ones. */
const BATCH = 500;
/** Longer than any transaction that records something. */
const REACH_BACK_SECONDS = 86_400;

/** Somebody who wants to know what happens. */
export interface TailReader {
  /** The users that it is to be about; null = anybody. */
  readonly about: readonly string[] | null;
  readonly told: (event: TailedRow) => void;
}

/**
 * Follows the audit log for whoever subscribed in this process: one statement in half a second for all of them together, and none
 * while nobody reads. It needs nothing but the database, so that events of every replica arrive in every replica.
 */
export class AuditTail {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rounds: Rounds;
  readonly #readers = new Set<TailReader>();
  /** What was seen so far; null while nobody reads. */
  #position: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<unknown> | null = null;
  #started: Promise<void> | null = null;

  constructor(parts: { database: Database; clock: Clock; background: BackgroundWork }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    const failed = 'the audit log could not be followed; the next round tries again';
    this.#rounds = parts.background.rounds('streams', failed);
  }

  /** How many are told of what happens. */
  get size(): number {
    return this.#position === null ? 0 : this.#readers.size;
  }

  /** Tells the reader of every event that is committed once this has settled, until the function that it gives is called. */
  async follow(reader: TailReader): Promise<() => void> {
    // A round under way asks for what those wanted who were there when it began, and may be read when others are there already:
    // it would pass over what these were to be told of.
    while (this.#reading !== null) await this.#reading;
    this.#readers.add(reader);
    this.#started ??= this.#start();
    try {
      await this.#started;
    } catch (error) {
      this.#leave(reader);
      throw error;
    }
    return () => this.#leave(reader);
  }

  /** Reads what came since the last time; by itself twice a second, sooner when somebody knows that something happened. */
  async round(): Promise<void> {
    this.#reading ??= this.#rounds.follow(this.#read()).finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #start(): Promise<void> {
    const [row] = await this.#database.query<{ snapshot: string }>(tailStart);
    if (this.#readers.size === 0) return;
    this.#position = row?.snapshot ?? null;
    this.#timer ??= setInterval(() => void this.round(), INTERVAL_MS).unref();
  }

  #leave(reader: TailReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#position = null;
    this.#started = null;
  }

  async #read(): Promise<void> {
    const from = this.#position;
    if (from === null) return;
    const oldest = secondsAfter(this.#clock.now(), -REACH_BACK_SECONDS).toISOString();
    let upTo: string | null = null;
    for (let last: TailedRow | null = null; ;) {
      const place: readonly (string | null)[] =
        last === null ? [null, null, null, null] : [upTo, last.transaction_id, last.at, last.id];
      const rows: readonly TailRow[] = await this.#database.query<TailRow>(tailedEvents, [
        from,
        oldest,
        this.#about(),
        BATCH,
        ...place,
      ]);
      upTo ??= rows[0]?.snapshot ?? from;
      const events = rows.filter((row) => row.transaction_id !== null);
      for (const event of events) for (const reader of this.#readers) reader.told(event);
      last = events.at(-1) ?? null;
      if (events.length < BATCH) break;
    }
    // Whoever began to read meanwhile began at a later place.
    if (this.#position === from) this.#position = upTo;
  }

  #about(): readonly string[] | null {
    const users = new Set<string>();
    for (const { about } of this.#readers) {
      if (about === null) return null;
      for (const user of about) users.add(user);
    }
    return [...users];
  }
}
