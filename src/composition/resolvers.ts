import { ApiKeyMutationResolver } from '../resolvers/api-key-mutation.resolver.ts';
import {
  ApiKeyResolver,
  NarrowedPermissionResolver,
  UserApiKeysResolver,
  ViewerApiKeyResolver,
} from '../resolvers/api-key.resolver.ts';
import { AuditReferenceResolver, AuditResolver, UserAuditResolver } from '../resolvers/audit.resolver.ts';
import { ExportResolver } from '../resolvers/export.resolver.ts';
import { ActionLinkResolver } from '../resolvers/action-link.resolver.ts';
import { AccessChangeResolver, ApprovalResolver } from '../resolvers/approval.resolver.ts';
import { ActiveOrganizationResolver, SessionOrganizationResolver } from '../resolvers/active-organization.resolver.ts';
import { CaptchaOptionsResolver } from '../resolvers/captcha.resolver.ts';
import { DeviceResolver } from '../resolvers/device.resolver.ts';
import {
  ExternalIdentityResolver,
  ProviderOptionsResolver,
  UserIdentitiesResolver,
} from '../resolvers/external-identity.resolver.ts';
import { ExplanationResolver } from '../resolvers/explanation.resolver.ts';
import { GroupMutationResolver } from '../resolvers/group-mutation.resolver.ts';
import { GroupMemberEdgeResolver, ResourceScopeResolver } from '../resolvers/group-reach.resolver.ts';
import { GroupResolver } from '../resolvers/group.resolver.ts';
import {
  ImpersonationResolver,
  SessionImpersonatorResolver,
  ViewerImpersonationResolver,
} from '../resolvers/impersonation.resolver.ts';
import { InvitationResolver, UserInvitationResolver } from '../resolvers/invitation.resolver.ts';
import { MailResolver } from '../resolvers/mail.resolver.ts';
import { MfaResolver, UserMfaResolver } from '../resolvers/mfa.resolver.ts';
import { OperationsResolver } from '../resolvers/operations.resolver.ts';
import { MfaPasskeysResolver, PasskeyResolver } from '../resolvers/passkey.resolver.ts';
import { OrganizationDomainResolver } from '../resolvers/organization-domain.resolver.ts';
import { OrganizationInvitationResolver } from '../resolvers/organization-invitation.resolver.ts';
import { OrganizationMutationResolver } from '../resolvers/organization-mutation.resolver.ts';
import {
  OrganizationLevelResolver,
  OrganizationResolver,
  UserOrganizationsResolver,
} from '../resolvers/organization.resolver.ts';
import { OutboxResolver } from '../resolvers/outbox.resolver.ts';
import { PasswordResolver } from '../resolvers/password.resolver.ts';
import { PermissionCheckResolver } from '../resolvers/permission-check.resolver.ts';
import { AccountOptionsResolver, ProfileResolver, UserAttributesResolver } from '../resolvers/profile.resolver.ts';
import { PermissionResourceResolver, ResourceResolver } from '../resolvers/resource.resolver.ts';
import { SessionResolver } from '../resolvers/session.resolver.ts';
import { SignInResolver } from '../resolvers/sign-in.resolver.ts';
import { SignUpOptionsResolver, SignUpResolver } from '../resolvers/sign-up.resolver.ts';
import { StatsResolver } from '../resolvers/stats.resolver.ts';
import { SubscriptionResolver } from '../resolvers/subscription.resolver.ts';
import { TrustedDocumentResolver } from '../resolvers/trusted-document.resolver.ts';
import { UserMutationResolver } from '../resolvers/user-mutation.resolver.ts';
import { UserSessionsResolver } from '../resolvers/user-sessions.resolver.ts';
import { UserResolver } from '../resolvers/user.resolver.ts';
import { ViewerResolver } from '../resolvers/viewer.resolver.ts';
import { WebhookMutationResolver } from '../resolvers/webhook-mutation.resolver.ts';
import { WebhookDeliveryResolver, WebhookResolver } from '../resolvers/webhook.resolver.ts';
import { VERSION } from '../version.ts';
import type { Foundation } from './base.ts';
import type { Services } from './services.ts';

/** The resolvers of type-graphql, made by hand: no container decides at run time what depends on what. */
export const resolversOf = (foundation: Foundation, services: Services): ReadonlyMap<Function, object> =>
  new Map([...madeOf(foundation, services), ...madeAlone(services)]);

