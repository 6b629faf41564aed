/* Fields that more than their line in the tree holds for. */

/** Fields that check a password, code or token: at most one of them in an operation, so that aliases cannot try a thousand. */
export const credentialFields = [
  'Mutation.signIn',
  'Mutation.signUp',
  'Mutation.verifySignUp',
  'Mutation.verifySignInCode',
  'Mutation.resendCode',
  'Mutation.completeMfa',
  'Mutation.setUpFirstAdmin',
  'Mutation.setPasswordWithToken',
  'Mutation.exchangeToken',
  'Mutation.linkIdentity',
  'Mutation.refreshSession',
  'Mutation.confirmIdentity',
  'Mutation.changePassword',
  'Mutation.requestEmailChange',
  'Mutation.confirmEmailChange',
  'Mutation.deleteOwnAccount',
  'Mutation.startTotpEnrollment',
  'Mutation.confirmTotpEnrollment',
  'Mutation.disableTotp',
  'Mutation.regenerateRecoveryCodes',
  'Mutation.completePasskeySignIn',
  'Mutation.startPasskeyRegistration',
  'Mutation.completePasskeyRegistration',
  'Mutation.redeemActionLink',
  'Mutation.acceptInvitation',
  'Query.tokenStatus',
] as const;

/** Fields that send a code or link to whoever is named: limited by network. */
export const messageFields: readonly string[] = [
  'Mutation.requestEmailChange',
  'Mutation.signUp',
  'Mutation.resendCode',
  'Mutation.requestSignInCode',
  'Mutation.requestPasswordReset',
];

/** Fields by which anybody begins something that is stored until it is over: limited by network. */
export const questionFields: readonly string[] = ['Mutation.startPasskeySignIn'];

/**
 * Where everybody needs a second factor, what stays open to those who are overdue: setting one up, proving one, and leaving.
 * So does everything that is open to anyone, and what is reached through it.
 */
export const openWithoutSecondFactor = [
  'Mutation.startTotpEnrollment',
  'Mutation.confirmTotpEnrollment',
  'Mutation.startPasskeyRegistration',
  'Mutation.completePasskeyRegistration',
  'Mutation.confirmIdentity',
  'Mutation.signOut',
  'Mutation.signOutEverywhere',
] as const;

/** The mutations that are open to whoever acts as somebody else, whatever the mode: the ways out of it. */
export const openWhileReadOnly: readonly string[] = ['Mutation.stopImpersonation', 'Mutation.signOut'];
