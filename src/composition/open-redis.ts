import type { RedisConnection } from '../cache/redis-connection.ts';
import type { Config } from '../config/config.ts';
import type { CounterOf } from '../limits/rate-limiter.ts';
import type { Log } from '../log.ts';

/** What replicas share where the settings name a Redis; nothing where not. Loaded only when needed. */
export const openRedis = async (
  { redis: { url, prefix } }: Config,
  log: Log,
): Promise<{ readonly redis?: RedisConnection; readonly counterOf?: CounterOf }> => {
  if (url === null) return {};
  const { RedisConnection: Connection } = await import('../cache/redis-connection.ts');
  const { redisCounters } = await import('../limits/redis-counters.ts');
  const redis = await Connection.open({ url, prefix }, log);
  return { redis, counterOf: redisCounters(redis) };
};
