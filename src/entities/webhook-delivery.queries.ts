import { instantOf } from '../database/sql.ts';
import type { OutboxEventId, WebhookDeliveryId, WebhookId } from '../ids.ts';
import type { WebhookDeliveryKind, WebhookDeliveryState } from '../vocabulary.ts';

/** An event on its way to a webhook, without its text. */
export interface WebhookDeliveryView {
  readonly id: WebhookDeliveryId;
  readonly webhookId: WebhookId;
  readonly eventId: OutboxEventId;
  readonly eventType: string;
  readonly kind: WebhookDeliveryKind;
  readonly state: WebhookDeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly responseStatus: number | null;
  readonly failure: string | null;
  readonly durationMs: number | null;
  readonly previousId: WebhookDeliveryId | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
}

/** The columns behind `WebhookDeliveryView`, of `webhook_deliveries` under the alias `d`. */
export const webhookDeliveryColumns = `d.id, d.webhook_id, d.event_id, d.event_type, d.kind, d.state, d.attempts,
  d.next_attempt_at, d.response_status, d.failure, d.duration_ms, d.previous_id, d.created_at, d.finished_at`;

export interface WebhookDeliveryRow {
  readonly id: WebhookDeliveryId;
  readonly webhook_id: WebhookId;
  readonly event_id: OutboxEventId;
  readonly event_type: string;
  readonly kind: WebhookDeliveryKind;
  readonly state: WebhookDeliveryState;
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly response_status: number | null;
  readonly failure: string | null;
  readonly duration_ms: number | null;
  readonly previous_id: WebhookDeliveryId | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export const webhookDeliveryViewOf = (row: WebhookDeliveryRow): WebhookDeliveryView => ({
  id: row.id,
  webhookId: row.webhook_id,
  eventId: row.event_id,
  eventType: row.event_type,
  kind: row.kind,
  state: row.state,
  attempts: row.attempts,
  nextAttemptAt: row.state === 'PENDING' ? instantOf(row.next_attempt_at) : null,
  responseStatus: row.response_status,
  failure: row.failure,
  durationMs: row.duration_ms,
  previousId: row.previous_id,
  createdAt: instantOf(row.created_at),
  deliveredAt: row.state === 'DELIVERED' ? instantOf(row.finished_at) : null,
});

/** One try of a delivery. */
export interface WebhookAttemptView {
  readonly number: number;
  readonly startedAt: Date;
  /** null: it goes on, or was cut off. */
  readonly durationMs: number | null;
  readonly responseStatus: number | null;
  readonly failure: string | null;
}

/** `$1` deliveries. Each with whether its try is the one under way. */
export const attemptsOfDeliveries = `
select a.delivery_id, a.number, a.started_at, a.duration_ms, a.response_status, a.failure,
  d.state = 'PENDING' and d.attempts = a.number as latest
from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id
where a.delivery_id = any($1::uuid[]) order by a.delivery_id, a.number`;

export interface WebhookAttemptRow {
  readonly delivery_id: WebhookDeliveryId;
  readonly number: number;
  readonly started_at: string;
  readonly duration_ms: number | null;
  readonly response_status: number | null;
  readonly failure: string | null;
  readonly latest: boolean;
}

/** A try that nobody ended before the next one began was cut off: its process died. */
export const webhookAttemptViewOf = (row: WebhookAttemptRow): WebhookAttemptView => ({
  number: row.number,
  startedAt: instantOf(row.started_at),
  durationMs: row.duration_ms,
  responseStatus: row.response_status,
  failure: row.failure ?? (row.duration_ms === null && !row.latest ? 'It was cut off: the server ended.' : null),
});
