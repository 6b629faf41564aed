import { flow } from './flow.ts';

/** What a session is worth: how many factors were proved, and how long ago. */
export const sessionStrengthFlow = flow({
  name: 'session-strength',
  title: 'Strength of a session',
  about:
    'The level (NIST SP 800-63B) is computed from the record of what was checked in the session, and from nothing else. A session is fresh for ten minutes after a proof. A sign-in makes it fresh, at AAL1 or AAL2; nothing makes it weaker but time. Refreshing, and switching the second factor off, change neither.',
  initial: 'AAL1_FRESH',
  states: {
    AAL1_FRESH: 'One factor, proved a moment ago.',
    AAL1_STALE: 'One factor, proved more than ten minutes ago.',
    AAL2_FRESH: 'Two factors or a passkey, the last proof a moment ago.',
    AAL2_STALE: 'Two factors or a passkey, the last proof more than ten minutes ago.',
  },
  circumstances: { NO_TOTP: 'the account has no TOTP yet' },
  events: {
    timePasses: { by: 'time', what: 'more than ten minutes' },
    confirmByPassword: { by: 'Mutation.confirmIdentity', what: 'the password' },
    confirmByCode: { by: 'Mutation.confirmIdentity', what: 'a code that was sent for this session' },
    confirmByTotp: { by: 'Mutation.confirmIdentity', what: 'a TOTP code' },
    confirmByPasskey: { by: 'Mutation.confirmIdentity', what: 'a passkey' },
    enrol: { by: 'Mutation.confirmTotpEnrollment', what: 'TOTP switched on, with the password and its first code' },
    confirmByWrongPassword: { by: 'Mutation.confirmIdentity', what: 'a wrong password', inert: true },
    confirmByWrongTotp: { by: 'Mutation.confirmIdentity', what: 'a wrong TOTP code', inert: true },
    confirmByForeignPasskey: { by: 'Mutation.confirmIdentity', what: 'the passkey of somebody else', inert: true },
    confirmByForeignCode: { by: 'Mutation.confirmIdentity', what: 'a code sent for another session', inert: true },
    disableTotp: { by: 'Mutation.disableTotp', what: 'TOTP switched off', inert: true },
  },
  transitions: [
    { from: ['AAL1_FRESH'], on: 'timePasses', to: 'AAL1_STALE', why: 'Somebody else may sit there by now.' },
    { from: ['AAL2_FRESH'], on: 'timePasses', to: 'AAL2_STALE', why: 'The same.' },
    { from: ['AAL1_STALE'], on: 'confirmByPassword', to: 'AAL1_FRESH', why: 'The same factor again is still one.' },
    { from: ['AAL2_STALE'], on: 'confirmByPassword', to: 'AAL2_FRESH', why: 'What was proved before stays proved.' },
    { from: ['AAL1_STALE'], on: 'confirmByCode', to: 'AAL1_FRESH', why: 'A code in the mail is no second factor.' },
    { from: ['AAL2_STALE'], on: 'confirmByCode', to: 'AAL2_FRESH', why: 'The same.' },
    {
      from: ['AAL1_FRESH', 'AAL1_STALE', 'AAL2_STALE'],
      on: 'confirmByTotp',
      to: 'AAL2_FRESH',
      why: 'Beside the password a factor of another kind.',
    },
    {
      from: ['AAL1_FRESH'],
      on: 'confirmByTotp',
      when: ['NO_TOTP'],
      to: 'AAL1_FRESH',
      why: 'There is nothing that a code could be right for.',
    },
    { from: ['AAL1_STALE'], on: 'confirmByTotp', when: ['NO_TOTP'], to: 'AAL1_STALE', why: 'The same.' },
    {
      from: ['AAL1_FRESH', 'AAL1_STALE', 'AAL2_STALE'],
      on: 'confirmByPasskey',
      to: 'AAL2_FRESH',
      why: 'A passkey with user verification is two factors.',
    },
    {
      from: ['AAL1_FRESH', 'AAL1_STALE'],
      on: 'enrol',
      when: ['NO_TOTP'],
      to: 'AAL2_FRESH',
      why: 'Password and code were just proved in this session.',
    },
  ],
});
