/** How long a store that did not answer is left alone before it is asked again. */
const PROBE_MS = 1000;

interface BreakerParts {
  /** Asks the store for something that shows whether it works again. */
  readonly probe: () => Promise<unknown>;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/**
 * Remembers that a store did not answer. While it is open nobody asks the store, except for one question at a time in the
 * background: no request pays for finding out that a frozen store is still frozen.
 */
export class Breaker {
  readonly #parts: BreakerParts;
  #timer: NodeJS.Timeout | null = null;
  #isOpen = false;
  #isStopped = false;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    if (this.#isOpen || this.#isStopped) return;
    this.#isOpen = true;
    this.#parts.onOpen();
    this.#schedule();
  }

  /** Asks now, because there is reason to think that the store is back. */
  async probe(): Promise<void> {
    if (!this.#isOpen) return;
    this.#cancel();
    try {
      await this.#parts.probe();
      this.#close();
    } catch {
      this.#schedule();
    }
  }

  /** Never asks again. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #close(): void {
    if (!this.#isOpen || this.#isStopped) return;
    this.#cancel();
    this.#isOpen = false;
    this.#parts.onClose();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#isStopped) return;
    this.#timer = setTimeout(() => void this.probe(), PROBE_MS).unref();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
