import type { ApolloServerPlugin } from '@apollo/server';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges read when somebody asks. */
export interface MetricSources {
  readonly statements: () => number;
  readonly hashQueue: () => { readonly running: number; readonly waiting: number };
  readonly caches: () => ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** `isUp` is null where the settings name no Redis. */
  readonly redis: { readonly isUp: boolean | null; readonly outages: number };
  readonly version: string;
}

/** More names than this are counted together, so that a client cannot fill the memory with invented names. */
const MAXIMUM_OPERATION_NAMES = 200;
const NAME = /^[A-Za-z_]\w{0,63}$/;

/** Prometheus figures of this process. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'operation' | 'type' | 'code'>;
  readonly #duration: Histogram<'type'>;
  readonly #denials: Counter<'coordinate' | 'code'>;
  readonly #names = new Set<string>();

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Counter({
      name: 'gatehouse_graphql_requests_total',
      help: 'GraphQL operations by name, type and outcome (OK or the code of the first error).',
      labelNames: ['operation', 'type', 'code'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'gatehouse_graphql_request_duration_seconds',
      help: 'Time from the parsed request to the answer.',
      labelNames: ['type'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.#denials = new Counter({
      name: 'gatehouse_denials_total',
      help: 'Fields refused by the permission tree.',
      labelNames: ['coordinate', 'code'],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number): void => {
      const made = new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      });
      this.registry.registerMetric(made);
    };
    gauge('gatehouse_sql_statements', 'SQL statements since the start.', sources.statements);
    gauge('gatehouse_password_hashes_running', 'Password hashes being computed.', () => sources.hashQueue().running);
    gauge('gatehouse_password_hashes_waiting', 'Password hashes waiting.', () => sources.hashQueue().waiting);
    this.#registerCaches(sources);
    new Gauge({ name: 'gatehouse_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
      { version: sources.version },
      1,
    );
  }

  denied(coordinate: string, code: string): void {
    this.#denials.inc({ coordinate, code });
  }

  /** Counts and times every operation. */
  plugin(): ApolloServerPlugin {
    return {
      requestDidStart: async () => {
        const end = this.#duration.startTimer();
        return {
          willSendResponse: async ({ operationName, operation, response }) => {
            const type = operation?.operation ?? 'none';
            const result = response.body.kind === 'single' ? response.body.singleResult : null;
            const code = result?.errors?.[0]?.extensions?.['code'];
            this.#requests.inc({
              operation: this.#nameOf(operationName ?? null),
              type,
              code: typeof code === 'string' ? code : 'OK',
            });
            end({ type });
          },
        };
      },
    };
  }

  #registerCaches({ caches, redis }: MetricSources): void {
    const requests = new Counter({
      name: 'gatehouse_cache_requests_total',
      help: 'Questions to caches by outcome: hit, miss, or error (an entry that could not be read).',
      labelNames: ['cache', 'outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const [cache, counts] of caches())
          for (const [outcome, count] of Object.entries(counts)) this.inc({ cache, outcome }, count);
      },
    });
    this.registry.registerMetric(requests);
    if (redis.isUp === null) return;
    const up = new Gauge({
      name: 'gatehouse_redis_up',
      help: '1 while Redis answers, 0 while each replica goes on by itself.',
      registers: [],
      collect() {
        this.set(redis.isUp === true ? 1 : 0);
      },
    });
    const outages = new Counter({
      name: 'gatehouse_redis_outages_total',
      help: 'How often Redis went away since the start.',
      registers: [],
      collect() {
        this.reset();
        this.inc(redis.outages);
      },
    });
    for (const metric of [up, outages]) this.registry.registerMetric(metric);
  }

  #nameOf(name: string | null): string {
    if (name === null) return 'anonymous';
    if (this.#names.has(name)) return name;
    if (!NAME.test(name) || this.#names.size >= MAXIMUM_OPERATION_NAMES) return 'other';
    this.#names.add(name);
    return name;
  }
}
