import { Check, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** How far events have their positions; one row. Whoever gives positions holds its lock, so that they come into being in order. */
@Entity({ tableName: 'outbox_order' })
@Check({ name: 'outbox_order_single_row', expression: 'id = 1' })
export class OutboxOrder {
  @PrimaryKey({ type: 'smallint', autoincrement: false })
  id!: number;

  /** Of the newest event that has one; 0: none has. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  lastPosition!: string;

  /** Of the lease under which the last ones were given: a relay with a smaller one gives none any more. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  fencing!: string;
}

/** Where one sink stands. Each has its own row, so that one that is away keeps none of the others back. */
@Entity({ tableName: 'outbox_sinks' })
export class OutboxSink {
  @PrimaryKey({ type: 'text' })
  name!: string;

  /** Of the last event that it took; all before it are taken, too. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  position!: string;

  /** Of the lease of the relay that serves it. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  fencing!: string;

  /** When a relay last knew it: events wait for a sink only while it is in the settings of somebody. */
  @Property({ type: 'timestamptz' })
  servedAt!: Date;

  /** Of the last success. */
  @Property({ type: 'timestamptz', nullable: true })
  publishedAt!: Date | null;

  /** Of the last try, when that failed. */
  @Property({ type: 'timestamptz', nullable: true })
  failedAt!: Date | null;

  /** Why it failed, without secrets. */
  @Property({ type: 'text', nullable: true })
  failure!: string | null;

  /** The minute of the last success, how many events it took in it, and how many in the minute before. */
  @Property({ type: 'timestamptz', nullable: true })
  minuteStartsAt!: Date | null;

  @Property({ type: 'int' })
  minuteCount!: number;

  @Property({ type: 'int' })
  previousMinuteCount!: number;
}
