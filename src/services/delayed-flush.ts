import type { Rounds } from '../telemetry/background-work.ts';

interface Parts {
  readonly delayMs: number;
  /** Writes what was gathered. */
  readonly flush: () => Promise<void>;
  readonly rounds: Rounds;
}

/** When what is gathered in memory is to be written: all of it together, a while after the first of it came. */
export class DelayedFlush {
  readonly #parts: Parts;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Something waits to be written. */
  due(): void {
    this.#timer ??= setTimeout(() => {
      void this.#parts.rounds.follow(this.#parts.flush());
    }, this.#parts.delayMs).unref();
  }

  /** It is being written: the next that comes begins a delay of its own. */
  begun(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
