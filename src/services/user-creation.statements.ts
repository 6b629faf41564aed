import { statementOf } from '../database/statement.ts';
import { newAccount } from '../entities/account.queries.ts';
import { firstInvitation } from '../entities/invitation.queries.ts';
import { askingCaller, askingCallerColumns } from '../entities/own-account.queries.ts';
import { issuedToken } from '../entities/one-time-token.queries.ts';
import { recorded } from '../events/recorder.ts';
import { writtenMessage } from '../messages/message-outbox.ts';

/**
 * A new account, its invitation with token and mail where it has one, and what the log and those outside are told. Gives the
 * account, and what its maker has by now.
 */
export const userCreation = statementOf(
  {
    caller: askingCaller,
    account: newAccount,
    token: issuedToken,
    message: writtenMessage('account'),
    invitation: firstInvitation,
    record: recorded('account'),
  },
  `select account.*, ${askingCallerColumns} from account`,
);
