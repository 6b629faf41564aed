import { ArgsType, Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ApiKeyStatus } from '../vocabulary.ts';
import { AccessChangeInput } from './access-change.schema.ts';
import { AccessChangePayload } from './approval.schema.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { PermissionInput, PermissionType } from './permission.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

const IDEMPOTENCY_KEY = 'Repeating the same input with the same key within 24 h answers as the first time.';

@ObjectType('ApiKey', {
  simpleResolvers: true,
  description: 'A long-lived credential of a program. Own keys, or requires `view:api-keys`.',
  implements: NodeType,
})
@Directive('@key(fields: "id")')
export class ApiKeyType extends NodeType {
  @Field(() => String, { description: 'Name given by its maker.' })
  name!: string;

  @Field(() => Boolean, { description: 'It may do all that its owner may and that a key can.' })
  allMyPermissions!: boolean;

  @Field(() => [PermissionType], { description: 'Grants named for it, at most 100; empty with `allMyPermissions`.' })
  permissions!: readonly PermissionType[];

  @Field(() => [String], { description: 'Trusted documents it is bound to; empty = not bound.' })
  documentIds!: readonly string[];

  @Field(() => [String], { description: 'Address ranges it works from, CIDR; empty = any.' })
  networks!: readonly string[];

  @Field(() => Int, { nullable: true, description: "Own limit of requests per minute; null = the server's." })
  rateLimitPerMinute!: number | null;

  @Field(() => ApiKeyStatus, { description: 'Whether it works.' })
  status!: ApiKeyStatus;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of its life; null = none.' })
  expiresAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last use, exact to the minute.' })
  lastUsedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Address of the last use.' })
  lastUsedIp!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Until when the secret before the last rotation works too.',
  })
  overlapUntil!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was revoked.' })
  revokedAt!: Date | null;

  @Field(() => Int, { description: 'Grows by one with each change.' })
  version!: number;
}

export const { Connection: ApiKeyConnectionType } = connectionOf(() => ApiKeyType, 'ApiKey');

@InputType('ApiKeyFilter', { description: 'Which keys; conditions are and-ed.' })
export class ApiKeyFilterInput {
  @Field(() => ID, { nullable: true, description: 'Of this owner.' })
  ownerId?: string | null;

  @Field(() => [ApiKeyStatus], { nullable: true, description: 'In one of these states; empty list = none.' })
  statusIn?: ApiKeyStatus[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Part of the name, or the beginning of the prefix, 2 to 100 characters.',
  })
  search?: string | null;
}

@ArgsType()
export class ApiKeysArgs extends PageArgs {
  @Field(() => ApiKeyFilterInput, { nullable: true, description: 'Which keys.' })
  filter?: ApiKeyFilterInput | null;
}

@InputType('CreateServiceAccountInput', { description: 'Input of createServiceAccount.' })
export class CreateServiceAccountInput extends AccessChangeInput {
  @Field(() => String, { description: 'Name shown to others, at most 100 characters.' })
  name!: string;

  @Field(() => [ID], { description: 'Groups, at least one. Requires `assign:groups`.' })
  groupIds!: string[];

  @Field(() => ID, { nullable: true, description: 'Organization to join. Requires `assign:organizations`.' })
  organizationId?: string | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@InputType('CreateApiKeyInput', { description: 'Input of createApiKey.' })
export class CreateApiKeyInput {
  @Field(() => String, { description: 'Name for the list, at most 100 characters.' })
  name!: string;

  @Field(() => [PermissionInput], {
    nullable: true,
    description: 'Grants; exactly one of permissions, documents, allMyPermissions.',
  })
  permissions?: PermissionInput[] | null;

  @Field(() => Boolean, { nullable: true, description: 'All that the owner may, also later.' })
  allMyPermissions?: boolean | null;

  @Field(() => [String], { nullable: true, description: 'GraphQL documents; the key gets exactly what they need.' })
  documents?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'The key can run nothing but `documents`.' })
  bindToDocuments?: boolean | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Service account that owns it; absent = the caller. Requires `create:api-keys`.',
  })
  ownerId?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: "End of its life; absent = the server's longest." })
  expiresAt?: Date | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Address ranges it works from, CIDR, at most 100; absent or empty = any.',
  })
  networks?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: "Own limit of requests per minute; of own keys at most the server's.",
  })
  rateLimitPerMinute?: number | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@InputType('UpdateApiKeyInput', { description: 'Input of updateApiKey.' })
