import { flow } from './flow.ts';

/** A mail or text message from the transaction that causes it to its end. */
export const messageFlow = flow({
  name: 'message',
  title: 'Message',
  about:
    'A message is written in the transaction that causes it and sent by whoever takes it first; a crash in between leads at most to a second copy. Sending it again makes a new row that names this one, and this one stays as it is.',
  initial: 'QUEUED',
  states: {
    QUEUED: 'Waits for its first or its next try.',
    SENT: 'The server has taken it; its content is removed.',
    FAILED: 'Given up.',
    NOT_CONFIGURED: 'There is no transport to try.',
    REPEATED: 'Given up, and sent again as a newer message, which is the only one that can be repeated.',
  },
  circumstances: {
    LAST_TRY: 'fifteen tries failed',
    CONTENT_OVER: 'the code or link in it is past its life',
  },
  events: {
    accepted: { by: 'the worker', what: 'the server takes it' },
    refusedForNow: { by: 'the worker', what: 'the server cannot be reached, or says to come back' },
    refusedForGood: { by: 'the worker', what: 'the server refuses it for good' },
    noTransport: { by: 'the worker', what: 'no transport is configured' },
    retry: { by: 'Mutation.retryMail', what: 'sent again by an administrator' },
    houseIsKept: { by: 'housekeeping', what: 'content of no more use is removed', inert: true },
  },
  transitions: [
    { from: ['QUEUED'], on: 'accepted', to: 'SENT', why: 'Done.' },
    { from: ['QUEUED'], on: 'accepted', when: ['CONTENT_OVER'], to: 'FAILED', why: 'A dead link helps nobody.' },
    {
      from: ['QUEUED'],
      on: 'refusedForNow',
      when: ['LAST_TRY', 'CONTENT_OVER'],
      to: 'FAILED',
      why: 'Sixteen tries fill a night; before that it stays in the queue.',
    },
    {
      from: ['QUEUED'],
      on: 'refusedForGood',
      to: 'FAILED',
      why: 'No repetition changes an address that does not exist.',
    },
    {
      from: ['QUEUED'],
      on: 'noTransport',
      to: 'NOT_CONFIGURED',
      why: 'Whoever caused it is told, and shown the link.',
    },
    {
      from: ['QUEUED'],
      on: 'noTransport',
      when: ['CONTENT_OVER'],
      to: 'FAILED',
      why: 'It is over, transport or not.',
    },
    { from: ['FAILED', 'NOT_CONFIGURED'], on: 'retry', to: 'REPEATED', why: 'The same content to the same address.' },
    {
      from: ['FAILED'],
      on: 'retry',
      when: ['CONTENT_OVER'],
      to: 'FAILED',
      why: 'MAIL_NOT_RETRYABLE: a dead link helps nobody.',
    },
    { from: ['NOT_CONFIGURED'], on: 'retry', when: ['CONTENT_OVER'], to: 'NOT_CONFIGURED', why: 'The same.' },
  ],
});
