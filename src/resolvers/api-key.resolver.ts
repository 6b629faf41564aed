import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import { visiblePart } from '../crypto/opaque-token.ts';
import { type ListedApiKey, workingKey } from '../entities/api-key.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { notFound } from '../errors.ts';
import { type ApiKeyId, parseId } from '../ids.ts';
import { ApiKeyConnectionType, ApiKeysArgs, ApiKeyType } from '../schema/api-key.schema.ts';
import { PageArgs } from '../schema/connection.schema.ts';
import { EffectivePermissionType } from '../schema/group.schema.ts';
import { ViewerType } from '../schema/session.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { ApiKeyReader } from '../services/api-key-reader.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PermissionReader } from '../services/permission-reader.ts';

@Resolver(() => ApiKeyType)
export class ApiKeyResolver {
  readonly #apiKeys: ApiKeyReader;
  readonly #permissions: PermissionReader;

  constructor(parts: { apiKeyReader: ApiKeyReader; permissions: PermissionReader }) {
    this.#apiKeys = parts.apiKeyReader;
    this.#permissions = parts.permissions;
  }

  @Query(() => ApiKeyType, { nullable: true, description: 'One API key.' })
  async apiKey(
    @Arg('id', () => ID, { description: 'Key.' }) id: string,
    @Ctx() context: Context,
  ): Promise<ListedApiKey> {
    const keyId = parseId<ApiKeyId>(id);
    const apiKey = keyId === null ? null : await loadersOf(context).apiKey.load(keyId);
    return apiKey ?? notFound();
  }

  @Query(() => ApiKeyConnectionType, {
    nullable: true,
    description: "API keys, newest first; without `view:api-keys` only one's own, and by API key only that key.",
  })
  apiKeys(@Args(() => ApiKeysArgs) args: ApiKeysArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#apiKeys.page(signedInCaller(caller), args, args.filter ?? null);
  }

  @FieldResolver(() => String, { description: 'Visible beginning of the key, `ghk_` and 12 characters.' })
  prefix(@Root() apiKey: ListedApiKey): string {
    return visiblePart('apiKey', apiKey.selector);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Whose permissions bound it.' })
  owner(@Root() apiKey: ListedApiKey, @Ctx() context: Context): Promise<UserView | null> {
    return loadersOf(context).user.load(apiKey.ownerId);
  }

  @FieldResolver(() => [EffectivePermissionType], {
    description: "What it may do now: its own grants intersected with the owner's.",
  })
  async effectivePermissions(@Root() apiKey: ListedApiKey, @Ctx() context: Context): Promise<readonly object[]> {
    const { assignmentsOfUser, shownAssignmentsOfUser } = loadersOf(context);
    const [all, shown] = await Promise.all([
      assignmentsOfUser.load(apiKey.ownerId),
      shownAssignmentsOfUser.load(apiKey.ownerId),
    ]);
    return this.#permissions.ofKey(apiKey, all, shown);
  }
}

/** The keys of a user, as a field. */
@Resolver(() => UserType)
export class UserApiKeysResolver {
  @FieldResolver(() => ApiKeyConnectionType, { nullable: true, description: 'API keys owned, newest first.' })
  apiKeys(@Root() user: UserView, @Args(() => PageArgs) args: PageArgs, @Ctx() context: Context): Promise<object> {
    return loadersOf(context).apiKeysOfUser(args).load(user.id);
  }
}

/** The key of a request, as a field. */
@Resolver(() => ViewerType)
export class ViewerApiKeyResolver {
  @FieldResolver(() => ApiKeyType, {
    nullable: true,
    description: 'The key that authenticated the call; null with a session.',
  })
  apiKey(@Root() _viewer: object, @Ctx() { caller }: Context): ListedApiKey | null {
    return caller.apiKey === null ? null : workingKey(caller.apiKey);
  }
}

/** What narrows a grant, as a field. */
@Resolver(() => EffectivePermissionType)
export class NarrowedPermissionResolver {
  @FieldResolver(() => ApiKeyType, { nullable: true, description: 'The key that narrows it; null without.' })
  narrowedBy(@Root() { narrowedBy }: { readonly narrowedBy?: ListedApiKey }): ListedApiKey | null {
    return narrowedBy ?? null;
  }
}
