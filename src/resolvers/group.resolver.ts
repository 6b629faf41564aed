import { Arg, Args, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { notFound } from '../errors.ts';
import {
  GroupConnectionType,
  GroupMemberArgs,
  GroupMemberConnectionType,
  GroupsArgs,
  GroupType,
} from '../schema/group.schema.ts';
import { PermissionDefinitionType, ResourceScopeType } from '../schema/permission.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import { groupIdOf, type GroupReader } from '../services/group-reader.ts';
import type { PermissionReader } from '../services/permission-reader.ts';

@Resolver(() => GroupType)
export class GroupResolver {
  readonly #groups: GroupReader;
  readonly #permissions: PermissionReader;

  constructor(parts: { groups: GroupReader; permissions: PermissionReader }) {
    this.#groups = parts.groups;
    this.#permissions = parts.permissions;
  }

  @Query(() => GroupType, { nullable: true, description: 'One group.' })
  async group(@Arg('id', () => ID, { description: 'Group.' }) id: string, @Ctx() context: Context): Promise<GroupView> {
    const groupId = groupIdOf(id);
    const group = groupId === null ? null : await loadersOf(context).group.load(groupId);
    return group ?? notFound();
  }

  @Query(() => GroupConnectionType, { nullable: true, description: 'Groups.' })
  groups(@Args(() => GroupsArgs) args: GroupsArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#groups.page(signedInCaller(caller), args, args.filter ?? null, args.orderBy ?? null);
  }

  @Query(() => [PermissionDefinitionType], { nullable: true, description: 'Every permission there is, at most 2,000.' })
  permissionCatalog(): readonly object[] {
    return this.#permissions.catalogue();
  }

  @FieldResolver(() => ResourceScopeType, {
    description: 'Where the grants hold, for members without an organization of their own.',
  })
  allowedOrganizations(@Root() group: GroupView): object {
    return { mode: group.scopeMode, organizationIds: group.listed.map((lineage) => lineage.at(-1)) };
  }

  @FieldResolver(() => GroupMemberConnectionType, { nullable: true, description: 'Members, newest first.' })
  members(
    @Root() group: GroupView,
    @Args(() => GroupMemberArgs) args: GroupMemberArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    return loadersOf(context).members(args).load(group.id);
  }

  @FieldResolver(() => Int, { nullable: true, description: 'Number of members.' })
  memberCount(@Root() group: GroupView, @Ctx() context: Context): Promise<number> {
    return loadersOf(context).memberCount.load(group.id);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it; null when seeded or deleted.' })
  async createdBy(@Root() group: GroupView, @Ctx() context: Context): Promise<UserView | null> {
    return group.createdById === null ? null : loadersOf(context).user.load(group.createdById);
  }
}
