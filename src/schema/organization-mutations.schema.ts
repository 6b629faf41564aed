import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { AccessChangeInput, DryRunInput } from './access-change.schema.ts';
import { AccessChangePayload, PreviewPayload } from './approval.schema.ts';
import { OrganizationType } from './organization.schema.ts';

const EXPECTED_VERSION = 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.';

@InputType('CreateOrganizationInput', { description: 'Input of createOrganization.' })
export class CreateOrganizationInput extends AccessChangeInput {
  @Field(() => ID, { nullable: true, description: 'The one above; null = a new root.' })
  parentId?: string | null;

  @Field(() => String, { description: 'Name, at most 100 characters.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: "Level position; absent = the one after the parent's." })
  level?: number | null;

  @Field(() => [ID], { nullable: true, description: 'Groups for all members. Requires `assign:groups`.' })
  groupIds?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@InputType('UpdateOrganizationInput', { description: 'Input of updateOrganization.' })
export class UpdateOrganizationInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Organization to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New name; absent = keep.' })
  name?: string | null;

  @Field(() => Int, { nullable: true, description: 'New level position; absent = keep.' })
  level?: number | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'New groups for all members; absent = keep; empty list = none. Requires `assign:groups`.',
  })
  groupIds?: string[] | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('MoveOrganizationInput', { description: 'Input of moveOrganization.' })
export class MoveOrganizationInput extends DryRunInput {
  @Field(() => ID, { description: 'Organization to move with all below.' })
  id!: string;

  @Field(() => ID, { nullable: true, description: 'The new one above; null = becomes a root; absent = REQUIRED.' })
  parentId?: string | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('DeleteOrganizationInput', { description: 'Input of deleteOrganization.' })
export class DeleteOrganizationInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Organization to delete with all below; users stay.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Kept in the audit log, at most 500 characters.' })
  reason?: string | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('AddOrganizationMembersInput', { description: 'Input of addOrganizationMembers.' })
export class AddOrganizationMembersInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Users to add, at most 100; all or none.' })
  userIds!: string[];

  @Field(() => [ID], { nullable: true, description: 'Groups they get within it. Requires `assign:groups`.' })
  groupIds?: string[] | null;
}

@InputType('RemoveOrganizationMembersInput', { description: 'Input of removeOrganizationMembers.' })
export class RemoveOrganizationMembersInput extends DryRunInput {
  @Field(() => ID, { description: 'Organization.' })
  organizationId!: string;

  @Field(() => [ID], { description: 'Users to remove, with their groups within it, at most 100; all or none.' })
  userIds!: string[];
}

@ObjectType('CreateOrganizationPayload', { simpleResolvers: true, description: 'Answer of createOrganization.' })
export class CreateOrganizationPayload extends AccessChangePayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The new organization.' })
  organization?: OrganizationType | null;
}

@ObjectType('UpdateOrganizationPayload', { simpleResolvers: true, description: 'Answer of updateOrganization.' })
export class UpdateOrganizationPayload extends AccessChangePayload {
  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization after the change; with VERSION_CONFLICT as it is now.',
  })
  organization?: OrganizationType | null;
}

@ObjectType('MoveOrganizationPayload', { simpleResolvers: true, description: 'Answer of moveOrganization.' })
export class MoveOrganizationPayload extends PreviewPayload {
  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization after the move; with VERSION_CONFLICT as it is now.',
  })
  organization?: OrganizationType | null;
}

@ObjectType('DeleteOrganizationPayload', { simpleResolvers: true, description: 'Answer of deleteOrganization.' })
export class DeleteOrganizationPayload extends AccessChangePayload {
  @Field(() => [ID], { description: 'Former ids, those below included; empty on errors.' })
  deletedOrganizationIds!: readonly string[];

  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization as it is now; set with VERSION_CONFLICT.',
  })
  organization?: OrganizationType | null;
}

@ObjectType('AddOrganizationMembersPayload', {
  simpleResolvers: true,
  description: 'Answer of addOrganizationMembers.',
})
export class AddOrganizationMembersPayload extends AccessChangePayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization after the change.' })
  organization?: OrganizationType | null;
}

@ObjectType('RemoveOrganizationMembersPayload', {
  simpleResolvers: true,
  description: 'Answer of removeOrganizationMembers.',
})
export class RemoveOrganizationMembersPayload extends PreviewPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization after the change.' })
  organization?: OrganizationType | null;
}
