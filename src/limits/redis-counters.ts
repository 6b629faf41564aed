import { RateLimiterRedis } from 'rate-limiter-flexible';
import { StoreAway } from '../cache/key-value.ts';
import type { RedisConnection } from '../cache/redis-connection.ts';
import { type Budget, type Counter, type CounterOf, inMemory } from './rate-limiter.ts';

/**
 * Counters in Redis, which all replicas share. While it is away, slow or frozen, each replica counts by itself: the limits become
 * looser by the number of replicas, and nothing fails or waits. Loaded when REDIS_URL is set.
 */
export const redisCounters =
  (connection: RedisConnection): CounterOf =>
  (budget) =>
    counterIn(connection, budget);

const counterIn = (connection: RedisConnection, budget: Budget): Counter => {
  const own = inMemory(budget);
  const shared: Counter = new RateLimiterRedis({
    storeClient: connection.client,
    keyPrefix: `${connection.prefix}:rate:${budget.name}`,
    points: budget.points,
    duration: budget.seconds,
  });
  /** Asks the shared counter, and the own one when the store fails; a refusal is an answer and no failure. */
  const ask = async <T>(work: (counter: Counter) => Promise<T>): Promise<T> => {
    try {
      return await connection.run(() => work(shared));
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      return work(own);
    }
  };
  return {
    consume: (key, points) => ask((counter) => counter.consume(key, points)),
    reward: (key, points) => ask((counter) => counter.reward(key, points)),
    get: (key) => ask((counter) => counter.get(key)),
  };
};
