import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { loadersOf, type Context } from '../context.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { notFound } from '../errors.ts';
import { parseId, type UserId } from '../ids.ts';
import { EffectivePermissionType, GroupType } from '../schema/group.schema.ts';
import { UserConnectionType, UsersArgs, UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PermissionReader } from '../services/permission-reader.ts';
import type { UserReader } from '../services/user-reader.ts';

@Resolver(() => UserType)
export class UserResolver {
  readonly #users: UserReader;
  readonly #permissions: PermissionReader;

  constructor(parts: { users: UserReader; permissions: PermissionReader }) {
    this.#users = parts.users;
    this.#permissions = parts.permissions;
  }

  @Query(() => UserType, { nullable: true, description: 'One user.' })
  async user(@Arg('id', () => ID, { description: 'User.' }) id: string, @Ctx() context: Context): Promise<UserView> {
    const userId = parseId<UserId>(id);
    const user = userId === null ? null : await loadersOf(context).user.load(userId);
    return user ?? notFound();
  }

  @Query(() => UserConnectionType, {
    nullable: true,
    description: "Users in the caller's scope; without `view:users` only oneself.",
  })
  users(@Args(() => UsersArgs) args: UsersArgs, @Ctx() context: Context): Promise<object> {
    return this.#users.page(signedInCaller(context.caller), args, args.filter ?? null, args.orderBy ?? null);
  }

  @FieldResolver(() => [GroupType], {
    nullable: true,
    description: 'Groups, at most 100; within organizations those of organizations that the caller sees.',
  })
  groups(@Root() user: UserView, @Ctx() context: Context): Promise<readonly GroupView[]> {
    return loadersOf(context).groupsOfUser.load(user.id);
  }

  @FieldResolver(() => [EffectivePermissionType], {
    nullable: true,
    description: 'What the user may do and through which groups.',
  })
  async permissions(@Root() user: UserView, @Ctx() context: Context): Promise<readonly object[]> {
    return this.#permissions.ofAssignments(await loadersOf(context).shownAssignmentsOfUser.load(user.id));
  }
}
