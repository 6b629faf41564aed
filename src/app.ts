import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Logger } from 'pino';
import { RequestAuthenticator } from './auth/authenticate.ts';
import { readAsBegunSession } from './auth/began-sessions.ts';
import { afterChange, identityOf, type MakeLoaders } from './auth/identity.ts';
import type { Config } from './config/config.ts';
import type { Context } from './context.ts';
import { VerifiedTokenCache } from './crypto/verified-token-cache.ts';
import type { DocumentBounds } from './explain/document-fields.ts';
import { schemaFactsOf } from './explain/schema-facts.ts';
import { addEventMetrics } from './http/event-metrics.ts';
import { documentLimits } from './http/limits/document-limits.ts';
import { defaultGraphqlLimits } from './http/limits/graphql-limits.ts';
import { Metrics } from './http/metrics.ts';
import { Overload } from './http/overload.ts';
import { RequestTelemetry } from './http/request-telemetry.ts';
import { type Server, createServer } from './http/server.ts';
import { addWebhookMetrics } from './http/webhook-metrics.ts';
import { limitFields } from './limits/field-limits.ts';
import { loadersFrom } from './loaders/loaders.ts';
import type { FieldSettings } from './permissions/field-judge.ts';
import { isPublic } from './permissions/rules.ts';
import { wrappedFields } from './permissions/shield.ts';
import {
  credentialFields,
  messageFields,
  openWhileReadOnly,
  openWithoutSecondFactor,
  questionFields,
} from './permissions/field-lists.ts';
import { tree } from './permissions/tree.ts';
import { buildUnguardedSchema, guardSchema, type PreparedSchema, prepareSchema } from './schema.ts';
import type { SchemaFacts } from './services/schema-knowledge.ts';
import type { Figure } from './telemetry/figures.ts';
import { VERSION } from './version.ts';
import type { Foundation } from './composition/base.ts';
import { figuresOf } from './composition/figures.ts';
import { resolversOf } from './composition/resolvers.ts';
import type { Services } from './composition/services.ts';

/** Guards the schema and builds the HTTP server around the services. The server does not listen yet. */
export const createApp = async (
  foundation: Foundation,
  services: Services,
  logger: Logger,
  prepared?: PreparedSchema,
): Promise<Server> => {
  const { config } = foundation;
  const watching = { overload: new Overload(config.server), requestTelemetry: new RequestTelemetry() };
  const metrics = metricsOf(foundation, services, Object.values(watching));
  addEventMetrics(metrics.registry, services);
  // What waits for others goes first; the schema is built meanwhile.
  const [, , plain] = await Promise.all([
    services.signingKeys.prepare(),
    services.hasher.ready(),
    prepared ?? prepareSchema(config.federation),
  ]);
  const schema = guarded(plain, foundation, services, metrics);
  services.schemaKnowledge.learn(factsOf(schema, foundation));
  limitFields(
    schema,
    { credential: credentialFields, message: messageFields, question: questionFields },
    services.networkLimits,
  );
  const loaders = makeLoaders(services);
  readAsBegunSession(schema, {
    personal: new Set([...wrappedFields(schema, tree), 'User.attributes']),
    identify: async ({ caller }, sessionId) => {
      const authenticated = await services.authenticator.ofBegunSession(sessionId, caller);
      return authenticated === null ? null : identityOf(authenticated, caller, loaders);
    },
    renew: (identity) => afterChange(identity, loaders),
  });
  return createServer({
    config,
    schema,
    logger,
    metrics,
    ...watching,
    errors: services.errors,
    instruments: services.instruments,
    health: services.health,
    signingKeys: services.signingKeys,
    providerSignIn: services.providerSignIn,
    exports: services.exports,
    networkLimits: services.networkLimits,
    introspection: services.introspection,
    capturedInbox: isCapturing(config) ? services.inbox : null,
    credentialFields,
    costs,
    isPublicMutation,
    loaders,
    liveEvents: services.liveEvents,
    liveStats: services.liveStats,
    connected: services.connected,
    authenticator: requestAuthenticatorOf(foundation, services),
    trustedDocumentDirectory: services.trustedDocumentDirectory,
    trustedDocumentUse: services.trustedDocumentUse,
  });
};

