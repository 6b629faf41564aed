import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { SessionId } from '../ids.ts';

/** `lastSeenAt` is exact to this. */
const PRECISION_SECONDS = 60;
const FLUSH_INTERVAL_MS = 5000;
const MAXIMUM_PENDING = 10_000;

/**
 * Marks sessions as used, which moves their end by idleness on. Not with a statement per request: sessions that were not
 * marked for a minute are collected and marked together every few seconds.
 */
export class SessionActivity {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #idleSeconds: number;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Set<SessionId>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: { database: Database; clock: Clock; config: Config; onError: (error: unknown) => void }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#idleSeconds = parts.config.tokens.sessionIdleSeconds;
    this.#onError = parts.onError;
  }

  /** Notes that a session was used just now. */
  seen(session: Pick<SessionView, 'id' | 'lastSeenAt'>): void {
    if (session.lastSeenAt > secondsAfter(this.#clock.now(), -PRECISION_SECONDS)) return;
    if (this.#pending.size >= MAXIMUM_PENDING) return;
    this.#pending.add(session.id);
    this.#timer ??= setTimeout(() => {
      this.flush().catch(this.#onError);
    }, FLUSH_INTERVAL_MS).unref();
  }

  /** Writes what was noted; called by itself, and at the end of the process. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pending.size === 0) return;
    const ids = [...this.#pending];
    this.#pending.clear();
    const now = this.#clock.now();
    await this.#database.query(
      `update sessions set last_seen_at = greatest(last_seen_at, $2::timestamptz),
         expires_at = greatest(expires_at, least($3::timestamptz, absolute_expires_at))
       where id = any($1::uuid[]) and ended_at is null and expires_at > $2::timestamptz`,
      [ids, now.toISOString(), secondsAfter(now, this.#idleSeconds).toISOString()],
    );
  }
}
