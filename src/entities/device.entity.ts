import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type DeviceId, type UserId } from '../ids.ts';
import { User } from './user.entity.ts';

/**
 * A device that signed in to one account and is recognised by a secret of its own. Failures from it are counted apart from
 * those of strangers, so that nobody can lock an owner out of a device that is known.
 */
@Entity({ tableName: 'devices' })
@Unique({
  name: 'devices_unconfirmed_unique',
  expression:
    'create unique index devices_unconfirmed_unique on devices (user_id, fingerprint) where confirmed_at is null',
})
@Index({ name: 'devices_user_id_idx', properties: ['userId', 'lastSeenAt', 'id'] })
@Index({ name: 'devices_last_seen_at_idx', properties: ['lastSeenAt'] })
export class Device {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<DeviceId> = newId<DeviceId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId!: UserId;

  @Property({ type: 'text' })
  @Unique({ name: 'devices_selector_unique' })
  selector!: string;

  @Property({ type: 'blob', hidden: true })
  secretHash!: Buffer;

  @Property({ type: 'text' })
  name!: string;

  /** Hash of network and user agent: what a device without its secret looks like. A hint for mails, never a proof. */
  @Property({ type: 'text' })
  fingerprint!: string;

  /** When its secret was first presented; null = the client may never have kept it, and the row may be given to another sign-in. */
  @Property({ type: 'timestamptz', nullable: true })
  confirmedAt: Date | null = null;

  /** Until when the second factor is not asked for here; null = not trusted. */
  @Property({ type: 'timestamptz', nullable: true })
  trustedUntil: Date | null = null;

  @Property({ type: 'integer' })
  failedSignInCount: Opt<number> = 0;

  @Property({ type: 'timestamptz', nullable: true })
  lockedUntil: Date | null = null;

  @Property({ type: 'timestamptz' })
  firstSeenAt!: Date;

  @Property({ type: 'timestamptz' })
  lastSeenAt!: Date;

  @Property({ type: 'text' })
  lastIpAddress!: string;
}
