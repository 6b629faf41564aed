import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type SessionId, type UserId, type VerificationId } from '../ids.ts';
import { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * A one-time code on its way. The row names the purpose and the one account; without an account it is a decoy that looks and
 * costs the same and that no code fits. Any number may be open for one address: a newer one, which anybody can ask for, leaves those
 * before it alone. The code is kept as a keyed hash, because six digits could be tried out.
 */
@Entity({ tableName: 'verifications' })
@Index({
  name: 'verifications_open_idx',
  expression: 'create index verifications_open_idx on verifications (target, purpose) where used_at is null',
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

  /** Who asked, as limits count it: `session:`, `device:` or `network:` with what comes after. */
  @Property({ type: 'text' })
  requester!: string;

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

  /** Tries of all its codes since `createdAt`; `attempts` are those of the present one. */
  @Property({ type: 'integer' })
  tries: Opt<number> = 0;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  resendAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  /** When it was used, or made void with everything else that was open for its account. */
  @Property({ type: 'timestamptz', nullable: true })
  usedAt: Date | null = null;
}
