import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type SigningKeyId } from '../ids.ts';
import { SigningAlgorithm, SigningKeyStatus } from '../vocabulary.ts';

/** A key that signs access tokens. The private half is sealed under the master key; exactly one row is ACTIVE. */
@Entity({ tableName: 'signing_keys' })
@Unique({
  name: 'signing_keys_active_unique',
  expression: `create unique index signing_keys_active_unique on signing_keys ((true)) where status = 'ACTIVE'`,
})
export class SigningKey {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<SigningKeyId> = newId<SigningKeyId>();

  /** JWK thumbprint (RFC 7638). */
  @Property({ type: 'text' })
  @Unique({ name: 'signing_keys_kid_unique' })
  kid: string;

  @Enum({ items: () => SigningAlgorithm, type: 'string' })
  algorithm: SigningAlgorithm;

  @Enum({ items: () => SigningKeyStatus, type: 'string' })
  status: SigningKeyStatus;

  @Property({ type: 'jsonb' })
  publicJwk: Readonly<Record<string, unknown>>;

  @Property({ type: 'text' })
  publicKeyPem: string;

  /** AES-256-GCM envelope of the private JWK, bound to `kid`. */
  @Property({ type: 'text', hidden: true })
  sealedPrivateJwk: string;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  notBefore: Date;

  /** Until when it still verifies; set when another key takes over. */
  @Property({ type: 'timestamptz', nullable: true })
  verifiesUntil: Date | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  retiredAt: Date | null = null;

  constructor(facts: {
    kid: string;
    algorithm: SigningAlgorithm;
    publicJwk: Readonly<Record<string, unknown>>;
    publicKeyPem: string;
    sealedPrivateJwk: string;
    now: Date;
  }) {
    this.kid = facts.kid;
    this.algorithm = facts.algorithm;
    this.status = SigningKeyStatus.ACTIVE;
    this.publicJwk = facts.publicJwk;
    this.publicKeyPem = facts.publicKeyPem;
    this.sealedPrivateJwk = facts.sealedPrivateJwk;
    this.createdAt = facts.now;
    this.notBefore = facts.now;
  }
}
