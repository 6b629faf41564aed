import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Log } from '../log.ts';
import type { Secret } from '../crypto/secret.ts';
import { type Budget, type Counter, type CounterOf, inMemory } from './rate-limiter.ts';

/** How long a store that did not answer is left alone: each try of a frozen one would cost `COMMAND_MS`. */
const BREAK_MS = 2000;
const COMMAND_MS = 250;

/** Counters that all replicas share, and a way to let go of their store. */
export interface SharedCounters {
  readonly counterOf: CounterOf;
  close(): void;
}

/**
 * Counters in Redis. While it is away, slow or frozen, each replica counts by itself: the limits become looser by the number
 * of replicas, and nothing fails or waits. Loaded when REDIS_URL is set.
 */
export const redisCounters = async (url: Secret<string>, log: Log): Promise<SharedCounters> => {
  const { Redis: Client } = await import('ioredis');
  const client = new Client(url.reveal(), {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: 1000,
    retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 1000),
  });
  const breaker = new Breaker(client, log);
  client.on('error', () => breaker.open());
  client.on('ready', () => breaker.close());
  await client.connect().catch(() => breaker.open());
  return {
    counterOf: (budget) => counterIn(client, breaker, budget),
    close: () => client.disconnect(),
  };
};

/** Remembers that the store did not answer, and says so once per outage. */
class Breaker {
  readonly #client: Redis;
  readonly #log: Log;
  #openUntil = 0;
  #isAway = false;

  constructor(client: Redis, log: Log) {
    this.#client = client;
    this.#log = log;
  }

  get isOpen(): boolean {
    return this.#client.status !== 'ready' || performance.now() < this.#openUntil;
  }

  open(): void {
    this.#openUntil = performance.now() + BREAK_MS;
    if (!this.#isAway) this.#log('warn', 'Redis does not answer; limits are counted by each replica until it does');
    this.#isAway = true;
  }

  close(): void {
    this.#openUntil = 0;
    if (this.#isAway) this.#log('info', 'Redis answers again');
    this.#isAway = false;
  }
}

const counterIn = (client: Redis, breaker: Breaker, budget: Budget): Counter => {
  const own = inMemory(budget);
  const shared: Counter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix: `gatehouse:rate:${budget.name}`,
    points: budget.points,
    duration: budget.seconds,
  });
  /** Asks the shared counter, and the own one when the store fails; a refusal is an answer and no failure. */
  const ask = async <T>(work: (counter: Counter) => Promise<T>): Promise<T> => {
    if (breaker.isOpen) return work(own);
    try {
      return await work(shared);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      breaker.open();
      return work(own);
    }
  };
  return {
    consume: (key, points) => ask((counter) => counter.consume(key, points)),
    reward: (key, points) => ask((counter) => counter.reward(key, points)),
    get: (key) => ask((counter) => counter.get(key)),
  };
};
