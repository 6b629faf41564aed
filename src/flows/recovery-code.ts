import { flow } from './flow.ts';

/** One recovery code. */
export const recoveryCodeFlow = flow({
  name: 'recovery-code',
  title: 'Recovery code',
  about:
    'Ten of them are shown once, when TOTP is switched on, and stand in for the app, each once. A code that was used is a row that is gone: nothing brings it back.',
  initial: 'NONE',
  states: {
    NONE: 'Not made yet.',
    GOOD: 'Stands in for the app, once.',
    GONE: 'Used, replaced, or removed with what it stood in for.',
  },
  events: {
    enrol: { by: 'Mutation.confirmTotpEnrollment', what: 'TOTP is switched on' },
    answer: { by: 'Mutation.completeMfa', what: 'given as second factor' },
    signIn: { by: 'Mutation.signIn', what: 'given beside the password' },
    giveWithWrongPassword: { by: 'Mutation.signIn', what: 'given beside a wrong password', inert: true },
    disable: { by: 'Mutation.disableTotp', what: 'given, with the password, to switch TOTP off' },
    disableWithWrongPassword: { by: 'Mutation.disableTotp', what: 'given with a wrong password', inert: true },
    useAnother: { by: 'Mutation.completeMfa', what: 'another one of the ten is given', inert: true },
    regenerate: { by: 'Mutation.regenerateRecoveryCodes', what: 'ten new ones, by a TOTP code' },
    regenerateByItself: {
      by: 'Mutation.regenerateRecoveryCodes',
      what: 'given where a TOTP code belongs',
      inert: true,
    },
    resetByAdministrator: { by: 'Mutation.resetUserMfa', what: 'an administrator removes the second factors' },
  },
  transitions: [
    { from: ['NONE'], on: 'enrol', to: 'GOOD', why: 'A way back must exist before it is needed.' },
    { from: ['GOOD'], on: 'answer', to: 'GONE', why: 'Once.' },
    { from: ['GOOD'], on: 'signIn', to: 'GONE', why: 'Once.' },
    { from: ['GOOD'], on: 'disable', to: 'GONE', why: 'All ten go with what they stand in for.' },
    { from: ['GOOD'], on: 'regenerate', to: 'GONE', why: 'A list that was lost is worth nothing.' },
    { from: ['GOOD'], on: 'resetByAdministrator', to: 'GONE', why: 'As everything that can prove a second factor.' },
  ],
});
