import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { Recorder } from '../events/recorder.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import type { Principal } from '../principal.ts';
import { type Caller, originOf } from './caller.ts';

const WINDOW_MS = 10 * 60 * 1000;
/** Lines of one caller within a window. */
const PER_CALLER = 10;
/** Lines of all callers within a window, in this replica. */
const FOR_ALL = 1000;

interface Window {
  readonly until: number;
  written: number;
  suppressed: number;
}

/** A refused attempt, as the guard tells it. */
export interface DeniedAttempt {
  /** `Type.field`. */
  readonly coordinate: string;
  readonly code: string;
  readonly missing: readonly string[];
}

/**
 * Writes refused changes into the audit log: somebody signed in asked for a mutation that they may not do. Whoever asks without
 * end leaves ten lines in ten minutes, the next of which says how many more there were; all together a thousand. Refusals of
 * queries, of callers who are not signed in, and those that a step-up cures are counted in the metrics only. Nobody waits for it.
 */
export class DenialLog {
  readonly #parts: {
    readonly database: Database;
    readonly recorder: Recorder;
    readonly clock: Clock;
  };
  readonly #rounds: Rounds;
  readonly #windows = new Map<string, Window>();
  readonly #underWay = new Set<Promise<unknown>>();
  #all: Window = { until: 0, written: 0, suppressed: 0 };

  constructor(parts: { database: Database; recorder: Recorder; clock: Clock; background: BackgroundWork }) {
    this.#parts = parts;
    this.#rounds = parts.background.rounds('audit_denials', 'a refused attempt could not be recorded');
  }

  /** Notes an attempt; never throws. */
  denied(caller: Caller, { coordinate, code, missing }: DeniedAttempt): void {
    const [type, operation = ''] = coordinate.split('.');
    if (caller.principal === null || type !== 'Mutation' || code !== 'FORBIDDEN') return;
    const suppressed = this.#spend(keyOf(caller.principal));
    if (suppressed === null) return;
    const metadata = { operation, missing, ...(suppressed === 0 ? {} : { suppressed }) };
    const { recorder, database } = this.#parts;
    const line = { action: 'operation.denied', result: 'DENIED', metadata } as const;
    const writing = this.#rounds
      .follow(recorder.recordAlone(database, originOf(caller), [line]))
      .finally(() => this.#underWay.delete(writing));
    this.#underWay.add(writing);
  }

  /** Waits for the lines under way. */
  async flush(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** How many lines were left out since the last one; null: this one is left out as well. */
  #spend(key: string): number | null {
    const now = this.#parts.clock.now().getTime();
    if (this.#all.until <= now) {
      this.#all = { until: now + WINDOW_MS, written: 0, suppressed: 0 };
      this.#forget(now);
    }
    const before = this.#windows.get(key);
    const isNew = before === undefined || before.until <= now;
    const window = isNew ? { until: now + WINDOW_MS, written: 0, suppressed: before?.suppressed ?? 0 } : before;
    if (window.written >= PER_CALLER || this.#all.written >= FOR_ALL) {
      window.suppressed += 1;
      // Only those who have a line are remembered: that bounds the map as it bounds the lines.
      if (!isNew || before !== undefined) this.#windows.set(key, window);
      return null;
    }
    const { suppressed } = window;
    this.#windows.set(key, { ...window, written: window.written + 1, suppressed: 0 });
    this.#all.written += 1;
    return suppressed;
  }

  /** Windows that are over and left nothing out, and all of those twice as old. */
  #forget(now: number): void {
    for (const [key, { until, suppressed }] of this.#windows) {
      if (until <= now && (suppressed === 0 || until + WINDOW_MS <= now)) this.#windows.delete(key);
    }
  }
}

/** Whoever really acts. */
const keyOf = ({ userId, actorId, apiKeyId }: Principal): string => apiKeyId ?? actorId ?? userId;
