import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { RequestAuthenticator } from './auth/authenticate.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { identityProviders } from './config/identity-providers.ts';
import type { MasterKeys } from './crypto/master-keys.ts';
import { PasswordGuesses } from './crypto/password-guesses.ts';
import { PasswordHasher } from './crypto/password-hasher.ts';
import { pepperOf } from './crypto/password-pepper.ts';
import { VerifiedTokenCache } from './crypto/verified-token-cache.ts';
import { Database } from './database/database.ts';
import type { EmbeddedPostgres } from './database/embedded/embedded-postgres.ts';
import { tlsOptions } from './database/tls.ts';
import { Recorder } from './events/recorder.ts';
import { Metrics } from './http/metrics.ts';
import { createServer, type Server } from './http/server.ts';
import { CaptchaGate, type CaptchaProvider } from './limits/captcha.ts';
import { CaptchaService } from './limits/captcha-service.ts';
import { limitFields } from './limits/field-limits.ts';
import { NetworkLimits } from './limits/network-limits.ts';
import { type CounterOf, RateLimiter } from './limits/rate-limiter.ts';
import { createLoaders } from './loaders/loaders.ts';
import type { Log } from './log.ts';
import { createMessaging } from './messages/messaging.ts';
import { isPublic } from './permissions/rules.ts';
import { credentialFields, messageFields, openWithoutSecondFactor, tree } from './permissions/tree.ts';
import { DeviceResolver } from './resolvers/device.resolver.ts';
import {
  ExternalIdentityResolver,
  ProviderOptionsResolver,
  UserIdentitiesResolver,
} from './resolvers/external-identity.resolver.ts';
import { CaptchaOptionsResolver } from './resolvers/captcha.resolver.ts';
import { GroupMutationResolver } from './resolvers/group-mutation.resolver.ts';
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
import { buildGuardedSchema } from './schema.ts';
import { AccessGuard } from './services/access-guard.ts';
import { UserAttributes } from './services/attributes.ts';
import { CodeSignInService } from './services/code-sign-in.service.ts';
import { DeviceReader } from './services/device-reader.ts';
import { EmailChangeService } from './services/email-change.service.ts';
import { GroupDirectory } from './services/group-directory.ts';
import { GroupMemberService } from './services/group-member.service.ts';
import { GroupReader } from './services/group-reader.ts';
import { GroupService } from './services/group.service.ts';
import { HealthService } from './services/health.service.ts';
import { Housekeeping } from './services/housekeeping.ts';
import { IdempotencyService } from './services/idempotency.service.ts';
import { InvitationReader } from './services/invitation-reader.ts';
import { InvitationService } from './services/invitation.service.ts';
import { InvitedSignUp } from './services/invited-sign-up.ts';
import { LeaseService } from './services/lease.service.ts';
import { DeviceRecognition } from './services/device-recognition.ts';
import { SecondStep } from './services/second-step.ts';
import { SignInFlow } from './services/sign-in-flow.ts';
import { MessageReader } from './services/message-reader.ts';
import { MessageRetryService } from './services/message-retry.service.ts';
import { MfaChanges } from './services/mfa-changes.ts';
import { MfaReader } from './services/mfa-reader.ts';
import { MfaResetService } from './services/mfa-reset.service.ts';
import { OneTimeTokenService } from './services/one-time-token.service.ts';
import { OwnAccountService } from './services/own-account.service.ts';
import { OwnProof } from './services/own-proof.ts';
import { PasswordChangeService } from './services/password-change.service.ts';
import { PasswordService } from './services/passwords.ts';
import { PasskeyChallenges } from './services/passkey-challenges.ts';
import { PasskeyProofService } from './services/passkey-proof.service.ts';
import { PasskeyReader } from './services/passkey-reader.ts';
import { PasskeyRegistrationService } from './services/passkey-registration.service.ts';
import { PasskeyService } from './services/passkey.service.ts';
import { PasswordResetService } from './services/password-reset.service.ts';
import { PasswordTokenService } from './services/password-token.service.ts';
import { PermissionReader } from './services/permission-reader.ts';
import { ProfileService } from './services/profile.service.ts';
import { createProviderServices } from './services/provider-services.ts';
import { RefreshService } from './services/refresh.service.ts';
import { SecondFactorService } from './services/second-factor.service.ts';
import { SessionActivity } from './services/session-activity.ts';
import { SessionAuthenticator } from './services/session-authenticator.ts';
import { SessionReader } from './services/session-reader.ts';
import { ResealService } from './services/reseal.service.ts';
import { SessionRevocationService } from './services/session-revocation.service.ts';
import { SessionTokenIssuer } from './services/session-tokens.ts';
import { SessionService } from './services/session.service.ts';
import { SeedService } from './services/seed.service.ts';
import { SetupService } from './services/setup.service.ts';
import { SignInService } from './services/sign-in.service.ts';
import { SignUpCompletion } from './services/sign-up-completion.ts';
import { SignUpGroups } from './services/sign-up-groups.ts';
import { SignUpService } from './services/sign-up.service.ts';
import { SigningKeyService } from './services/signing-key.service.ts';
import { StepUpService } from './services/step-up.service.ts';
import { TotpService } from './services/totp.service.ts';
import { UserChangeService } from './services/user-change.service.ts';
import { UserImportService } from './services/user-import.service.ts';
import { UserReader } from './services/user-reader.ts';
import { UserStatusService } from './services/user-status.service.ts';
import { UserService } from './services/user.service.ts';
import { WebAuthn } from './services/webauthn.ts';
import { VerificationService } from './services/verification.service.ts';
import { VERSION } from './version.ts';

