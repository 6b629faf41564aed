import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import {
  type DeviceId,
  type ImpersonationId,
  newId,
  type OrganizationId,
  type SessionId,
  type UserId,
} from '../ids.ts';
import { assuranceOf, type ProvedFactor } from '../factors.ts';
import { AssuranceLevel, SessionEndReason, SignInMethod, TokenDelivery } from '../vocabulary.ts';
import { Device } from './device.entity.ts';
import { Impersonation } from './impersonation.entity.ts';
import { Organization } from './organization.entity.ts';
import { User } from './user.entity.ts';

/**
 * One signed-in client: the truth about whether its access tokens, cookie and refresh tokens work.
 *
 * The row is also the refresh-token family (RFC 9700 section 4.14.2). Every token of a family shares `refreshSelector`;
 * the row keeps the hash of the present secret and of its parent. A successor is derived from its parent by a keyed
 * function, so there are no sibling rows and no clear text, and parallel refreshes get literally the same token.
 */
@Entity({ tableName: 'sessions' })
@Check({
  name: 'sessions_secret_of_delivery',
  expression:
    "(delivery = 'COOKIE') = (cookie_selector is not null) and (delivery = 'BODY' and impersonation_id is null) = (refresh_selector is not null)",
})
@Index({
  name: 'sessions_active_idx',
  expression: 'create index sessions_active_idx on sessions (id) where ended_at is null',
})
@Index({
  name: 'sessions_active_user_idx',
  expression: 'create index sessions_active_user_idx on sessions (user_id, id) where ended_at is null',
})
@Index({ name: 'sessions_user_id_idx', properties: ['userId', 'id'] })
@Index({ name: 'sessions_expires_at_idx', properties: ['expiresAt'] })
@Index({
  name: 'sessions_ended_at_idx',
  expression: 'create index sessions_ended_at_idx on sessions (ended_at) where ended_at is not null',
})
@Unique({ name: 'sessions_refresh_selector_unique', properties: ['refreshSelector'] })
@Unique({ name: 'sessions_cookie_selector_unique', properties: ['cookieSelector'] })
export class Session {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<SessionId> = newId<SessionId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId: UserId;

  @Enum({ items: () => SignInMethod, type: 'string' })
  signInMethod: SignInMethod;

  /** What was checked when, by which credential: the assurance level follows from this record alone. */
  @Property({ type: 'jsonb', default: '[]' })
  factors: Opt<readonly ProvedFactor[]> = [];

  @ManyToOne({
    entity: () => Device,
    mapToPk: true,
    fieldName: 'device_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'sessions_device_id_idx',
  })
  deviceId: DeviceId | null = null;

  /** Set for the session of somebody who acts as `userId`; such a session cannot be refreshed. */
  @ManyToOne({
    entity: () => Impersonation,
    mapToPk: true,
    fieldName: 'impersonation_id',
    deleteRule: 'cascade',
    nullable: true,
    index: 'sessions_impersonation_id_idx',
  })
  impersonationId: ImpersonationId | null = null;

  /** Active organization: what the tokens of the session speak of. */
  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'sessions_organization_id_idx',
  })
  organizationId: OrganizationId | null = null;

  @Enum({ items: () => AssuranceLevel, type: 'string' })
  assuranceLevel: Opt<AssuranceLevel> = AssuranceLevel.AAL1;

  @Enum({ items: () => TokenDelivery, type: 'string' })
  delivery: TokenDelivery;

  /** When the identity was last proved, by signing in or by confirmIdentity: claim `auth_time`. */
  @Property({ type: 'timestamptz' })
  authenticatedAt: Date;

  @Property({ type: 'text' })
  ipAddress: string;

  @Property({ type: 'text', nullable: true })
  userAgent: string | null;

  @Property({ type: 'text', nullable: true })
  clientName: string | null;

  @Property({ type: 'text', nullable: true })
  deviceName: string | null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  lastSeenAt: Date;

  /** End by idleness or by the absolute limit, whichever comes first; moved on by use, never past `absoluteExpiresAt`. */
  @Property({ type: 'timestamptz' })
  expiresAt: Date;

  @Property({ type: 'timestamptz' })
  absoluteExpiresAt: Date;

  @Property({ type: 'timestamptz', nullable: true })
  endedAt: Date | null = null;

  @Enum({ items: () => SessionEndReason, type: 'string', nullable: true })
  endReason: SessionEndReason | null = null;

  /** Wrong tries of the user's own password or code in this session; counted on its device instead, where it has one. */
  @Property({ type: 'integer', default: 0 })
  failedProofCount: Opt<number> = 0;

  /** Until when no own password or code is looked at in this session. */
  @Property({ type: 'timestamptz', nullable: true })
  proofLockedUntil: Date | null = null;

  @Property({ type: 'text', nullable: true })
  cookieSelector: string | null = null;

  @Property({ type: 'blob', nullable: true, hidden: true })
  cookieHash: Buffer | null = null;

  @Property({ type: 'text', nullable: true })
  refreshSelector: string | null = null;

  @Property({ type: 'blob', nullable: true, hidden: true })
  refreshHash: Buffer | null = null;

  @Property({ type: 'blob', nullable: true, hidden: true })
  refreshParentHash: Buffer | null = null;

  /** Number of rotations so far: how far a presented secret can lie behind the present one. */
  @Property({ type: 'integer' })
  refreshGeneration: Opt<number> = 0;

  /** Version of the master key that derives this family's successors; fixed for the life of the family. */
  @Property({ type: 'integer', nullable: true })
  refreshKeyVersion: number | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  refreshRotatedAt: Date | null = null;

  constructor(facts: NewSession) {
    this.userId = facts.userId;
    this.signInMethod = facts.signInMethod;
    this.factors = facts.factors;
    this.assuranceLevel = assuranceOf(facts.factors);
    this.delivery = facts.delivery;
    this.authenticatedAt = facts.now;
    this.ipAddress = facts.ipAddress;
    this.userAgent = facts.userAgent;
    this.clientName = facts.clientName;
    this.deviceName = facts.deviceName;
    this.createdAt = facts.now;
    this.lastSeenAt = facts.now;
    this.expiresAt = facts.expiresAt;
    this.absoluteExpiresAt = facts.absoluteExpiresAt;
  }
}

export interface NewSession {
  readonly userId: UserId;
  readonly signInMethod: SignInMethod;
  readonly factors: readonly ProvedFactor[];
  readonly delivery: TokenDelivery;
  readonly ipAddress: string;
  readonly userAgent: string | null;
  readonly clientName: string | null;
  readonly deviceName: string | null;
  readonly now: Date;
  readonly expiresAt: Date;
  readonly absoluteExpiresAt: Date;
}
