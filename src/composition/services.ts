import { ConnectedCallers } from '../auth/connected-callers.ts';
import type { EventSink } from '../events/event-sink.ts';
import { ActiveOrganizationService } from '../services/active-organization.service.ts';
import { ApiKeyAuthenticator } from '../services/api-key-authenticator.ts';
import { ApiKeyUse } from '../services/api-key-use.ts';
import { ApiKeyChangeService } from '../services/api-key-change.service.ts';
import { ApiKeyReader } from '../services/api-key-reader.ts';
import { ApiKeyTargets } from '../services/api-key-target.ts';
import { ApiKeyService } from '../services/api-key.service.ts';
import { CodeSignInService } from '../services/code-sign-in.service.ts';
import { DecisionQuestions } from '../services/decision-question.ts';
import { DecisionSubjects } from '../services/decision-subject.ts';
import { DeviceReader } from '../services/device-reader.ts';
import { ErasureService } from '../services/erasure.service.ts';
import { EmailChangeService } from '../services/email-change.service.ts';
import { ExplanationService } from '../services/explanation.service.ts';
import { GroupMemberService } from '../services/group-member.service.ts';
import { GroupReader } from '../services/group-reader.ts';
import { GroupService } from '../services/group.service.ts';
import { HealthService } from '../services/health.service.ts';
import { Housekeeping } from '../services/housekeeping.ts';
import { ImpersonationReader } from '../services/impersonation-reader.ts';
import { ImpersonationService } from '../services/impersonation.service.ts';
import { InvitationAcceptance } from '../services/invitation-acceptance.service.ts';
import { InvitationReader } from '../services/invitation-reader.ts';
import { InvitationRevocationService } from '../services/invitation-revocation.service.ts';
import { InvitationService } from '../services/invitation.service.ts';
import { InvitedSignUp } from '../services/invited-sign-up.ts';
import { LeaseService } from '../services/lease.service.ts';
import { MessageBacklog } from '../services/message-backlog.ts';
import { MessageReader } from '../services/message-reader.ts';
import { MessageRetryService } from '../services/message-retry.service.ts';
import { MfaReader } from '../services/mfa-reader.ts';
import { MfaResetService } from '../services/mfa-reset.service.ts';
import { OrganizationDomainReader } from '../services/organization-domain-reader.ts';
import { OrganizationDomainService } from '../services/organization-domain.service.ts';
import { OrganizationInvitationService } from '../services/organization-invitation.service.ts';
import { OrganizationMemberReader } from '../services/organization-member-reader.ts';
import { OrganizationMemberService } from '../services/organization-member.service.ts';
import { OrganizationPlaceService } from '../services/organization-place.service.ts';
import { OrganizationReader } from '../services/organization-reader.ts';
import { OrganizationTreeReader } from '../services/organization-tree-reader.ts';
import { OrganizationService } from '../services/organization.service.ts';
import { OwnAccountService } from '../services/own-account.service.ts';
import { PasskeyReader } from '../services/passkey-reader.ts';
import { PasskeyRegistrationService } from '../services/passkey-registration.service.ts';
import { PasskeyService } from '../services/passkey.service.ts';
import { PasswordChangeService } from '../services/password-change.service.ts';
import { PasswordResetService } from '../services/password-reset.service.ts';
import { PasswordTokenService } from '../services/password-token.service.ts';
import { PermissionCheckService } from '../services/permission-check.service.ts';
import { PermissionReader } from '../services/permission-reader.ts';
import { PermissionSubjects } from '../services/permission-subject.ts';
import { PersonalDataService } from '../services/personal-data.service.ts';
import { ProfileService } from '../services/profile.service.ts';
import { createProviderServices } from '../services/provider-services.ts';
import { RefreshService } from '../services/refresh.service.ts';
import { ResetRequests } from '../services/reset-requests.ts';
import { ResealService } from '../services/reseal.service.ts';
import { SeedService } from '../services/seed.service.ts';
import { ServiceAccountService } from '../services/service-account.service.ts';
import { SessionActivity } from '../services/session-activity.ts';
import { SessionAuthenticator } from '../services/session-authenticator.ts';
import { SessionReader } from '../services/session-reader.ts';
import { SessionRevocationService } from '../services/session-revocation.service.ts';
import { SetupService } from '../services/setup.service.ts';
import { SigningKeySchedule } from '../services/signing-key-schedule.ts';
import { SignInService } from '../services/sign-in.service.ts';
import { SignUpCompletion } from '../services/sign-up-completion.ts';
import { SignUpGroups } from '../services/sign-up-groups.ts';
import { SignUpService } from '../services/sign-up.service.ts';
import { StepUpService } from '../services/step-up.service.ts';
import { TokenIntrospection } from '../services/token-introspection.ts';
import { TotpService } from '../services/totp.service.ts';
import { UserChangeService } from '../services/user-change.service.ts';
import { UserExportService } from '../services/user-export.service.ts';
import { UserImportService } from '../services/user-import.service.ts';
import { UserReader } from '../services/user-reader.ts';
import { UserStatusService } from '../services/user-status.service.ts';
import { UserService } from '../services/user.service.ts';
import { createAudit } from './audit.ts';
import { healthChecks } from './health-checks.ts';
import { createAccess } from './access.ts';
import { type Base, createBase, type Foundation } from './base.ts';
import { createDocuments } from './documents.ts';
import { createEvents } from './events.ts';
import { createProofs, type Proofs } from './proofs.ts';
import { createResources } from './resources.ts';
import { createWebhooks } from './webhooks.ts';
import { createStats } from './stats.ts';

