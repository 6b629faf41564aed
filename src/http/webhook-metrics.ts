import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { WebhookBacklog, WebhookQueue } from '../webhooks/webhook-queue.ts';
import type { WebhookWorker } from '../webhooks/webhook-worker.ts';

interface WebhookMetricSources {
  /** Counts the tries of this process. */
  readonly webhookWorker: WebhookWorker;
  /** Knows what waits in the whole installation. */
  readonly webhookQueue: WebhookQueue;
  readonly clock: Clock;
}

/** Longer than this nobody who asks for figures waits. */
const WAIT_MS = 1000;

/** How deliveries to webhooks ended, and how many wait. What cannot be read now, because the database is away, is NaN. */
export const addWebhookMetrics = (
  registry: Registry,
  { webhookWorker, webhookQueue, clock }: WebhookMetricSources,
): void => {
  const tries = new Counter({
    name: 'gatehouse_webhook_deliveries_total',
    help: 'Tries of this process by outcome: delivered; failed, to be tried again; dead, given up.',
    labelNames: ['outcome'],
    registers: [],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(webhookWorker.tally)) this.inc({ outcome }, count);
    },
  });
  // Both gauges are asked for at once.
  let reading: Promise<WebhookBacklog | null> | null = null;
  const read = (): Promise<WebhookBacklog | null> =>
    (reading ??= Promise.race([webhookQueue.backlog().catch(() => null), sleep(WAIT_MS, null, { ref: false })]).finally(
      () => (reading = null),
    ));
  const pending = new Gauge({
    name: 'gatehouse_webhook_deliveries_pending',
    help: 'Deliveries that wait for their first or next try, counted up to a hundred thousand.',
    registers: [],
    async collect() {
      this.set((await read())?.pending ?? Number.NaN);
    },
  });
  const oldest = new Gauge({
    name: 'gatehouse_webhook_oldest_pending_seconds',
    help: 'Age of the delivery that has waited longest; 0 = none waits.',
    registers: [],
    async collect() {
      const present = await read();
      const seconds = present?.oldestAt == null ? 0 : (clock.now().getTime() - present.oldestAt.getTime()) / 1000;
      this.set(present === null ? Number.NaN : Math.max(0, seconds));
    },
  });
  for (const metric of [tries, pending, oldest]) registry.registerMetric(metric);
};
