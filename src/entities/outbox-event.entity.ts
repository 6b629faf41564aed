import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { OutboxEventId } from '../ids.ts';

/**
 * An event that is published after the commit that caused it. `sequence` is given at the insert, `position` by the relay once the
 * event is committed: only the latter can be read in order without passing over a transaction that commits late.
 */
@Entity({ tableName: 'outbox_events' })
@Index({
  name: 'outbox_events_unpublished_idx',
  expression: 'create index outbox_events_unpublished_idx on outbox_events (sequence) where published_at is null',
})
@Index({
  name: 'outbox_events_position_idx',
  expression: 'create unique index outbox_events_position_idx on outbox_events (position) where position is not null',
})
export class OutboxEvent {
  @PrimaryKey({ type: 'uuid' })
  id!: OutboxEventId;

  @Property({ type: 'bigint', runtimeType: 'string', autoincrement: true })
  sequence!: Opt<string>;

  /** Place in the order of publication, from 1 and without gaps; null until the relay has seen the event. */
  @Property({ type: 'bigint', runtimeType: 'string', nullable: true })
  position!: string | null;

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

  /** When it got its position: from then on each sink takes it as soon as it can. */
  @Property({ type: 'timestamptz', nullable: true })
  publishedAt!: Date | null;
}
