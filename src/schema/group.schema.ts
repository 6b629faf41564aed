import { ArgsType, Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { PageArgs, PageInfoType, connectionOf } from './connection.schema.ts';
import { GroupOrderField, OrderDirection } from './enums.ts';
import { NodeType } from './node.schema.ts';
import { PermissionType, ResourceScopeType } from './permission.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

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
  @Field(() => ID, { nullable: true, description: 'Only memberships within this organization.' })
  organizationId?: string | null;

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
