import { flow } from './flow.ts';

/** A passkey from the question to its removal. */
export const passkeyFlow = flow({
  name: 'passkey',
  title: 'Passkey',
  about:
    'The ceremony of WebAuthn: the server asks, the authenticator answers, and the question is a stored row that any answer uses up. It is bound to the session that asked. Signing in goes by the same rules, see one-time-token (PASSKEY_ASSERTION) and sign-in.',
  initial: 'NONE',
  states: {
    NONE: 'The account does not know it.',
    ASKED: 'The server has asked for it.',
    REGISTERED: 'Signs in, as two factors.',
  },
  circumstances: {
    LAST_WAY_IN: 'the account has neither password nor anything else to sign in with',
    SECOND_FACTOR_MISSING: 'TOTP is on, and the session has proved one factor only',
    ADDRESS_NOT_PROVED: 'nobody ever proved the address of the account',
  },
  events: {
    ask: { by: 'Mutation.startPasskeyRegistration', what: 'asked for, in a fresh session' },
    answer: { by: 'Mutation.completePasskeyRegistration', what: 'answered' },
    answerElsewhere: { by: 'Mutation.completePasskeyRegistration', what: 'answered in another session', inert: true },
    answerByAnother: {
      by: 'Mutation.completePasskeyRegistration',
      what: 'answered in the session of somebody else',
      inert: true,
    },
    answerWithoutName: { by: 'Mutation.completePasskeyRegistration', what: 'answered with an empty name', inert: true },
    answerWrongly: { by: 'Mutation.completePasskeyRegistration', what: 'answered for another site' },
    fiveMinutesPass: { by: 'time', what: 'the time to answer' },
    rename: { by: 'Mutation.renamePasskey', what: 'renamed', inert: true },
    remove: { by: 'Mutation.removePasskey', what: 'removed' },
    removeByAnother: { by: 'Mutation.removePasskey', what: 'removed by somebody else', inert: true },
    resetByAdministrator: { by: 'Mutation.resetUserMfa', what: 'an administrator removes the second factors' },
    proveAddress: { by: 'Mutation.verifySignInCode', what: 'somebody signs in by a link to the address' },
  },
  transitions: [
    { from: ['NONE'], on: 'ask', to: 'ASKED', why: 'In a session that was proved a moment ago.' },
    {
      from: ['NONE'],
      on: 'ask',
      when: ['SECOND_FACTOR_MISSING'],
      to: 'NONE',
      why: 'A passkey is worth two factors: one of them makes none.',
    },
    { from: ['ASKED'], on: 'answer', to: 'REGISTERED', why: 'Signed for this site and this question.' },
    { from: ['ASKED'], on: 'answerWrongly', to: 'NONE', why: 'Any answer uses the question up.' },
    { from: ['ASKED'], on: 'fiveMinutesPass', to: 'NONE', why: 'Nobody is there.' },
    { from: ['REGISTERED'], on: 'remove', to: 'NONE', why: 'Other sessions that rest on it end.' },
    {
      from: ['REGISTERED'],
      on: 'remove',
      when: ['LAST_WAY_IN'],
      to: 'REGISTERED',
      why: 'LAST_SIGN_IN_METHOD: nobody shuts themselves out.',
    },
    {
      from: ['REGISTERED'],
      on: 'resetByAdministrator',
      to: 'NONE',
      why: 'For those who lost everything; sessions end.',
    },
    {
      from: ['ASKED', 'REGISTERED'],
      on: 'proveAddress',
      when: ['ADDRESS_NOT_PROVED'],
      to: 'NONE',
      why: 'Who registered it need not be the owner of the address.',
    },
  ],
});
