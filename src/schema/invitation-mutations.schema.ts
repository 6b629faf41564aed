import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { TokenDelivery } from '../vocabulary.ts';
import { AccessChangeInput } from './access-change.schema.ts';
import { AccessChangePayload } from './approval.schema.ts';
import { PasswordRule } from './enums.ts';
import { InvitationType } from './invitation.schema.ts';
import { MailDeliveryType } from './mail.schema.ts';
import { OrganizationType } from './organization.schema.ts';
import { Payload } from './payload.schema.ts';
import { UrlScalar } from './scalars.ts';
import { SignInClientInput, SignInResultType } from './sign-in.schema.ts';

@InputType('InviteToOrganizationInput', { description: 'Input of inviteToOrganization.' })
export class InviteToOrganizationInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Organization.' })
  organizationId!: string;

  @Field(() => String, { description: 'Address to invite, known here or not.' })
  email!: string;

  @Field(() => String, { nullable: true, description: 'Name for a new account.' })
  displayName?: string | null;

  @Field(() => [ID], { description: 'Groups within the organization, at least one. Requires `assign:groups`.' })
  groupIds!: string[];

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@InputType('AcceptInvitationInput', { description: 'Input of acceptInvitation.' })
export class AcceptInvitationInput {
  @Field(() => String, { description: 'Token of the mailed link.' })
  token!: string;

  @Field(() => String, { nullable: true, description: 'Password of a new account; refused for an existing one.' })
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'Name for a new account.' })
  displayName?: string | null;

  @Field(() => TokenDelivery, { defaultValue: TokenDelivery.COOKIE, description: 'How the session is handed over.' })
  delivery!: TokenDelivery;

  @Field(() => SignInClientInput, { nullable: true, description: 'Device and program that sign in.' })
  client?: SignInClientInput | null;
}

@InputType('RevokeInvitationInput', { description: 'Input of revokeInvitation.' })
export class RevokeInvitationInput {
  @Field(() => ID, { description: 'Invitation to take back.' })
  id!: string;
}

@ObjectType('InviteToOrganizationPayload', { simpleResolvers: true, description: 'Answer of inviteToOrganization.' })
export class InviteToOrganizationPayload extends AccessChangePayload {
  @Field(() => InvitationType, { nullable: true, description: 'The new invitation.' })
  invitation?: InvitationType | null;

  @Field(() => MailDeliveryType, { nullable: true, description: 'Delivery of its mail.' })
  inviteEmail?: MailDeliveryType | null;

  @Field(() => UrlScalar, {
    nullable: true,
    description:
      'Link of the invitation, shown once; only when `inviteEmail.state` is NOT_CONFIGURED and the account is new.',
  })
  setupLink?: string | null;
}

@ObjectType('AcceptInvitationPayload', {
  simpleResolvers: true,
  description: 'Answer of acceptInvitation.',
  implements: SignInResultType,
})
export class AcceptInvitationPayload extends SignInResultType {
  @Field(() => OrganizationType, {
    nullable: true,
    description: 'Organization that was joined; null for an invitation to an account alone.',
  })
  organization?: OrganizationType | null;

  @Field(() => [PasswordRule], { description: 'Password rules that were broken; empty otherwise.' })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@ObjectType('RevokeInvitationPayload', { simpleResolvers: true, description: 'Answer of revokeInvitation.' })
export class RevokeInvitationPayload extends Payload {
  @Field(() => InvitationType, { nullable: true, description: 'The invitation after the change.' })
  invitation?: InvitationType | null;
}
