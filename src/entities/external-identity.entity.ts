import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type ExternalIdentityId, type UserId } from '../ids.ts';
import { User } from './user.entity.ts';

/** An account at an OpenID Connect issuer, linked to a user. Issuer and subject name it; its address never does. */
@Entity({ tableName: 'external_identities' })
@Unique({ name: 'external_identities_subject_unique', properties: ['issuer', 'subject'] })
@Index({ name: 'external_identities_user_id_idx', properties: ['userId', 'id'] })
export class ExternalIdentity {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ExternalIdentityId> = newId<ExternalIdentityId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId!: UserId;

  @Property({ type: 'text' })
  issuer!: string;

  @Property({ type: 'text' })
  subject!: string;

  /** Address that the issuer names, for showing only. */
  @Property({ type: 'text', nullable: true })
  email: string | null = null;

  @Property({ type: 'timestamptz' })
  linkedAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null = null;
}
