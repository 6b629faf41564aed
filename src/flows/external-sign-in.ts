import { flow } from './flow.ts';

/** A sign-in that goes to an external provider and comes back. */
export const externalSignInFlow = flow({
  name: 'external-sign-in',
  title: 'Sign-in by redirect',
  about:
    'Authorization code with PKCE, state and nonce (OpenID Connect Core section 3.1, RFC 9700 section 2.1). What was settled at the beginning is read from the stored row, which only the browser that began can use, once. What the provider proves is one factor.',
  initial: 'START',
  states: {
    START: 'Nobody has begun.',
    AT_PROVIDER: 'The browser was sent to the provider.',
    COMPLETE: 'There is a session, in a cookie.',
    MFA_REQUIRED: 'The account has a second factor, which is asked for here.',
    REFUSED: 'Used up without a session; the page at the target learns a code.',
  },
  circumstances: {
    SECOND_FACTOR: 'the account has TOTP on',
    LOCKED: 'the account is locked automatically',
    DISABLED: 'the account is disabled',
  },
  events: {
    begin: { by: 'GET /auth/external/start', what: 'sent to the provider' },
    beginForForeignTarget: {
      by: 'GET /auth/external/start',
      what: 'with a target that is not registered',
      inert: true,
    },
    comeBack: { by: 'GET /auth/external/callback', what: 'back, signed in there' },
    comeBackElsewhere: { by: 'GET /auth/external/callback', what: 'back in another browser', inert: true },
    comeBackWithOtherState: { by: 'GET /auth/external/callback', what: 'back with a made-up state', inert: true },
    sayNo: { by: 'GET /auth/external/callback', what: 'back with an error of the provider' },
    comeBackWithForeignCode: { by: 'GET /auth/external/callback', what: 'back with a code that the provider refuses' },
    comeBackWithForeignToken: { by: 'GET /auth/external/callback', what: 'back, with an ID token of another sign-in' },
    tenMinutesPass: { by: 'time', what: 'too long at the provider' },
  },
  transitions: [
    { from: ['START'], on: 'begin', to: 'AT_PROVIDER', why: 'Several tabs may be under way at once.' },
    {
      from: ['AT_PROVIDER'],
      on: 'comeBack',
      to: 'COMPLETE',
      why: 'An automatic lock does not stop what cannot be guessed.',
    },
    {
      from: ['AT_PROVIDER'],
      on: 'comeBack',
      when: ['SECOND_FACTOR'],
      to: 'MFA_REQUIRED',
      why: 'What the provider checked is one factor.',
    },
    { from: ['AT_PROVIDER'], on: 'comeBack', when: ['DISABLED'], to: 'REFUSED', why: 'The account may not sign in.' },
    { from: ['AT_PROVIDER'], on: 'sayNo', to: 'REFUSED', why: 'The person, or the provider, said no.' },
    { from: ['AT_PROVIDER'], on: 'comeBackWithForeignCode', to: 'REFUSED', why: 'Made for another client or sign-in.' },
    {
      from: ['AT_PROVIDER'],
      on: 'comeBackWithForeignToken',
      to: 'REFUSED',
      why: 'The nonce is not the one that was sent.',
    },
    { from: ['AT_PROVIDER'], on: 'tenMinutesPass', to: 'REFUSED', why: 'Whoever comes later begins anew.' },
  ],
});
