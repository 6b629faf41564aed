import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { SessionId } from '../ids.ts';
import type { BackgroundWork } from '../telemetry/background-work.ts';
import { DelayedFlush } from './delayed-flush.ts';

/** `lastSeenAt` of a session is exact to this. */
const PRECISION_SECONDS = 60;
/** That of a device: coarser, because an index is in its order. */
const DEVICE_PRECISION_SECONDS = 600;
const FLUSH_INTERVAL_MS = 5000;
const MAXIMUM_PENDING = 10_000;

/** A use of a session. */
export interface Use {
  /** Canonical address of the client. */
  readonly ipAddress: string;
  /** The same where only some networks are let in; null when it is not known. */
  readonly provenIpAddress: string | null;
  /** null: the program did not say. */
  readonly userAgent: string | null;
}

/**
 * Marks sessions and their devices as used, which moves the end of a session by idleness on. Not with a statement per request: sessions that were not
 * marked for a minute are collected and marked together every few seconds.
 */
export class SessionActivity {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #idleSeconds: number;
  readonly #flushing: DelayedFlush;
  /** Where each session was used from last, and by which program. */
  readonly #pending = new Map<SessionId, Pick<Use, 'ipAddress' | 'userAgent'>>();

  constructor(parts: { database: Database; clock: Clock; config: Config; background: BackgroundWork }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#idleSeconds = parts.config.tokens.sessionIdleSeconds;
    this.#flushing = new DelayedFlush({
      delayMs: FLUSH_INTERVAL_MS,
      flush: () => this.flush(),
      rounds: parts.background.rounds('usage', 'sessions could not be marked as used'),
    });
  }

  /** Notes that a session was used just now, from this address by this program. */
  seen(session: Pick<SessionView, 'id' | 'lastSeenAt'>, use: Use): void {
    if (session.lastSeenAt > secondsAfter(this.#clock.now(), -PRECISION_SECONDS)) return;
    if (this.#pending.size >= MAXIMUM_PENDING) return;
    this.#pending.set(session.id, use);
    this.#flushing.due();
  }

  /** Writes what was noted; called by itself, and at the end of the process. */
  async flush(): Promise<void> {
    this.#flushing.begun();
    if (this.#pending.size === 0) return;
    const ids = [...this.#pending.keys()];
    const uses = [...this.#pending.values()];
    this.#pending.clear();
    const now = this.#clock.now();
    await this.#database.query(
      `with seen as (
         update sessions s set last_seen_at = greatest(s.last_seen_at, $2::timestamptz), ip_address = used.ip_address,
           user_agent = coalesce(used.user_agent, s.user_agent),
           expires_at = greatest(s.expires_at, least($3::timestamptz, s.absolute_expires_at))
         from unnest($1::uuid[], $5::text[], $6::text[]) as used(id, ip_address, user_agent)
         where s.id = used.id and s.ended_at is null and s.expires_at > $2::timestamptz
         returning s.device_id, s.ip_address
       )
       update devices d set last_seen_at = $2::timestamptz, last_ip_address = seen.ip_address from seen
       where d.id = seen.device_id and d.last_seen_at <= $4::timestamptz`,
      [
        ids,
        now.toISOString(),
        secondsAfter(now, this.#idleSeconds).toISOString(),
        secondsAfter(now, -DEVICE_PRECISION_SECONDS).toISOString(),
        uses.map(({ ipAddress }) => ipAddress),
        uses.map(({ userAgent }) => userAgent),
      ],
    );
  }
}
