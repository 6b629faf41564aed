import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { PasswordRule } from './enums.ts';
import { Payload } from './payload.schema.ts';
import { UserType } from './user.schema.ts';

@InputType('ChangePasswordInput', { description: 'Input of changePassword.' })
export class ChangePasswordInput {
  @Field(() => String, { nullable: true, description: 'Present password; accounts without one must be confirmed.' })
  currentPassword?: string | null;

  @Field(() => String, { description: 'As passwordPolicy says.' })
  newPassword!: string;
}

@ObjectType('ChangePasswordPayload', { simpleResolvers: true, description: 'Answer of changePassword.' })
export class ChangePasswordPayload extends Payload {
  @Field(() => UserType, { nullable: true, description: 'The caller.' })
  user?: UserType | null;

  @Field(() => Int, { nullable: true, description: 'Other sessions that ended.' })
  endedSessionCount?: number | null;

  @Field(() => [PasswordRule], { description: 'Password rules that were broken; empty otherwise.' })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@InputType('RequestPasswordResetInput', { description: 'Input of requestPasswordReset.' })
export class RequestPasswordResetInput {
  @Field(() => String, { description: 'Address of the account.' })
  email!: string;
}

@ObjectType('RequestPasswordResetPayload', { simpleResolvers: true, description: 'Answer of requestPasswordReset.' })
export class RequestPasswordResetPayload extends Payload {
  @Field(() => Boolean, { description: 'The request was well-formed; says nothing about the account.' })
  accepted!: boolean;
}
