import { statementOf } from '../database/statement.ts';
import {
  issuedSignInLink,
  issuedSignUpVerification,
  issuedVerification,
  resentVerification,
} from '../entities/verification.queries.ts';
import { writtenMessage } from '../messages/message-outbox.ts';

/** A code or link for an address, with the message that carries it; `id` is null when none may be sent before `waiting`. */
export const issueStatement = statementOf(
  { issued: issuedVerification, link: issuedSignInLink('issued'), message: writtenMessage('issued') },
  'select (select id from issued) as id, waiting from limits',
);

/** A code or link once more, under the token that the client has. */
export const resendStatement = statementOf(
  { resent: resentVerification, link: issuedSignInLink('resent'), message: writtenMessage('resent') },
  'select id from resent',
);

/**
 * A code for somebody who signs up. The message is the code, or the note to the owner of a known address; of notes everybody gets at
 * most one an hour. `$3`, `$6` and `$8` of the message are its template, its user and now.
 */
export const signUpStatement = statementOf(
  {
    issued: issuedSignUpVerification,
    message: writtenMessage(`(select from issued where sent and not exists (
      select from messages m where $3::text = 'sign-up-known' and m.user_id = $6::uuid and m.template = $3::text
        and m.created_at > $8::timestamptz - interval '1 hour')) as sent`),
  },
  'select resend_at from issued',
);
