import { cacheFigures } from '../cache/cache-figures.ts';
import type { Figure } from '../telemetry/figures.ts';
import type { Services } from './services.ts';

/** What services count and time for `/metrics`: a part that keeps figures of its own has a line here. */
export const figuresOf = (services: Services): readonly Figure[] => [
  ...services.instruments.figures,
  ...services.background.figures,
  ...services.statementWatch.figures,
  ...services.errors.figures,
  ...(services.databaseReplica?.figures ?? []),
  ...cacheFigures({ caches: () => services.caches.counters.totals, redis: services.redisHealth }),
];
