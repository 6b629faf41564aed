const STEP = 'step user { displayName email } challenge { token methods } errors { code }';

/** What the account pages send to the API, by the names that their script has for it. Where only trusted documents are run, so are these. */
export const pageDocuments = {
  status: `query AccountTokenStatus($token: String!) { tokenStatus(token: $token) { state kind maskedEmail passwordNeeded } }`,
  viewer: `query AccountViewer { viewer { csrfToken } }`,
  policy: `query AccountPasswordPolicy { passwordPolicy { minLength } }`,
  setPassword: `mutation AccountSetPassword($input: SetPasswordWithTokenInput!) { setPasswordWithToken(input: $input) { ${STEP} violations } }`,
  accept: `mutation AccountAcceptInvitation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${STEP} violations } }`,
  completeMfa: `mutation AccountCompleteMfa($input: CompleteMfaInput!) { completeMfa(input: $input) { ${STEP} } }`,
  signIn: `mutation AccountSignIn($input: VerifySignInCodeInput!) { verifySignInCode(input: $input) { ${STEP} } }`,
  confirmEmail: `mutation AccountConfirmEmail($input: ConfirmEmailChangeInput!) { confirmEmailChange(input: $input) { email errors { code } } }`,
  request: `mutation AccountRequestLink($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted errors { code } } }`,
} as const;
