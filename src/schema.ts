import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type ContainerType } from 'type-graphql';
import { type Context, loadersOf } from './context.ts';
import { parseId, type GroupId, type UserId } from './ids.ts';
import { describeRequirements } from './explain/descriptions.ts';
import { toSubgraph } from './explain/federation.ts';
import { withSecurityDirectives } from './explain/security-directives.ts';
import { type GuardOptions, guard } from './permissions/shield.ts';
import { tree } from './permissions/tree.ts';
import { GroupMutationResolver } from './resolvers/group-mutation.resolver.ts';
import { GroupResolver } from './resolvers/group.resolver.ts';
import { OperationsResolver } from './resolvers/operations.resolver.ts';
import { SignInResolver } from './resolvers/sign-in.resolver.ts';
import { UserMutationResolver } from './resolvers/user-mutation.resolver.ts';
import { UserResolver } from './resolvers/user.resolver.ts';
import { ViewerResolver } from './resolvers/viewer.resolver.ts';

const resolvers = [
  ViewerResolver,
  SignInResolver,
  UserResolver,
  UserMutationResolver,
  GroupResolver,
  GroupMutationResolver,
  OperationsResolver,
] as const;

/** How routers' keys become objects; what a caller may not see is null, as if it did not exist. */
const references = {
  User: (reference: { readonly id: string }, context: Context) => {
    const id = parseId<UserId>(reference.id);
    return id === null ? null : loadersOf(context).user.load(id);
  },
  Group: (reference: { readonly id: string }, context: Context) => {
    const id = parseId<GroupId>(reference.id);
    return id === null ? null : loadersOf(context).group.load(id);
  },
};

interface SchemaSettings {
  /** Writes `@authenticated` and `@requiresScopes` into the SDL, for routers that enforce them. */
  readonly securityDirectives: boolean;
}

/**
 * The federated schema without its guard: for emitting the SDL and for the guard below. Resolvers come out of `container`;
 * emitting needs none.
 */
export const buildUnguardedSchema = async (
  container: ContainerType,
  settings: SchemaSettings,
): Promise<GraphQLSchema> => {
  const plain = await buildSchema({ resolvers, container, validate: false, skipCheck: true });
  describeRequirements(plain, tree);
  return toSubgraph(
    plain,
    references,
    settings.securityDirectives ? (sdl) => withSecurityDirectives(sdl, tree) : undefined,
  );
};

/** The schema that is served: federated, and guarded by the rule tree. */
export const buildGuardedSchema = async (
  container: ContainerType,
  settings: SchemaSettings,
  options: GuardOptions,
): Promise<GraphQLSchema> => guard(await buildUnguardedSchema(container, settings), tree, options);
