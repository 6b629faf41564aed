import type { Mutation, Query, Subscription } from '../../generated/schema-types.ts';
import type { Rule } from './rules.ts';
import { aal2, about, and, anyone, can, freshly, notImpersonating, or, self, signedIn, viaSession } from './rules.ts';

/*
 * Who may do what: the whole of it, one operation per line.
 *
 * How to read it. A line says what the caller must be or hold before anything of the operation runs. Whatever is not listed is
 * denied; an operation without a line, or a line without an operation, does not compile. The words are data (rules.ts): the server
 * enforces them (shield.ts), and the schema's descriptions, its federation directives, docs/permissions.md and the permission matrix
 * are made of them. A line looks at the caller and the arguments only. Which rows the caller may do it to, and what else the service
 * asks, is said once, in the service that the comment names.
 *
 * `anyone` = no session needed, limited by document and by account; `freshly(10)` = the identity was confirmed within ten minutes;
 * `aal2` = two factors, where they are enforced. Nobody who acts as somebody else passes a line with `freshly`, `aal2`, or `anyone`
 * under Mutation, and in mode READ_ONLY no mutation but those of `openWhileReadOnly`: judgeImpersonating in judge.ts.
 */
type Fields<T> = Exclude<keyof T, '__typename'>;

/** What ends one's own sessions: no key that leaked, and nobody who acts as somebody else, may throw a person out. */
const ownSessions = and(viaSession, notImpersonating);

