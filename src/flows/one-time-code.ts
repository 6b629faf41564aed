import { flow } from './flow.ts';

/** Codes of a few digits that are sent to an address. */
export const oneTimeCodeFlow = flow({
  name: 'one-time-code',
  title: 'Codes',
  about:
    'A code goes to the address, a token to whoever asked: it takes both. Each try is counted before it is looked at, in the statement that uses a right code up. Any number may be open for one address, each for who holds its token; an address without an account has a decoy that looks the same. The circumstances are the purposes.',
  initial: 'OPEN',
  states: {
    OPEN: 'Waits for its code.',
    ATTEMPTS_EXCEEDED: 'Five wrong tries.',
    EXPIRED: 'Past its life.',
    USED: 'Its code was given, or the account has another address or other ways in by now.',
  },
  circumstances: {
    SIGN_UP: 'to complete a sign-up',
    SIGN_IN: 'to sign in',
    STEP_UP: 'to confirm the identity in a session',
  },
  events: {
    rightCode: { by: 'the operation of its purpose', what: 'the code' },
    wrongCode: { by: 'the operation of its purpose', what: 'another code', inert: true },
    fiveWrongCodes: { by: 'the operation of its purpose', what: 'five wrong codes' },
    rightCodeElsewhere: { by: 'the operation of another purpose', what: 'the code, for another purpose', inert: true },
    resend: { by: 'Mutation.resendCode', what: 'sent again, when that may be' },
    askAnew: { by: 'the operation that made it', what: 'asked for once more, by anybody', inert: true },
    lifeEnds: { by: 'time', what: 'its life ends' },
  },
  transitions: [
    { from: ['OPEN'], on: 'rightCode', to: 'USED', why: 'Once.' },
    { from: ['OPEN'], on: 'fiveWrongCodes', to: 'ATTEMPTS_EXCEEDED', why: 'Guessing stops; only a new code helps.' },
    { from: ['OPEN', 'ATTEMPTS_EXCEEDED'], on: 'lifeEnds', to: 'EXPIRED', why: 'Mail is read by others later.' },
    {
      from: ['ATTEMPTS_EXCEEDED', 'EXPIRED'],
      on: 'resend',
      to: 'OPEN',
      why: 'A new code under the same token; how many an hour is limited.',
    },
  ],
});
