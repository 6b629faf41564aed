import { identityProviders } from '../config/identity-providers.ts';
import { ApiKeyAuthenticator } from '../services/api-key-authenticator.ts';
import { ApiKeyUse } from '../services/api-key-use.ts';
import { CodeSignInService } from '../services/code-sign-in.service.ts';
import { DeviceReader } from '../services/device-reader.ts';
import { EmailChangeService } from '../services/email-change.service.ts';
import { GroupMemberService } from '../services/group-member.service.ts';
import { GroupReader } from '../services/group-reader.ts';
import { GroupService } from '../services/group.service.ts';
import { HealthService } from '../services/health.service.ts';
import { Housekeeping } from '../services/housekeeping.ts';
import { InvitationReader } from '../services/invitation-reader.ts';
import { InvitationService } from '../services/invitation.service.ts';
import { InvitedSignUp } from '../services/invited-sign-up.ts';
import { LeaseService } from '../services/lease.service.ts';
import { MessageReader } from '../services/message-reader.ts';
import { MessageRetryService } from '../services/message-retry.service.ts';
import { MfaReader } from '../services/mfa-reader.ts';
import { MfaResetService } from '../services/mfa-reset.service.ts';
import { OwnAccountService } from '../services/own-account.service.ts';
import { PasskeyReader } from '../services/passkey-reader.ts';
import { PasskeyRegistrationService } from '../services/passkey-registration.service.ts';
import { PasskeyService } from '../services/passkey.service.ts';
import { PasswordChangeService } from '../services/password-change.service.ts';
import { PasswordResetService } from '../services/password-reset.service.ts';
import { PasswordTokenService } from '../services/password-token.service.ts';
import { PermissionReader } from '../services/permission-reader.ts';
import { ProfileService } from '../services/profile.service.ts';
import { createProviderServices } from '../services/provider-services.ts';
import { RefreshService } from '../services/refresh.service.ts';
import { ResealService } from '../services/reseal.service.ts';
import { SeedService } from '../services/seed.service.ts';
import { SessionActivity } from '../services/session-activity.ts';
import { SessionAuthenticator } from '../services/session-authenticator.ts';
import { SessionReader } from '../services/session-reader.ts';
import { SessionRevocationService } from '../services/session-revocation.service.ts';
import { SetupService } from '../services/setup.service.ts';
import { SignInService } from '../services/sign-in.service.ts';
import { SignUpCompletion } from '../services/sign-up-completion.ts';
import { SignUpGroups } from '../services/sign-up-groups.ts';
import { SignUpService } from '../services/sign-up.service.ts';
import { StepUpService } from '../services/step-up.service.ts';
import { TotpService } from '../services/totp.service.ts';
import { UserChangeService } from '../services/user-change.service.ts';
import { UserImportService } from '../services/user-import.service.ts';
import { UserReader } from '../services/user-reader.ts';
import { UserStatusService } from '../services/user-status.service.ts';
import { UserService } from '../services/user.service.ts';
import { type Base, createBase, type Foundation } from './base.ts';
import { createProofs, type Proofs } from './proofs.ts';

export type Services = ReturnType<typeof createServices>;

/** Builds every service once. Only the files of this folder know which service needs which. */
export const createServices = (foundation: Foundation) => {
  const base = createBase(foundation);
  const proofs = createProofs(base);
  const common = { ...base, ...proofs };
  const { recorder, directory, hasher, signingKeys, sessions, messaging } = base;
  const { secondFactors, signInFlow, verifications, networkLimits, captcha } = proofs;
  return {
    recorder,
    directory,
    hasher,
    signingKeys,
    sessions,
    ...messaging,
    secondFactors,
    signInFlow,
    verifications,
    networkLimits,
    captcha,
    ...createEntrances(common),
    ...createCredentials(common),
    ...createAccounts(common),
    ...createReaders(base),
    ...createProviderServices(common),
    ...createOperations(base),
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
      issuers: identityProviders(common.config.providers).map((provider) => provider.issuer),
      confirmByPassword: (caller, password) =>
        stepUp.confirmIdentity(caller, { password, code: null, verificationToken: null, passkey: null }),
    }),
    revocation: new SessionRevocationService(common),
    reseal: new ResealService(common),
  };
};

/** Users and groups. */
const createAccounts = (common: Common) => {
  const invitations = new InvitationService(common);
  const userStatus = new UserStatusService(common);
  return {
    invitations,
    userStatus,
    passwordResets: new PasswordResetService({ ...common, invitations }),
    userImport: new UserImportService(common),
    users: new UserService({ ...common, invitations }),
    userChanges: new UserChangeService(common),
    attributes: common.attributes,
    profiles: new ProfileService(common),
    emailChanges: new EmailChangeService(common),
    ownAccounts: new OwnAccountService({ ...common, userStatus }),
    groups: new GroupService(common),
    groupMembers: new GroupMemberService(common),
    messageRetry: new MessageRetryService(common),
  };
};

/** What is read, under the predicates of who may see it. */
const createReaders = (base: Base) => ({
  userReader: new UserReader(base),
  groupReader: new GroupReader(base),
  messageReader: new MessageReader(base),
  invitationReader: new InvitationReader(base),
  sessionReader: new SessionReader(base),
  deviceReader: new DeviceReader(base),
  mfaReader: new MfaReader(base),
  passkeyReader: new PasskeyReader(base),
  permissions: new PermissionReader(base.directory),
});

/** What the server does by itself. */
const createOperations = (base: Base) => {
  const activity = new SessionActivity({
    ...base,
    onError: (error) => base.log('warn', 'sessions could not be marked as used', { err: error }),
  });
  const apiKeyUse = new ApiKeyUse({
    ...base,
    onError: (error) => base.log('warn', 'API keys could not be marked as used', { err: error }),
  });
  return {
    activity,
    apiKeyUse,
    apiKeyAuthenticator: new ApiKeyAuthenticator({ ...base, apiKeyUse }),
    health: new HealthService({ ...base, transports: base.messaging.transportHealth }),
    housekeeping: new Housekeeping({ ...base, leases: new LeaseService(base) }),
    authenticator: new SessionAuthenticator({ ...base, activity }),
  };
};
