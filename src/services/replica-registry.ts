import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import { secondsAfter } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { newId, type ReplicaId } from '../ids.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { VERSION } from '../version.ts';

const INTERVAL_MS = 20_000;
/** A replica that was not seen for so long is not there. */
const SEEN_WITHIN_SECONDS = 60;
/** The row of one that ended without saying so is removed after this. */
const FORGOTTEN_AFTER_SECONDS = 600;

/** Tells that this process runs, and which others do: each writes its row again every twenty seconds. */
export class ReplicaRegistry {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rounds: Rounds;
  readonly #id = newId<ReplicaId>();
  readonly #startedAt: Date;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;

  constructor(parts: { database: Database; clock: Clock; background: BackgroundWork }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#rounds = parts.background.rounds('replica_registry', 'this replica could not say that it is there');
    this.#startedAt = parts.clock.now();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    this.#tick();
  }

  /** Stops, and takes this process off the list. */
  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
    await this.#rounds.follow(this.#database.query('delete from replicas where id = $1', [this.#id]));
  }

  /** Writes that this process is there, and removes those that were not seen for long. One statement. */
  async beat(): Promise<void> {
    const now = this.#clock.now();
    await this.#database.query(
      `with gone as (delete from replicas where seen_at < $6::timestamptz and id <> $1)
       insert into replicas (id, host, version, started_at, seen_at) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set seen_at = excluded.seen_at`,
      [
        this.#id,
        hostname(),
        VERSION,
        this.#startedAt.toISOString(),
        now.toISOString(),
        secondsAfter(now, -FORGOTTEN_AFTER_SECONDS).toISOString(),
      ],
    );
  }

  #tick(): void {
    this.#running = this.#rounds.follow(this.beat());
  }
}

/** From when on a replica counts as there. */
export const seenSince = (now: Date): Date => secondsAfter(now, -SEEN_WITHIN_SECONDS);