/** The schema as it is served. */
const guarded = (
  prepared: PreparedSchema,
  foundation: Foundation,
  services: Services,
  metrics: Metrics,
): GraphQLSchema => {
  prepared.connect(resolversOf(foundation, services));
  return guardSchema(prepared.unguarded, {
    ...guardSettings(foundation),
    onDenied: ({ coordinate, denial, context }) => {
      metrics.denied(coordinate, denial.code);
      services.denialLog.denied((context as Context).caller, { ...denial, coordinate });
    },
  });
};

/** For whoever serves nothing: what is known of the schema, without anything that could run it. */
export const learnSchema = async (
  foundation: Pick<Foundation, 'config' | 'clock'>,
  { schemaKnowledge }: Pick<Services, 'schemaKnowledge'>,
): Promise<void> => {
  const schema = await buildUnguardedSchema({ get: () => ({}) }, foundation.config.federation);
  schemaKnowledge.learn(factsOf(schema, foundation));
};

const factsOf = (schema: GraphQLSchema, foundation: Pick<Foundation, 'config' | 'clock'>): SchemaFacts =>
  schemaFactsOf({
    schema,
    tree,
    guard: guardSettings(foundation),
    bounds: documentBounds(foundation.config),
    runningRules: foundation.config.server.introspection ? [] : [NoSchemaIntrospectionCustomRule],
  });

const isPublicMutation = (field: string): boolean =>
  Object.entries(tree.Mutation).some(([name, rule]) => name === field && isPublic(rule));

const requestAuthenticatorOf = (foundation: Foundation, services: Services): RequestAuthenticator =>
  new RequestAuthenticator({
    ...foundation,
    sessions: services.authenticator,
    apiKeys: services.apiKeyAuthenticator,
    signingKeys: services.signingKeys,
    verifiedTokens: verifiedTokensOf(services),
    counters: services.caches.counters,
  });

/** A token that was verified with a key that has left is verified anew, in vain. */
const verifiedTokensOf = ({ signingKeys }: Services): VerifiedTokenCache => {
  const verified = new VerifiedTokenCache();
  signingKeys.onKeysLeft(() => verified.clear());
  return verified;
};

const metricsOf = (
  { database, clock }: Foundation,
  services: Services,
  own: readonly { readonly figures: readonly Figure[] }[],
): Metrics => {
  const metrics = new Metrics({
    statements: () => database.statements.count,
    pool: () => database.statements.pool,
    hashQueue: () => ({ running: services.hasher.running, waiting: services.hasher.size }),
    parts: async () => {
      const { checks } = await services.health.check();
      // What was never set up does not fail, and raises no alert.
      const used = checks.filter(({ isSetUp }) => isSetUp !== false);
      return Object.fromEntries(used.map(({ component, status }) => [component, status === 'OK' ? 1 : 0]));
    },
    messagesQueued: () => services.messageBacklog.count(),
    figures: [...figuresOf(services), ...own.flatMap(({ figures }) => figures)],
    version: VERSION,
  });
  addWebhookMetrics(metrics.registry, { ...services, clock });
  return metrics;
};

const makeLoaders = (services: Services): MakeLoaders =>
  loadersFrom({
    users: services.userReader,
    groups: services.groupReader,
    mfa: services.mfaReader,
    passkeys: services.passkeyReader,
    sessions: services.sessionReader,
    devices: services.deviceReader,
    messages: services.messageReader,
    invitations: services.invitationReader,
    identities: services.externalIdentityReader,
    audit: services.auditReader,
    impersonations: services.impersonationReader,
    organizations: services.organizationReader,
    organizationMembers: services.organizationMemberReader,
    organizationDomains: services.organizationDomainReader,
    apiKeys: services.apiKeyReader,
    webhooks: services.webhookReader,
    approvals: services.approvalReader,
  });

