import { HashQueue } from '../crypto/hash-queue.ts';

/** Tries of one identifier that are looked at in one moment. */
const AT_ONCE = 2;
/** Tries of one identifier that wait. */
const MOST_WAITING = 100;

/**
 * Tries of one identifier take turns: each counts as a failure while it is looked at, so that six right ones in the same moment would
 * lock each other out, and a flood of guesses at one account would have the hashes of everybody else wait behind it. Identifiers
 * that nobody has take turns alike. In one process: several of them together still count each other.
 */
export class SignInTurns {
  readonly #queues = new Map<string, HashQueue>();
  readonly #concurrency: number;

  /** `maximumFailures` is how many lock an account. */
  constructor(maximumFailures: number) {
    this.#concurrency = Math.max(1, Math.min(AT_ONCE, maximumFailures - 1));
  }

  /** Runs `work` when it is its turn among those of `key`. Fails with SERVICE_UNAVAILABLE when too many wait. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new HashQueue({ concurrency: this.#concurrency, limit: MOST_WAITING });
    this.#queues.set(key, queue);
    try {
      return await queue.run(work);
    } finally {
      if (queue.running === 0) this.#queues.delete(key);
    }
  }
}
