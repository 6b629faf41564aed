import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type CredentialId, type UserId } from '../ids.ts';
import { CredentialType } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * One way to prove an identity. A user holds several; at most one each of PASSWORD, TOTP and TOTP_PENDING.
 * `secret` is never clear text: a password hash; a TOTP secret under the master key; the keyed hash of a recovery code; the
 * public key of a passkey (COSE, base64url).
 */
@Entity({ tableName: 'credentials' })
@Index({ name: 'credentials_user_id_idx', properties: ['userId', 'type'] })
@Unique({
  name: 'credentials_password_unique',
  expression: `create unique index credentials_password_unique on credentials (user_id) where type = 'PASSWORD'`,
})
@Unique({
  name: 'credentials_totp_unique',
  expression: `create unique index credentials_totp_unique on credentials (user_id, type) where type in ('TOTP', 'TOTP_PENDING')`,
})
@Unique({
  name: 'credentials_passkey_unique',
  expression: `create unique index credentials_passkey_unique on credentials (external_id) where type = 'PASSKEY'`,
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

  /** WebAuthn credential id, base64url; null for other types. */
  @Property({ type: 'text', nullable: true })
  externalId: string | null = null;

  /** Name that the person gave it; null where there is none. */
  @Property({ type: 'text', nullable: true })
  label: string | null = null;

  /** Facts by type, without secrets: transports and backup state of a passkey. */
  @Property({ type: 'jsonb', default: '{}' })
  details: Opt<Readonly<Record<string, unknown>>> = {};

  /** Last accepted time step of TOTP, or signature counter of a passkey: never goes back. */
  @Property({ type: 'bigint', nullable: true })
  counter: string | null = null;

  /** End of an enrolment that is not confirmed; null = no end. */
  @Property({ type: 'timestamptz', nullable: true })
  expiresAt: Date | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null = null;

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
