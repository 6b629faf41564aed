import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type ContainerType, type PubSub } from 'type-graphql';
import { type Context, loadersOf } from './context.ts';
import { type ApiKeyId, parseId, type GroupId, type OrganizationId, type UserId } from './ids.ts';
import { describeRequirements } from './explain/descriptions.ts';
import { type Rewrite, subgraphSdl, toSubgraph } from './explain/federation.ts';
import { withSecurityDirectives } from './explain/security-directives.ts';
import { type GuardOptions, guard } from './permissions/shield.ts';
import { tree } from './permissions/tree.ts';
import {
  ExternalIdentityResolver,
  ProviderOptionsResolver,
  UserIdentitiesResolver,
} from './resolvers/external-identity.resolver.ts';
import { ActionLinkResolver } from './resolvers/action-link.resolver.ts';
import { ApiKeyMutationResolver } from './resolvers/api-key-mutation.resolver.ts';
import {
  ApiKeyResolver,
  NarrowedPermissionResolver,
  UserApiKeysResolver,
  ViewerApiKeyResolver,
} from './resolvers/api-key.resolver.ts';
import { AuditReferenceResolver, AuditResolver, UserAuditResolver } from './resolvers/audit.resolver.ts';
import { ExportResolver } from './resolvers/export.resolver.ts';
import { AccessChangeResolver, ApprovalResolver } from './resolvers/approval.resolver.ts';
import { CaptchaOptionsResolver } from './resolvers/captcha.resolver.ts';
import { ExplanationResolver } from './resolvers/explanation.resolver.ts';
import { GroupMutationResolver } from './resolvers/group-mutation.resolver.ts';
import { DeviceResolver } from './resolvers/device.resolver.ts';
import { ActiveOrganizationResolver, SessionOrganizationResolver } from './resolvers/active-organization.resolver.ts';
import { GroupMemberEdgeResolver, ResourceScopeResolver } from './resolvers/group-reach.resolver.ts';
import { GroupResolver } from './resolvers/group.resolver.ts';
import { MfaResolver, UserMfaResolver } from './resolvers/mfa.resolver.ts';
import {
  ImpersonationResolver,
  SessionImpersonatorResolver,
  ViewerImpersonationResolver,
} from './resolvers/impersonation.resolver.ts';
import { InvitationResolver, UserInvitationResolver } from './resolvers/invitation.resolver.ts';
import { MailResolver } from './resolvers/mail.resolver.ts';
import { OperationsResolver } from './resolvers/operations.resolver.ts';
import { OrganizationDomainResolver } from './resolvers/organization-domain.resolver.ts';
import { OrganizationInvitationResolver } from './resolvers/organization-invitation.resolver.ts';
import { OrganizationMutationResolver } from './resolvers/organization-mutation.resolver.ts';
import {
  OrganizationLevelResolver,
  OrganizationResolver,
  UserOrganizationsResolver,
} from './resolvers/organization.resolver.ts';
import { OutboxResolver } from './resolvers/outbox.resolver.ts';
import { PasswordResolver } from './resolvers/password.resolver.ts';
import { AccountOptionsResolver, ProfileResolver, UserAttributesResolver } from './resolvers/profile.resolver.ts';
import { MfaPasskeysResolver, PasskeyResolver } from './resolvers/passkey.resolver.ts';
import { PermissionCheckResolver } from './resolvers/permission-check.resolver.ts';
import { PermissionResourceResolver, ResourceResolver } from './resolvers/resource.resolver.ts';
import { SessionResolver } from './resolvers/session.resolver.ts';
import { SignInResolver } from './resolvers/sign-in.resolver.ts';
import { SignUpOptionsResolver, SignUpResolver } from './resolvers/sign-up.resolver.ts';
import { StatsResolver } from './resolvers/stats.resolver.ts';
import { SubscriptionResolver } from './resolvers/subscription.resolver.ts';
import { TrustedDocumentResolver } from './resolvers/trusted-document.resolver.ts';
import { UserMutationResolver } from './resolvers/user-mutation.resolver.ts';
import { UserResolver } from './resolvers/user.resolver.ts';
import { UserSessionsResolver } from './resolvers/user-sessions.resolver.ts';
import { ViewerResolver } from './resolvers/viewer.resolver.ts';
import { WebhookMutationResolver } from './resolvers/webhook-mutation.resolver.ts';
import { WebhookDeliveryResolver, WebhookResolver } from './resolvers/webhook.resolver.ts';

