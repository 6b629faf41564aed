import { performance } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { TransportHealth } from '../messages/transport-health.ts';

export interface HealthReport {
  /** The worst of the parts that an answer needs. */
  readonly status: 'OK' | 'DOWN';
  readonly checks: readonly {
    readonly component: string;
    readonly status: 'OK' | 'DEGRADED' | 'DOWN';
    readonly latencyMs: number | null;
    readonly message: string | null;
  }[];
}

/** How long a report is good: a thousand aliases of `health` in one document cost one check. */
const KEPT_MS = 1000;

/** Looks at the parts that an answer needs, and at those without which it has less. */
export class HealthService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #transports: Pick<TransportHealth, 'states'>;
  #latest: { readonly report: Promise<HealthReport>; readonly at: Date } | null = null;

  constructor(parts: { database: Database; clock: Clock; transports: Pick<TransportHealth, 'states'> }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#transports = parts.transports;
  }

  /** The state of the parts, at most a second old. Never throws. */
  check(): Promise<HealthReport> {
    const now = this.#clock.now();
    const latest = this.#latest;
    if (latest !== null && now.getTime() - latest.at.getTime() < KEPT_MS) return latest.report;
    const report = this.#look();
    this.#latest = { report, at: now };
    return report;
  }

  async #look(): Promise<HealthReport> {
    const started = performance.now();
    try {
      await this.#database.query('select epoch from permission_epoch');
      const latencyMs = Math.round((performance.now() - started) * 100) / 100;
      return {
        status: 'OK',
        checks: [{ component: 'database', status: 'OK', latencyMs, message: null }, ...this.#transports.states],
      };
    } catch {
      const message = 'The database does not answer.';
      return {
        status: 'DOWN',
        checks: [{ component: 'database', status: 'DOWN', latencyMs: null, message }, ...this.#transports.states],
      };
    }
  }
}
