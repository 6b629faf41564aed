import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type IdentifierId, type UserId } from '../ids.ts';
import { IdentifierKind } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * What names an account, normalised for comparison. Unique only while `exclusive`: when it is verified or was given by an
 * administrator. A pending sign-up therefore never blocks an address that belongs to somebody else.
 */
@Entity({ tableName: 'identifiers' })
@Unique({
  name: 'identifiers_exclusive_value_unique',
  expression: 'create unique index identifiers_exclusive_value_unique on identifiers (kind, value) where exclusive',
})
@Unique({
  name: 'identifiers_username_skeleton_unique',
  expression: `create unique index identifiers_username_skeleton_unique on identifiers (skeleton) where exclusive and kind = 'USERNAME'`,
})
@Index({ name: 'identifiers_value_idx', properties: ['value'] })
export class Identifier {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<IdentifierId> = newId<IdentifierId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: true })
  userId: UserId;

  @Enum({ items: () => IdentifierKind, type: 'string' })
  kind: IdentifierKind;

  @Property({ type: 'text' })
  value: string;

  /** User names that look alike have the same skeleton (UTS 39 section 4); null for other kinds. */
  @Property({ type: 'text', nullable: true })
  skeleton: string | null = null;

  @Property({ type: 'boolean' })
  exclusive: boolean;

  @Property({ type: 'timestamptz', nullable: true })
  verifiedAt: Date | null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  constructor(
    userId: UserId,
    kind: IdentifierKind,
    value: string,
    facts: { skeleton: string | null; verifiedAt: Date | null; now: Date },
  ) {
    this.userId = userId;
    this.kind = kind;
    this.value = value;
    this.skeleton = facts.skeleton;
    this.exclusive = true;
    this.verifiedAt = facts.verifiedAt;
    this.createdAt = facts.now;
  }
}
