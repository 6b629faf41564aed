import type { Mutation, Query } from '../../generated/schema-types.ts';
import { documentHash } from '../../src/crypto/document-hash.ts';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';

/** What the inputs speak of. */
export interface Facts {
  readonly userId: string;
  readonly invitedId: string;
  /** Somebody of whom no other mutation makes more than a member. */
  readonly memberId: string;
  readonly groupId: string;
  readonly sessionId: string;
  readonly deviceId: string;
  /** Somebody's acting as the user, which goes on. */
  readonly impersonationId: string;
  /** A mail to the user that was given up. */
  readonly mailId: string;
  /** A group that the user is in, besides Members. */
  readonly formerGroupId: string;
  readonly email: string;
  readonly groupName: string;
  /** An organization below another one; the user is a member of the one above alone. */
  readonly organizationId: string;
  readonly formerOrganizationId: string;
  /** An open invitation into the organization. */
  readonly invitationId: string;
  /** A domain that the organization claims. */
  readonly domainId: string;
  readonly password: string;
  readonly setupToken: string;
  readonly overlapSeconds: number;
  /** A key of the user. */
  readonly apiKeyId: string;
  readonly keyName: string;
  /** Of an application of the first administrator, with the resource `things` that knows `view`; or a reserved one. */
  readonly namespace: string;
  /** Of a link to view the row 1 of `things`, for the new address. */
  readonly actionToken: string;
  /** Requests of an administrator that wait for a second person. */
  readonly approvableId: string;
  readonly rejectableId: string;
  readonly webhookId: string;
  /** A delivery to it that was given up. */
  readonly webhookDeliveryId: string;
  /** A trusted document. */
  readonly trustedDocumentId: string;
  /** A document that can be registered. */
  readonly trustedText: string;
  /** An instant that is yet to come. */
  readonly later: string;
}

type Fields<T> = Exclude<keyof T, '__typename'>;

const reason = 'The permission matrix.';