export type Services = ReturnType<typeof createServices>;

/** Builds every service once. Only the files of this folder know which service needs which. */
export const createServices = (foundation: Foundation) => {
  const base = createBase(foundation);
  const proofs = createProofs(base);
  const common = { ...base, ...proofs };
  const {
    recorder,
    directory,
    levels,
    hasher,
    signingKeys,
    sessions,
    messaging,
    schemaKnowledge,
    caches,
    redisHealth,
    databaseReplica,
  } = base;
  const { instruments, background, errors, statementWatch } = base;
  const { secondFactors, signInFlow, verifications, networkLimits, captcha } = proofs;
  const accounts = createAccounts(common);
  const resources = createResources(base);
  const credentials = createCredentials(common);
  const apiKeys = createApiKeys(base);
  const webhooks = createWebhooks(base);
  return {
    recorder,
    directory,
    levels,
    hasher,
    signingKeys,
    sessions,
    schemaKnowledge,
    caches,
    redisHealth,
    databaseReplica,
    instruments,
    background,
    errors,
    statementWatch,
    ...messaging,
    secondFactors,
    signInFlow,
    verifications,
    networkLimits,
    captcha,
    ...createEntrances(common),
    ...accounts,
    ...credentials,
    ...apiKeys,
    ...createAccess({ ...base, ...accounts, ...resources, ...credentials, ...apiKeys }),
    ...createReaders(base),
    ...resources,
    ...createProviderServices(common),
    ...webhooks,
    ...createDocuments(base),
    ...createOperations(base, webhooks.webhookSink),
  };
};

type Common = Base & Proofs;

/** Ways to sign up and in. */
const createEntrances = (common: Common) => {
  const setup = new SetupService(common);
  const passwordTokens = new PasswordTokenService(common);
  const signUp = new SignUpService({
    ...common,
    signUpGroups: new SignUpGroups(common),
    invitedSignUp: new InvitedSignUp({ ...common, passwordTokens }),
  });
  return {
    setup,
    passwordTokens,
    invitationAcceptance: new InvitationAcceptance({ ...common, passwordTokens }),
    signUp,
    signIn: new SignInService({ ...common, signUp }),
    signUpCompletion: new SignUpCompletion(common),
    codeSignIn: new CodeSignInService(common),
    refresh: new RefreshService(common),
    seed: new SeedService({ ...common, setup }),
  };
};

/** What people prove themselves with. */
const createCredentials = (common: Common) => {
  const stepUp = new StepUpService(common);
  return {
    stepUp,
    passwordChanges: new PasswordChangeService(common),
    totp: new TotpService(common),
    mfaReset: new MfaResetService(common),
    passkeys: new PasskeyService(common),
    passkeyRegistration: new PasskeyRegistrationService({
      ...common,
      confirmByPassword: (caller, password) =>
        stepUp.confirmIdentity(caller, { password, code: null, verificationToken: null, passkey: null }),
    }),
    revocation: new SessionRevocationService(common),
    impersonations: new ImpersonationService(common),
    reseal: new ResealService(common),
  };
};

