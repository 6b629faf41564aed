import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type OneTimeTokenId, type UserId } from '../ids.ts';
import { OneTimeTokenKind } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * Possession of such a token is a right, once: to set up the first administrator, to accept an invitation, to go on with
 * a sign-in that needs a new password. The row names the one user and the one purpose; nothing beside the token does.
 */
@Entity({ tableName: 'one_time_tokens' })
@Index({
  name: 'one_time_tokens_open_idx',
  expression: 'create index one_time_tokens_open_idx on one_time_tokens (user_id, kind) where used_at is null',
})
@Index({ name: 'one_time_tokens_expires_at_idx', properties: ['expiresAt'] })
export class OneTimeToken {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<OneTimeTokenId> = newId<OneTimeTokenId>();

  @Enum({ items: () => OneTimeTokenKind, type: 'string' })
  kind: OneTimeTokenKind;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'user_id',
    deleteRule: 'cascade',
    nullable: true,
    index: 'one_time_tokens_user_id_idx',
  })
  userId: UserId | null;

  @Property({ type: 'text' })
  @Unique({ name: 'one_time_tokens_selector_unique' })
  selector: string;

  @Property({ type: 'blob', hidden: true })
  secretHash: Buffer;

  /** What later steps need and must not take from the client again: the delivery and client of a pending sign-in. */
  @Property({ type: 'jsonb' })
  context: Opt<Readonly<Record<string, unknown>>> = {};

  /** Wrong answers to a challenge so far. */
  @Property({ type: 'integer', default: 0 })
  attempts: Opt<number> = 0;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  expiresAt: Date;

  /** When it was used, or replaced by a newer one. */
  @Property({ type: 'timestamptz', nullable: true })
  usedAt: Date | null = null;

  constructor(facts: {
    kind: OneTimeTokenKind;
    userId: UserId | null;
    selector: string;
    secretHash: Buffer;
    context?: Readonly<Record<string, unknown>>;
    now: Date;
    expiresAt: Date;
  }) {
    this.kind = facts.kind;
    this.userId = facts.userId;
    this.selector = facts.selector;
    this.secretHash = facts.secretHash;
    this.context = facts.context ?? {};
    this.createdAt = facts.now;
    this.expiresAt = facts.expiresAt;
  }
}
