import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import {
  type GroupId,
  newId,
  type InvitationId,
  type MessageId,
  type OneTimeTokenId,
  type OrganizationId,
  type UserId,
} from '../ids.ts';
import { Message } from './message.entity.ts';
import { OneTimeToken } from './one-time-token.entity.ts';
import { Organization } from './organization.entity.ts';
import { User } from './user.entity.ts';

/** An invitation to an account, or into an organization. Sending it again makes a new row that names the old one; nothing is rewritten. */
@Entity({ tableName: 'invitations' })
@Index({ name: 'invitations_user_id_idx', properties: ['userId', 'createdAt', 'id'] })
export class Invitation {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<InvitationId> = newId<InvitationId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId!: UserId;

  /** The organization invited into; null for an account alone. */
  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    nullable: true,
    index: 'invitations_organization_id_idx',
  })
  organizationId: OrganizationId | null = null;

  /** Groups that acceptance gives within the organization. */
  @Property({ type: 'array', columnType: 'uuid[]', default: [] })
  groupIds: Opt<readonly GroupId[]> = [];

  /** Invited address; null when the account has none and the link is handed over by hand. */
  @Property({ type: 'text', nullable: true })
  email: string | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'invited_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'invitations_invited_by_id_idx',
  })
  invitedById: UserId | null = null;

  @ManyToOne({
    entity: () => OneTimeToken,
    mapToPk: true,
    fieldName: 'token_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'invitations_token_id_idx',
  })
  tokenId: OneTimeTokenId | null = null;

  @ManyToOne({
    entity: () => Message,
    mapToPk: true,
    fieldName: 'message_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'invitations_message_id_idx',
  })
  messageId: MessageId | null = null;

  /** The invitation that this one repeats. */
  @ManyToOne({
    entity: () => Invitation,
    mapToPk: true,
    fieldName: 'previous_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'invitations_previous_id_idx',
  })
  previousId: InvitationId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  acceptedAt: Date | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  revokedAt: Date | null = null;
}
