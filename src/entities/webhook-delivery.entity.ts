import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { OutboxEventId, WebhookDeliveryId, WebhookId } from '../ids.ts';
import { WebhookDeliveryKind, WebhookDeliveryState } from '../vocabulary.ts';
import { Webhook } from './webhook.entity.ts';

/**
 * An event on its way to a webhook, with the text that is posted: it stays the same over all tries and replays, however long the
 * event itself is kept.
 */
@Entity({ tableName: 'webhook_deliveries' })
@Index({
  name: 'webhook_deliveries_due_idx',
  expression: `create index webhook_deliveries_due_idx on webhook_deliveries (webhook_id, next_attempt_at, id) where state = 'PENDING'`,
})
@Index({
  name: 'webhook_deliveries_event_unique',
  expression: `create unique index webhook_deliveries_event_unique on webhook_deliveries (webhook_id, event_id) where kind = 'EVENT'`,
})
@Index({ name: 'webhook_deliveries_created_at_idx', properties: ['createdAt', 'id'] })
@Index({ name: 'webhook_deliveries_webhook_idx', properties: ['webhookId', 'createdAt', 'id'] })
@Index({ name: 'webhook_deliveries_type_idx', properties: ['eventType', 'createdAt', 'id'] })
@Index({
  name: 'webhook_deliveries_state_idx',
  expression: `create index webhook_deliveries_state_idx on webhook_deliveries (state, created_at, id) where state <> 'DELIVERED'`,
})
@Index({
  name: 'webhook_deliveries_finished_idx',
  expression: `create index webhook_deliveries_finished_idx on webhook_deliveries (finished_at) where finished_at is not null`,
})
export class WebhookDelivery {
  @PrimaryKey({ type: 'uuid' })
  id!: WebhookDeliveryId;

  @ManyToOne({ entity: () => Webhook, mapToPk: true, fieldName: 'webhook_id', deleteRule: 'cascade', index: false })
  webhookId!: WebhookId;

  @Property({ type: 'uuid' })
  eventId!: OutboxEventId;

  @Property({ type: 'text' })
  eventType!: string;

  @Enum({ items: () => WebhookDeliveryKind, type: 'string' })
  kind!: WebhookDeliveryKind;

  /** JSON, exactly as it is posted. */
  @Property({ type: 'text' })
  body!: string;

  @Enum({ items: () => WebhookDeliveryState, type: 'string' })
  state: Opt<WebhookDeliveryState> = WebhookDeliveryState.PENDING;

  /** Tries that began. */
  @Property({ type: 'integer' })
  attempts: Opt<number> = 0;

  /** While a try goes on: when it counts as lost. */
  @Property({ type: 'timestamptz', nullable: true })
  nextAttemptAt: Date | null = null;

  @Property({ type: 'integer', nullable: true })
  responseStatus: number | null = null;

  @Property({ type: 'text', nullable: true })
  failure: string | null = null;

  @Property({ type: 'integer', nullable: true })
  durationMs: number | null = null;

  @ManyToOne({
    entity: () => WebhookDelivery,
    mapToPk: true,
    fieldName: 'previous_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'webhook_deliveries_previous_id_idx',
  })
  previousId: WebhookDeliveryId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  /** When it was delivered or given up. */
  @Property({ type: 'timestamptz', nullable: true })
  finishedAt: Date | null = null;
}

/** One try, written before it begins: one whose process died is seen, too. */
@Entity({ tableName: 'webhook_attempts' })
export class WebhookAttempt {
  @ManyToOne({
    entity: () => WebhookDelivery,
    mapToPk: true,
    primary: true,
    fieldName: 'delivery_id',
    deleteRule: 'cascade',
    index: false,
  })
  deliveryId!: WebhookDeliveryId;

  /** From 1. */
  @PrimaryKey({ type: 'integer' })
  number!: number;

  @Property({ type: 'timestamptz' })
  startedAt!: Date;

  /** null: it goes on, or was cut off. */
  @Property({ type: 'integer', nullable: true })
  durationMs: number | null = null;

  @Property({ type: 'integer', nullable: true })
  responseStatus: number | null = null;

  @Property({ type: 'text', nullable: true })
  failure: string | null = null;
}