/** What everything is built of; tests bring their own. */
export interface Foundation {
  readonly config: Config;
  readonly database: Database;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly log: Log;
  /** Where limits are counted; absent = in the memory of this process. */
  readonly counterOf?: CounterOf;
  /** Absent = the service of the settings, if there is one. */
  readonly captchaProvider?: CaptchaProvider;
}

export type Services = ReturnType<typeof createServices>;

/** Builds every service once. The only place that knows which service needs which. */
export const createServices = (foundation: Foundation) => {
  const { config, database, clock, log } = foundation;
  const recorder = new Recorder(clock);
  const messaging = createMessaging(foundation);
  const { messages, messageWorker } = messaging;
  const directory = new GroupDirectory(database);
  const oneTimeTokens = new OneTimeTokenService(foundation);
  const hasher = new PasswordHasher({
    parameters: {
      memoryKib: config.passwords.memoryKib,
      iterations: config.passwords.iterations,
      parallelism: config.passwords.parallelism,
    },
    implementation: config.passwords.implementation,
    maximumBytes: config.passwords.maximumBytes,
    pepper: pepperOf(foundation.masterKeys, config.passwords.pepper),
    concurrency: availableParallelism(),
    limit: config.passwords.queueLength,
  });
  const passwords = new PasswordService({ ...foundation, hasher, guesses: new PasswordGuesses() });
  const signingKeys = new SigningKeyService({ ...foundation, recorder });
  const guard = new AccessGuard({ directory, clock, config });
  const issuer = new SessionTokenIssuer({ ...foundation, signingKeys });
  const sessions = new SessionService({ ...foundation, recorder, issuer, directory });
  const idempotency = new IdempotencyService(clock);
  const invitations = new InvitationService({
    ...foundation,
    ...messaging,
    oneTimeTokens,
    guard,
    directory,
    idempotency,
    recorder,
  });
  const activity = new SessionActivity({
    ...foundation,
    onError: (error) => log('warn', 'sessions could not be marked as used', { err: error }),
  });
  const secondFactors = new SecondFactorService(foundation);
  const webauthn = new WebAuthn(foundation);
  const challenges = new PasskeyChallenges({ ...foundation, oneTimeTokens });
  const passkeyProofs = new PasskeyProofService({ ...foundation, webauthn, challenges, recorder });
  const secondStep = new SecondStep({
    ...foundation,
    recorder,
    oneTimeTokens,
    secondFactors,
    passkeys: passkeyProofs,
  });
  const devices = new DeviceRecognition({ ...foundation, messages });
  const signInFlow = new SignInFlow({ ...foundation, recorder, sessions, devices, secondStep });
  const verifications = new VerificationService({ ...foundation, messages });
  const networkLimits = new NetworkLimits({ config, limiter: new RateLimiter(foundation.counterOf) });
  const captcha = new CaptchaGate({
    ...foundation,
    limits: networkLimits,
    provider: foundation.captchaProvider ?? captchaServiceOf(config),
  });
  const setup = new SetupService({ ...foundation, recorder, signInFlow, passwords, oneTimeTokens });
  const common = {
    ...foundation,
    recorder,
    directory,
    guard,
    sessions,
    hasher,
    passwords,
    oneTimeTokens,
    issuer,
    idempotency,
    messages,
    messageWorker,
    signInFlow,
    secondFactors,
    mfaChanges: new MfaChanges({ recorder, messages, clock }),
    proof: new OwnProof({ ...foundation, hasher, guard }),
    webauthn,
    challenges,
    passkeyProofs,
    verifications,
    attributes: new UserAttributes(config.users.attributes),
  };
  const userStatus = new UserStatusService(common);
  const stepUp = new StepUpService(common);
  const passwordTokens = new PasswordTokenService(common);
  const signUp = new SignUpService({
    ...common,
    signUpGroups: new SignUpGroups(common),
    invitedSignUp: new InvitedSignUp({ ...common, passwordTokens }),
  });
  return {
    recorder,
    directory,
    hasher,
    signingKeys,
    sessions,
    activity,
    invitations,
    ...messaging,
    signInFlow,
    verifications,
    networkLimits,
    captcha,
    signIn: new SignInService({ ...common, signUp }),
    signUp,
    signUpCompletion: new SignUpCompletion(common),
    codeSignIn: new CodeSignInService(common),
    stepUp,
    refresh: new RefreshService(common),
    setup,
    seed: new SeedService({ ...common, setup }),
    passwordTokens,
    passwordChanges: new PasswordChangeService(common),
    passwordResets: new PasswordResetService({ ...common, invitations }),
    userImport: new UserImportService(common),
    users: new UserService({ ...common, invitations }),
    userChanges: new UserChangeService(common),
    userStatus,
    attributes: common.attributes,
    profiles: new ProfileService(common),
    emailChanges: new EmailChangeService(common),
    ownAccounts: new OwnAccountService({ ...common, userStatus }),
    groups: new GroupService(common),
    groupMembers: new GroupMemberService(common),
    userReader: new UserReader(foundation),
    groupReader: new GroupReader({ ...foundation, directory }),
    messageReader: new MessageReader(foundation),
    invitationReader: new InvitationReader(foundation),
    messageRetry: new MessageRetryService(common),
    sessionReader: new SessionReader(foundation),
    deviceReader: new DeviceReader(foundation),
    revocation: new SessionRevocationService(common),
    secondFactors,
    totp: new TotpService(common),
    mfaReset: new MfaResetService(common),
    mfaReader: new MfaReader(foundation),
    reseal: new ResealService({ ...foundation, recorder }),
    passkeys: new PasskeyService(common),
    passkeyRegistration: new PasskeyRegistrationService({
      issuers: identityProviders(config.providers).map(({ issuer }) => issuer),
      ...common,
      confirmByPassword: (caller, password) =>
        stepUp.confirmIdentity(caller, { password, code: null, verificationToken: null, passkey: null }),
    }),
    passkeyReader: new PasskeyReader(foundation),
    ...createProviderServices(common),
    permissions: new PermissionReader(directory),
    health: new HealthService({ ...foundation, transports: messaging.transportHealth }),
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
  // What waits for others goes first; the schema is built meanwhile.
  const [, , schema] = await Promise.all([
    services.signingKeys.prepare(),
    services.hasher.ready(),
    buildGuardedSchema({ get: (type: Function) => instances(foundation, services).get(type) }, config.federation, {
      clock,
      stepUpSeconds: config.tokens.stepUpSeconds,
      enforceAal2: config.mfa.enforce,
      openWithoutSecondFactor:
        config.mfa.enforce && config.mfa.required === 'everyone' ? openWithoutSecondFactor : null,
      onDenied: ({ coordinate, denial }) => metrics.denied(coordinate, denial.code),
    }),
  ]);
  limitFields(schema, { credential: credentialFields, message: messageFields }, services.networkLimits);
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
    loaders: (caller, groupIds) =>
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
        groupIds,
      ),
    authenticator: new RequestAuthenticator({
      ...foundation,
      sessions: services.authenticator,
      signingKeys: services.signingKeys,
      verifiedTokens: new VerifiedTokenCache(),
    }),
  });
};

