import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, wasWithin } from '../clock.ts';

type Status = 'OK' | 'DEGRADED' | 'DOWN';

/** What a check found. */
export interface PartState {
  readonly component: string;
  readonly status: Status;
  /** null: not measured. */
  readonly latencyMs: number | null;
  /** What is wrong, secrets left out; null: nothing. */
  readonly message: string | null;
  /** false: it is missing because nobody set it up. Answers are poorer, but nothing is broken. */
  readonly isSetUp?: boolean;
}

export interface HealthReport {
  /** The worst of the parts that an answer needs. */
  readonly status: 'OK' | 'DOWN';
  readonly checks: readonly PartState[];
}

/** One part of the server that can be asked for. */
export interface HealthCheck {
  /** Name of the part, as in `/readyz` and in the metrics. */
  readonly component: string;
  /** Without it no request can be answered: load balancers send requests elsewhere. */
  readonly isNecessary: boolean;
  /**
   * Looks at the part. Throws, or takes longer than it may: it is DOWN, or DEGRADED where it is not necessary. What the error
   * says is told to nobody, `failure` is. A part that keeps its own state gives that; null = not in use here, not listed.
   */
  look(): Promise<Partial<PartState> | null>;
  /** What is said when it fails. */
  readonly failure: string;
}

/** How long a report is good: a thousand aliases of `health` in one document, or probes without end, cost one check. */
const KEPT_MS = 1000;
/** What takes longer is taken for down: probes give up, too. */
const LOOK_MS = 2000;

/** Looks at the parts that an answer needs, and at those without which it has less. */
export class HealthService {
  readonly #clock: Clock;
  readonly #checks: readonly HealthCheck[];
  readonly #lookMs: number;
  #latest: { readonly report: Promise<HealthReport>; readonly at: Date } | null = null;
  #isLooking = false;

  constructor(parts: { clock: Clock; checks: readonly HealthCheck[]; lookMs?: number }) {
    this.#clock = parts.clock;
    this.#checks = parts.checks;
    this.#lookMs = parts.lookMs ?? LOOK_MS;
  }

  /** The state of the parts, at most a second old; one look at a time. Never throws. */
  check(): Promise<HealthReport> {
    const now = this.#clock.now();
    const latest = this.#latest;
    if (latest !== null && (this.#isLooking || wasWithin(latest.at, KEPT_MS, now))) return latest.report;
    this.#isLooking = true;
    const report = this.#look().finally(() => {
      this.#isLooking = false;
    });
    this.#latest = { report, at: now };
    return report;
  }

  async #look(): Promise<HealthReport> {
    const states = await Promise.all(this.#checks.map((check) => this.#stateOf(check)));
    const isDown = this.#checks.some(({ isNecessary }, index) => isNecessary && states[index]?.status === 'DOWN');
    return { status: isDown ? 'DOWN' : 'OK', checks: states.filter((state) => state !== null) };
  }

  async #stateOf(check: HealthCheck): Promise<PartState | null> {
    const { component, isNecessary, failure } = check;
    const started = performance.now();
    const over = new AbortController();
    try {
      const late = sleep(this.#lookMs, 'late' as const, { signal: over.signal, ref: false });
      late.catch(() => undefined); // it is called off below
      const found = await Promise.race([check.look(), late]);
      if (found === null) return null;
      if (found === 'late') throw new Error('It did not answer in time.');
      const latencyMs = Math.round((performance.now() - started) * 100) / 100;
      return { component, status: 'OK', latencyMs, message: null, ...found };
    } catch {
      return { component, status: isNecessary ? 'DOWN' : 'DEGRADED', latencyMs: null, message: failure };
    } finally {
      over.abort();
    }
  }
}
