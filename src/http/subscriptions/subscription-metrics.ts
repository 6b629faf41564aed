import { Counter, Gauge, type Registry } from 'prom-client';

/** Prometheus figures of connections and streams. */
export class SubscriptionMetrics {
  readonly #sent: Counter<'subscription'>;
  readonly #dropped: Counter<'reason'>;
  readonly #closed: Counter<'code'>;

  constructor(
    registry: Registry,
    sources: { readonly connections: () => number; readonly subscriptions: () => number },
  ) {
    const registers = [registry];
    const gauge = (name: string, help: string, read: () => number): void => {
      const made = new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      });
      registry.registerMetric(made);
    };
    gauge('gatehouse_subscription_connections', 'Open WebSocket connections.', sources.connections);
    gauge('gatehouse_subscriptions', 'Running subscriptions.', sources.subscriptions);
    this.#sent = new Counter({
      name: 'gatehouse_subscription_events_total',
      help: 'Messages sent to subscribers, by root field.',
      labelNames: ['subscription'],
      registers,
    });
    this.#dropped = new Counter({
      name: 'gatehouse_subscription_dropped_total',
      help: 'Streams that were cut off because their client did not keep up (queue, buffer), and connections refused (limit).',
      labelNames: ['reason'],
      registers,
    });
    this.#closed = new Counter({
      name: 'gatehouse_subscription_closed_total',
      help: 'Closed WebSocket connections, by close code.',
      labelNames: ['code'],
      registers,
    });
  }

  sent(subscription: string): void {
    this.#sent.inc({ subscription });
  }

  dropped(reason: 'queue' | 'buffer' | 'limit'): void {
    this.#dropped.inc({ reason });
  }

  /** Codes that clients make up are counted together. */
  closed(code: number): void {
    this.#closed.inc({ code: code < 1016 || (code >= 4400 && code < 4430) ? String(code) : 'other' });
  }
}
