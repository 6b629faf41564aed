import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, type MessageId, type UserId } from '../ids.ts';
import { MessageState, VerificationChannel } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * A mail or text message, written in the transaction that causes it and sent by a leased worker. Its variables hold codes and
 * links, so they lie under the master key and are removed once the message is sent or can no longer be of use.
 */
@Entity({ tableName: 'messages' })
@Index({
  name: 'messages_due_idx',
  expression: `create index messages_due_idx on messages (next_attempt_at, id) where state = 'QUEUED'`,
})
@Index({ name: 'messages_created_at_idx', properties: ['createdAt', 'id'] })
@Index({ name: 'messages_user_id_idx', properties: ['userId', 'createdAt', 'id'] })
@Index({
  name: 'messages_state_idx',
  expression: `create index messages_state_idx on messages (state, created_at, id) where state <> 'SENT'`,
})
export class Message {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<MessageId> = newId<MessageId>();

  @Enum({ items: () => VerificationChannel, type: 'string' })
  channel!: VerificationChannel;

  /** Name of the template: `invite`, `reset`, `code`. */
  @Property({ type: 'text' })
  template!: string;

  @Property({ type: 'text' })
  recipient!: string;

  @Property({ type: 'text' })
  locale!: string;

  /** The account it is about. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'user_id',
    deleteRule: 'cascade',
    nullable: true,
    index: false,
  })
  userId: UserId | null = null;

  @Property({ type: 'text', nullable: true, hidden: true })
  sealedVariables: string | null = null;

  @Enum({ items: () => MessageState, type: 'string' })
  state: Opt<MessageState> = MessageState.QUEUED;

  @Property({ type: 'integer' })
  attempts: Opt<number> = 0;

  @Property({ type: 'timestamptz', nullable: true })
  nextAttemptAt: Date | null = null;

  /** Answer of the server or reason of the last failure, secrets left out. */
  @Property({ type: 'text', nullable: true })
  failure: string | null = null;

  /** From when on the message is of no use: the code or link in it is past its life. */
  @Property({ type: 'timestamptz', nullable: true })
  expiresAt: Date | null = null;

  @ManyToOne({
    entity: () => Message,
    mapToPk: true,
    fieldName: 'previous_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'messages_previous_id_idx',
  })
  previousId: MessageId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  sentAt: Date | null = null;
}