export const tree = {
  Query: {
    viewer: anyone, // null = not signed in
    signInOptions: anyone,
    passwordPolicy: anyone,
    tokenStatus: anyone,
    user: or(can('view:users'), self('id')), // hidden users are NOT_FOUND: user.visibility.ts
    users: signedIn, // rows by user.visibility.ts: without view:users only oneself
    group: can('view:groups'),
    groups: can('view:groups'),
    permissionCatalog: can('view:groups'),
    checkPermissions: signedIn, // about oneself; others by view:groups: permission-subject.ts
    explainPermission: signedIn, // oneself; others by view:groups, if one may see them: permission-subject.ts
    explainOperation: signedIn, // as explainPermission
    schemaFor: signedIn, // as explainPermission
    permissionsForOperations: signedIn,
    sessions: signedIn, // rows by session.visibility.ts: without view:sessions only one's own
    devices: signedIn, // as sessions
    impersonations: signedIn, // rows by impersonation.visibility.ts: without view:impersonations only those one took part in
    apiKey: signedIn, // as apiKeys; hidden ones are NOT_FOUND
    apiKeys: signedIn, // rows by api-key.visibility.ts: without view:api-keys one's own, and by key that key alone
    organization: can('view:organizations'), // hidden ones are NOT_FOUND, rows of these three: organization.visibility.ts
    organizations: can('view:organizations'),
    organizationTree: can('view:organizations'),
    mailDeliveries: can('view:mail'), // rows by message.visibility.ts: about users that one may see
    auditEvent: signedIn, // as auditEvents
    auditEvents: signedIn, // rows by audit.visibility.ts: without view:audit only those about oneself
    exportJob: signedIn, // one's own: export.service.ts
    stats: can('view:stats'), // of what lies in its reach: stats-reader.ts
    approvals: signedIn, // without view:approvals only one's own: approval-reader.ts
    webhook: can('view:webhooks'),
    webhooks: can('view:webhooks'),
    webhookDeliveries: can('view:webhooks'),
    outboxStatus: can('view:health'),
    trustedDocuments: can('view:documents'),
    signingKeys: anyone,
    health: anyone,
    _service: anyone,
    _entities: signedIn, // rows by the predicate of each type: federation.ts
  },
  Mutation: {
    signIn: anyone,
    signUp: anyone, // who may at all is a setting: sign-up.service.ts
    verifySignUp: anyone, // possession of the token and the code: sign-up-completion.ts
    resendCode: anyone, // possession of the token: verification.service.ts
    requestSignInCode: anyone, // tells nothing of the identifier; STEP_UP asks for a session: code-sign-in.service.ts
    verifySignInCode: anyone, // possession of the code or link: code-sign-in.service.ts
    completeMfa: anyone, // possession of the challenge: sign-in-flow.ts
    startPasskeySignIn: anyone, // tells nothing of the name: passkey.service.ts
    completePasskeySignIn: anyone, // possession of the passkey: passkey-proof.service.ts
    setUpFirstAdmin: anyone, // possession of the printed token, once: setup.service.ts
    exchangeToken: anyone, // a token of a configured issuer: external-identity.service.ts
    linkIdentity: and(viaSession, notImpersonating, freshly(10)),
    unlinkIdentity: and(viaSession, notImpersonating, freshly(10)), // never the last way in: ways-in.ts
    requestPasswordReset: anyone, // tells nothing of the address: password-reset.service.ts
    setPasswordWithToken: anyone, // possession of the token: password-token.service.ts
    refreshSession: anyone, // possession of the refresh token: refresh.service.ts
    signOut: signedIn,
    startImpersonation: and(can('impersonate:users'), viaSession, notImpersonating, freshly(10), aal2), // whom: impersonation.service.ts
    stopImpersonation: signedIn, // says so to whoever is not impersonating
    endImpersonation: can('end:impersonations'), // as impersonations: impersonation.visibility.ts
    signOutEverywhere: and(signedIn, notImpersonating),
    confirmIdentity: and(viaSession, notImpersonating),
    switchOrganization: viaSession, // one that one may see, without any new right: active-organization.service.ts
    revokeSessions: or(can('revoke:sessions'), ownSessions), // whose, and never of somebody with more rights:
    revokeUserSessions: or(can('revoke:sessions'), and(self('input.userId'), ownSessions)), // these three by
    forgetDevice: or(can('revoke:sessions'), ownSessions), // session-revocation.service.ts
    updateProfile: and(viaSession, notImpersonating), // oneself, and what one may set: profile.service.ts
    requestEmailChange: and(viaSession, notImpersonating), // as changePassword: email-change.service.ts
    confirmEmailChange: anyone, // possession of the mailed token: email-change.service.ts
    deleteOwnAccount: and(viaSession, notImpersonating), // as changePassword, where the settings allow it: own-account.service.ts
    changePassword: and(viaSession, notImpersonating), // the password, or a confirmed session: password-change.service.ts
    startTotpEnrollment: and(viaSession, notImpersonating), // the password, or a confirmed session: totp.service.ts
    confirmTotpEnrollment: and(viaSession, notImpersonating, freshly(10)),
    disableTotp: and(viaSession, notImpersonating), // password and code: totp.service.ts
    regenerateRecoveryCodes: and(viaSession, notImpersonating, freshly(10)),
    startPasskeyRegistration: and(viaSession, notImpersonating), // the password, or a confirmed session, and the second
    completePasskeyRegistration: and(viaSession, notImpersonating, freshly(10)), // factor where one is on:
    renamePasskey: and(viaSession, notImpersonating, freshly(10)), // passkey-registration.service.ts
    removePasskey: and(viaSession, notImpersonating, freshly(10)),
    createUser: can('create:users'), // groups by assign:groups: user.service.ts
    resendInvite: can('create:users'), // never for somebody with more rights: invitation.service.ts
    updateUser: can('update:users'), // reach, groups, guards: user-change.service.ts
    requirePasswordChange: can('update:users'), // reach and guards of these six: user-status.service.ts
    lockUsers: can('lock:users'),
    unlockUsers: can('lock:users'),
    disableUsers: can('disable:users'),
    enableUsers: can('disable:users'),
    deleteUsers: can('delete:users'),
    resetUserMfa: and(can('reset-mfa:users'), viaSession, notImpersonating, freshly(10), aal2), // reach: mfa-reset.service.ts
    exportUserData: and(can('export:users'), viaSession, notImpersonating, freshly(10), aal2), // reach: export.service.ts
    eraseUser: and(can('erase:users'), viaSession, notImpersonating, freshly(10), aal2), // reach and guards: erasure.service.ts
    exportAuditEvents: and(can('export:audit'), freshly(10)), // of what one may see: export.service.ts
    createGroup: can('create:groups'), // grants by grant:groups: group.service.ts
    updateGroup: can('update:groups'),
    setGroupPermissions: can('grant:groups'), // at most what one holds: authority.ts
    deleteGroup: can('delete:groups'),
    addGroupMembers: can('assign:groups'), // groups whose grants one holds: group-member.service.ts
    removeGroupMembers: can('assign:groups'),
    createServiceAccount: and(can('create:service-accounts'), viaSession, notImpersonating), // groups: service-account.service.ts
    // One's own, or of service accounts: api-key.service.ts. No key makes, changes or renews keys.
    createApiKey: and(or(can('create-own:api-keys'), can('create:api-keys')), viaSession, notImpersonating),
    rotateApiKey: and(or(can('create-own:api-keys'), can('create:api-keys')), viaSession, notImpersonating),
    updateApiKey: and(viaSession, notImpersonating), // one's own, more only as for a new one, or of service accounts: the same
    revokeApiKey: signedIn, // one's own from a session, a key itself, others' by revoke:api-keys: the same
    deleteApiKey: signedIn, // as revokeApiKey
    createOrganization: can('create:organizations'), // held at the parent, for a root everywhere: organization.service.ts
    updateOrganization: can('update:organizations'), // held there; groups by assign:groups there: organization.service.ts
    moveOrganization: can('move:organizations'), // and create:organizations at the new place: organization-place.service.ts
    deleteOrganization: and(can('delete:organizations'), viaSession, notImpersonating, freshly(10), aal2),
    addOrganizationMembers: can('assign:organizations'), // held there, people within reach: organization-member.service.ts
    removeOrganizationMembers: can('assign:organizations'),
    inviteToOrganization: can('assign:organizations'), // held there, for a new account create:users: organization-invitation.service.ts
    revokeInvitation: or(can('assign:organizations'), can('create:users')), // by what was offered: invitation-revocation.service.ts
    acceptInvitation: anyone,
    addOrganizationDomain: can('update:organizations'), // held there, of all three: organization-domain.service.ts
    verifyOrganizationDomain: can('update:organizations'),
    removeOrganizationDomain: can('update:organizations'),
    registerResources: can('register:resources'), // in one's own namespace: resource-registration.service.ts
    createActionLinks: can('register:resources'), // these two for resources of one's own
    redeemActionLink: can('register:resources'), // namespace: action-link.service.ts
    approveRequest: and(can('approve:requests'), viaSession, notImpersonating, freshly(10), aal2), // never one's own:
    rejectRequest: and(can('approve:requests'), viaSession, notImpersonating, freshly(10), aal2), // approval.service.ts
    cancelRequest: signedIn, // an own one: approval.service.ts
    retryMail: can('retry:mail'), // as mailDeliveries: message-retry.service.ts
    createWebhook: can('create:webhooks'), // where to: webhook-input.ts
    updateWebhook: can('update:webhooks'),
    deleteWebhook: can('delete:webhooks'),
    rotateWebhookSecret: can('update:webhooks'),
    testWebhook: can('update:webhooks'),
    replayWebhookDeliveries: can('replay:webhooks'),
    registerDocuments: can('register:documents'), // valid against what is served: trusted-document.service.ts
    disableDocuments: can('register:documents'),
    rotateSigningKey: and(can('rotate:signing-keys'), viaSession, notImpersonating, freshly(10), aal2),
  },
  Subscription: {
    // Asked at the beginning and again for each message; rows as those of the lists: live-events.service.ts, live-stats.ts
    viewerSessionEnded: signedIn,
    auditEventAdded: signedIn,
    userChanged: or(can('view:users'), self('ids')),
    statsUpdated: can('view:stats'),
  },
  User: {
    externalId: can('view:users'),
    source: can('view:users'),
    statusReason: can('view:users'),
    failedSignInCount: or(can('view:users'), about('id')),
    identities: or(can('view:users'), about('id')),
    mfa: or(can('view:users'), about('id')),
    groups: or(can('view:users'), about('id')),
    permissions: or(can('view:groups'), about('id')),
    organizations: or(can('view:organizations'), about('id')), // of others those in reach: organization-reader.ts
    sessions: or(can('view:sessions'), about('id')),
    devices: or(can('view:sessions'), about('id')),
    auditEvents: or(can('view:audit'), about('id')),
    apiKeys: or(can('view:api-keys'), about('id')),
    invitation: can('view:users'),
    inviteEmail: can('view:users'),
  },
  AuditReference: {
    user: or(can('view:users'), about('id')),
  },
  Invitation: {
    invitedBy: can('view:users'),
  },
  ApiKey: {
    owner: or(can('view:users'), about('ownerId')),
  },
  Session: {
    user: or(can('view:users'), about('userId')),
  },
  Device: {
    user: or(can('view:users'), about('userId')),
  },
  ApprovalRequest: {
    requestedBy: or(can('view:users'), about('requestedById')),
    decidedBy: or(can('view:users'), about('decidedById')),
  },
  AccessChange: {
    user: or(can('view:users'), about('userId')),
  },
  MailDelivery: {
    user: or(can('view:users'), about('userId')),
  },
  Group: {
    members: can('view:groups'), // of them those that the caller may see: group-reader.ts
    memberCount: can('view:groups'),
    createdBy: can('view:users'),
  },
  GroupMemberEdge: {
    addedBy: can('view:users'),
  },
  ResourceScope: {
    organizations: can('view:organizations'), // of them those that one may see: organization.visibility.ts
  },
  Organization: {
    domains: can('view:organizations'), // held there: organization-domain.resolver.ts
    invitations: can('view:organizations'), // held there: organization-invitation.resolver.ts
    members: can('view:organizations'), // held there, and of them those that the caller may see: organization-member-reader.ts
  },
  OrganizationLevel: {
    groups: can('view:groups'),
  },
  ResourceDefinition: {
    registeredBy: can('view:api-keys'),
  },
  Webhook: {
    createdBy: can('view:users'),
  },
  Stats: {
    system: can('view:health'),
  },
  Health: {
    checks: can('view:health'),
    version: can('view:health'),
  },
} as const satisfies {
  readonly Query: Readonly<Record<Fields<Query>, Rule>>;
  readonly Mutation: Readonly<Record<Fields<Mutation>, Rule>>;
  readonly Subscription: Readonly<Record<Fields<Subscription>, Rule>>;
} & Readonly<Record<string, Readonly<Record<string, Rule>>>>;
