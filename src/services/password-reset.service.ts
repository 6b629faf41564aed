import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type RecoverableRow, recoverableAccount, resetLinkSentSince } from '../entities/recovery.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { readIdentifier } from './identifiers.ts';
import type { InvitationService } from './invitation.service.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';

/** One mail per address within this time; a second request is dropped, so that the first link lives. */
const COOLDOWN_SECONDS = 60;

interface Parts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly invitations: InvitationService;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** Links to a new password, for people who forgot theirs. */
export class PasswordResetService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Sends a reset link to the address if it belongs to an account that may sign in, and the set-up link to somebody invited.
   * Says nothing about the account, whatever happens. Errors: INVALID_EMAIL.
   */
  async request(caller: Caller, email: string): Promise<void> {
    const read = readIdentifier('EMAIL', email);
    if ('problem' in read) throw new Rejection([read.problem]);
    const now = this.#parts.clock.now();
    await this.#parts.database.transaction(async (em) => {
      // The row of the account is held until the end, so that of parallel requests one sends.
      const [account] = await sql<RecoverableRow>(em, recoverableAccount, [read.identifier.value, now.toISOString()]);
      const since = secondsAfter(now, -COOLDOWN_SECONDS).toISOString();
      const sent = await sql(em, resetLinkSentSince, [account?.user_id ?? null, since]);
      if (account === undefined || account.email === null || sent.length > 0) return;
      await (account.status === 'INVITED' ? this.#inviteAgain(em, caller, account) : this.#send(em, caller, account));
    });
  }

  async #send(em: EntityManager, caller: Caller, account: RecoverableRow): Promise<void> {
    const { clock, config, messages, oneTimeTokens, recorder } = this.#parts;
    const expiresAt = secondsAfter(clock.now(), config.tokens.resetTtlSeconds);
    const issued = await oneTimeTokens.issue(em, { kind: 'RESET', userId: account.user_id, expiresAt }, false);
    await messages.enqueue(em, {
      template: 'reset',
      recipient: account.email ?? '',
      userId: account.user_id,
      userName: account.display_name,
      locale: account.locale,
      variables: {
        link: `${config.server.baseUrl}/account/reset#token=${issued.token.reveal()}`,
        expiresAt: expiresAt.toISOString(),
      },
      expiresAt,
    });
    const user = userReference(userViewOf(account, clock.now()));
    await recorder.record(em, originOf(caller), [{ action: 'password-reset.requested', target: user }]);
  }

  async #inviteAgain(em: EntityManager, caller: Caller, account: RecoverableRow): Promise<void> {
    await this.#parts.invitations.send(em, userViewOf(account, this.#parts.clock.now()), { invitedById: null });
    const user = userReference(userViewOf(account, this.#parts.clock.now()));
    await this.#parts.recorder.record(em, originOf(caller), [{ action: 'invitation.resent', target: user }]);
  }
}
