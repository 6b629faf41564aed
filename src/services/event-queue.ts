/** Thrown to whoever reads a queue that overflowed. */
export class SlowConsumer extends Error {
  override name = 'SlowConsumer';
}

interface QueueSettings {
  readonly limit: number;
  readonly onEnd: () => void;
  readonly outlivesSession?: boolean;
}

/**
 * What was published for one subscriber and is not yet delivered, in order, at most `limit` of them: whoever does not keep up loses the
 * stream, never the memory of the server. Ending it (by `return`) takes effect at once, also while somebody waits for the next.
 */
export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  /** Its events are told to whoever subscribed, though their session is over by then. */
  readonly outlivesSession: boolean;
  readonly #limit: number;
  readonly #onEnd: () => void;
  #waiting: { readonly event: Event; readonly at: number }[] = [];
  #reader: ((result: IteratorResult<Event>) => void) | null = null;
  #state: 'open' | 'finishing' | 'overflowed' | 'ended' = 'open';

  /** When the event that was read last was published, in milliseconds of `performance.now()`. */
  publishedAt = 0;

  /** Called at once when it overflows, also while whoever reads it is busy with an event of before. */
  onOverflow: () => void = () => undefined;

  /** `onEnd` is called once, when nothing more will be read. */
  constructor({ limit, onEnd, outlivesSession = false }: QueueSettings) {
    this.outlivesSession = outlivesSession;
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** Takes an event; after the end nothing happens. */
  push(event: Event): void {
    if (this.#state !== 'open') return;
    const at = performance.now();
    if (this.#reader !== null) {
      this.publishedAt = at;
      this.#answer({ value: event, done: false });
    } else if (this.#waiting.length >= this.#limit) {
      this.#waiting = [];
      this.#state = 'overflowed';
      this.#onEnd();
      this.onOverflow();
    } else {
      this.#waiting.push({ event, at });
    }
  }

  /** Nothing more comes; what waits is still delivered. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    if (this.#reader !== null) this.#end();
  }

  next(): Promise<IteratorResult<Event>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      this.publishedAt = first.at;
      return Promise.resolve({ value: first.event, done: false });
    }
    if (this.#state === 'overflowed') {
      this.#state = 'ended';
      return Promise.reject(new SlowConsumer('The subscriber does not keep up.'));
    }
    if (this.#state !== 'open') {
      this.#end();
      return Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  return(): Promise<IteratorResult<Event>> {
    this.#waiting = [];
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #answer(result: IteratorResult<Event>): void {
    const reader = this.#reader;
    this.#reader = null;
    reader?.(result);
  }

  #end(): void {
    const wasOpen = this.#state === 'open' || this.#state === 'finishing';
    this.#state = 'ended';
    this.#answer({ value: undefined, done: true });
    if (wasOpen) this.#onEnd();
  }
}
