import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { InvitationView } from '../entities/invitation.queries.ts';
import type { MessageView } from '../entities/message.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { GroupDirectory } from '../services/group-directory.ts';
import { GroupType } from '../schema/group.schema.ts';
import { InvitationType } from '../schema/invitation.schema.ts';
import { MailDeliveryType } from '../schema/mail.schema.ts';
import { OrganizationType } from '../schema/organization.schema.ts';
import { UserType } from '../schema/user.schema.ts';

@Resolver(() => InvitationType)
export class InvitationResolver {
  readonly #directory: GroupDirectory;

  constructor(parts: { directory: GroupDirectory }) {
    this.#directory = parts.directory;
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'Where membership is offered; null for an account alone.',
  })
  organization(
    @Root() { organizationId }: InvitationView,
    @Ctx() context: Context,
  ): Promise<OrganizationView | null> | null {
    return organizationId === null ? null : loadersOf(context).organization.load(organizationId);
  }

  @FieldResolver(() => [GroupType], { description: 'Groups that acceptance gives, at most 100.' })
  groups(@Root() invitation: InvitationView, @Ctx() context: Context): Promise<readonly GroupView[]> {
    if (invitation.organizationId === null) return loadersOf(context).groupsOfUser.load(invitation.userId);
    return Promise.resolve(this.#directory.list(invitation.groupIds));
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Who invited; null when the person asked for the link again.',
  })
  invitedBy(@Root() invitation: InvitationView, @Ctx() context: Context): Promise<UserView | null> | null {
    return invitation.invitedById === null ? null : loadersOf(context).user.load(invitation.invitedById);
  }

  @FieldResolver(() => InvitationType, { nullable: true, description: 'The invitation that this one repeats.' })
  previous(@Root() invitation: InvitationView, @Ctx() context: Context): Promise<InvitationView | null> | null {
    return invitation.previousId === null ? null : loadersOf(context).invitation.load(invitation.previousId);
  }

  @FieldResolver(() => MailDeliveryType, {
    nullable: true,
    description: 'Delivery of its mail; null when the account had no address.',
  })
  mail(@Root() invitation: InvitationView, @Ctx() context: Context): Promise<MessageView | null> {
    return loadersOf(context).mailOfInvitation.load(invitation.id);
  }
}

@Resolver(() => UserType)
export class UserInvitationResolver {
  @FieldResolver(() => InvitationType, { nullable: true, description: 'Latest invitation that made the account.' })
  invitation(@Root() user: UserView, @Ctx() context: Context): Promise<InvitationView | null> {
    return loadersOf(context).invitationOfUser.load(user.id);
  }

  @FieldResolver(() => MailDeliveryType, { nullable: true, description: 'Delivery of the latest invitation mail.' })
  inviteEmail(@Root() user: UserView, @Ctx() context: Context): Promise<MessageView | null> {
    return loadersOf(context).inviteEmailOfUser.load(user.id);
  }
}
