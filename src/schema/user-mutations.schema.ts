import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { AccessChangeInput, DryRunInput } from './access-change.schema.ts';
import { AccessChangePayload, PreviewPayload } from './approval.schema.ts';
import { PasswordRule } from './enums.ts';
import { InvitationType } from './invitation.schema.ts';
import { MailDeliveryType } from './mail.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, JsonObjectScalar, UrlScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

const BULK = 'Users, at most 100; all or none.';
const REASON = 'Kept in the audit log, at most 500 characters.';
const IDEMPOTENCY_KEY = 'Repeating the same input with the same key within 24 h answers as the first time.';
const AFTER = 'Users after the change; empty on errors.';
const SETUP_LINK =
  'Set-up link, shown once; only when `inviteEmail.state` is NOT_CONFIGURED, or the account has no address.';

@InputType('CreateUserInput', { description: 'Input of createUser.' })
export class CreateUserInput extends AccessChangeInput {
  @Field(() => String, { nullable: true, description: 'Address; at least one of email, phone, username.' })
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'Phone number in international form.' })
  phone?: string | null;

  @Field(() => String, { nullable: true, description: 'User name.' })
  username?: string | null;

  @Field(() => String, { description: 'Name shown to others, at most 100 characters.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: "Language of mails, BCP 47; absent = the server's." })
  locale?: string | null;

  @Field(() => [ID], { description: 'Groups, at least one. Beyond Members requires `assign:groups`.' })
  groupIds!: string[];

  @Field(() => ID, {
    nullable: true,
    description: 'Organization to join; groups beyond Members hold within it. Requires `assign:organizations`.',
  })
  organizationId?: string | null;

  @Field(() => String, { nullable: true, description: 'Initial password; absent = invite by mail.' })
  password?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Ask for a new password at the first sign-in; absent = true with a password.',
  })
  passwordChangeRequired?: boolean | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: 'Custom attributes, by name.' })
  attributes?: Readonly<Record<string, unknown>> | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@ObjectType('CreateUserPayload', { simpleResolvers: true, description: 'Answer of createUser.' })
export class CreateUserPayload extends AccessChangePayload {
  @Field(() => UserType, { nullable: true, description: 'The new user.' })
  user?: UserType | null;

  @Field(() => MailDeliveryType, {
    nullable: true,
    description: 'Delivery of the invitation; null when a password was given, or the account has no address.',
  })
  inviteEmail?: MailDeliveryType | null;

  @Field(() => UrlScalar, { nullable: true, description: SETUP_LINK })
  setupLink?: string | null;

  @Field(() => [PasswordRule], { description: 'Password rules that were broken; empty otherwise.' })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@InputType('ResendInviteInput', { description: 'Input of resendInvite.' })
export class ResendInviteInput {
  @Field(() => ID, { description: 'Invited user.' })
  userId!: string;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@ObjectType('ResendInvitePayload', { simpleResolvers: true, description: 'Answer of resendInvite.' })
export class ResendInvitePayload extends Payload {
  @Field(() => UserType, { nullable: true, description: 'The invited user.' })
  user?: UserType | null;

  @Field(() => InvitationType, { nullable: true, description: 'The new invitation; older links no longer work.' })
  invitation?: InvitationType | null;

  @Field(() => MailDeliveryType, {
    nullable: true,
    description: 'Delivery of the invitation; null when the account has no address.',
  })
  inviteEmail?: MailDeliveryType | null;

  @Field(() => UrlScalar, { nullable: true, description: SETUP_LINK })
  setupLink?: string | null;

  @Field(() => Int, { nullable: true, description: 'Cooldown left when nothing was sent.' })
  retryAfterSeconds?: number | null;
}

@InputType('UpdateUserInput', { description: 'Input of updateUser.' })
export class UpdateUserInput extends AccessChangeInput {
  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: 'Custom attributes to set; null = clear one; absent = keep.',
  })
  attributes?: Readonly<Record<string, unknown>> | null;

