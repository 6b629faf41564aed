import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { RequestAuthenticator } from './auth/authenticate.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { MasterKeys } from './crypto/master-keys.ts';
import { PasswordHasher } from './crypto/password-hasher.ts';
import { VerifiedTokenCache } from './crypto/verified-token-cache.ts';
import { Database } from './database/database.ts';
import type { EmbeddedPostgres } from './database/embedded/embedded-postgres.ts';
import { tlsOptions } from './database/tls.ts';
import { Recorder } from './events/recorder.ts';
import { Metrics } from './http/metrics.ts';
import { createServer, type Server } from './http/server.ts';
import { createLoaders } from './loaders/loaders.ts';
import type { Log } from './log.ts';
import { isPublic } from './permissions/rules.ts';
import { credentialFields, tree } from './permissions/tree.ts';
import { GroupMutationResolver } from './resolvers/group-mutation.resolver.ts';
import { GroupResolver } from './resolvers/group.resolver.ts';
import { OperationsResolver } from './resolvers/operations.resolver.ts';
import { SignInResolver } from './resolvers/sign-in.resolver.ts';
import { UserMutationResolver } from './resolvers/user-mutation.resolver.ts';
import { UserResolver } from './resolvers/user.resolver.ts';
import { ViewerResolver } from './resolvers/viewer.resolver.ts';
import { buildGuardedSchema } from './schema.ts';
import { AccessGuard } from './services/access-guard.ts';
import { GroupDirectory } from './services/group-directory.ts';
import { GroupMemberService } from './services/group-member.service.ts';
import { GroupReader } from './services/group-reader.ts';
import { GroupService } from './services/group.service.ts';
import { HealthService } from './services/health.service.ts';
import { Housekeeping } from './services/housekeeping.ts';
import { IdempotencyService } from './services/idempotency.service.ts';
import { InvitationService } from './services/invitation.service.ts';
import { LeaseService } from './services/lease.service.ts';
import { OneTimeTokenService } from './services/one-time-token.service.ts';
import { PasswordTokenService } from './services/password-token.service.ts';
import { PermissionReader } from './services/permission-reader.ts';
import { RefreshService } from './services/refresh.service.ts';
import { SessionActivity } from './services/session-activity.ts';
import { SessionAuthenticator } from './services/session-authenticator.ts';
import { SessionTokenIssuer } from './services/session-tokens.ts';
import { SessionService } from './services/session.service.ts';
import { SeedService } from './services/seed.service.ts';
import { SetupService } from './services/setup.service.ts';
import { SignInService } from './services/sign-in.service.ts';
import { SigningKeyService } from './services/signing-key.service.ts';
import { UserChangeService } from './services/user-change.service.ts';
import { UserReader } from './services/user-reader.ts';
import { UserStatusService } from './services/user-status.service.ts';
import { UserService } from './services/user.service.ts';
import { VERSION } from './version.ts';

/** What everything is built of; tests bring their own. */
export interface Foundation {
  readonly config: Config;
  readonly database: Database;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly log: Log;
}

export type Services = ReturnType<typeof createServices>;

/** Builds every service once. The only place that knows which service needs which. */
export const createServices = (foundation: Foundation) => {
  const { config, database, clock, log } = foundation;
  const recorder = new Recorder(clock);
  const directory = new GroupDirectory(database);
  const oneTimeTokens = new OneTimeTokenService(clock);
  const hasher = new PasswordHasher({
    parameters: {
      memoryKib: config.passwords.memoryKib,
      iterations: config.passwords.iterations,
      parallelism: config.passwords.parallelism,
    },
    implementation: config.passwords.implementation,
    maximumBytes: config.passwords.maximumBytes,
    concurrency: availableParallelism(),
    limit: config.passwords.queueLength,
  });
  const signingKeys = new SigningKeyService({ ...foundation, recorder });
  const guard = new AccessGuard({ directory, clock, config });
  const issuer = new SessionTokenIssuer({ ...foundation, signingKeys });
  const sessions = new SessionService({ ...foundation, recorder, issuer, directory });
  const idempotency = new IdempotencyService(clock);
  const invitations = new InvitationService({ ...foundation, oneTimeTokens, guard, directory, recorder });
  const activity = new SessionActivity({
    ...foundation,
    onError: (error) => log('warn', 'sessions could not be marked as used', { err: error }),
  });
  const setup = new SetupService({ ...foundation, recorder, sessions, hasher, oneTimeTokens });
  const common = { ...foundation, recorder, directory, guard, sessions, hasher, oneTimeTokens, issuer, idempotency };
  return {
    recorder,
    directory,
    hasher,
    signingKeys,
    sessions,
    activity,
    invitations,
    signIn: new SignInService(common),
    refresh: new RefreshService(common),
    setup,
    seed: new SeedService({ ...common, setup }),
    passwordTokens: new PasswordTokenService(common),
    users: new UserService({ ...common, invitations }),
    userChanges: new UserChangeService(common),
    userStatus: new UserStatusService(common),
    groups: new GroupService(common),
    groupMembers: new GroupMemberService(common),
    userReader: new UserReader(foundation),
    groupReader: new GroupReader({ ...foundation, directory }),
    permissions: new PermissionReader(directory),
    health: new HealthService(foundation),
    housekeeping: new Housekeeping({ ...foundation, leases: new LeaseService(foundation) }),
    authenticator: new SessionAuthenticator({ ...foundation, directory, activity }),
  };
};

