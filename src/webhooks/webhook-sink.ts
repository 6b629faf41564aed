import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { EventSink, PublishedEvent } from '../events/event-sink.ts';
import { webhookBody } from './webhook-body.ts';

/**
 * One row for each pair of an event and a webhook that listens to its type; an event that comes again finds its rows there. The ids are
 * UUIDv7 (RFC 9562 section 6.2 method 1): made here because only the statement knows how many there are, ordered within their
 * millisecond as the events are.
 */
const INSERT = `
insert into webhook_deliveries (id, webhook_id, event_id, event_type, kind, body, state, attempts, next_attempt_at, created_at)
select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || lpad(to_hex(e.position % 4096), 3, '0') || replace(substr(gen_random_uuid()::text, 20), '-', ''))::uuid,
  w.id, e.id, e.type, 'EVENT', e.body, 'PENDING', 0, $4::timestamptz, $4::timestamptz
from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as e(id, type, body, position)
join webhooks w on w.enabled and w.deleted_at is null and e.type = any(w.event_types)
order by e.position
on conflict (webhook_id, event_id) where kind = 'EVENT' do nothing
returning 1 as made`;

/** Hands events to the webhooks that listen to them: it writes them down, and the worker posts them in its own time. */
export class WebhookSink implements EventSink {
  readonly name = 'webhook';
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onWriting: () => void;

  constructor(parts: { database: Database; clock: Clock; onWriting: () => void }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#onWriting = parts.onWriting;
  }

  /** One statement, however many events and webhooks there are. */
  async publish(events: readonly PublishedEvent[]): Promise<void> {
    if (events.length === 0) return;
    const made = await this.#database.query(INSERT, [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map((event) => webhookBody(event)),
      this.#clock.now().toISOString(),
    ]);
    if (made.length > 0) this.#onWriting();
  }

  async close(): Promise<void> {
    // Nothing is open: what was written waits in the table.
  }
}