  @Field(() => ID, { description: 'User to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New address, taken as proved; null = none; absent = keep.' })
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'New number, taken as proved; null = none; absent = keep.' })
  phone?: string | null;

  @Field(() => String, { nullable: true, description: 'New user name; null = none; absent = keep.' })
  username?: string | null;

  @Field(() => String, { nullable: true, description: 'New name; absent = keep.' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'New language, BCP 47; absent = keep.' })
  locale?: string | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'New set of groups, not empty; absent = keep. Beyond Members requires `assign:groups`.',
  })
  groupIds?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.',
  })
  expectedVersion?: number | null;
}

@ObjectType('UpdateUserPayload', { simpleResolvers: true, description: 'Answer of updateUser.' })
export class UpdateUserPayload extends AccessChangePayload {
  @Field(() => UserType, {
    nullable: true,
    description: 'The user after the change; with VERSION_CONFLICT as they are now.',
  })
  user?: UserType | null;
}

@InputType('RequirePasswordChangeInput', { description: 'Input of requirePasswordChange.' })
export class RequirePasswordChangeInput {
  @Field(() => [ID], { description: BULK })
  ids!: string[];

  @Field(() => Boolean, { defaultValue: true, description: 'End their sessions at once.' })
  endSessions!: boolean;
}

@InputType('LockUsersInput', { description: 'Input of lockUsers.' })
export class LockUsersInput extends DryRunInput {
  @Field(() => [ID], { description: BULK })
  ids!: string[];

  @Field(() => String, { description: REASON })
  reason!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the lock; absent = until unlocked.' })
  until?: Date | null;
}

@InputType()
class BulkWithReasonInput extends DryRunInput {
  @Field(() => [ID], { description: BULK })
  ids!: string[];

  @Field(() => String, { description: REASON })
  reason!: string;
}

@InputType('UnlockUsersInput', { description: 'Input of unlockUsers.' })
export class UnlockUsersInput extends BulkWithReasonInput {}

@InputType('DisableUsersInput', { description: 'Input of disableUsers.' })
export class DisableUsersInput extends BulkWithReasonInput {}

@InputType('EnableUsersInput', { description: 'Input of enableUsers.' })
export class EnableUsersInput extends BulkWithReasonInput {}

@InputType('DeleteUsersInput', { description: 'Input of deleteUsers.' })
export class DeleteUsersInput extends DryRunInput {
  @Field(() => [ID], { description: 'Users, at most 100; all or none. Cannot be undone.' })
  ids!: string[];

  @Field(() => String, { nullable: true, description: REASON })
  reason?: string | null;
}

@ObjectType()
class ChangedUsersPayload extends PreviewPayload {
  @Field(() => [UserType], { description: AFTER })
  users!: readonly UserType[];
}

@ObjectType('RequirePasswordChangePayload', { simpleResolvers: true, description: 'Answer of requirePasswordChange.' })
export class RequirePasswordChangePayload extends Payload {
  @Field(() => [UserType], { description: AFTER })
  users!: readonly UserType[];
}

@ObjectType('LockUsersPayload', { simpleResolvers: true, description: 'Answer of lockUsers.' })
export class LockUsersPayload extends ChangedUsersPayload {}

@ObjectType('UnlockUsersPayload', { simpleResolvers: true, description: 'Answer of unlockUsers.' })
export class UnlockUsersPayload extends ChangedUsersPayload {}

@ObjectType('DisableUsersPayload', { simpleResolvers: true, description: 'Answer of disableUsers.' })
export class DisableUsersPayload extends ChangedUsersPayload {}

@ObjectType('EnableUsersPayload', { simpleResolvers: true, description: 'Answer of enableUsers.' })
export class EnableUsersPayload extends ChangedUsersPayload {}

@ObjectType('DeleteUsersPayload', { simpleResolvers: true, description: 'Answer of deleteUsers.' })
export class DeleteUsersPayload extends PreviewPayload {
  @Field(() => [ID], { description: 'Former ids; empty on errors.' })
  deletedUserIds!: readonly string[];
}
