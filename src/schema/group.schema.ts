import { ArgsType, Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { PageArgs, PageInfoType, connectionOf } from './connection.schema.ts';
import { GroupOrderField, OrderDirection } from './enums.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { PermissionInput, PermissionType, ResourceScopeInput, ResourceScopeType } from './permission.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

const EXPECTED_VERSION = 'Version the change is based on; another one gives VERSION_CONFLICT with the current object.';

@ObjectType('Group', { simpleResolvers: true, description: 'A set of grants and its members.', implements: NodeType })
@Directive('@key(fields: "id")')
export class GroupType extends NodeType {
  @Field(() => String, { description: 'Unique name, compared case-folded.' })
  name!: string;

  @Field(() => String, { description: 'What the group is for; may be empty.' })
  description!: string;

  @Field(() => Boolean, { description: 'Only its members can change.' })
  systemManaged!: boolean;

  @Field(() => String, { nullable: true, description: 'Id in the system the group comes from.' })
  externalId!: string | null;

  @Field(() => String, { nullable: true, description: 'Where the group comes from; null = made here.' })
  source!: string | null;

  @Field(() => [PermissionType], { description: 'Grants, at most 100.' })
  permissions!: readonly PermissionType[];

  @Field(() => Int, { description: 'Grows by one with each change of grants, name or scope.' })
  version!: number;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last change.' })
  updatedAt!: Date;
}

export const { Connection: GroupConnectionType } = connectionOf(() => GroupType, 'Group');

@ObjectType('GroupMemberEdge', { simpleResolvers: true, description: 'One item of a GroupMember page.' })
export class GroupMemberEdgeType {
  @Field(() => String, { description: 'Opaque position of this item.' })
  cursor!: string;

  @Field(() => UserType, { description: 'The item.' })
  node!: UserType;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  addedAt!: Date;
}

@ObjectType('GroupMemberConnection', { simpleResolvers: true, description: 'A page of GroupMember (nodes are User).' })
export class GroupMemberConnectionType {
  @Field(() => [GroupMemberEdgeType], { description: 'Items with their cursors.' })
  edges!: readonly GroupMemberEdgeType[];

  @Field(() => [UserType], { description: 'Items without cursors.' })
  nodes!: readonly UserType[];

  @Field(() => PageInfoType, { description: 'Where this page lies.' })
  pageInfo!: PageInfoType;

  @Field(() => Int, { description: 'Number of visible items over all pages; computed only when asked.' })
  totalCount!: number;
}

@ArgsType()
export class GroupMemberArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Part of name or address, 2 to 100 characters.' })
  search?: string | null;
}

@ObjectType('EffectivePermission', {
  simpleResolvers: true,
  description: 'A grant that somebody has, and where it comes from.',
})
export class EffectivePermissionType {
  @Field(() => PermissionType, { description: 'The grant.' })
  permission!: PermissionType;

  @Field(() => [GroupType], { description: 'Groups that give it.' })
  grantedBy!: readonly GroupType[];

  @Field(() => ResourceScopeType, { description: 'Organizations where it holds.' })
  scope!: ResourceScopeType;
}

@InputType('GroupFilter', { description: 'Which groups; conditions are and-ed.' })
export class GroupFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of name or description, 2 to 100 characters.' })
  search?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True = managed by the system.' })
  systemManaged?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'Having a grant of this permission, as action:resource; `admin:*` does not count for others.',
  })
  permission?: string | null;
}

@InputType('GroupOrder', { description: 'Order of groups.' })
export class GroupOrderInput {
  @Field(() => GroupOrderField, { description: 'Order by this; ties by id.' })
  field!: keyof typeof GroupOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: 'Direction.' })
  direction!: keyof typeof OrderDirection;
}

@ArgsType()
export class GroupsArgs extends PageArgs {
  @Field(() => GroupFilterInput, { nullable: true, description: 'Which groups.' })
  filter?: GroupFilterInput | null;

  @Field(() => GroupOrderInput, { nullable: true, description: 'Order; absent = by name.' })
  orderBy?: GroupOrderInput | null;
}

@InputType('CreateGroupInput', { description: 'Input of createGroup.' })
export class CreateGroupInput {
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
export class UpdateGroupInput {
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
export class SetGroupPermissionsInput {
  @Field(() => ID, { description: 'Group to change.' })
  id!: string;

  @Field(() => [PermissionInput], { description: 'The whole new list, at most 100; empty = none.' })
  permissions!: PermissionInput[];

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('DeleteGroupInput', { description: 'Input of deleteGroup.' })
export class DeleteGroupInput {
  @Field(() => ID, { description: 'Group to delete.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: EXPECTED_VERSION })
  expectedVersion?: number | null;
}

@InputType('AddGroupMembersInput', { description: 'Input of addGroupMembers.' })
export class AddGroupMembersInput {
  @Field(() => ID, { description: 'Group.' })
  groupId!: string;

  @Field(() => [ID], { description: 'Users to add, at most 100; all or none.' })
  userIds!: string[];
}

@InputType('RemoveGroupMembersInput', { description: 'Input of removeGroupMembers.' })
export class RemoveGroupMembersInput {
  @Field(() => ID, { description: 'Group.' })
  groupId!: string;

  @Field(() => [ID], { description: 'Users to remove, at most 100; all or none.' })
  userIds!: string[];
}

@ObjectType('CreateGroupPayload', { simpleResolvers: true, description: 'Answer of createGroup.' })
export class CreateGroupPayload extends Payload {
  @Field(() => GroupType, { nullable: true, description: 'The new group.' })
  group?: GroupType | null;
}

@ObjectType('UpdateGroupPayload', { simpleResolvers: true, description: 'Answer of updateGroup.' })
export class UpdateGroupPayload extends Payload {
  @Field(() => GroupType, {
    nullable: true,
    description: 'The group after the change; with VERSION_CONFLICT as it is now.',
  })
  group?: GroupType | null;
}

@ObjectType('SetGroupPermissionsPayload', { simpleResolvers: true, description: 'Answer of setGroupPermissions.' })
export class SetGroupPermissionsPayload extends Payload {
  @Field(() => GroupType, {
    nullable: true,
    description: 'The group after the change; with VERSION_CONFLICT as it is now.',
  })
  group?: GroupType | null;
}

@ObjectType('DeleteGroupPayload', { simpleResolvers: true, description: 'Answer of deleteGroup.' })
export class DeleteGroupPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  deletedGroupId?: string | null;

  @Field(() => GroupType, { nullable: true, description: 'The group as it is now; set with VERSION_CONFLICT.' })
  group?: GroupType | null;
}

@ObjectType('AddGroupMembersPayload', { simpleResolvers: true, description: 'Answer of addGroupMembers.' })
export class AddGroupMembersPayload extends Payload {
  @Field(() => GroupType, { nullable: true, description: 'The group after the change.' })
  group?: GroupType | null;
}

@ObjectType('RemoveGroupMembersPayload', { simpleResolvers: true, description: 'Answer of removeGroupMembers.' })
export class RemoveGroupMembersPayload extends Payload {
  @Field(() => GroupType, { nullable: true, description: 'The group after the change.' })
  group?: GroupType | null;
}