export class UpdateApiKeyInput {
  @Field(() => ID, { description: 'Key to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New name; absent = keep.' })
  name?: string | null;

  @Field(() => [PermissionInput], {
    nullable: true,
    description: 'New grants, in place of the old ones and of `allMyPermissions`; absent = keep; empty list = none.',
  })
  permissions?: PermissionInput[] | null;

  @Field(() => [String], { nullable: true, description: 'New ranges; absent = keep; empty list = any.' })
  networks?: string[] | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'New end, never later than before; absent = keep.' })
  expiresAt?: Date | null;

  @Field(() => Int, { nullable: true, description: "New limit; null = the server's; absent = keep." })
  rateLimitPerMinute?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.',
  })
  expectedVersion?: number | null;
}

@InputType('RotateApiKeyInput', { description: 'Input of rotateApiKey.' })
export class RotateApiKeyInput {
  @Field(() => ID, { description: 'Key whose secret changes.' })
  id!: string;

  @Field(() => Int, { defaultValue: 0, description: 'How long the old secret works on, 0 to 604,800.' })
  overlapSeconds!: number;
}

@InputType('RevokeApiKeyInput', { description: 'Input of revokeApiKey.' })
export class RevokeApiKeyInput {
  @Field(() => ID, { description: 'Key to end; stays in the list.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Kept in the audit log, at most 500 characters.' })
  reason?: string | null;
}

@InputType('DeleteApiKeyInput', { description: 'Input of deleteApiKey.' })
export class DeleteApiKeyInput {
  @Field(() => ID, { description: 'Key to remove from the list; ends it too.' })
  id!: string;
}

@ObjectType('CreateServiceAccountPayload', { simpleResolvers: true, description: 'Answer of createServiceAccount.' })
export class CreateServiceAccountPayload extends AccessChangePayload {
  @Field(() => UserType, { nullable: true, description: 'The new service account.' })
  user?: UserType | null;
}

@ObjectType('CreateApiKeyPayload', { simpleResolvers: true, description: 'Answer of createApiKey.' })
export class CreateApiKeyPayload extends Payload {
  @Field(() => ApiKeyType, { nullable: true, description: 'The new key.' })
  apiKey?: ApiKeyType | null;

  @Field(() => String, { nullable: true, description: 'The key itself; shown once.' })
  secret?: string | null;

  @Field(() => Boolean, {
    description: 'An earlier call with this idempotencyKey was repeated; the secret is not shown.',
  })
  replayed!: boolean;
}

@ObjectType('UpdateApiKeyPayload', { simpleResolvers: true, description: 'Answer of updateApiKey.' })
export class UpdateApiKeyPayload extends Payload {
  @Field(() => ApiKeyType, {
    nullable: true,
    description: 'The key after the change; with VERSION_CONFLICT as it is now.',
  })
  apiKey?: ApiKeyType | null;
}

@ObjectType('RotateApiKeyPayload', { simpleResolvers: true, description: 'Answer of rotateApiKey.' })
export class RotateApiKeyPayload extends Payload {
  @Field(() => ApiKeyType, { nullable: true, description: 'The key after the change.' })
  apiKey?: ApiKeyType | null;

  @Field(() => String, { nullable: true, description: 'The new key; shown once.' })
  secret?: string | null;
}

@ObjectType('RevokeApiKeyPayload', { simpleResolvers: true, description: 'Answer of revokeApiKey.' })
export class RevokeApiKeyPayload extends Payload {
  @Field(() => ApiKeyType, { nullable: true, description: 'The revoked key.' })
  apiKey?: ApiKeyType | null;
}

@ObjectType('DeleteApiKeyPayload', { simpleResolvers: true, description: 'Answer of deleteApiKey.' })
export class DeleteApiKeyPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  deletedApiKeyId?: string | null;
}
