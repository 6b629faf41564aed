import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { countTrustedDocumentRuns } from '../entities/trusted-document.queries.ts';
import type { BackgroundWork } from '../telemetry/background-work.ts';
import { DelayedFlush } from './delayed-flush.ts';

const FLUSH_INTERVAL_MS = 60_000;

/** Counts the runs of trusted documents: in memory, and once a minute with one statement for all of them. */
export class TrustedDocumentUse {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #flushing: DelayedFlush;
  /** Runs by hash, of documents that exist: there cannot be more of them than those. */
  #runs = new Map<string, number>();

  constructor(parts: { database: Database; clock: Clock; background: BackgroundWork }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#flushing = new DelayedFlush({
      delayMs: FLUSH_INTERVAL_MS,
      flush: () => this.flush(),
      rounds: parts.background.rounds('usage', 'runs of trusted documents could not be written'),
    });
  }

  /** A document was run. */
  ran(hash: string, times = 1): void {
    this.#runs.set(hash, (this.#runs.get(hash) ?? 0) + times);
    this.#flushing.due();
  }

  /** Writes what was counted; called by itself, and at the end of the process. What cannot be written is tried again. */
  async flush(): Promise<void> {
    this.#flushing.begun();
    if (this.#runs.size === 0) return;
    const runs = this.#runs;
    this.#runs = new Map();
    try {
      await this.#database.query(countTrustedDocumentRuns, [
        [...runs.keys()],
        [...runs.values()],
        this.#clock.now().toISOString(),
      ]);
    } catch (error) {
      for (const [hash, times] of runs) this.ran(hash, times);
      throw error;
    }
  }
}
