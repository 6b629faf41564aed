import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type SigningKeyId } from '../ids.ts';
import { SigningAlgorithm, SigningKeyStatus } from '../vocabulary.ts';

/** A key that signs access tokens, will or did. The private half is sealed under the master key or mounted; exactly one row is ACTIVE. */
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

  /** AES-256-GCM envelope of the private JWK, bound to `kid`; null: mounted from outside, never stored. */
  @Property({ type: 'text', hidden: true, nullable: true })
  sealedPrivateJwk: string | null;

  /**
   * Of a mounted key the public JWK in such an envelope: the mark that a server with the master keys took it in. Null: the private half
   * is that mark.
   */
  @Property({ type: 'text', hidden: true, nullable: true })
  sealedPublicJwk: string | null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  /** From when it signs; a published key is taken into use by whoever reads it then. */
  @Property({ type: 'timestamptz' })
  notBefore: Date;

  /** Until when it still verifies; set when it is planned that another key takes over. */
  @Property({ type: 'timestamptz', nullable: true })
  verifiesUntil: Date | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  retiredAt: Date | null = null;

  constructor(facts: {
    kid: string;
    algorithm: SigningAlgorithm;
    publicJwk: Readonly<Record<string, unknown>>;
    publicKeyPem: string;
    sealedPrivateJwk: string | null;
    sealedPublicJwk: string | null;
    now: Date;
  }) {
    this.kid = facts.kid;
    this.algorithm = facts.algorithm;
    this.status = SigningKeyStatus.PUBLISHED;
    this.publicJwk = facts.publicJwk;
    this.publicKeyPem = facts.publicKeyPem;
    this.sealedPrivateJwk = facts.sealedPrivateJwk;
    this.sealedPublicJwk = facts.sealedPublicJwk;
    this.createdAt = facts.now;
    this.notBefore = facts.now;
  }

  /** It will sign from then on, and is in the key set until then. */
  publish(notBefore: Date): void {
    this.status = SigningKeyStatus.PUBLISHED;
    this.notBefore = notBefore;
    this.verifiesUntil = null;
    this.retiredAt = null;
  }

  /** It signs from now on. */
  activate(now: Date): void {
    this.status = SigningKeyStatus.ACTIVE;
    if (this.notBefore > now) this.notBefore = now;
    this.verifiesUntil = null;
  }

  /** It only verifies: as long as was planned, and never shorter than until `least`. */
  stepBack(least: Date): void {
    this.status = SigningKeyStatus.RETIRING;
    if (this.verifiesUntil === null || this.verifiesUntil < least) this.verifiesUntil = least;
  }

  /** It is of no use any more. */
  retire(now: Date): void {
    this.status = SigningKeyStatus.RETIRED;
    this.retiredAt = now;
  }
}
