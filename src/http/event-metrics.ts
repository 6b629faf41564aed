import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutboxStatus } from '../services/outbox-reader.ts';

interface EventMetricSources {
  readonly outboxReader: { status(): Promise<OutboxStatus> };
  readonly eventRelay: { readonly counts: readonly EventCounts[] };
}

interface EventCounts {
  readonly sink: string;
  readonly published: number;
  readonly failures: number;
}

/** Longer than this nobody who asks for figures waits. */
const WAIT_MS = 1000;

/** Figures of events: the gauges are those of the database, the same in every replica; the counters are this process's. */
export const addEventMetrics = (registry: Registry, { outboxReader, eventRelay }: EventMetricSources): void => {
  // The gauges are asked for at once. Without an answer of the database there is no value, and the other figures are still there.
  let reading: Promise<OutboxStatus | null> | null = null;
  const status = (): Promise<OutboxStatus | null> =>
    (reading ??= Promise.race([outboxReader.status().catch(() => null), sleep(WAIT_MS, null, { ref: false })]).finally(
      () => (reading = null),
    ));
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
  const counter = (name: string, help: string, read: (of: EventCounts) => number): void =>
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: ['sink'],
        registers: [],
        collect() {
          this.reset();
          for (const counts of eventRelay.counts) this.inc({ sink: counts.sink }, read(counts));
        },
      }),
    );
  counter('gatehouse_events_published_total', 'Events that this process brought to a sink.', (of) => of.published);
  counter('gatehouse_event_sink_failures_total', 'Tries of a sink that failed.', (of) => of.failures);
};
