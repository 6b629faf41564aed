import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, type UserId, type WebhookId } from '../ids.ts';
import { User } from './user.entity.ts';

/**
 * An address that events are posted to. Deleting it takes the secrets away at once and leaves a mark; its deliveries, which can be
 * millions, go in batches after that, and the row with the last of them.
 */
@Entity({ tableName: 'webhooks' })
@Index({ name: 'webhooks_created_by_idx', properties: ['createdById'] })
export class Webhook {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<WebhookId> = newId<WebhookId>();

  @Property({ type: 'text' })
  name!: string;

  /** May hold a secret of the receiver's: it is shown to who may see webhooks, and written into no log. */
  @Property({ type: 'text' })
  url!: string;

  @Property({ type: 'array', columnType: 'text[]' })
  eventTypes!: readonly string[];

  @Property({ type: 'boolean' })
  enabled: Opt<boolean> = true;

  /** Lies under the master key; null once the webhook is deleted. */
  @Property({ type: 'text', nullable: true, hidden: true })
  sealedSecret: string | null = null;

  /** The secret before the last rotation. */
  @Property({ type: 'text', nullable: true, hidden: true })
  sealedPreviousSecret: string | null = null;

  /** Until when it signs too. */
  @Property({ type: 'timestamptz', nullable: true })
  secretOverlapUntil: Date | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'created_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: false,
  })
  createdById: UserId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  updatedAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  deletedAt: Date | null = null;
}