/** Builds the guarded schema and the HTTP server around the services. The server does not listen yet. */
export const createApp = async (foundation: Foundation, services: Services, logger: Logger): Promise<Server> => {
  const { config, clock, database } = foundation;
  const metrics = new Metrics({
    statements: () => database.statements.count,
    hashQueue: () => ({ running: services.hasher.running, waiting: services.hasher.size }),
    version: VERSION,
  });
  const schema = await buildGuardedSchema(
    { get: (type: Function) => instances(foundation, services).get(type) },
    config.federation,
    {
      clock,
      stepUpSeconds: config.tokens.stepUpSeconds,
      onDenied: ({ coordinate, denial }) => metrics.denied(coordinate, denial.code),
    },
  );
  await Promise.all([services.signingKeys.prepare(), services.hasher.ready()]);
  return createServer({
    config,
    schema,
    logger,
    metrics,
    health: services.health,
    signingKeys: services.signingKeys,
    credentialFields,
    costs,
    isPublicMutation: (field) => Object.entries(tree.Mutation).some(([name, rule]) => name === field && isPublic(rule)),
    loaders: (caller, groupIds) =>
      createLoaders({ users: services.userReader, groups: services.groupReader }, caller, groupIds),
    authenticator: new RequestAuthenticator({
      ...foundation,
      sessions: services.authenticator,
      signingKeys: services.signingKeys,
      verifiedTokens: new VerifiedTokenCache(),
    }),
  });
};

/** Bounded lists, by how many members they usually have: what a document may cost depends on it. */
const costs = {
  'User.groups': { size: 5 },
  'User.permissions': { size: 20 },
  'Viewer.permissions': { size: 20 },
  'Group.permissions': { size: 5 },
  'Permission.constraints': { size: 1 },
  'EffectivePermission.grantedBy': { size: 2 },
  'Query.permissionCatalog': { size: 60 },
  'Query.signingKeys': { size: 3 },
  'Health.checks': { size: 5 },
} as const;

const resolverCache = new WeakMap<Services, Map<Function, object>>();

/** The resolvers of type-graphql, made by hand: no container decides at run time what depends on what. */
const instances = (foundation: Foundation, services: Services): Map<Function, object> => {
  const known = resolverCache.get(services);
  if (known !== undefined) return known;
  const { config, clock } = foundation;
  const made = new Map<Function, object>([
    [
      ViewerResolver,
      new ViewerResolver({ permissions: services.permissions, clock, stepUpSeconds: config.tokens.stepUpSeconds }),
    ],
    [SignInResolver, new SignInResolver({ ...services, passwords: config.passwords })],
    [UserResolver, new UserResolver({ users: services.userReader, permissions: services.permissions })],
    [
      UserMutationResolver,
      new UserMutationResolver({
        users: services.users,
        changes: services.userChanges,
        status: services.userStatus,
        invitations: services.invitations,
      }),
    ],
    [GroupResolver, new GroupResolver({ groups: services.groupReader, permissions: services.permissions })],
    [GroupMutationResolver, new GroupMutationResolver({ groups: services.groups, members: services.groupMembers })],
    [OperationsResolver, new OperationsResolver({ ...services, version: VERSION })],
  ]);
  resolverCache.set(services, made);
  return made;
};

/** The database of the settings: an external one, or the embedded server. */
export const openDatabase = async (
  config: Config,
  parts: { readonly log: Log; readonly clock: Clock; readonly onUnexpectedExit?: (reason: string) => void },
): Promise<{ database: Database; embedded: EmbeddedPostgres | null; close(): Promise<void> }> => {
  const embedded = config.database.url === null ? await startEmbedded(config, parts) : null;
  try {
    const database = await Database.connect({
      url: embedded?.url ?? config.database.url?.reveal() ?? '',
      poolSize: config.database.poolSize,
      statementTimeoutMs: config.database.statementTimeoutSeconds * 1000,
      ssl: embedded === null ? tlsOptions(config.database.tls) : false,
    });
    return {
      database,
      embedded,
      close: async () => {
        await database.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
};

/** Loaded only when needed: a server with DATABASE_URL never reads it. */
const startEmbedded = async (
  config: Config,
  { log, clock, onUnexpectedExit }: Parameters<typeof openDatabase>[1],
): Promise<EmbeddedPostgres> => {
  const { startEmbeddedPostgres } = await import('./database/embedded/embedded-postgres.ts');
  return startEmbeddedPostgres({
    directory: config.database.dataDirectory,
    clock,
    log,
    ...(onUnexpectedExit === undefined ? {} : { onUnexpectedExit }),
  });
};
