import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { Clock } from '../clock.ts';
import { type Context, loadersOf } from '../context.ts';
import { memberOrganizationIds } from '../entities/assignment.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { notFound } from '../errors.ts';
import { PageArgs } from '../schema/connection.schema.ts';
import { GroupType } from '../schema/group.schema.ts';
import {
  OrganizationConnectionType,
  OrganizationLevelType,
  OrganizationMemberArgs,
  OrganizationMemberConnectionType,
  OrganizationsArgs,
  OrganizationTreeArgs,
  OrganizationTreeType,
  OrganizationType,
} from '../schema/organization.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import { demandThere } from '../services/demand-there.ts';
import type { GroupDirectory } from '../services/group-directory.ts';
import type { OrganizationLevels, OrganizationLevelView } from '../services/organization-levels.ts';
import { organizationIdOf, type OrganizationReader } from '../services/organization-reader.ts';
import type { OrganizationTreeReader } from '../services/organization-tree-reader.ts';

@Resolver(() => OrganizationType)
export class OrganizationResolver {
  readonly #organizations: OrganizationReader;
  readonly #trees: OrganizationTreeReader;
  readonly #levels: OrganizationLevels;
  readonly #clock: Clock;

  constructor(parts: {
    organizationReader: OrganizationReader;
    organizationTrees: OrganizationTreeReader;
    levels: OrganizationLevels;
    clock: Clock;
  }) {
    this.#organizations = parts.organizationReader;
    this.#trees = parts.organizationTrees;
    this.#levels = parts.levels;
    this.#clock = parts.clock;
  }

  @Query(() => OrganizationType, { nullable: true, description: 'One organization, visible by subtree.' })
  async organization(
    @Arg('id', () => ID, { description: 'Organization.' }) id: string,
    @Ctx() context: Context,
  ): Promise<OrganizationView> {
    const organizationId = organizationIdOf(id);
    const organization = organizationId === null ? null : await loadersOf(context).organization.load(organizationId);
    return organization ?? notFound();
  }

  @Query(() => OrganizationConnectionType, { nullable: true, description: 'Organizations, visible by subtree.' })
  organizations(@Args(() => OrganizationsArgs) args: OrganizationsArgs, @Ctx() context: Context): Promise<object> {
    return this.#organizations.page(signedInCaller(context.caller), args, args.filter ?? null, args.orderBy ?? null);
  }

  @Query(() => OrganizationTreeType, { nullable: true, description: 'A part of the tree, visible by subtree.' })
  organizationTree(
    @Args(() => OrganizationTreeArgs) { rootId, depth }: OrganizationTreeArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    const id = rootId == null ? null : (organizationIdOf(rootId) ?? notFound());
    return this.#trees.tree(signedInCaller(context.caller), id, depth);
  }

  @FieldResolver(() => OrganizationLevelType, { description: 'Its place in the hierarchy of levels.' })
  level(@Root() { levelPosition }: OrganizationView): OrganizationLevelView {
    return this.#levels.at(levelPosition);
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'The one above; null at the root or when not visible.',
  })
  parent(@Root() { parentId }: OrganizationView, @Ctx() context: Context): Promise<OrganizationView | null> | null {
    return parentId === null ? null : loadersOf(context).organization.load(parentId);
  }

  @FieldResolver(() => [OrganizationType], {
    nullable: true,
    description: 'Visible ones above, root first; at most the depth limit.',
  })
  async ancestors(
    @Root() { lineage }: OrganizationView,
    @Ctx() context: Context,
  ): Promise<readonly OrganizationView[]> {
    const { organization } = loadersOf(context);
    const above = await Promise.all(lineage.slice(0, -1).map((id) => organization.load(id)));
    return above.filter((one) => one !== null);
  }

  @FieldResolver(() => OrganizationConnectionType, {
    nullable: true,
    description: 'Visible ones directly below, by name.',
  })
  children(
    @Root() { id }: OrganizationView,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    return loadersOf(context).childrenOfOrganization(args).load(id);
  }

  @FieldResolver(() => [GroupType], {
    nullable: true,
    description:
      'Groups whose grants every member gets here and below, at most 100; for members, and holders of `view:groups` there.',
  })
  async groups(@Root() organization: OrganizationView, @Ctx() context: Context): Promise<readonly GroupView[]> {
    const isMember = memberOrganizationIds(context.assignments).includes(organization.id);
    if (!isMember) demandThere(context.caller, 'view:groups', organization, this.#clock.now());
    return loadersOf(context).groupsOfOrganization.load(organization.id);
  }

  @FieldResolver(() => OrganizationMemberConnectionType, { nullable: true, description: 'Members, newest first.' })
  async members(
    @Root() organization: OrganizationView,
    @Args(() => OrganizationMemberArgs) args: OrganizationMemberArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    demandThere(context.caller, 'view:organizations', organization, this.#clock.now());
    return loadersOf(context).membersOfOrganization(args).load(organization.id);
  }
}

/** The groups of a level. */
@Resolver(() => OrganizationLevelType)
export class OrganizationLevelResolver {
  readonly #directory: GroupDirectory;

  constructor(parts: { directory: GroupDirectory }) {
    this.#directory = parts.directory;
  }

  @FieldResolver(() => [GroupType], {
    nullable: true,
    description: 'Groups whose grants every member at this level gets.',
  })
  groups(@Root() { position }: OrganizationLevelView): readonly GroupView[] {
    return this.#directory.ofLevel(position);
  }
}

/** The organizations of a user, as a field. */
@Resolver(() => UserType)
export class UserOrganizationsResolver {
  @FieldResolver(() => OrganizationConnectionType, {
    nullable: true,
    description: 'Organizations the user is a member of.',
  })
  organizations(
    @Root() { id }: UserView,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    return loadersOf(context).organizationsOfUser(args).load(id);
  }
}