const guardSettings = ({ config: { tokens, mfa }, clock }: Pick<Foundation, 'config' | 'clock'>): FieldSettings => ({
  clock,
  stepUpSeconds: tokens.stepUpSeconds,
  enforceAal2: mfa.enforce,
  openWithoutSecondFactor: mfa.enforce && mfa.required === 'everyone' ? openWithoutSecondFactor : null,
  openWhileReadOnly,
});

/** What is only read and judged is bounded as what is run. */
const documentBounds = ({ limits, server }: Config): DocumentBounds => {
  const maxima = { ...defaultGraphqlLimits, ...limits };
  return {
    maximumTokens: maxima.maximumTokens,
    rules: [documentLimits({ limits: maxima, credentialFields })],
    suggestions: server.fieldSuggestions,
  };
};

/** Messages are captured, where it is safe to look at them. */
const isCapturing = ({ environment, mail }: Config): boolean =>
  (environment === 'development' || environment === 'test') &&
  (mail.transport === 'inbox' || mail.smsTransport === 'inbox');

/** Bounded lists, by how many members they usually have: what a document may cost depends on it. */
const costs = {
  'User.groups': { size: 5 },
  'MfaState.passkeys': { size: 3 },
  'AuditEvent.changes': { size: 2 },
  'User.identities': { size: 1 },
  'Query.stats': { points: 20 },
  'Subscription.statsUpdated': { points: 20 },
  'Stats.signIns': { size: 100 },
  'Stats.failures': { size: 100 },
  'Stats.lockouts': { size: 100 },
  'Stats.impersonations': { size: 100 },
  'Invitation.groups': { size: 5 },
  'SignInOptions.externalProviders': { size: 3 },
  'User.permissions': { size: 20 },
  'Viewer.permissions': { size: 20 },
  'Group.permissions': { size: 5 },
  'Permission.constraints': { size: 1 },
  'ApiKey.permissions': { size: 5 },
  'WebhookDelivery.tries': { size: 2 },
  'ApiKey.effectivePermissions': { size: 20 },
  'EffectivePermission.grantedBy': { size: 2 },
  'ResourceScope.organizations': { size: 2 },
  'Query.permissionCatalog': { size: 60 },
  'ResourceDefinition.attributes': { size: 3 },
  'RegisterResourcesPayload.resources': { size: 10 },
  'RegisterResourcesPayload.systemGroups': { size: 3 },
  'CreateActionLinksPayload.links': { size: 10 },
  'PermissionDecisions.decisions': { size: 20 },
  'Query.explainPermission': { points: 100 },
  'PermissionExplanation.grantingGroups': { size: 2 },
  'PermissionExplanation.steps': { size: 20 },
  'Query.explainOperation': { points: 4000 },
  'OperationExplanation.verdicts': { size: 20 },
  'Query.schemaFor': { points: 4000 },
  'Query.permissionsForOperations': { points: 20_000, sizeArgument: 'documents' },
  'OperationPermissions.permissions': { size: 10 },
  'OutboxStatus.sinks': { size: 4 },
  'Query.signingKeys': { size: 3 },
  // A text as long as the answers of thousands of fields, for anybody: aliases would ask for it again and again.
  '_Service.sdl': { points: 10_000 },
  'Health.checks': { size: 5 },
  'RegisterDocumentsPayload.documents': { size: 50 },
  'DisableDocumentsPayload.documents': { size: 50 },
  'Organization.ancestors': { size: 3 },
  'Organization.groups': { size: 2 },
  'Organization.domains': { size: 2 },
  'OrganizationLevel.groups': { size: 2 },
  'OrganizationMemberEdge.groups': { size: 2 },
  'OrganizationTree.nodes': { size: 100 },
} as const;