/** Users, groups and organizations. */
const createAccounts = (common: Common) => {
  const invitations = new InvitationService(common);
  const userStatus = new UserStatusService(common);
  const passwordResets = new PasswordResetService({ ...common, invitations });
  return {
    invitations,
    userStatus,
    resetRequests: new ResetRequests({ ...common, passwordResets }),
    userImport: new UserImportService(common),
    userExport: new UserExportService(common),
    personalData: new PersonalDataService(common),
    users: new UserService({ ...common, invitations }),
    userChanges: new UserChangeService(common),
    attributes: common.attributes,
    profiles: new ProfileService(common),
    emailChanges: new EmailChangeService(common),
    ownAccounts: new OwnAccountService({ ...common, userStatus }),
    erasure: new ErasureService({ ...common, userStatus }),
    groups: new GroupService(common),
    groupMembers: new GroupMemberService(common),
    activeOrganizations: new ActiveOrganizationService(common),
    organizations: new OrganizationService(common),
    organizationPlaces: new OrganizationPlaceService(common),
    organizationMembers: new OrganizationMemberService(common),
    organizationDomains: new OrganizationDomainService(common),
    organizationInvitations: new OrganizationInvitationService(common),
    invitationRevocation: new InvitationRevocationService(common),
    messageRetry: new MessageRetryService(common),
  };
};

/** Service accounts, and the keys of programs. */
const createApiKeys = (base: Base) => ({
  serviceAccounts: new ServiceAccountService(base),
  apiKeys: new ApiKeyService(base),
  apiKeyChanges: new ApiKeyChangeService({ ...base, apiKeyTargets: new ApiKeyTargets(base) }),
});

/** What is read, under the predicates of who may see it. */
const createReaders = (base: Base) => ({
  userReader: new UserReader(base),
  groupReader: new GroupReader(base),
  organizationReader: new OrganizationReader(base),
  organizationMemberReader: new OrganizationMemberReader(base),
  organizationDomainReader: new OrganizationDomainReader(base),
  organizationTrees: new OrganizationTreeReader(base),
  messageReader: new MessageReader(base),
  invitationReader: new InvitationReader(base),
  sessionReader: new SessionReader(base),
  impersonationReader: new ImpersonationReader(base),
  apiKeyReader: new ApiKeyReader(base),
  deviceReader: new DeviceReader(base),
  mfaReader: new MfaReader(base),
  passkeyReader: new PasskeyReader(base),
  permissions: new PermissionReader(base.directory),
  ...createExplanations(base),
});

/** What answers questions about permissions. */
const createExplanations = (base: Base) => {
  const parts = {
    permissionSubjects: new PermissionSubjects(base),
    decisionSubjects: new DecisionSubjects(base),
    decisionQuestions: new DecisionQuestions(base),
  };
  const asked = { ...base, ...parts };
  return { ...parts, explanations: new ExplanationService(asked), permissionChecks: new PermissionCheckService(asked) };
};

/** What the server does by itself. */
const createOperations = (base: Base, webhookSink: EventSink) => {
  const activity = new SessionActivity(base);
  const apiKeyUse = new ApiKeyUse(base);
  const audit = createAudit(base);
  const apiKeyAuthenticator = new ApiKeyAuthenticator({ ...base, apiKeyUse });
  const authenticator = new SessionAuthenticator({ ...base, activity });
  const events = createEvents(base, webhookSink);
  return {
    ...audit,
    ...events,
    ...createStats({ ...base, ...audit }),
    activity,
    apiKeyUse,
    apiKeyAuthenticator,
    introspection: new TokenIntrospection(base),
    messageBacklog: new MessageBacklog(base.database),
    health: new HealthService({ clock: base.clock, checks: healthChecks(base, events.sinkHealth) }),
    signingKeySchedule: new SigningKeySchedule(base),
    housekeeping: new Housekeeping({ ...base, ...audit, leases: new LeaseService(base) }),
    authenticator,
    connected: new ConnectedCallers({ ...base, sessions: authenticator, apiKeys: apiKeyAuthenticator }),
  };
};
