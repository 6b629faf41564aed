import type { Logger } from 'pino';
import { RequestAuthenticator } from './auth/authenticate.ts';
import type { Config } from './config/config.ts';
import { VerifiedTokenCache } from './crypto/verified-token-cache.ts';
import { Metrics } from './http/metrics.ts';
import { type Server, createServer } from './http/server.ts';
import { limitFields } from './limits/field-limits.ts';
import { createLoaders } from './loaders/loaders.ts';
import { isPublic } from './permissions/rules.ts';
import { credentialFields, messageFields, openWithoutSecondFactor, questionFields, tree } from './permissions/tree.ts';
import { buildGuardedSchema } from './schema.ts';
import { VERSION } from './version.ts';
import type { Foundation } from './composition/base.ts';
import { resolversOf } from './composition/resolvers.ts';
import type { Services } from './composition/services.ts';

/** Builds the guarded schema and the HTTP server around the services. The server does not listen yet. */
export const createApp = async (foundation: Foundation, services: Services, logger: Logger): Promise<Server> => {
  const { config, clock, database } = foundation;
  const metrics = new Metrics({
    statements: () => database.statements.count,
    hashQueue: () => ({ running: services.hasher.running, waiting: services.hasher.size }),
    version: VERSION,
  });
  // What waits for others goes first; the schema is built meanwhile.
  const [, , schema] = await Promise.all([
    services.signingKeys.prepare(),
    services.hasher.ready(),
    buildGuardedSchema({ get: (type: Function) => resolversOf(foundation, services).get(type) }, config.federation, {
      clock,
      stepUpSeconds: config.tokens.stepUpSeconds,
      enforceAal2: config.mfa.enforce,
      openWithoutSecondFactor:
        config.mfa.enforce && config.mfa.required === 'everyone' ? openWithoutSecondFactor : null,
      onDenied: ({ coordinate, denial }) => metrics.denied(coordinate, denial.code),
    }),
  ]);
  limitFields(
    schema,
    { credential: credentialFields, message: messageFields, question: questionFields },
    services.networkLimits,
  );
  return createServer({
    config,
    schema,
    logger,
    metrics,
    health: services.health,
    signingKeys: services.signingKeys,
    providerSignIn: services.providerSignIn,
    networkLimits: services.networkLimits,
    capturedInbox: isCapturing(config) ? services.inbox : null,
    credentialFields,
    costs,
    isPublicMutation: (field) => Object.entries(tree.Mutation).some(([name, rule]) => name === field && isPublic(rule)),
    loaders: loadersFrom(services),
    authenticator: new RequestAuthenticator({
      ...foundation,
      sessions: services.authenticator,
      apiKeys: services.apiKeyAuthenticator,
      signingKeys: services.signingKeys,
      verifiedTokens: new VerifiedTokenCache(),
    }),
  });
};

const loadersFrom =
  (services: Services): Parameters<typeof createServer>[0]['loaders'] =>
  (caller, assignments) =>
    createLoaders(
      {
        users: services.userReader,
        groups: services.groupReader,
        mfa: services.mfaReader,
        passkeys: services.passkeyReader,
        sessions: services.sessionReader,
        devices: services.deviceReader,
        messages: services.messageReader,
        invitations: services.invitationReader,
        identities: services.externalIdentityReader,
      },
      caller,
      assignments,
    );

/** Messages are captured, where it is safe to look at them. */
const isCapturing = ({ environment, mail }: Config): boolean =>
  (environment === 'development' || environment === 'test') &&
  (mail.transport === 'inbox' || mail.smsTransport === 'inbox');

/** Bounded lists, by how many members they usually have: what a document may cost depends on it. */
const costs = {
  'User.groups': { size: 5 },
  'MfaState.passkeys': { size: 3 },
  'User.identities': { size: 1 },
  'Invitation.groups': { size: 5 },
  'SignInOptions.externalProviders': { size: 3 },
  'User.permissions': { size: 20 },
  'Viewer.permissions': { size: 20 },
  'Group.permissions': { size: 5 },
  'Permission.constraints': { size: 1 },
  'EffectivePermission.grantedBy': { size: 2 },
  'Query.permissionCatalog': { size: 60 },
  'Query.signingKeys': { size: 3 },
  'Health.checks': { size: 5 },
} as const;
