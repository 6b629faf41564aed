import { type Clock, toNumericDate, wasWithin } from '../clock.ts';
import type { Log } from '../log.ts';
import { Count, type Figure, Gauge } from './figures.ts';

/** What works beside the requests in rounds, whether or not there is something to do. */
const IN_ROUNDS = [
  'audit_sealing',
  'event_relay',
  'exports',
  'housekeeping',
  'messages',
  'replica_registry',
  'reset_requests',
  'signing_keys',
  'statistics',
  'webhooks',
] as const;
/** What is done when there is something to do: the last time that it worked says nothing of it. */
const ON_DEMAND = ['audit_denials', 'streams', 'usage'] as const;

export type BackgroundWorkName = (typeof IN_ROUNDS)[number] | (typeof ON_DEMAND)[number];

/** A line for each failure of something that is tried again every second would hide all other lines. */
const QUIET_MS = 60_000;
/** Work that has failed for so long, at least three rounds of the slowest, is no passing matter: somebody has to look. */
const LASTING_MS = 9 * 60_000;

/** Tells how work goes that nobody waits for: in figures by the kind of the work, and in the log when it fails. */
export class BackgroundWork {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #failures = new Count({
    name: 'gatehouse_background_failures_total',
    help: 'Rounds of work beside the requests that failed and are tried again, by the kind of work.',
    labels: ['work'],
    zeros: [...IN_ROUNDS, ...ON_DEMAND].map((work) => [work]),
  });
  readonly #workedAt = new Map<BackgroundWorkName, number>();
  readonly #lastSuccess = new Gauge(
    {
      name: 'gatehouse_background_last_success_timestamp_seconds',
      help: 'When a round of work beside the requests last worked in this process, as Unix time; at first when the process started. Nothing to do, or another replica that is at it, counts as well.',
      labels: ['work'],
    },
    () => Object.fromEntries(this.#workedAt),
  );

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
    const now = toNumericDate(clock.now());
    for (const work of IN_ROUNDS) this.#workedAt.set(work, now);
  }

  get figures(): readonly Figure[] {
    return [this.#failures, this.#lastSuccess];
  }

  /** Follows rounds of one kind; `failureText` is what the log says when one fails. */
  rounds(work: BackgroundWorkName, failureText: string): Rounds {
    return new Rounds({
      clock: this.#clock,
      log: (level, details) => this.#log(level, failureText, details),
      onSuccess: (at) => {
        if (this.#workedAt.has(work)) this.#workedAt.set(work, toNumericDate(at));
      },
      onFailure: () => this.#failures.add(work),
    });
  }
}

interface RoundParts {
  readonly clock: Clock;
  readonly log: (level: 'warn' | 'error', details: Record<string, unknown>) => void;
  readonly onSuccess: (at: Date) => void;
  readonly onFailure: () => void;
}

/** Rounds of one kind of work. A failure is a warning once a minute at most; one that goes on for nine minutes is an error. */
export class Rounds {
  readonly #parts: RoundParts;
  /** Of failures in a row: how many, and since when. */
  #failing: { count: number; readonly since: Date } | null = null;
  #toldAt: Date | null = null;

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** Gives the result of the round, null when it failed. Never rejects. */
  async follow<T>(round: Promise<T>): Promise<T | null> {
    try {
      const result = await round;
      this.worked();
      return result;
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  worked(): void {
    this.#failing = null;
    this.#parts.onSuccess(this.#parts.clock.now());
  }

  failed(error: unknown, details: Readonly<Record<string, unknown>> = {}): void {
    const { clock, log, onFailure } = this.#parts;
    onFailure();
    const now = clock.now();
    const failing = (this.#failing ??= { count: 0, since: now });
    failing.count += 1;
    if (this.#toldAt !== null && wasWithin(this.#toldAt, QUIET_MS, now)) return;
    this.#toldAt = now;
    const isLasting = now.getTime() - failing.since.getTime() >= LASTING_MS;
    log(isLasting ? 'error' : 'warn', { ...details, failures: failing.count, err: error });
  }
}
