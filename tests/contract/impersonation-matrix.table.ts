import { type Expectation, expectations } from './permission-matrix.table.ts';

/*
 * What somebody may do who acts as somebody else, reviewed line by line beside the permission matrix, with its words: yes, rows
 * (what belongs to the person acted as), self (about the person acted as; refused about anybody else), FORBID.
 *
 * member, admin: the person acted as is in Members, or in Administrators, alone; the actor holds all that they do, and more.
 * reading: in mode READ_ONLY. acting: in mode ACT.
 */
const TABLE = `
                                     member-reading member-acting  admin-reading  admin-acting
Query.viewer                         yes            yes            yes            yes
Query.signInOptions                  yes            yes            yes            yes
Query.passwordPolicy                 yes            yes            yes            yes
Query.tokenStatus                    yes            yes            yes            yes
Query.user                           self           self           yes            yes
Query.users                          rows           rows           yes            yes
Query.group                          FORBID         FORBID         yes            yes
Query.groups                         FORBID         FORBID         yes            yes
Query.permissionCatalog              FORBID         FORBID         yes            yes
Query.checkPermissions               yes            yes            yes            yes
Query.explainPermission              yes            yes            yes            yes
Query.explainOperation               yes            yes            yes            yes
Query.schemaFor                      yes            yes            yes            yes
Query.permissionsForOperations       yes            yes            yes            yes
Query.sessions                       rows           rows           yes            yes
Query.devices                        rows           rows           yes            yes
Query.impersonations                 rows           rows           yes            yes
Query.apiKey                         rows           rows           yes            yes
Query.apiKeys                        rows           rows           yes            yes
Query.organization                   FORBID         FORBID         yes            yes
Query.organizations                  FORBID         FORBID         yes            yes
Query.organizationTree               FORBID         FORBID         yes            yes
Query.mailDeliveries                 FORBID         FORBID         FORBID         yes
Query.auditEvent                     rows           rows           yes            yes
Query.auditEvents                    rows           rows           yes            yes
Query.exportJob                      rows           rows           rows           rows
Query.stats                          FORBID         FORBID         yes            yes
Query.approvals                      rows           rows           yes            yes
Query.webhook                        FORBID         FORBID         FORBID         FORBID
Query.webhooks                       FORBID         FORBID         FORBID         FORBID
Query.webhookDeliveries              FORBID         FORBID         FORBID         FORBID
Query.trustedDocuments               FORBID         FORBID         FORBID         FORBID
Query.outboxStatus                   FORBID         FORBID         yes            yes
Query.signingKeys                    yes            yes            yes            yes
Query.health                         yes            yes            yes            yes
Query._service                       yes            yes            yes            yes
Query._entities                      rows           rows           yes            yes

Mutation.signIn                      FORBID         FORBID         FORBID         FORBID
Mutation.signUp                      FORBID         FORBID         FORBID         FORBID
Mutation.verifySignUp                FORBID         FORBID         FORBID         FORBID
Mutation.resendCode                  FORBID         FORBID         FORBID         FORBID
Mutation.requestSignInCode           FORBID         FORBID         FORBID         FORBID
Mutation.verifySignInCode            FORBID         FORBID         FORBID         FORBID
Mutation.completeMfa                 FORBID         FORBID         FORBID         FORBID
Mutation.startPasskeySignIn          FORBID         FORBID         FORBID         FORBID
Mutation.completePasskeySignIn       FORBID         FORBID         FORBID         FORBID
Mutation.setUpFirstAdmin             FORBID         FORBID         FORBID         FORBID
Mutation.exchangeToken               FORBID         FORBID         FORBID         FORBID
Mutation.linkIdentity                FORBID         FORBID         FORBID         FORBID
Mutation.unlinkIdentity              FORBID         FORBID         FORBID         FORBID
Mutation.requestPasswordReset        FORBID         FORBID         FORBID         FORBID
Mutation.setPasswordWithToken        FORBID         FORBID         FORBID         FORBID
Mutation.refreshSession              FORBID         FORBID         FORBID         FORBID
Mutation.signOut                     yes            yes            yes            yes
Mutation.startImpersonation          FORBID         FORBID         FORBID         FORBID
Mutation.stopImpersonation           yes            yes            yes            yes
Mutation.endImpersonation            FORBID         FORBID         FORBID         FORBID
Mutation.signOutEverywhere           FORBID         FORBID         FORBID         FORBID
Mutation.confirmIdentity             FORBID         FORBID         FORBID         FORBID
Mutation.switchOrganization          FORBID         yes            FORBID         yes
Mutation.revokeSessions              FORBID         FORBID         FORBID         yes
Mutation.revokeUserSessions          FORBID         FORBID         FORBID         yes
Mutation.forgetDevice                FORBID         FORBID         FORBID         yes
Mutation.updateProfile               FORBID         FORBID         FORBID         FORBID
Mutation.requestEmailChange          FORBID         FORBID         FORBID         FORBID
Mutation.confirmEmailChange          FORBID         FORBID         FORBID         FORBID
Mutation.deleteOwnAccount            FORBID         FORBID         FORBID         FORBID
Mutation.changePassword              FORBID         FORBID         FORBID         FORBID
Mutation.startTotpEnrollment         FORBID         FORBID         FORBID         FORBID
Mutation.confirmTotpEnrollment       FORBID         FORBID         FORBID         FORBID
Mutation.disableTotp                 FORBID         FORBID         FORBID         FORBID
Mutation.regenerateRecoveryCodes     FORBID         FORBID         FORBID         FORBID
Mutation.startPasskeyRegistration    FORBID         FORBID         FORBID         FORBID
Mutation.completePasskeyRegistration FORBID         FORBID         FORBID         FORBID
Mutation.renamePasskey               FORBID         FORBID         FORBID         FORBID
Mutation.removePasskey               FORBID         FORBID         FORBID         FORBID
Mutation.createUser                  FORBID         FORBID         FORBID         yes
Mutation.resendInvite                FORBID         FORBID         FORBID         yes
Mutation.updateUser                  FORBID         FORBID         FORBID         yes
Mutation.requirePasswordChange       FORBID         FORBID         FORBID         yes
Mutation.lockUsers                   FORBID         FORBID         FORBID         yes
Mutation.unlockUsers                 FORBID         FORBID         FORBID         yes
Mutation.disableUsers                FORBID         FORBID         FORBID         yes
Mutation.enableUsers                 FORBID         FORBID         FORBID         yes
Mutation.deleteUsers                 FORBID         FORBID         FORBID         FORBID
Mutation.resetUserMfa                FORBID         FORBID         FORBID         FORBID
Mutation.exportUserData              FORBID         FORBID         FORBID         FORBID
Mutation.eraseUser                   FORBID         FORBID         FORBID         FORBID
Mutation.exportAuditEvents           FORBID         FORBID         FORBID         FORBID
Mutation.createGroup                 FORBID         FORBID         FORBID         yes
Mutation.updateGroup                 FORBID         FORBID         FORBID         yes
Mutation.setGroupPermissions         FORBID         FORBID         FORBID         FORBID
Mutation.deleteGroup                 FORBID         FORBID         FORBID         yes
Mutation.addGroupMembers             FORBID         FORBID         FORBID         FORBID
Mutation.removeGroupMembers          FORBID         FORBID         FORBID         FORBID
Mutation.createServiceAccount        FORBID         FORBID         FORBID         FORBID
Mutation.createApiKey                FORBID         FORBID         FORBID         FORBID
Mutation.rotateApiKey                FORBID         FORBID         FORBID         FORBID
Mutation.updateApiKey                FORBID         FORBID         FORBID         FORBID
Mutation.revokeApiKey                FORBID         rows           FORBID         yes
Mutation.deleteApiKey                FORBID         rows           FORBID         yes
Mutation.createOrganization          FORBID         FORBID         FORBID         yes
Mutation.updateOrganization          FORBID         FORBID         FORBID         yes
Mutation.moveOrganization            FORBID         FORBID         FORBID         FORBID
Mutation.deleteOrganization          FORBID         FORBID         FORBID         FORBID
Mutation.acceptInvitation            FORBID         FORBID         FORBID         FORBID
Mutation.inviteToOrganization        FORBID         FORBID         FORBID         yes
Mutation.revokeInvitation            FORBID         FORBID         FORBID         yes
Mutation.addOrganizationDomain       FORBID         FORBID         FORBID         yes
Mutation.verifyOrganizationDomain    FORBID         FORBID         FORBID         yes
Mutation.removeOrganizationDomain    FORBID         FORBID         FORBID         yes
Mutation.addOrganizationMembers      FORBID         FORBID         FORBID         yes
Mutation.removeOrganizationMembers   FORBID         FORBID         FORBID         yes
Mutation.registerResources           FORBID         FORBID         FORBID         FORBID
Mutation.createActionLinks           FORBID         FORBID         FORBID         FORBID
Mutation.redeemActionLink            FORBID         FORBID         FORBID         FORBID
Mutation.approveRequest              FORBID         FORBID         FORBID         FORBID
Mutation.rejectRequest               FORBID         FORBID         FORBID         FORBID
Mutation.cancelRequest               FORBID         yes            FORBID         yes
Mutation.retryMail                   FORBID         FORBID         FORBID         yes
Mutation.createWebhook               FORBID         FORBID         FORBID         FORBID
Mutation.updateWebhook               FORBID         FORBID         FORBID         FORBID
Mutation.rotateWebhookSecret         FORBID         FORBID         FORBID         FORBID
Mutation.testWebhook                 FORBID         FORBID         FORBID         FORBID
Mutation.replayWebhookDeliveries     FORBID         FORBID         FORBID         FORBID
Mutation.deleteWebhook               FORBID         FORBID         FORBID         FORBID
Mutation.rotateSigningKey            FORBID         FORBID         FORBID         FORBID
Mutation.registerDocuments           FORBID         FORBID         FORBID         FORBID
Mutation.disableDocuments            FORBID         FORBID         FORBID         FORBID

User.externalId                      FORBID         FORBID         yes            yes
User.source                          FORBID         FORBID         yes            yes
User.statusReason                    FORBID         FORBID         yes            yes
User.failedSignInCount               self           self           yes            yes
User.identities                      self           self           yes            yes
User.mfa                             self           self           yes            yes
User.groups                          self           self           yes            yes
User.permissions                     self           self           yes            yes
User.organizations                   self           self           yes            yes
User.sessions                        self           self           yes            yes
User.devices                         self           self           yes            yes
User.auditEvents                     self           self           yes            yes
User.apiKeys                         self           self           yes            yes
User.invitation                      FORBID         FORBID         yes            yes
User.inviteEmail                     FORBID         FORBID         yes            yes
AuditReference.user                  self           self           yes            yes
Invitation.invitedBy                 FORBID         FORBID         yes            yes
ApiKey.owner                         FORBID         FORBID         yes            yes
Session.user                         self           self           yes            yes
Device.user                          self           self           yes            yes
ApprovalRequest.requestedBy          self           self           yes            yes
ApprovalRequest.decidedBy            self           self           yes            yes
AccessChange.user                    self           self           yes            yes
MailDelivery.user                    self           self           yes            yes
Webhook.createdBy                    FORBID         FORBID         yes            yes
Group.members                        FORBID         FORBID         yes            yes
Group.memberCount                    FORBID         FORBID         yes            yes
Group.createdBy                      FORBID         FORBID         yes            yes
GroupMemberEdge.addedBy              FORBID         FORBID         yes            yes
ResourceScope.organizations          FORBID         FORBID         yes            yes
Organization.invitations             FORBID         FORBID         yes            yes
Organization.domains                 FORBID         FORBID         yes            yes
Organization.members                 FORBID         FORBID         yes            yes
OrganizationLevel.groups             FORBID         FORBID         yes            yes
ResourceDefinition.registeredBy      FORBID         FORBID         yes            yes
Stats.system                         FORBID         FORBID         yes            yes
Health.checks                        FORBID         FORBID         yes            yes
Health.version                       FORBID         FORBID         yes            yes
`;

export const impersonatorNames = ['member-reading', 'member-acting', 'admin-reading', 'admin-acting'] as const;
export type ImpersonatorName = (typeof impersonatorNames)[number];

interface ImpersonationRow {
  /** `Type.field`. */
  readonly coordinate: string;
  readonly expected: Readonly<Record<ImpersonatorName, Expectation>>;
}

const isExpectation = (word: string): word is Expectation => expectations.some((known) => known === word);

const readRow = (line: string): ImpersonationRow => {
  const [coordinate = '', ...words] = line.trim().split(/\s+/);
  if (words.length !== impersonatorNames.length || !words.every((word) => isExpectation(word))) {
    throw new Error(`The table cannot be read at ${coordinate}.`);
  }
  const cells = impersonatorNames.map((name, index) => [name, words[index]] as const);
  return { coordinate, expected: Object.fromEntries(cells) as ImpersonationRow['expected'] };
};

const [head = '', ...lines] = TABLE.split('\n').filter((line) => line.trim() !== '');
if (head.trim().split(/\s+/).join() !== impersonatorNames.join()) throw new Error('The table has other columns.');

export const impersonationMatrix: readonly ImpersonationRow[] = lines.map((line) => readRow(line));
