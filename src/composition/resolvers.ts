import { CaptchaOptionsResolver } from '../resolvers/captcha.resolver.ts';
import { DeviceResolver } from '../resolvers/device.resolver.ts';
import {
  ExternalIdentityResolver,
  ProviderOptionsResolver,
  UserIdentitiesResolver,
} from '../resolvers/external-identity.resolver.ts';
import { GroupMutationResolver } from '../resolvers/group-mutation.resolver.ts';
import { GroupResolver } from '../resolvers/group.resolver.ts';
import { InvitationResolver, UserInvitationResolver } from '../resolvers/invitation.resolver.ts';
import { MailResolver } from '../resolvers/mail.resolver.ts';
import { MfaResolver, UserMfaResolver } from '../resolvers/mfa.resolver.ts';
import { OperationsResolver } from '../resolvers/operations.resolver.ts';
import { MfaPasskeysResolver, PasskeyResolver } from '../resolvers/passkey.resolver.ts';
import { PasswordResolver } from '../resolvers/password.resolver.ts';
import { AccountOptionsResolver, ProfileResolver, UserAttributesResolver } from '../resolvers/profile.resolver.ts';
import { SessionResolver } from '../resolvers/session.resolver.ts';
import { SignInResolver } from '../resolvers/sign-in.resolver.ts';
import { SignUpOptionsResolver, SignUpResolver } from '../resolvers/sign-up.resolver.ts';
import { UserMutationResolver } from '../resolvers/user-mutation.resolver.ts';
import { UserSessionsResolver } from '../resolvers/user-sessions.resolver.ts';
import { UserResolver } from '../resolvers/user.resolver.ts';
import { ViewerResolver } from '../resolvers/viewer.resolver.ts';
import { VERSION } from '../version.ts';
import type { Foundation } from './base.ts';
import type { Services } from './services.ts';

const resolverCache = new WeakMap<Services, Map<Function, object>>();

/** The resolvers of type-graphql, made by hand: no container decides at run time what depends on what. */
export const resolversOf = (foundation: Foundation, services: Services): Map<Function, object> => {
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
