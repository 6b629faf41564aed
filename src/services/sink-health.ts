import { type Clock, secondsAfter } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { type SinkConditionRow, sinkConditions } from '../entities/outbox.queries.ts';
import type { PartState } from './health.service.ts';

/** As the metrics advise to alert on: no relay runs, or the sink does not keep up. */
const LATE_SECONDS = 60;

/** Names of sinks in health reports; `redis` alone is the Redis of limits and caches. A log line cannot fail. */
const COMPONENTS: Readonly<Record<string, string>> = { kafka: 'kafka', redis: 'redis-stream', webhook: 'webhooks' };

/**
 * How the sinks of events do, as the relay wrote it down, whichever replica that is: nothing is connected to here, and one statement
 * tells of all of them.
 */
export class SinkHealth {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #sinks: readonly string[];
  #reading: Promise<readonly SinkConditionRow[]> | null = null;

  /** @param parts.sinks names of the sinks that the settings have. */
  constructor(parts: { database: Database; clock: Clock; sinks: readonly string[] }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#sinks = parts.sinks.filter((name) => COMPONENTS[name] !== undefined);
  }

  /** Those that have a line, with the name of it. */
  get parts(): readonly { readonly sink: string; readonly component: string }[] {
    return this.#sinks.map((sink) => ({ sink, component: COMPONENTS[sink] ?? sink }));
  }

  /** DEGRADED while its last try failed, or events wait for it for more than a minute. Throws when the database does not answer. */
  async stateOf(sink: string): Promise<Partial<PartState>> {
    const row = (await this.#conditions()).find(({ name }) => name === sink);
    if (row === undefined || !(row.failing || row.late)) return { latencyMs: null };
    const message = row.failing
      ? `It takes no events, they wait: ${row.failure ?? 'no reason given'}`
      : `Events have waited for it for more than ${LATE_SECONDS} seconds.`;
    return { status: 'DEGRADED', latencyMs: null, message };
  }

  /** One statement for all who ask while it runs. */
  #conditions(): Promise<readonly SinkConditionRow[]> {
    const since = secondsAfter(this.#clock.now(), -LATE_SECONDS).toISOString();
    this.#reading ??= this.#database.query<SinkConditionRow>(sinkConditions, [this.#sinks, since]).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }
}
