/*
 * Who may do what, reviewed line by line: written by hand, not derived from the tree, so that each is a check of the other.
 *
 * yes     passes the rule
 * rows    passes the rule and gets only what is their own
 * self    passes about oneself; refused about anybody else
 * FORBID  FORBIDDEN
 * UNAUTH  UNAUTHENTICATED
 * STEPUP  STEP_UP_REQUIRED: permitted, but the session has one factor, or confirmed the identity more than ten minutes ago
 *
 * anon: not signed in. none: signed in, without any group. member ... data: one seeded group each. admin: Administrators alone.
 * first: the first administrator, Administrators and Key Masters, who also may reset second factors and impersonate, in a session of two
 * factors; all others have one. stale: the same, eleven minutes after signing in.
 */
const TABLE = `
                                  anon   none   member support reader audit  impers keys   data   admin  first  stale
Query.viewer                      yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.signInOptions               yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.passwordPolicy              yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.tokenStatus                 yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.outboxStatus                UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.signingKeys                 yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.health                      yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query._service                    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query._entities                   UNAUTH rows   rows   yes    yes    yes    yes    rows   rows   yes    yes    yes
Query.user                        UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
Query.users                       UNAUTH rows   rows   yes    yes    yes    yes    rows   rows   yes    yes    yes
Query.group                       UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
Query.groups                      UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
Query.permissionCatalog           UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
Query.checkPermissions            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.explainPermission           UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.explainOperation            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.schemaFor                   UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.permissionsForOperations    UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Query.organization                UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Query.organizations               UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Query.organizationTree            UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Query.mailDeliveries              UNAUTH FORBID FORBID yes    FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.webhook                     UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.webhooks                    UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.webhookDeliveries           UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.trustedDocuments            UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Query.sessions                    UNAUTH rows   rows   yes    rows   rows   rows   rows   rows   yes    yes    yes
Query.auditEvent                  UNAUTH rows   rows   rows   rows   yes    rows   rows   rows   yes    yes    yes
Query.auditEvents                 UNAUTH rows   rows   rows   rows   yes    rows   rows   rows   yes    yes    yes
Query.exportJob                   UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   rows   rows   rows
Query.impersonations              UNAUTH rows   rows   rows   rows   yes    rows   rows   rows   yes    yes    yes
Query.devices                     UNAUTH rows   rows   yes    rows   rows   rows   rows   rows   yes    yes    yes
Query.stats                       UNAUTH FORBID FORBID FORBID yes    FORBID FORBID FORBID FORBID yes    yes    yes
Query.approvals                   UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes
Query.apiKey                      UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes
Query.apiKeys                     UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes

Mutation.signIn                   yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.signUp                   yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.verifySignUp             yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.resendCode               yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.requestSignInCode        yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.verifySignInCode         yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.setUpFirstAdmin          yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.requestPasswordReset     yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.setPasswordWithToken     yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.refreshSession           yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.signOut                  UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.startImpersonation       UNAUTH FORBID FORBID FORBID FORBID FORBID STEPUP FORBID FORBID FORBID yes    STEPUP
Mutation.stopImpersonation        UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.endImpersonation         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.signOutEverywhere        UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.confirmIdentity          UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.switchOrganization       UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.startPasskeySignIn       yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.completePasskeySignIn    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.startPasskeyRegistration UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.completePasskeyRegistration UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.renamePasskey            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.removePasskey            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.updateProfile            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.requestEmailChange       UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.confirmEmailChange       yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.deleteOwnAccount         UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.changePassword           UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.revokeSessions           UNAUTH rows   rows   yes    rows   rows   rows   rows   rows   yes    yes    yes
Mutation.revokeUserSessions       UNAUTH self   self   yes    self   self   self   self   self   yes    yes    yes
Mutation.forgetDevice             UNAUTH rows   rows   yes    rows   rows   rows   rows   rows   yes    yes    yes
Mutation.exchangeToken            yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.linkIdentity             UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.unlinkIdentity           UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.completeMfa              yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.startTotpEnrollment      UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.confirmTotpEnrollment    UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.disableTotp              UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.regenerateRecoveryCodes  UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    STEPUP
Mutation.createUser               UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.resendInvite             UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.updateUser               UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.requirePasswordChange    UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.lockUsers                UNAUTH FORBID FORBID yes    FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.unlockUsers              UNAUTH FORBID FORBID yes    FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.disableUsers             UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.enableUsers              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.createGroup              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.updateGroup              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.setGroupPermissions      UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.addGroupMembers          UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.removeGroupMembers       UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.createServiceAccount     UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.createApiKey             UNAUTH FORBID yes    FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.rotateApiKey             UNAUTH FORBID yes    FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.updateApiKey             UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes
Mutation.revokeApiKey             UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes
Mutation.deleteApiKey             UNAUTH rows   rows   rows   rows   rows   rows   rows   rows   yes    yes    yes
Mutation.createOrganization       UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.updateOrganization       UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.moveOrganization         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.acceptInvitation         yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.inviteToOrganization     UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.revokeInvitation         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.addOrganizationDomain    UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.verifyOrganizationDomain UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.removeOrganizationDomain UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.addOrganizationMembers   UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.removeOrganizationMembers UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.retryMail                UNAUTH FORBID FORBID yes    FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.createWebhook            UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.updateWebhook            UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.rotateWebhookSecret      UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.testWebhook              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.replayWebhookDeliveries  UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.deleteWebhook            UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.registerDocuments        UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.disableDocuments         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.registerResources        UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.createActionLinks        UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.redeemActionLink         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.approveRequest           UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID STEPUP FORBID FORBID yes    STEPUP
Mutation.rejectRequest            UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID STEPUP FORBID FORBID yes    STEPUP
Mutation.cancelRequest            UNAUTH yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    yes
Mutation.rotateSigningKey         UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID STEPUP FORBID FORBID yes    STEPUP
Mutation.exportAuditEvents        UNAUTH FORBID FORBID FORBID FORBID yes    FORBID FORBID yes    FORBID yes    STEPUP
Mutation.exportUserData           UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID STEPUP FORBID yes    STEPUP
Mutation.resetUserMfa             UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    STEPUP
Mutation.deleteGroup              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.deleteOrganization       UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    STEPUP
Mutation.deleteUsers              UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Mutation.eraseUser                UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID STEPUP FORBID yes    STEPUP

User.externalId                   UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
User.source                       UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
User.statusReason                 UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
User.failedSignInCount            UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
User.identities                   UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
User.mfa                          UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
User.groups                       UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
User.permissions                  UNAUTH self   self   yes    yes    yes    self   self   self   yes    yes    yes
User.organizations                UNAUTH self   self   yes    yes    self   self   self   self   yes    yes    yes
User.sessions                     UNAUTH self   self   yes    self   self   self   self   self   yes    yes    yes
User.auditEvents                  UNAUTH self   self   self   self   yes    self   self   self   yes    yes    yes
User.devices                      UNAUTH self   self   yes    self   self   self   self   self   yes    yes    yes
User.apiKeys                      UNAUTH self   self   self   self   self   self   self   self   yes    yes    yes
ApiKey.owner                      UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
User.invitation                   UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
User.inviteEmail                  UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
AuditReference.user               UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
Invitation.invitedBy              UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
ApprovalRequest.requestedBy       UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
ApprovalRequest.decidedBy         UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
AccessChange.user                 UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
Session.user                      UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
Device.user                       UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
MailDelivery.user                 UNAUTH self   self   yes    yes    yes    yes    self   self   yes    yes    yes
Webhook.createdBy                 UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
Group.members                     UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
Group.memberCount                 UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
Group.createdBy                   UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
GroupMemberEdge.addedBy           UNAUTH FORBID FORBID yes    yes    yes    yes    FORBID FORBID yes    yes    yes
ResourceScope.organizations       UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Organization.invitations          UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Organization.domains              UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
Organization.members              UNAUTH FORBID FORBID yes    yes    FORBID FORBID FORBID FORBID yes    yes    yes
OrganizationLevel.groups          UNAUTH FORBID FORBID yes    yes    yes    FORBID FORBID FORBID yes    yes    yes
ResourceDefinition.registeredBy   UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Stats.system                      UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Health.checks                     UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
Health.version                    UNAUTH FORBID FORBID FORBID FORBID FORBID FORBID FORBID FORBID yes    yes    yes
`;