/** An input of each mutation; with the facts of real rows, each has an effect where nobody refuses it. */
export const mutationInputs: Readonly<Record<Fields<Mutation>, (facts: Facts) => Readonly<Record<string, unknown>>>> = {
  signIn: ({ email, password }) => ({ identifier: email, password, delivery: 'BODY' }),
  signUp: ({ email, password }) => ({ email, password }),
  verifySignUp: ({ setupToken }) => ({ verificationToken: setupToken, code: '000000' }),
  resendCode: ({ setupToken }) => ({ verificationToken: setupToken }),
  requestSignInCode: ({ email }) => ({ identifier: email }),
  verifySignInCode: ({ setupToken }) => ({ linkToken: setupToken }),
  setUpFirstAdmin: ({ setupToken, email, password }) => ({ setupToken, email, displayName: 'Eve', password }),
  requestPasswordReset: () => ({ email: 'nobody@matrix.example' }),
  setPasswordWithToken: ({ setupToken, password }) => ({ token: setupToken, newPassword: password }),
  refreshSession: ({ setupToken }) => ({ refreshToken: setupToken }),
  signOut: () => ({ reason }),
  startImpersonation: ({ memberId }) => ({ userId: memberId, reason }),
  stopImpersonation: () => ({}),
  approveRequest: ({ approvableId }) => ({ id: approvableId }),
  rejectRequest: ({ rejectableId }) => ({ id: rejectableId, reason }),
  cancelRequest: ({ rejectableId }) => ({ id: rejectableId }),
  endImpersonation: ({ impersonationId }) => ({ id: impersonationId }),
  signOutEverywhere: () => ({ exceptCurrent: true }),
  confirmIdentity: ({ password }) => ({ password }),
  switchOrganization: () => ({ organizationId: null }),
  startPasskeySignIn: ({ email }) => ({ identifier: email }),
  completePasskeySignIn: ({ setupToken }) => ({ passkey: { challengeToken: setupToken, response: {} } }),
  startPasskeyRegistration: ({ password }) => ({ password }),
  completePasskeyRegistration: ({ setupToken }) => ({ challengeToken: setupToken, response: {}, name: 'Key' }),
  renamePasskey: ({ userId }) => ({ id: userId, name: 'Key' }),
  removePasskey: ({ userId }) => ({ id: userId }),
  updateProfile: () => ({ locale: 'nowhere' }),
  requestEmailChange: ({ email }) => ({ newEmail: email }),
  confirmEmailChange: ({ setupToken }) => ({ token: setupToken }),
  deleteOwnAccount: ({ email, password }) => ({ confirmation: email, currentPassword: password }),
  changePassword: ({ password }) => ({ currentPassword: password, newPassword: password }),
  revokeSessions: ({ sessionId }) => ({ ids: [sessionId] }),
  revokeUserSessions: ({ userId }) => ({ userId }),
  forgetDevice: ({ deviceId }) => ({ id: deviceId }),
  exchangeToken: ({ setupToken }) => ({
    issuer: 'https://unknown.example',
    subjectToken: setupToken,
    delivery: 'BODY',
  }),
  linkIdentity: ({ setupToken }) => ({ issuer: 'https://unknown.example', subjectToken: setupToken }),
  unlinkIdentity: ({ userId }) => ({ id: userId }),
  createUser: ({ email }) => ({ email, displayName: 'Eve', groupIds: [MEMBERS_GROUP_ID] }),
  resendInvite: ({ invitedId }) => ({ userId: invitedId }),
  updateUser: ({ userId }) => ({ id: userId, displayName: 'Eve' }),
  requirePasswordChange: ({ userId }) => ({ ids: [userId] }),
  lockUsers: ({ userId }) => ({ ids: [userId], reason }),
  unlockUsers: ({ userId }) => ({ ids: [userId], reason }),
  disableUsers: ({ userId }) => ({ ids: [userId], reason }),
  enableUsers: ({ userId }) => ({ ids: [userId], reason }),
  deleteUsers: ({ userId }) => ({ ids: [userId], reason }),
  createGroup: ({ groupName }) => ({ name: groupName, permissions: [{ action: 'view', resource: 'users' }] }),
  updateGroup: ({ groupId }) => ({ id: groupId, description: 'Changed.' }),
  setGroupPermissions: ({ groupId }) => ({ id: groupId, permissions: [{ action: 'view', resource: 'stats' }] }),
  deleteGroup: ({ groupId }) => ({ id: groupId }),
  addGroupMembers: ({ groupId, userId }) => ({ groupId, userIds: [userId] }),
  removeGroupMembers: ({ formerGroupId, userId }) => ({ groupId: formerGroupId, userIds: [userId] }),
  createServiceAccount: ({ groupId }) => ({ name: 'Robot', groupIds: [groupId, MEMBERS_GROUP_ID] }),
  createApiKey: ({ keyName }) => ({ name: keyName, allMyPermissions: true }),
  updateApiKey: ({ apiKeyId }) => ({ id: apiKeyId, name: 'Changed' }),
  rotateApiKey: ({ apiKeyId, overlapSeconds }) => ({ id: apiKeyId, overlapSeconds }),
  revokeApiKey: ({ apiKeyId }) => ({ id: apiKeyId, reason }),
  deleteApiKey: ({ apiKeyId }) => ({ id: apiKeyId }),
  createOrganization: ({ organizationId }) => ({ parentId: organizationId, name: 'Matrix new' }),
  updateOrganization: ({ organizationId }) => ({ id: organizationId, name: 'Changed' }),
  moveOrganization: ({ organizationId }) => ({ id: organizationId, parentId: null }),
  deleteOrganization: ({ organizationId }) => ({ id: organizationId, reason }),
  inviteToOrganization: ({ organizationId, groupId }) => ({
    organizationId,
    email: 'joiner@matrix.example',
    groupIds: [groupId],
  }),
  acceptInvitation: ({ setupToken, password }) => ({ token: setupToken, password }),
  revokeInvitation: ({ invitationId }) => ({ id: invitationId }),
  addOrganizationDomain: ({ organizationId }) => ({ organizationId, domain: 'new.matrix.example' }),
  verifyOrganizationDomain: ({ domainId }) => ({ id: domainId }),
  removeOrganizationDomain: ({ domainId }) => ({ id: domainId }),
  addOrganizationMembers: ({ organizationId, userId }) => ({ organizationId, userIds: [userId] }),
  removeOrganizationMembers: ({ formerOrganizationId, userId }) => ({
    organizationId: formerOrganizationId,
    userIds: [userId],
  }),
  retryMail: ({ mailId }) => ({ id: mailId }),
  createWebhook: ({ keyName }) => ({
    name: keyName,
    url: 'https://receiver.example/hook',
    eventTypes: ['UserRegistered'],
  }),
  updateWebhook: ({ webhookId }) => ({ id: webhookId, name: 'Changed' }),
  rotateWebhookSecret: ({ webhookId }) => ({ id: webhookId }),
  testWebhook: ({ webhookId }) => ({ id: webhookId }),
  replayWebhookDeliveries: ({ webhookDeliveryId }) => ({ ids: [webhookDeliveryId] }),
  deleteWebhook: ({ webhookId }) => ({ id: webhookId }),
  completeMfa: ({ setupToken }) => ({ challengeToken: setupToken, code: '000000' }),
  startTotpEnrollment: () => ({}),
  confirmTotpEnrollment: () => ({ code: '000000' }),
  disableTotp: () => ({}),
  regenerateRecoveryCodes: () => ({ totpCode: '000000' }),
  exportAuditEvents: () => ({ filter: { actionIn: [] }, format: 'CSV' }),
  exportUserData: ({ userId }) => ({ userId, reason }),
  eraseUser: ({ invitedId }) => ({ userId: invitedId, reason }),
  resetUserMfa: ({ userId }) => ({ userId, reason }),
  registerResources: ({ namespace }) => ({
    namespace,
    resources: [{ name: 'things', title: 'Things', actions: ['view', 'move'] }],
  }),
  createActionLinks: ({ namespace, email, later }) => ({
    action: 'view',
    resource: `${namespace}.things`,
    rowId: '1',
    recipients: [email],
    expiresAt: later,
  }),
  redeemActionLink: ({ namespace, email, actionToken }) => ({
    token: actionToken,
    action: 'view',
    resource: `${namespace}.things`,
    rowId: '1',
    recipient: email,
  }),
  registerDocuments: ({ trustedText: text }) => ({ documents: [{ documentId: documentHash(text), text }] }),
  disableDocuments: ({ trustedDocumentId }) => ({ ids: [trustedDocumentId] }),
  rotateSigningKey: ({ overlapSeconds }) => ({ overlapSeconds }),
};