/** Those that need more than services. */
const madeOf = ({ config, clock }: Foundation, services: Services): readonly (readonly [Function, object])[] => [
  [ViewerResolver, new ViewerResolver({ permissions: services.permissions, clock, config })],
  [SignInResolver, new SignInResolver({ ...services, passwords: config.passwords })],
  [SignUpOptionsResolver, new SignUpOptionsResolver({ config })],
  [UserAttributesResolver, new UserAttributesResolver({ attributes: services.attributes, clock })],
  [OrganizationResolver, new OrganizationResolver({ ...services, clock })],
  [OrganizationInvitationResolver, new OrganizationInvitationResolver({ ...services, clock })],
  [OrganizationDomainResolver, new OrganizationDomainResolver({ ...services, clock })],
  [OperationsResolver, new OperationsResolver({ ...services, version: VERSION })],
];

const madeAlone = (services: Services): readonly (readonly [Function, object])[] => [
  [SignUpResolver, new SignUpResolver(services)],
  [PasswordResolver, new PasswordResolver(services)],
  [ProfileResolver, new ProfileResolver(services)],
  [AccountOptionsResolver, new AccountOptionsResolver(services)],
  [UserResolver, new UserResolver({ users: services.userReader, permissions: services.permissions })],
  [UserMutationResolver, new UserMutationResolver(services)],
  [GroupResolver, new GroupResolver({ groups: services.groupReader, permissions: services.permissions })],
  [ExplanationResolver, new ExplanationResolver(services)],
  [GroupMutationResolver, new GroupMutationResolver(services)],
  [ApprovalResolver, new ApprovalResolver(services)],
  [AccessChangeResolver, new AccessChangeResolver()],
  [SessionResolver, new SessionResolver({ sessions: services.sessionReader, revocation: services.revocation })],
  [ImpersonationResolver, new ImpersonationResolver(services)],
  [ViewerImpersonationResolver, new ViewerImpersonationResolver()],
  [SessionImpersonatorResolver, new SessionImpersonatorResolver()],
  [DeviceResolver, new DeviceResolver({ devices: services.deviceReader, revocation: services.revocation })],
  [UserSessionsResolver, new UserSessionsResolver()],
  [ApiKeyResolver, new ApiKeyResolver(services)],
  [ApiKeyMutationResolver, new ApiKeyMutationResolver(services)],
  [UserApiKeysResolver, new UserApiKeysResolver()],
  [ViewerApiKeyResolver, new ViewerApiKeyResolver()],
  [NarrowedPermissionResolver, new NarrowedPermissionResolver()],
  [MfaResolver, new MfaResolver(services)],
  [UserMfaResolver, new UserMfaResolver()],
  [PasskeyResolver, new PasskeyResolver(services)],
  [MfaPasskeysResolver, new MfaPasskeysResolver()],
  [ExternalIdentityResolver, new ExternalIdentityResolver(services)],
  [UserIdentitiesResolver, new UserIdentitiesResolver()],
  [ProviderOptionsResolver, new ProviderOptionsResolver(services)],
  [MailResolver, new MailResolver(services)],
  [InvitationResolver, new InvitationResolver(services)],
  [UserInvitationResolver, new UserInvitationResolver()],
  [PermissionCheckResolver, new PermissionCheckResolver(services)],
  [ResourceResolver, new ResourceResolver(services)],
  [PermissionResourceResolver, new PermissionResourceResolver(services)],
  [ActionLinkResolver, new ActionLinkResolver(services)],
  [CaptchaOptionsResolver, new CaptchaOptionsResolver(services)],
  [ActiveOrganizationResolver, new ActiveOrganizationResolver(services)],
  [SessionOrganizationResolver, new SessionOrganizationResolver()],
  [ResourceScopeResolver, new ResourceScopeResolver()],
  [GroupMemberEdgeResolver, new GroupMemberEdgeResolver()],
  [OrganizationMutationResolver, new OrganizationMutationResolver(services)],
  [OrganizationLevelResolver, new OrganizationLevelResolver(services)],
  [UserOrganizationsResolver, new UserOrganizationsResolver()],
  [AuditResolver, new AuditResolver(services)],
  [AuditReferenceResolver, new AuditReferenceResolver()],
  [UserAuditResolver, new UserAuditResolver()],
  [ExportResolver, new ExportResolver(services)],
  [WebhookResolver, new WebhookResolver(services)],
  [WebhookDeliveryResolver, new WebhookDeliveryResolver()],
  [WebhookMutationResolver, new WebhookMutationResolver(services)],
  [TrustedDocumentResolver, new TrustedDocumentResolver(services)],
  [StatsResolver, new StatsResolver(services)],
  [SubscriptionResolver, new SubscriptionResolver(services)],
  [OutboxResolver, new OutboxResolver(services)],
];
