import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { AccessChangeInput, DryRunInput } from './access-change.schema.ts';
import { AccessChangePayload, PreviewPayload } from './approval.schema.ts';
import { GroupType } from './group.schema.ts';
import { PermissionInput, ResourceScopeInput } from './permission.schema.ts';

const EXPECTED_VERSION = 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.';

@InputType('CreateGroupInput', { description: 'Input of createGroup.' })
export class CreateGroupInput extends AccessChangeInput {
  @Field(() => String, { description: 'Unique name, at most 100 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the group is for, at most 1,000 characters.' })
  description?: string | null;

  @Field(() => [PermissionInput], {
    nullable: true,
    description: 'Grants, at most what the caller holds. Requires `grant:groups`.',
  })
  permissions?: PermissionInput[] | null;

  @Field(() => ResourceScopeInput, { nullable: true, description: 'Where the grants hold; absent = LISTED, none.' })
  allowedOrganizations?: ResourceScopeInput | null;

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@InputType('UpdateGroupInput', { description: 'Input of updateGroup.' })
export class UpdateGroupInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Group to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New name; absent = keep.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'New description; null = empty; absent = keep.' })
  description?: string | null;

  @Field(() => ResourceScopeInput, {
    nullable: true,
    description: 'New reach; absent = keep. Requires `grant:groups`.',
  })
  allowedOrganizations?: ResourceScopeInput | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('SetGroupPermissionsInput', { description: 'Input of setGroupPermissions.' })
export class SetGroupPermissionsInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Group to change.' })
  id!: string;

  @Field(() => [PermissionInput], { description: 'The whole new list, at most 100; empty = none.' })
  permissions!: PermissionInput[];

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('DeleteGroupInput', { description: 'Input of deleteGroup.' })
export class DeleteGroupInput extends DryRunInput {
  @Field(() => ID, { description: 'Group to delete.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('AddGroupMembersInput', { description: 'Input of addGroupMembers.' })
export class AddGroupMembersInput extends AccessChangeInput {
  @Field(() => ID, { description: 'Group.' })
  groupId!: string;

  @Field(() => [ID], { description: 'Users to add, at most 100; all or none.' })
  userIds!: string[];

  @Field(() => ID, {
    nullable: true,
    description: "Membership holds within this organization and below; absent = as the group's scope says.",
  })
  organizationId?: string | null;
}

@InputType('RemoveGroupMembersInput', { description: 'Input of removeGroupMembers.' })
export class RemoveGroupMembersInput extends DryRunInput {
  @Field(() => ID, { description: 'Group.' })
  groupId!: string;

  @Field(() => [ID], { description: 'Users to remove, at most 100; all or none.' })
  userIds!: string[];

  @Field(() => ID, { nullable: true, description: 'Membership within this organization; absent = the one without.' })
  organizationId?: string | null;
}

@ObjectType('CreateGroupPayload', { simpleResolvers: true, description: 'Answer of createGroup.' })
export class CreateGroupPayload extends AccessChangePayload {
  @Field(() => GroupType, { nullable: true, description: 'The new group.' })
  group?: GroupType | null;
}

@ObjectType('UpdateGroupPayload', { simpleResolvers: true, description: 'Answer of updateGroup.' })
export class UpdateGroupPayload extends AccessChangePayload {
  @Field(() => GroupType, {
    nullable: true,
    description: 'The group after the change; with VERSION_CONFLICT as it is now.',
  })
  group?: GroupType | null;
}

@ObjectType('SetGroupPermissionsPayload', { simpleResolvers: true, description: 'Answer of setGroupPermissions.' })
export class SetGroupPermissionsPayload extends AccessChangePayload {
  @Field(() => GroupType, {
    nullable: true,
    description: 'The group after the change; with VERSION_CONFLICT as it is now.',
  })
  group?: GroupType | null;
}

@ObjectType('DeleteGroupPayload', { simpleResolvers: true, description: 'Answer of deleteGroup.' })
export class DeleteGroupPayload extends PreviewPayload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  deletedGroupId?: string | null;

  @Field(() => GroupType, { nullable: true, description: 'The group as it is now; set with VERSION_CONFLICT.' })
  group?: GroupType | null;
}

@ObjectType('AddGroupMembersPayload', { simpleResolvers: true, description: 'Answer of addGroupMembers.' })
export class AddGroupMembersPayload extends AccessChangePayload {
  @Field(() => GroupType, { nullable: true, description: 'The group after the change.' })
  group?: GroupType | null;
}

@ObjectType('RemoveGroupMembersPayload', { simpleResolvers: true, description: 'Answer of removeGroupMembers.' })
export class RemoveGroupMembersPayload extends PreviewPayload {
  @Field(() => GroupType, { nullable: true, description: 'The group after the change.' })
  group?: GroupType | null;
}
