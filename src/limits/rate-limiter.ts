import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** A budget of a limiter: so many points within so many seconds, per key. */
export interface Budget {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** What is left of a budget after points were spent. */
export interface Spending {
  readonly allowed: boolean;
  /** Points spent in the present window, these included. */
  readonly spent: number;
  readonly retryAfterSeconds: number;
}

/** The counter of one budget. `consume` rejects with a RateLimiterRes when there are no points left. */
export interface Counter {
  consume(key: string, points: number): Promise<RateLimiterRes>;
  reward(key: string, points: number): Promise<RateLimiterRes>;
  get(key: string): Promise<RateLimiterRes | null>;
}

/** Makes the counter of a budget; where it counts is its own business. */
export type CounterOf = (budget: Budget) => Counter;

/** Counters in the memory of this process: exact here, unknown to other replicas. */
export const inMemory: CounterOf = ({ name, points, seconds }) =>
  new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });

/**
 * Counts what callers spend of budgets. Counters may vanish with their store at any time: what must be exact (failures of an
 * account, of a code, of a challenge) is counted in PostgreSQL.
 */
export class RateLimiter {
  readonly #counterOf: CounterOf;
  readonly #counters = new Map<string, Counter>();
  readonly #onRefusal: (budget: string) => void;

  /** @param onRefusal called with the name of a budget that had no points left. */
  constructor(counterOf: CounterOf = inMemory, onRefusal: (budget: string) => void = () => undefined) {
    this.#counterOf = counterOf;
    this.#onRefusal = onRefusal;
  }

  /** Spends one point, before what it pays for is done: of parallel calls no more get through than there are points. */
  async spend(budget: Budget, key: string): Promise<Spending> {
    try {
      return spendingOf(await this.#counter(budget).consume(key, 1), true);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      this.#onRefusal(budget.name);
      return spendingOf(error, false);
    }
  }

  /** Gives a point back. */
  async giveBack(budget: Budget, key: string): Promise<void> {
    await this.#counter(budget).reward(key, 1);
  }

  /** Points spent in the present window. */
  async spent(budget: Budget, key: string): Promise<number> {
    return (await this.#counter(budget).get(key))?.consumedPoints ?? 0;
  }

  #counter(budget: Budget): Counter {
    const known = this.#counters.get(budget.name) ?? this.#counterOf(budget);
    this.#counters.set(budget.name, known);
    return known;
  }
}

const spendingOf = (result: RateLimiterRes, allowed: boolean): Spending => ({
  allowed,
  spent: result.consumedPoints,
  retryAfterSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
});
