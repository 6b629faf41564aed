/**
 * What is decided beyond the tree, on the rows themselves, by the service that the tree's line names: in words, for whoever asks why a
 * field answers nothing although the tree lets them pass. By `Type.field`; fields without an entry have no rule about rows.
 */
export const rowRules: Readonly<Record<string, string>> = {
  'Query.user': 'Users in the reach of `view:users`, and oneself; others are NOT_FOUND.',
  'Query.users': 'Users in the reach of `view:users`; without it only oneself.',
  'Query.sessions': 'Sessions of users in the reach of `view:sessions` and `view:users`; without them only own ones.',
  'Query.devices': 'Devices of users in the reach of `view:sessions` and `view:users`; without them only own ones.',
  'Query.mailDeliveries': 'Deliveries to users in the reach of `view:users`, and to oneself.',
  'Query._entities': 'Each object by the rule of its type; hidden ones are null.',
  'Query.checkPermissions': 'Oneself and own keys; others with `view:groups`, as far as one may see them.',
  'Query.explainPermission': 'Oneself and own keys; others with `view:groups`, as far as one may see them.',
  'Query.explainOperation': 'Oneself and own keys; others with `view:groups`, as far as one may see them.',
  'Query.schemaFor': 'Oneself and own keys; others with `view:groups`, as far as one may see them.',
  'Query.impersonations': 'Those in the reach of `view:impersonations`; without it those one took part in.',
  'Query.apiKey': 'Keys in the reach of `view:api-keys`, and own ones; others are NOT_FOUND.',
  'Query.apiKeys': 'Keys in the reach of `view:api-keys`; without it own ones, and by key that key alone.',
  'Query.organization':
    'Organizations in the reach of `view:organizations`, and those one is a member of; others are NOT_FOUND.',
  'Query.organizations': 'Organizations in the reach of `view:organizations`, and those one is a member of.',
  'Query.organizationTree': 'Organizations in the reach of `view:organizations`, and those one is a member of.',
  'Query.auditEvent': 'As far as `view:audit` reaches; without it what is about oneself.',
  'Query.auditEvents': 'As far as `view:audit` reaches; without it what is about oneself.',
  'Query.exportJob': 'Own ones.',
  'Query.approvals': "Own requests; others' with `view:approvals`.",
  'Mutation.signUp': 'Where the settings let people sign up.',
  'Mutation.verifySignUp': 'Whoever holds the token and the code.',
  'Mutation.resendCode': 'Whoever holds the token.',
  'Mutation.requestSignInCode': 'Anybody; for a step-up only in a session.',
  'Mutation.verifySignInCode': 'Whoever holds the code or the link.',
  'Mutation.completeMfa': 'Whoever holds the challenge.',
  'Mutation.completePasskeySignIn': 'Whoever holds the passkey.',
  'Mutation.setUpFirstAdmin': 'Whoever holds the printed token, as long as no administrator has ever existed.',
  'Mutation.exchangeToken': 'Whoever holds a token of a configured issuer.',
  'Mutation.unlinkIdentity': 'Own identities, never the last way in.',
  'Mutation.setPasswordWithToken': 'Whoever holds the token.',
  'Mutation.refreshSession': 'Whoever holds the refresh token.',
  'Mutation.revokeSessions':
    "Own sessions; others' in the reach of `revoke:sessions`, never those of somebody with more rights.",
  'Mutation.revokeUserSessions': 'Oneself; others in the reach of `revoke:sessions`, never somebody with more rights.',
  'Mutation.forgetDevice':
    "Own devices; others' in the reach of `revoke:sessions`, never those of somebody with more rights.",
  'Mutation.updateProfile': 'What the settings let people change themselves.',
  'Mutation.requestEmailChange': 'With the password, or a confirmed session.',
  'Mutation.confirmEmailChange': 'Whoever holds the mailed token.',
  'Mutation.deleteOwnAccount': 'Where the settings allow it; with the password, or a confirmed session.',
  'Mutation.changePassword': 'With the password, or a confirmed session.',
  'Mutation.startTotpEnrollment': 'With the password, or a confirmed session.',
  'Mutation.disableTotp': 'With the password and a code.',
  'Mutation.startPasskeyRegistration':
    'With the password, or a confirmed session, and the second factor where one is on.',
  'Mutation.removePasskey': 'Own passkeys, never the last way in.',
  'Mutation.createUser': 'Into groups as `assign:groups` allows, in organizations in the reach of `create:users`.',
  'Mutation.resendInvite':
    'Users in the reach of `create:users`, never somebody with more rights; holders of protected permissions as handing these out.',
  'Mutation.updateUser':
    'Users wholly in the reach of `update:users`, never somebody with more rights; groups as `assign:groups` allows; addresses of holders of protected permissions as handing these out.',
  'Mutation.requirePasswordChange': 'Users wholly in the reach of `update:users`, never somebody with more rights.',
  'Mutation.lockUsers': 'Users wholly in the reach of `lock:users`, never oneself or somebody with more rights.',
  'Mutation.unlockUsers': 'Users wholly in the reach of `lock:users`, never oneself or somebody with more rights.',
  'Mutation.disableUsers':
    'Users wholly in the reach of `disable:users`, never oneself, somebody with more rights, or the last administrator.',
  'Mutation.enableUsers': 'Users wholly in the reach of `disable:users`, never oneself or somebody with more rights.',
  'Mutation.deleteUsers':
    'Users wholly in the reach of `delete:users`, never oneself, somebody with more rights, or the last administrator.',
  'Mutation.resetUserMfa':
    'Users wholly in the reach of `reset-mfa:users`, never oneself or somebody with more rights.',
  'Mutation.createGroup': 'Grants at most as the caller holds them, with `grant:groups`.',
  'Mutation.updateGroup': 'Groups that the system does not manage.',
  'Mutation.deleteGroup': 'Groups that the system does not manage; nobody may be left without a group.',
  'Mutation.setGroupPermissions':
    'Groups that the system does not manage; grants at most as the caller holds them, protected ones with `grant-protected:groups`.',
  'Mutation.addGroupMembers': 'Groups whose grants the caller holds; protected ones with `grant-protected:groups`.',
  'Mutation.removeGroupMembers':
    'Groups whose grants the caller holds; an administrator must stay, and nobody may be left without a group.',
  'Mutation.retryMail': 'Deliveries to users in the reach of `view:users`, and to oneself.',
  'Mutation.startImpersonation':
    'Users in the reach of `impersonate:users`, never oneself or somebody with more rights.',
  'Mutation.endImpersonation': 'Impersonations in the reach of `end:impersonations`.',
  'Mutation.switchOrganization': 'Organizations that one may see.',
  'Mutation.exportUserData': 'Users in the reach of `export:users`.',
  'Mutation.eraseUser':
    'Users in the reach of `erase:users`, never oneself, somebody with more rights, or the last administrator.',
  'Mutation.exportAuditEvents': 'What one may see of the log.',
  'Mutation.createServiceAccount': 'Into groups as `assign:groups` allows.',
  'Mutation.createApiKey':
    'For oneself with `create-own:api-keys`, for others with `create:api-keys`; at most what the owner holds.',
  'Mutation.rotateApiKey': 'Own keys, or those of service accounts.',
  'Mutation.updateApiKey': 'Own keys, or those of service accounts.',
  'Mutation.revokeApiKey': "Own keys from a session, a key itself, others' in the reach of `revoke:api-keys`.",
  'Mutation.deleteApiKey': "Own keys from a session, a key itself, others' in the reach of `revoke:api-keys`.",
  'Mutation.createOrganization':
    'Below an organization in the reach of `create:organizations`; a root only where it holds everywhere.',
  'Mutation.updateOrganization':
    'Organizations in the reach of `update:organizations`; groups as `assign:groups` allows there.',
  'Mutation.moveOrganization':
    'Organizations in the reach of `move:organizations`, to a place in the reach of `create:organizations`.',
  'Mutation.deleteOrganization': 'Organizations in the reach of `delete:organizations`.',
  'Mutation.addOrganizationMembers':
    'Organizations in the reach of `assign:organizations`, and people whom one may see.',
  'Mutation.removeOrganizationMembers': 'Organizations in the reach of `assign:organizations`.',
  'Mutation.registerResources': "Resources of one's own namespace.",
  'Mutation.createActionLinks': "Resources of one's own namespace.",
  'Mutation.redeemActionLink': "Resources of one's own namespace.",
  'Mutation.approveRequest': "Requests of others, never one's own.",
  'Mutation.rejectRequest': "Requests of others, never one's own.",
  'Mutation.cancelRequest': 'Own requests.',
  'User.organizations': 'Of others those in the reach of `view:organizations`.',
  'Organization.members': 'Where `view:organizations` is held, and of them those whom the caller may see.',
  'ResourceScope.organizations': 'Organizations that the caller may see.',
  'Group.members': 'Members whom the caller may see.',
};

/** Said of a field whose rule has a way about oneself, when it cannot be told without running whose the object is. */
export const ABOUT_UNKNOWN =
  "Also passes where the object is the subject's own, which cannot be told without running the document.";

/** Said of every field for a subject that may not act. */
export const SUBJECT_INACTIVE = 'The subject is not active, and can do only what anybody can.';
