import { flow } from './flow.ts';

/** The second factor of an authenticator app. */
export const totpFlow = flow({
  name: 'totp',
  title: 'TOTP',
  about:
    'A new secret counts for nothing until one of its codes was given; only then is a second factor asked for at sign-in, and recovery codes exist.',
  initial: 'OFF',
  states: {
    OFF: 'No second factor by app.',
    PENDING: 'A secret was shown and waits for its first code.',
    VOID: 'The enrolment ran out of time or of tries; only beginning anew helps.',
    ON: 'A code is asked for at every sign-in.',
  },
  circumstances: { ADDRESS_NOT_PROVED: 'nobody ever proved the address of the account' },
  events: {
    start: { by: 'Mutation.startTotpEnrollment', what: 'begun, with the password' },
    startWithWrongPassword: { by: 'Mutation.startTotpEnrollment', what: 'begun with a wrong password', inert: true },
    confirm: { by: 'Mutation.confirmTotpEnrollment', what: 'the code that the app shows' },
    confirmWrongly: { by: 'Mutation.confirmTotpEnrollment', what: 'a wrong code', inert: true },
    confirmWronglyFiveTimes: { by: 'Mutation.confirmTotpEnrollment', what: 'five wrong codes' },
    tenMinutesPass: { by: 'time', what: 'the time to confirm' },
    disable: { by: 'Mutation.disableTotp', what: 'the password and a code' },
    disableByRecoveryCode: { by: 'Mutation.disableTotp', what: 'the password and a recovery code' },
    disableWithWrongPassword: { by: 'Mutation.disableTotp', what: 'a wrong password and a right code', inert: true },
    disableWithWrongCode: { by: 'Mutation.disableTotp', what: 'the password and a wrong code', inert: true },
    resetByAdministrator: { by: 'Mutation.resetUserMfa', what: 'an administrator removes the second factors' },
    proveAddress: { by: 'Mutation.verifySignInCode', what: 'somebody signs in by a link to the address' },
    resetPassword: { by: 'Mutation.setPasswordWithToken', what: 'a new password by a mailed link' },
  },
  transitions: [
    {
      from: ['OFF', 'VOID'],
      on: 'start',
      to: 'PENDING',
      why: 'While it is pending, starting again shows a new secret.',
    },
    { from: ['PENDING'], on: 'confirm', to: 'ON', why: 'The app has the secret.' },
    { from: ['PENDING'], on: 'confirmWronglyFiveTimes', to: 'VOID', why: 'Guessing stops.' },
    { from: ['PENDING'], on: 'tenMinutesPass', to: 'VOID', why: 'A secret on a screen is not for ever.' },
    { from: ['ON'], on: 'disable', to: 'OFF', why: 'Both factors were proved.' },
    { from: ['ON'], on: 'disableByRecoveryCode', to: 'OFF', why: 'For those who lost the app.' },
    { from: ['ON'], on: 'resetByAdministrator', to: 'OFF', why: 'For those who lost everything; sessions end.' },
    {
      from: ['PENDING', 'VOID', 'ON'],
      on: 'proveAddress',
      when: ['ADDRESS_NOT_PROVED'],
      to: 'OFF',
      why: 'Who set it up need not be the owner of the address.',
    },
    {
      from: ['PENDING', 'VOID', 'ON'],
      on: 'resetPassword',
      when: ['ADDRESS_NOT_PROVED'],
      to: 'OFF',
      why: 'The link proves the address too. Else a reset leaves the second factor, and asks for it.',
    },
  ],
});