const resolvers = [
  ViewerResolver,
  SignInResolver,
  SignUpResolver,
  SignUpOptionsResolver,
  UserResolver,
  UserMutationResolver,
  GroupResolver,
  GroupMutationResolver,
  ApprovalResolver,
  AccessChangeResolver,
  ExplanationResolver,
  PermissionCheckResolver,
  ResourceResolver,
  PermissionResourceResolver,
  ActionLinkResolver,
  PasswordResolver,
  ProfileResolver,
  UserAttributesResolver,
  AccountOptionsResolver,
  MfaResolver,
  UserMfaResolver,
  PasskeyResolver,
  MfaPasskeysResolver,
  SessionResolver,
  ImpersonationResolver,
  ViewerImpersonationResolver,
  SessionImpersonatorResolver,
  DeviceResolver,
  UserSessionsResolver,
  ApiKeyResolver,
  ApiKeyMutationResolver,
  UserApiKeysResolver,
  ViewerApiKeyResolver,
  NarrowedPermissionResolver,
  ExternalIdentityResolver,
  UserIdentitiesResolver,
  ProviderOptionsResolver,
  MailResolver,
  InvitationResolver,
  UserInvitationResolver,
  CaptchaOptionsResolver,
  OrganizationResolver,
  ActiveOrganizationResolver,
  SessionOrganizationResolver,
  ResourceScopeResolver,
  GroupMemberEdgeResolver,
  OrganizationDomainResolver,
  OrganizationInvitationResolver,
  OrganizationMutationResolver,
  OrganizationLevelResolver,
  UserOrganizationsResolver,
  AuditResolver,
  AuditReferenceResolver,
  UserAuditResolver,
  ExportResolver,
  WebhookResolver,
  WebhookDeliveryResolver,
  WebhookMutationResolver,
  TrustedDocumentResolver,
  StatsResolver,
  OutboxResolver,
  OperationsResolver,
  SubscriptionResolver,
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
  Organization: (reference: { readonly id: string }, context: Context) => {
    const id = parseId<OrganizationId>(reference.id);
    return id === null ? null : loadersOf(context).organization.load(id);
  },
  ApiKey: (reference: { readonly id: string }, context: Context) => {
    const id = parseId<ApiKeyId>(reference.id);
    return id === null ? null : loadersOf(context).apiKey.load(id);
  },
};

/** Each subscription has a source of its own; the library asks for topics where there is any subscription at all. */
const noTopics: PubSub = {
  publish: (topic) => {
    throw new Error(`Nothing is published by topics: ${topic}.`);
  },
  subscribe: (topic) => {
    throw new Error(`Nothing is followed by topics: ${topic}.`);
  },
};

const STREAMS = 'Streams over `/graphql/ws`; rules are asked again for every event.';

interface SchemaSettings {
  /** Writes `@authenticated` and `@requiresScopes` into the SDL, for routers that enforce them. */
  readonly securityDirectives: boolean;
}

/** The schema of the resolvers, which come out of `container`. */
const buildPlainSchema = async (container: ContainerType): Promise<GraphQLSchema> => {
  const plain = await buildSchema({ resolvers, container, validate: false, skipCheck: true, pubSub: noTopics });
  describeRequirements(plain, tree);
  const streams = plain.getSubscriptionType();
  if (streams !== null && streams !== undefined) streams.description = STREAMS;
  return plain;
};

const rewriteOf = ({ securityDirectives }: SchemaSettings): Rewrite | undefined =>
  securityDirectives ? (sdl) => withSecurityDirectives(sdl, tree) : undefined;

/** The federated schema without its guard: for the guard below, and for whoever asks what there is. */
export const buildUnguardedSchema = async (
  container: ContainerType,
  settings: SchemaSettings,
): Promise<GraphQLSchema> => toSubgraph(await buildPlainSchema(container), references, rewriteOf(settings));

/** The schema without its guard, built before there is anything that it could ask: while a database starts, say. */
export interface PreparedSchema {
  readonly unguarded: GraphQLSchema;
  /** Says, once, where fields find their resolvers. */
  readonly connect: (made: ReadonlyMap<Function, object>) => void;
}

export const prepareSchema = async (settings: SchemaSettings): Promise<PreparedSchema> => {
  let found: ReadonlyMap<Function, object> = new Map();
  const unguarded = await buildUnguardedSchema({ get: (type: Function) => found.get(type) }, settings);
  return { unguarded, connect: (made) => void (found = made) };
};

/** The schema that is served: federated, and guarded by the rule tree. */
export const guardSchema = (unguarded: GraphQLSchema, options: GuardOptions): GraphQLSchema =>
  guard(unguarded, tree, options);

/** The SDL with its federation directives; no resolver runs. */
export const emitSdl = async (settings: SchemaSettings): Promise<string> =>
  subgraphSdl(await buildPlainSchema({ get: () => ({}) }), rewriteOf(settings));
