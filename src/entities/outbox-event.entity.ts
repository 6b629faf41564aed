import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { OutboxEventId } from '../ids.ts';

/** An event that is published after the commit that caused it. `sequence` orders the events of one aggregate. */
@Entity({ tableName: 'outbox_events' })
@Index({
  name: 'outbox_events_unpublished_idx',
  expression: 'create index outbox_events_unpublished_idx on outbox_events (sequence) where published_at is null',
})
export class OutboxEvent {
  @PrimaryKey({ type: 'uuid' })
  id!: OutboxEventId;

  @Property({ type: 'bigint', runtimeType: 'string', autoincrement: true })
  sequence!: Opt<string>;

  @Property({ type: 'text' })
  type!: string;

  @Property({ type: 'smallint' })
  typeVersion!: Opt<number>;

  @Property({ type: 'text' })
  aggregateType!: string;

  @Property({ type: 'text' })
  aggregateId!: string;

  @Property({ type: 'jsonb' })
  payload!: Readonly<Record<string, unknown>>;

  @Property({ type: 'timestamptz' })
  occurredAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  publishedAt!: Date | null;
}
