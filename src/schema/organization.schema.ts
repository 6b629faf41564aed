import { ArgsType, Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionOf, PageArgs, PageInfoType } from './connection.schema.ts';
import { OrderDirection, OrganizationOrderField } from './enums.ts';
import { GroupType } from './group.schema.ts';
import { NodeType } from './node.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

@ObjectType('OrganizationLevel', {
  simpleResolvers: true,
  description: 'A level of the hierarchy, from the settings.',
})
export class OrganizationLevelType {
  @Field(() => Int, { description: 'Place from the top, beginning with 0.' })
  position!: number;

  @Field(() => String, { description: 'Name: Owner, Distributor, Reseller, Customer by default.' })
  name!: string;
}

@ObjectType('Organization', {
  simpleResolvers: true,
  description: 'A node of the organization tree. Members see theirs; others require `view:organizations`, by subtree.',
  implements: NodeType,
})
@Directive('@key(fields: "id")')
export class OrganizationType extends NodeType {
  @Field(() => String, { description: 'Name, unique among its siblings.' })
  name!: string;

  @Field(() => Int, { description: 'Grows by one with each change of name, place or groups.' })
  version!: number;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last change.' })
  updatedAt!: Date;
}

export const { Connection: OrganizationConnectionType } = connectionOf(() => OrganizationType, 'Organization');

@ObjectType('OrganizationMemberEdge', {
  simpleResolvers: true,
  description: 'One item of a OrganizationMember page.',
})
export class OrganizationMemberEdgeType {
  @Field(() => String, { description: 'Opaque position of this item.' })
  cursor!: string;

  @Field(() => UserType, { description: 'The item.' })
  node!: UserType;

  @Field(() => [GroupType], { description: 'Groups the member holds within the organization.' })
  groups!: readonly GroupType[];

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  joinedAt!: Date;
}

@ObjectType('OrganizationMemberConnection', {
  simpleResolvers: true,
  description: 'A page of OrganizationMember (nodes are User).',
})
export class OrganizationMemberConnectionType {
  @Field(() => [OrganizationMemberEdgeType], { description: 'Items with their cursors.' })
  edges!: readonly OrganizationMemberEdgeType[];

  @Field(() => [UserType], { description: 'Items without cursors.' })
  nodes!: readonly UserType[];

  @Field(() => PageInfoType, { description: 'Where this page lies.' })
  pageInfo!: PageInfoType;

  @Field(() => Int, { description: 'Number of visible items over all pages; computed only when asked.' })
  totalCount!: number;
}

@ArgsType()
export class OrganizationMemberArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Part of name or address, 2 to 100 characters.' })
  search?: string | null;
}

@ObjectType('OrganizationTreeNode', { simpleResolvers: true, description: 'One node of a tree answer.' })
export class OrganizationTreeNodeType {
  @Field(() => OrganizationType, { description: 'The organization.' })
  organization!: OrganizationType;

  @Field(() => ID, { nullable: true, description: 'The one above; null for the first.' })
  parentId!: string | null;

  @Field(() => Int, { description: 'Distance from the first, beginning with 0.' })
  depth!: number;

  @Field(() => Int, { description: 'Visible organizations directly below.' })
  childCount!: number;
}

@ObjectType('OrganizationTree', { simpleResolvers: true, description: 'A part of the tree, depth first.' })
export class OrganizationTreeType {
  @Field(() => [OrganizationTreeNodeType], {
    description: 'Visible nodes, parents before children, at most 1,000.',
  })
  nodes!: readonly OrganizationTreeNodeType[];

  @Field(() => Boolean, { description: 'More nodes lie within the asked depth.' })
  truncated!: boolean;
}

@ArgsType()
export class OrganizationTreeArgs {
  @Field(() => ID, { nullable: true, description: 'Where it begins; absent = the highest visible ones.' })
  rootId?: string | null;

  @Field(() => Int, { defaultValue: 2, description: 'Levels below, 0 to 8.' })
  depth!: number;
}

@InputType('OrganizationFilter', { description: 'Which organizations; conditions are and-ed.' })
export class OrganizationFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name, 2 to 100 characters.' })
  search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Directly below this one.' })
  parentId?: string | null;

  @Field(() => [Int], { nullable: true, description: 'At one of these level positions; empty list = none.' })
  levelIn?: number[] | null;

  @Field(() => ID, { nullable: true, description: 'With this user as a member.' })
  memberId?: string | null;
}

@InputType('OrganizationOrder', { description: 'Order of organizations.' })
export class OrganizationOrderInput {
  @Field(() => OrganizationOrderField, { description: 'Order by this; ties by id.' })
  field!: keyof typeof OrganizationOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: 'Direction.' })
  direction!: keyof typeof OrderDirection;
}

@ArgsType()
export class OrganizationsArgs extends PageArgs {
  @Field(() => OrganizationFilterInput, { nullable: true, description: 'Which organizations.' })
  filter?: OrganizationFilterInput | null;

  @Field(() => OrganizationOrderInput, { nullable: true, description: 'Order; absent = by name.' })
  orderBy?: OrganizationOrderInput | null;
}
