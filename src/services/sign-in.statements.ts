import { statementOf } from '../database/statement.ts';
import { completedSignIn, replacedPasswordHash } from '../entities/account.queries.ts';
import { assignmentsColumn } from '../entities/assignment.queries.ts';
import { forgottenOnDevice } from '../entities/credential.queries.ts';
import { metDevice } from '../entities/device.parts.ts';
import { confirmedSession, startedSession } from '../entities/session.queries.ts';
import { recorded } from '../events/recorder.ts';
import { writtenMessage } from '../messages/message-outbox.ts';

/**
 * The end of a sign-in as one statement, since everybody waits for it: the account is looked at once more, and only if it may
 * still sign in, everything else is written. Gives a row if it may. The owner is written to when nothing like
 * the device was seen before. What else belongs to a new session joins as a part that takes its rows `from completed`.
 */
export const signInCompletion = statementOf(
  {
    completed: completedSignIn,
    rehashed: replacedPasswordHash('completed'),
    device: metDevice('completed'),
    session: startedSession('completed', 'device'),
    notice: writtenMessage('(select from device where unseen) as unseen'),
    record: recorded('completed'),
  },
  'select id from completed',
);

/** A proved identity: tries are forgotten, and the session counts as fresh. Gives what a new access token states of groups. */
export const identityConfirmation = statementOf(
  { forgotten: forgottenOnDevice, confirmed: confirmedSession, record: recorded() },
  `select ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch
   from confirmed join users u on u.id = confirmed.user_id`,
);