export const callerNames = [
  'anon',
  'none',
  'member',
  'support',
  'reader',
  'audit',
  'impers',
  'keys',
  'data',
  'admin',
  'first',
  'stale',
] as const;
export type CallerName = (typeof callerNames)[number];

export const expectations = ['yes', 'rows', 'self', 'FORBID', 'UNAUTH', 'STEPUP'] as const;
export type Expectation = (typeof expectations)[number];

export interface MatrixRow {
  /** `Type.field`. */
  readonly coordinate: string;
  readonly typeName: string;
  readonly field: string;
  readonly expected: Readonly<Record<CallerName, Expectation>>;
}

const isExpectation = (word: string): word is Expectation => expectations.some((known) => known === word);

const readRow = (line: string): MatrixRow => {
  const [coordinate = '', ...words] = line.trim().split(/\s+/);
  const [typeName = '', field = ''] = coordinate.split('.');
  if (words.length !== callerNames.length || !words.every((word) => isExpectation(word))) {
    throw new Error(`The matrix cannot be read at ${coordinate}.`);
  }
  const cells = callerNames.map((name, index) => [name, words[index]] as const);
  return { coordinate, typeName, field, expected: Object.fromEntries(cells) as MatrixRow['expected'] };
};

const [head = '', ...lines] = TABLE.split('\n').filter((line) => line.trim() !== '');
if (head.trim().split(/\s+/).join() !== callerNames.join()) throw new Error('The matrix has other columns.');

/** The table, operations in an order in which each can still have its effect: deletions last. */
export const permissionMatrix: readonly MatrixRow[] = lines.map((line) => readRow(line));

const CODES = { FORBID: 'FORBIDDEN', UNAUTH: 'UNAUTHENTICATED', STEPUP: 'STEP_UP_REQUIRED' } as const;

/** The code of a refusal; null for what passes. */
export const codeOf = (expectation: Expectation): string | null =>
  expectation in CODES ? CODES[expectation as keyof typeof CODES] : null;
