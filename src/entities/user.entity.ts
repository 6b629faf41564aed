import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type UserId } from '../ids.ts';
import { StoredUserStatus, UserKind, type UserStatus } from '../vocabulary.ts';

/**
 * A person or a service account. The addresses here are as typed, for showing; what is unique and looked up is the
 * normalised text in `Identifier`. `searchText` is computed by the database for the search filter.
 */
@Entity({ tableName: 'users' })
@Check({ name: 'users_display_name_length', expression: 'char_length(display_name) <= 100' })
@Index({ name: 'users_created_at_idx', properties: ['createdAt', 'id'] })
@Index({ name: 'users_display_name_idx', properties: ['displayName', 'id'] })
@Index({ name: 'users_email_idx', expression: `create index users_email_idx on users (coalesce(email, ''), id)` })
@Index({
  name: 'users_last_sign_in_at_idx',
  expression: `create index users_last_sign_in_at_idx on users (coalesce(last_sign_in_at, '-infinity'::timestamptz), id)`,
})
@Index({
  name: 'users_unusual_status_idx',
  expression: `create index users_unusual_status_idx on users (status, created_at, id) where status <> 'ACTIVE'`,
})
@Index({
  name: 'users_locked_until_idx',
  expression: 'create index users_locked_until_idx on users (locked_until) where locked_until is not null',
})
@Index({
  name: 'users_search_text_idx',
  expression: 'create index users_search_text_idx on users using gin (search_text gin_trgm_ops)',
})
@Index({
  name: 'users_search_pairs_idx',
  expression: 'create index users_search_pairs_idx on users using gin (search_pairs(search_text))',
})
@Index({
  name: 'users_attributes_idx',
  expression: `create index users_attributes_idx on users using gin (attribute_keys(attributes)) where attributes <> '{}'`,
})
@Index({
  name: 'users_mfa_enabled_idx',
  expression: 'create index users_mfa_enabled_idx on users (created_at, id) where mfa_enabled_at is not null',
})
@Index({
  name: 'users_service_idx',
  expression: `create index users_service_idx on users (created_at, id) where kind = 'SERVICE'`,
})
@Unique({
  name: 'users_external_id_unique',
  expression:
    'create unique index users_external_id_unique on users (source, external_id) where external_id is not null',
})
export class User {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<UserId> = newId<UserId>();

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @Enum({ items: () => UserKind, type: 'string' })
  kind: Opt<UserKind> = UserKind.PERSON;

  @Property({ type: 'text' })
  displayName: string;

  @Property({ type: 'text' })
  locale: Opt<string> = 'en';

  @Property({ type: 'text', nullable: true })
  email: string | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  emailVerifiedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  phone: string | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  phoneVerifiedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  username: string | null = null;

  @Enum({ items: () => StoredUserStatus, type: 'string' })
  status: StoredUserStatus;

  @Property({ type: 'text', nullable: true })
  statusReason: string | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  lockedUntil: Date | null = null;

  @Property({ type: 'integer' })
  failedSignInCount: Opt<number> = 0;

  @Property({ type: 'boolean' })
  passwordChangeRequired: Opt<boolean> = false;

  /** When TOTP was confirmed; from then on a second factor is asked for at every sign-in. */
  @Property({ type: 'timestamptz', nullable: true })
  mfaEnabledAt: Date | null = null;

  /** Values of declared custom attributes. */
  @Property({ type: 'jsonb', default: '{}' })
  attributes: Opt<Readonly<Record<string, unknown>>> = {};

  @Property({ type: 'timestamptz', nullable: true })
  lastSignInAt: Date | null = null;

  /** Id in the system the account comes from, unique per `source`. */
  @Property({ type: 'text', nullable: true })
  externalId: string | null = null;

  @Property({ type: 'text', nullable: true })
  source: string | null = null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  updatedAt: Date;

  @Property({
    type: 'text',
    nullable: true,
    lazy: true,
    generated:
      "(lower(display_name || chr(10) || coalesce(email, '') || chr(10) || coalesce(phone, '') || chr(10) || coalesce(username, ''))) stored",
  })
  searchText?: Opt<string>;

  constructor(displayName: string, status: StoredUserStatus, now: Date) {
    this.displayName = displayName;
    this.status = status;
    this.createdAt = now;
    this.updatedAt = now;
  }
}

/** The state that clients see: a lock is a span of time, not a stored word, and ends by itself. */
export const statusOf = (
  user: { readonly status: StoredUserStatus; readonly lockedUntil: Date | null },
  now: Date,
): UserStatus =>
  user.status === 'ACTIVE' && user.lockedUntil !== null && user.lockedUntil > now ? 'LOCKED' : user.status;
