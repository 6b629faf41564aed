import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutboxStatus } from '../services/outbox-reader.ts';

interface EventMetricSources {
  readonly outboxReader: { status(): Promise<OutboxStatus> };
  readonly eventRelay: {
    readonly counts: readonly { readonly sink: string; readonly published: number; readonly failures: number }[];
  };
}

/** Figures of events: the gauges are those of the database, the same in every replica; the counters are this process's. */
export const addEventMetrics = (registry: Registry, { outboxReader, eventRelay }: EventMetricSources): void => {
  /** Without an answer of the database there is no value, and the other figures are still there. */
  const status = (): Promise<OutboxStatus | null> => outboxReader.status().catch(() => null);
  registry.registerMetric(
    new Gauge({
      name: 'gatehouse_outbox_pending',
      help: 'Events that a sink has not taken yet.',
      labelNames: ['sink'],
      registers: [],
      async collect() {
        this.reset();
        for (const { name, pending } of (await status())?.sinks ?? []) this.set({ sink: name }, pending);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'gatehouse_outbox_lag_seconds',
      help: 'Age of the oldest event that some sink has not taken yet.',
      registers: [],
      async collect() {
        const present = await status();
        if (present === null) this.remove();
        else this.set(present.lagSeconds);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'gatehouse_events_published_total',
      help: 'Events that this process brought to a sink.',
      labelNames: ['sink'],
      registers: [],
      collect() {
        this.reset();
        for (const { sink, published } of eventRelay.counts) this.inc({ sink }, published);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'gatehouse_event_sink_failures_total',
      help: 'Tries of a sink that failed.',
      labelNames: ['sink'],
      registers: [],
      collect() {
        this.reset();
        for (const { sink, failures } of eventRelay.counts) this.inc({ sink }, failures);
      },
    }),
  );
};
