import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type SessionId, type UserId, type VerificationId } from '../ids.ts';
import { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * A one-time code on its way. The row names the purpose and the one account; without an account it is a decoy that looks and
 * costs the same and that no code fits. One is open per address, purpose and account. The code is kept as a keyed hash, because six digits could be tried out.
 */
@Entity({ tableName: 'verifications' })
@Unique({
  name: 'verifications_open_unique',
  expression:
    'create unique index verifications_open_unique on verifications (target, purpose, user_id) nulls not distinct where used_at is null',
})
@Index({ name: 'verifications_user_id_idx', properties: ['userId', 'purpose'] })
@Index({ name: 'verifications_expires_at_idx', properties: ['expiresAt'] })
export class Verification {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<VerificationId> = newId<VerificationId>();

  @Enum({ items: () => VerificationPurpose, type: 'string' })
  purpose!: VerificationPurpose;

  @Enum({ items: () => VerificationChannel, type: 'string' })
  channel!: VerificationChannel;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'user_id',
    deleteRule: 'cascade',
    nullable: true,
    index: false,
  })
  userId: UserId | null = null;

  /** The session that a step-up raises; no other may use the code. */
  @Property({ type: 'uuid', nullable: true })
  sessionId: SessionId | null = null;

  /** Normalised address or number. */
  @Property({ type: 'text' })
  target!: string;

  @Property({ type: 'text' })
  @Unique({ name: 'verifications_selector_unique' })
  selector!: string;

  @Property({ type: 'blob', hidden: true })
  secretHash!: Buffer;

  /** HMAC of selector and code under the key of `keyVersion`. */
  @Property({ type: 'blob', hidden: true })
  codeHash!: Buffer;

  @Property({ type: 'integer' })
  keyVersion!: number;

  /** What later steps need and must not take from the client again. */
  @Property({ type: 'jsonb', default: '{}' })
  context: Opt<Readonly<Record<string, unknown>>> = {};

  @Property({ type: 'integer' })
  attempts: Opt<number> = 0;

  /** Codes sent since `createdAt`, which moves on hourly. */
  @Property({ type: 'integer' })
  sends: Opt<number> = 1;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  resendAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  /** When it was used, or replaced by a newer one. */
  @Property({ type: 'timestamptz', nullable: true })
  usedAt: Date | null = null;
}
