import { StoreAway } from './key-value.ts';
import type { RedisConnection } from './redis-connection.ts';

/** One line of a health report. Redis is never DOWN for an answer: everything works without it, with less. */
export interface RedisCheck {
  readonly component: 'redis';
  readonly status: 'OK' | 'DEGRADED';
  readonly latencyMs: number | null;
  readonly message: string | null;
}

/** Looks at Redis for health reports; says nothing where the settings name none. */
export class RedisHealth {
  readonly #connection: RedisConnection | null;

  constructor(connection: RedisConnection | null) {
    this.#connection = connection;
  }

  /** Whether Redis answers, as far as is known without asking; null without one. */
  get isUp(): boolean | null {
    return this.#connection === null ? null : !this.#connection.isAway;
  }

  get outages(): number {
    return this.#connection?.outages ?? 0;
  }

  /** Asks Redis, for 250 ms at most. Never throws. */
  async check(): Promise<readonly RedisCheck[]> {
    if (this.#connection === null) return [];
    try {
      const latencyMs = await this.#connection.latency();
      return [{ component: 'redis', status: 'OK', latencyMs, message: null }];
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      const message = 'Redis does not answer; each replica counts limits and keeps caches by itself.';
      return [{ component: 'redis', status: 'DEGRADED', latencyMs: null, message }];
    }
  }
}
