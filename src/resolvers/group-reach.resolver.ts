import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { GroupMemberEdgeType } from '../schema/group.schema.ts';
import { OrganizationType } from '../schema/organization.schema.ts';
import { ResourceScopeType } from '../schema/permission.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { EffectivePermission } from '../services/assigned-groups.ts';
import type { MembershipFacts } from '../services/group-reader.ts';

/** More than this a scope does not tell. */
const MAXIMUM_LISTED = 100;

/** Where a group reaches, or a grant holds. */
@Resolver(() => ResourceScopeType)
export class ResourceScopeResolver {
  @FieldResolver(() => [OrganizationType], {
    nullable: true,
    description: 'For LISTED: these and all below them, as far as they are visible, at most 100; null with ALL.',
  })
  async organizations(
    @Root() { mode, organizationIds }: EffectivePermission['scope'],
    @Ctx() context: Context,
  ): Promise<readonly OrganizationView[] | null> {
    if (mode === 'ALL') return null;
    const { organization } = loadersOf(context);
    const found = await Promise.all(organizationIds.slice(0, MAXIMUM_LISTED).map((id) => organization.load(id)));
    return found.filter((one) => one !== null);
  }
}

/** Membership in a group. */
@Resolver(() => GroupMemberEdgeType)
export class GroupMemberEdgeResolver {
  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: "Where the membership holds; null = as the group's scope says.",
  })
  organization(
    @Root() { organizationId }: MembershipFacts,
    @Ctx() context: Context,
  ): Promise<OrganizationView | null> | null {
    return organizationId === null ? null : loadersOf(context).organization.load(organizationId);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who added the member; null when seeded or deleted.' })
  addedBy(@Root() { addedById }: MembershipFacts, @Ctx() context: Context): Promise<UserView | null> | null {
    return addedById === null ? null : loadersOf(context).user.load(addedById);
  }
}
