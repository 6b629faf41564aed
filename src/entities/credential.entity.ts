import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type CredentialId, type UserId } from '../ids.ts';
import { CredentialType } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/** One way to prove an identity. A user holds several; at most one of type PASSWORD. `secret` is a hash, never clear text. */
@Entity({ tableName: 'credentials' })
@Index({ name: 'credentials_user_id_idx', properties: ['userId', 'type'] })
@Unique({
  name: 'credentials_password_unique',
  expression: `create unique index credentials_password_unique on credentials (user_id) where type = 'PASSWORD'`,
})
export class Credential {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<CredentialId> = newId<CredentialId>();

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId: UserId;

  @Enum({ items: () => CredentialType, type: 'string' })
  type: CredentialType;

  @Property({ type: 'text', hidden: true })
  secret: string;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  updatedAt: Date;

  constructor(userId: UserId, type: CredentialType, secret: string, now: Date) {
    this.userId = userId;
    this.type = type;
    this.secret = secret;
    this.createdAt = now;
    this.updatedAt = now;
  }
}
