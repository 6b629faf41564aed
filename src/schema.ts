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
import {
  ExternalIdentityResolver,
  ProviderOptionsResolver,
  UserIdentitiesResolver,
} from './resolvers/external-identity.resolver.ts';
import { CaptchaOptionsResolver } from './resolvers/captcha.resolver.ts';
import { GroupMutationResolver } from './resolvers/group-mutation.resolver.ts';
import { DeviceResolver } from './resolvers/device.resolver.ts';
import { GroupResolver } from './resolvers/group.resolver.ts';
import { MfaResolver, UserMfaResolver } from './resolvers/mfa.resolver.ts';
import { InvitationResolver, UserInvitationResolver } from './resolvers/invitation.resolver.ts';
import { MailResolver } from './resolvers/mail.resolver.ts';
import { OperationsResolver } from './resolvers/operations.resolver.ts';
import { PasswordResolver } from './resolvers/password.resolver.ts';
import { AccountOptionsResolver, ProfileResolver, UserAttributesResolver } from './resolvers/profile.resolver.ts';
import { MfaPasskeysResolver, PasskeyResolver } from './resolvers/passkey.resolver.ts';
import { SessionResolver } from './resolvers/session.resolver.ts';
import { SignInResolver } from './resolvers/sign-in.resolver.ts';
import { SignUpOptionsResolver, SignUpResolver } from './resolvers/sign-up.resolver.ts';
import { UserMutationResolver } from './resolvers/user-mutation.resolver.ts';
import { UserResolver } from './resolvers/user.resolver.ts';
import { UserSessionsResolver } from './resolvers/user-sessions.resolver.ts';
import { ViewerResolver } from './resolvers/viewer.resolver.ts';

const resolvers = [
  ViewerResolver,
  SignInResolver,
  SignUpResolver,
  SignUpOptionsResolver,
  UserResolver,
  UserMutationResolver,
  GroupResolver,
  GroupMutationResolver,
  PasswordResolver,
  ProfileResolver,
  UserAttributesResolver,
  AccountOptionsResolver,
  MfaResolver,
  UserMfaResolver,
  PasskeyResolver,
  MfaPasskeysResolver,
  SessionResolver,
  DeviceResolver,
  UserSessionsResolver,
  ExternalIdentityResolver,
  UserIdentitiesResolver,
  ProviderOptionsResolver,
  MailResolver,
  InvitationResolver,
  UserInvitationResolver,
  CaptchaOptionsResolver,
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
