import { type Figure, Gauge } from '../telemetry/figures.ts';
import type { RedisHealth } from './redis-health.ts';

interface Sources {
  readonly caches: () => ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly redis: Pick<RedisHealth, 'isUp' | 'outages'>;
}

/** Figures of caches, and of Redis where the settings name one. */
export const cacheFigures = ({ caches, redis }: Sources): readonly Figure[] => [
  new Gauge(
    {
      name: 'gatehouse_cache_requests_total',
      help: 'Questions to caches by outcome: hit, miss, or error (an entry that could not be read).',
      labels: ['cache', 'outcome'],
    },
    () =>
      [...caches()].flatMap(([cache, counts]) =>
        Object.entries(counts).map(([outcome, value]) => ({ labels: { cache, outcome }, value })),
      ),
    'counter',
  ),
  ...(redis.isUp === null ? [] : redisFigures(redis)),
];

const redisFigures = (redis: Sources['redis']): readonly Figure[] => [
  new Gauge(
    { name: 'gatehouse_redis_up', help: '1 while Redis answers, 0 while each replica goes on by itself.' },
    () => (redis.isUp === true ? 1 : 0),
  ),
  new Gauge(
    { name: 'gatehouse_redis_outages_total', help: 'How often Redis went away since the start.' },
    () => redis.outages,
    'counter',
  ),
];
