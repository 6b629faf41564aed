import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, EmailAddressScalar, JsonObjectScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

const CURRENT_PASSWORD = 'Present password; accounts without one must be confirmed.';

@InputType('UpdateProfileInput', { description: 'Input of updateProfile.' })
export class UpdateProfileInput {
  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: 'Own custom attributes to set; null = clear one; absent = keep.',
  })
  attributes?: Readonly<Record<string, unknown>> | null;

  @Field(() => String, { nullable: true, description: 'New name, at most 100 characters; absent = keep.' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'New language, BCP 47; absent = keep.' })
  locale?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.',
  })
  expectedVersion?: number | null;
}

@ObjectType('UpdateProfilePayload', { simpleResolvers: true, description: 'Answer of updateProfile.' })
export class UpdateProfilePayload extends Payload {
  @Field(() => UserType, {
    nullable: true,
    description: 'The caller after the change; with VERSION_CONFLICT as they are now.',
  })
  user?: UserType | null;
}

@InputType('RequestEmailChangeInput', { description: 'Input of requestEmailChange.' })
export class RequestEmailChangeInput {
  @Field(() => String, { description: 'Address to prove.' })
  newEmail!: string;

  @Field(() => String, { nullable: true, description: CURRENT_PASSWORD })
  currentPassword?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@ObjectType('RequestEmailChangePayload', { simpleResolvers: true, description: 'Answer of requestEmailChange.' })
export class RequestEmailChangePayload extends Payload {
  @Field(() => EmailAddressScalar, {
    nullable: true,
    description: 'Address that was written to; the same answer when it is in use.',
  })
  pendingEmail?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the link.' })
  expiresAt?: Date | null;
}

@InputType('ConfirmEmailChangeInput', { description: 'Input of confirmEmailChange.' })
export class ConfirmEmailChangeInput {
  @Field(() => String, { description: 'Token of the mailed link.' })
  token!: string;
}

@ObjectType('ConfirmEmailChangePayload', { simpleResolvers: true, description: 'Answer of confirmEmailChange.' })
export class ConfirmEmailChangePayload extends Payload {
  @Field(() => EmailAddressScalar, { nullable: true, description: 'The address that counts now.' })
  email?: string | null;
}

@InputType('DeleteOwnAccountInput', { description: 'Input of deleteOwnAccount.' })
export class DeleteOwnAccountInput {
  @Field(() => String, { nullable: true, description: CURRENT_PASSWORD })
  currentPassword?: string | null;

  @Field(() => String, { description: "The account's own address or user name, typed again." })
  confirmation!: string;
}

@ObjectType('DeleteOwnAccountPayload', { simpleResolvers: true, description: 'Answer of deleteOwnAccount.' })
export class DeleteOwnAccountPayload extends Payload {
  @Field(() => ID, { nullable: true, description: "The caller's former id." })
  deletedUserId?: string | null;
}
