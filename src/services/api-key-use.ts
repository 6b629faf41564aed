import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { ApiKeyView } from '../entities/api-key.queries.ts';
import { Failure } from '../errors.ts';
import type { ApiKeyId } from '../ids.ts';
import type { Budget, RateLimiter } from '../limits/rate-limiter.ts';
import type { BackgroundWork } from '../telemetry/background-work.ts';
import { DelayedFlush } from './delayed-flush.ts';

/** `lastUsedAt` is exact to this. */
const PRECISION_SECONDS = 60;
const FLUSH_INTERVAL_MS = 5000;
const MAXIMUM_PENDING = 10_000;
/** No limit is above this. */
export const MAXIMUM_REQUESTS_PER_MINUTE = 1_000_000;

/** One counter for all keys, whatever their limits: a counter for each limit would be memory that callers fill. */
const REQUESTS: Budget = { name: 'api-key-requests', points: MAXIMUM_REQUESTS_PER_MINUTE, seconds: 60 };

/**
 * What comes with every use of an API key: its requests are counted against its own limit, and it is marked as used. Marks are
 * collected and written together every few seconds, never with a statement per request.
 */
export class ApiKeyUse {
  readonly #database: Database;
  readonly #limiter: RateLimiter;
  readonly #clock: Clock;
  readonly #config: Pick<Config, 'apiKeys' | 'rates'>;
  readonly #flushing: DelayedFlush;
  /** Where each key was used from last. */
  readonly #pending = new Map<ApiKeyId, string>();

  constructor(parts: {
    database: Database;
    limiter: RateLimiter;
    clock: Clock;
    config: Config;
    background: BackgroundWork;
  }) {
    this.#database = parts.database;
    this.#limiter = parts.limiter;
    this.#clock = parts.clock;
    this.#config = parts.config;
    this.#flushing = new DelayedFlush({
      delayMs: FLUSH_INTERVAL_MS,
      flush: () => this.flush(),
      rounds: parts.background.rounds('usage', 'API keys could not be marked as used'),
    });
  }

  /** Counts a request. Throws RATE_LIMITED when the key has used up its minute; a limit of its own holds even where others are off. */
  async admit(key: ApiKeyView, ipAddress: string): Promise<void> {
    const points =
      key.rateLimitPerMinute ?? (this.#config.rates.enabled ? this.#config.apiKeys.requestsPerMinute : null);
    if (points !== null) {
      const { allowed, spent, retryAfterSeconds } = await this.#limiter.spend(REQUESTS, key.id);
      if (!allowed || spent > points) throw new Failure('RATE_LIMITED', undefined, { retryAfterSeconds });
    }
    this.#seen(key, ipAddress);
  }

  #seen({ id, lastUsedAt }: ApiKeyView, ipAddress: string): void {
    if (lastUsedAt !== null && lastUsedAt > secondsAfter(this.#clock.now(), -PRECISION_SECONDS)) return;
    if (this.#pending.size >= MAXIMUM_PENDING) return;
    this.#pending.set(id, ipAddress);
    this.#flushing.due();
  }

  /** Writes what was noted; called by itself, and at the end of the process. */
  async flush(): Promise<void> {
    this.#flushing.begun();
    if (this.#pending.size === 0) return;
    const ids = [...this.#pending.keys()];
    const addresses = [...this.#pending.values()];
    this.#pending.clear();
    await this.#database.query(
      // In the order of their ids, so that two replicas that write at once do not wait for each other.
      `with used as (
         select k.id, noted.ip_address from unnest($1::uuid[], $3::text[]) as noted(id, ip_address)
         join api_keys k on k.id = noted.id order by k.id for no key update of k
       )
       update api_keys k set last_used_at = greatest(k.last_used_at, $2::timestamptz), last_used_ip = used.ip_address
       from used where k.id = used.id`,
      [ids, this.#clock.now().toISOString(), addresses],
    );
  }
}
