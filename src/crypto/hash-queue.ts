import { Failure } from '../errors.ts';

interface Waiter {
  readonly start: () => void;
}

/** Told how the queue does. */
export interface HashWatch {
  /** A job begins, after so many seconds. */
  waited(seconds: number): void;
  refused(): void;
  /** Runs the job. */
  compute<T>(job: () => Promise<T>): Promise<T>;
}

export interface HashQueueOptions {
  /** Most jobs at once: one per core, because more only push each other out of the caches (and take 19 MiB each). */
  readonly concurrency: number;
  /** Most jobs waiting behind them. */
  readonly limit: number;
  readonly watch?: HashWatch;
}

/**
 * A bounded first-in-first-out queue in front of costly computations. A flood of sign-ins is turned away at the door with
 * SERVICE_UNAVAILABLE, instead of filling the thread pool that token verification and the file system share.
 */
export class HashQueue {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #watch: HashWatch | null;
  /** In order of arrival; a Set, so that an aborted waiter leaves from the middle at once. */
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  constructor({ concurrency, limit, watch }: HashQueueOptions) {
    if (!Number.isSafeInteger(concurrency) || concurrency < 1 || !Number.isSafeInteger(limit) || limit < 0) {
      throw new RangeError('A hash queue needs a concurrency of at least 1 and a limit of at least 0.');
    }
    this.#concurrency = concurrency;
    this.#limit = limit;
    this.#watch = watch ?? null;
  }

  /** Jobs being computed. */
  get running(): number {
    return this.#running;
  }

  /** Jobs waiting. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Runs the job when its turn comes and settles as it does. Fails at once with SERVICE_UNAVAILABLE when the queue is full.
   * An aborted signal takes a waiting job out and fails with the signal's reason; a job that has begun runs to its end.
   */
  async run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const asked = performance.now();
    await this.#takeSlot(signal);
    this.#watch?.waited((performance.now() - asked) / 1000);
    try {
      return await (this.#watch === null ? job() : this.#watch.compute(job));
    } finally {
      this.#passSlotOn();
    }
  }

  #takeSlot(signal: AbortSignal | undefined): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#limit) {
      this.#watch?.refused();
      throw new Failure('SERVICE_UNAVAILABLE', 'Too many sign-ins are waiting; try again in a moment.', {
        retryAfterSeconds: 1,
      });
    }
    return this.#wait(signal);
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** The slot goes straight to the next waiter: were it freed first, a newcomer could overtake. */
  #passSlotOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.start();
  }
}
