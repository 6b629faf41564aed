import { flow } from './flow.ts';

/** An invitation from its link to its end. */
export const invitationFlow = flow({
  name: 'invitation',
  title: 'Invitation',
  about:
    'The state is computed: what was done to an invitation comes before what time did. Sending it again makes a successor, and the older one stays, so that both can be seen.',
  initial: 'PENDING',
  states: {
    PENDING: 'Its link waits to be used.',
    ACCEPTED: 'The account is active by it.',
    EXPIRED: 'Its link is past its life.',
    REVOKED: 'Ended with the access or the address of the account.',
    SUPERSEDED: 'A newer one stands in its place.',
    GONE: 'Deleted with the account.',
  },
  events: {
    accept: { by: 'Mutation.setPasswordWithToken', what: 'a password, by its link' },
    signUp: { by: 'Mutation.signUp', what: 'signed up with its token' },
    acceptWithWeakPassword: { by: 'Mutation.setPasswordWithToken', what: 'a password that is refused', inert: true },
    signUpAsAnother: { by: 'Mutation.signUp', what: 'its token with another address', inert: true },
    resend: { by: 'Mutation.resendInvite', what: 'sent again, when that may be' },
    forget: { by: 'Mutation.requestPasswordReset', what: 'the invited person asks for a new password' },
    lock: { by: 'Mutation.lockUsers', what: 'the account is locked' },
    disable: { by: 'Mutation.disableUsers', what: 'the account is disabled' },
    changeAddress: { by: 'Mutation.updateUser', what: 'the account gets another address' },
    remove: { by: 'Mutation.deleteUsers', what: 'the account is deleted' },
    lifeEnds: { by: 'time', what: 'its life ends' },
  },
  transitions: [
    { from: ['PENDING'], on: 'accept', to: 'ACCEPTED', why: 'Whoever has the link is whom it was sent to.' },
    { from: ['PENDING'], on: 'signUp', to: 'ACCEPTED', why: 'The same, by the form for signing up.' },
    {
      from: ['PENDING', 'EXPIRED', 'REVOKED'],
      on: 'resend',
      to: 'SUPERSEDED',
      why: 'One link is good at a time.',
    },
    { from: ['PENDING', 'EXPIRED'], on: 'forget', to: 'SUPERSEDED', why: 'Who forgot to accept gets a new link.' },
    { from: ['PENDING', 'EXPIRED'], on: 'lock', to: 'REVOKED', why: 'Every open link of the account ends.' },
    { from: ['PENDING', 'EXPIRED'], on: 'disable', to: 'REVOKED', why: 'The same.' },
    { from: ['PENDING', 'EXPIRED'], on: 'changeAddress', to: 'REVOKED', why: 'The link went to the old address.' },
    {
      from: ['PENDING', 'ACCEPTED', 'EXPIRED', 'REVOKED', 'SUPERSEDED'],
      on: 'remove',
      to: 'GONE',
      why: 'With all that belongs to the account.',
    },
    { from: ['PENDING'], on: 'lifeEnds', to: 'EXPIRED', why: 'Mail is read by others later.' },
  ],
});
