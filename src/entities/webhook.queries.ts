import { instantOf } from '../database/sql.ts';
import type { UserId, WebhookId } from '../ids.ts';

/** A webhook, without its secrets. */
export interface WebhookView {
  readonly id: WebhookId;
  readonly name: string;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly enabled: boolean;
  readonly secretOverlapUntil: Date | null;
  readonly createdById: UserId | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns behind `WebhookView`, of `webhooks` under the alias `w`. */
export const webhookColumns = `w.id, w.name, w.url, w.event_types, w.enabled, w.secret_overlap_until, w.created_by_id,
  w.created_at, w.updated_at`;

/** Webhooks `w` that exist for callers. */
export const presentWebhook = 'w.deleted_at is null';

export interface WebhookRow {
  readonly id: WebhookId;
  readonly name: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly enabled: boolean;
  readonly secret_overlap_until: string | null;
  readonly created_by_id: UserId | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** `now`: an overlap that is over is none. */
export const webhookViewOf = (row: WebhookRow, now: Date): WebhookView => {
  const overlap = instantOf(row.secret_overlap_until);
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    eventTypes: row.event_types,
    enabled: row.enabled,
    secretOverlapUntil: overlap !== null && overlap > now ? overlap : null,
    createdById: row.created_by_id,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
  };
};