const captchaServiceOf = ({ captcha: { url, secret } }: Config): CaptchaService | null =>
  url === null || secret === null ? null : new CaptchaService({ url, secret });

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

const resolverCache = new WeakMap<Services, Map<Function, object>>();

/** The resolvers of type-graphql, made by hand: no container decides at run time what depends on what. */
const instances = (foundation: Foundation, services: Services): Map<Function, object> => {
  const known = resolverCache.get(services);
  if (known !== undefined) return known;
  const { config, clock } = foundation;
  const made = new Map<Function, object>([
    [ViewerResolver, new ViewerResolver({ permissions: services.permissions, clock, config })],
    [SignInResolver, new SignInResolver({ ...services, passwords: config.passwords })],
    [SignUpResolver, new SignUpResolver(services)],
    [SignUpOptionsResolver, new SignUpOptionsResolver({ config })],
    [PasswordResolver, new PasswordResolver(services)],
    [ProfileResolver, new ProfileResolver(services)],
    [UserAttributesResolver, new UserAttributesResolver({ attributes: services.attributes, clock })],
    [AccountOptionsResolver, new AccountOptionsResolver(services)],
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
    [SessionResolver, new SessionResolver({ sessions: services.sessionReader, revocation: services.revocation })],
    [DeviceResolver, new DeviceResolver({ devices: services.deviceReader, revocation: services.revocation })],
    [UserSessionsResolver, new UserSessionsResolver()],
    [MfaResolver, new MfaResolver(services)],
    [UserMfaResolver, new UserMfaResolver()],
    [PasskeyResolver, new PasskeyResolver(services)],
    [MfaPasskeysResolver, new MfaPasskeysResolver()],
    [ExternalIdentityResolver, new ExternalIdentityResolver(services)],
    [UserIdentitiesResolver, new UserIdentitiesResolver()],
    [ProviderOptionsResolver, new ProviderOptionsResolver(services)],
    [MailResolver, new MailResolver(services)],
    [InvitationResolver, new InvitationResolver()],
    [UserInvitationResolver, new UserInvitationResolver()],
    [CaptchaOptionsResolver, new CaptchaOptionsResolver(services)],
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
