import { cacheFigures } from '../cache/cache-figures.ts';
import { systemClock } from '../clock.ts';
import { ReplicaFigures } from '../database/replica-figures.ts';
import { BackgroundWork } from '../telemetry/background-work.ts';
import { ErrorTracker } from '../telemetry/error-tracker.ts';
import type { Figure } from '../telemetry/figures.ts';
import { Instruments } from '../telemetry/instruments.ts';
import { StatementWatch } from '../telemetry/statement-watch.ts';
import { Metrics } from './metrics.ts';
import { Overload } from './overload.ts';
import { RequestTelemetry } from './request-telemetry.ts';

/** Every figure that a server has with every part in use, without a server: for the page of documents. */
export const documentedFigures = (): readonly Figure[] =>
  new Metrics({
    statements: () => 0,
    pool: () => ({ busy: 0, idle: 0, waiting: 0 }),
    hashQueue: () => ({ running: 0, waiting: 0 }),
    parts: async () => ({}),
    messagesQueued: async () => 0,
    figures: [
      ...new Instruments().figures,
      ...new BackgroundWork({ clock: systemClock, log: () => undefined }).figures,
      ...new StatementWatch({ log: () => undefined, slowMs: 0 }).figures,
      ...new ErrorTracker(systemClock).figures,
      ...cacheFigures({ caches: () => new Map(), redis: { isUp: true, outages: 0 } }),
      ...new ReplicaFigures({ isUsed: () => true, lag: async () => ({ bytes: 0, seconds: 0 }) }).all,
      ...new Overload({ maximumInFlight: 0, maximumLoopDelayMs: 0 }).figures,
      ...new RequestTelemetry().figures,
    ],
    version: '',
  }).figures;