export const mutationDocument = (name: string): string =>
  `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { errors { code } } }`;

/** A document of each query that reads everything; `$userId`, `$groupId` and `$apiKeyId` (of the caller) where it names a row. */
export const queryDocuments: Readonly<Record<Fields<Query>, string>> = {
  viewer:
    '{ viewer { user { id groups { id } } session { id } permissions { grantedBy { id } } permissionVersion freshUntil } }',
  signInOptions:
    '{ signInOptions(identifier: "a@example.com") { identifierKinds setupRequired externalProviders { issuer name startUrl } routedIssuer } }',
  passwordPolicy: '{ passwordPolicy { minLength maxBytes historySize breachListChecked personalDataChecked } }',
  tokenStatus: '{ tokenStatus(token: "unknown") { state kind maskedEmail passwordNeeded } }',
  mailDeliveries:
    '{ mailDeliveries(first: 100) { edges { cursor } nodes { id recipient failure user { id } previous { id } } totalCount } }',
  webhook: 'query ($webhookId: ID!) { webhook(id: $webhookId) { id url lastDelivery { id } } }',
  webhooks: '{ webhooks(first: 100) { edges { cursor } nodes { id url lastDelivery { id state } } totalCount } }',
  webhookDeliveries:
    '{ webhookDeliveries(first: 100) { edges { cursor } nodes { id webhook { id } tries { number } previous { id } } totalCount } }',
  trustedDocuments:
    '{ trustedDocuments(first: 100) { edges { cursor } nodes { id documentId text useCount } totalCount } }',
  auditEvent: 'query ($userId: ID!) { auditEvent(id: $userId) { id } }',
  auditEvents:
    '{ auditEvents(first: 100) { edges { cursor } nodes { id action actor { id user { id } } changes { field } metadata } totalCount } }',
  exportJob: 'query ($userId: ID!) { exportJob(id: $userId) { id downloadUrl previous { id } } }',
  apiKey:
    'query ($apiKeyId: ID!) { apiKey(id: $apiKeyId) { id status owner { id } effectivePermissions { grantedBy { id } } } }',
  approvals:
    '{ approvals(first: 100) { edges { cursor } nodes { id state requestedBy { id } preview { changes { user { id } } } } totalCount } }',
  apiKeys: '{ apiKeys(first: 100) { edges { cursor } nodes { id status owner { id } } totalCount } }',
  stats: '{ stats { users { total } signIns { count } organizations { byLevel { level { name } } } computedAt } }',
  outboxStatus: '{ outboxStatus { pending lagSeconds relay sinks { name healthy pending failure } } }',
  signingKeys: '{ signingKeys { kid jwk publicKeyPem } }',
  health: '{ health { status } }',
  _service: '{ _service { sdl } }',
  _entities: `query ($userId: ID!) { _entities(representations: [{ __typename: "User", id: $userId }]) {
    ... on User { id displayName } } }`,
  user: 'query ($userId: ID!) { user(id: $userId) { id displayName } }',
  users: '{ users(first: 100) { edges { cursor } nodes { id displayName groups { id } } totalCount } }',
  organization: 'query ($organizationId: ID!) { organization(id: $organizationId) { id name ancestors { id } } }',
  organizations:
    '{ organizations(first: 100) { edges { cursor } nodes { id level { name } parent { id } } totalCount } }',
  organizationTree: '{ organizationTree(depth: 8) { truncated nodes { organization { id } parentId childCount } } }',
  group: 'query ($groupId: ID!) { group(id: $groupId) { id members { nodes { id } totalCount } memberCount } }',
  groups: '{ groups(first: 100) { edges { cursor } nodes { id memberCount } totalCount } }',
  permissionCatalog: '{ permissionCatalog { action resource } }',
  checkPermissions:
    '{ checkPermissions(checks: [{ action: "view", resource: "users" }]) { decisions { allowed reason } permissionVersion } }',
  explainPermission:
    '{ explainPermission(action: "view", resource: "users") { decision { allowed } grantingGroups { id } steps { group { id } } } }',
  explainOperation: '{ explainOperation(document: "{ viewer { permissionVersion } }") { allowed verdicts { rule } } }',
  schemaFor: '{ schemaFor }',
  permissionsForOperations:
    '{ permissionsForOperations(documents: ["{ users { totalCount } }"]) { sessionOnly permissions { action } } }',
  sessions: '{ sessions(first: 100) { edges { cursor } nodes { id user { id } device { id } } totalCount } }',
  impersonations: '{ impersonations(first: 100) { edges { cursor } nodes { id actor { id } eventCount } totalCount } }',
  devices: 'query ($userId: ID!) { devices(userId: $userId) { nodes { id user { id } sessionCount } totalCount } }',
};

const COMPOSITE: Readonly<Record<string, string>> = {
  groups: '{ id }',
  permissions: '{ permission { action } }',
  members: '{ nodes { id } }',
  sessions: '{ nodes { id } }',
  apiKeys: '{ nodes { id } }',
  owner: '{ id }',
  devices: '{ nodes { id } }',
  auditEvents: '{ nodes { id } }',
  user: '{ id }',
  createdBy: '{ id }',
  registeredBy: '{ id }',
  addedBy: '{ id }',
  organizations: '{ nodes { id } }',
  domains: '{ id }',
  invitations: '{ nodes { id } }',
  identities: '{ id }',
  invitation: '{ id }',
  inviteEmail: '{ id }',
  invitedBy: '{ id }',
  requestedBy: '{ id }',
  decidedBy: '{ id }',
  checks: '{ component }',
  system: '{ replicas }',
  mfa: '{ enabled recoveryCodesLeft }',
};

/** The field of a type with a selection where it needs one. */
export const selectionOf = (field: string): string => `${field} ${COMPOSITE[field] ?? ''}`;
