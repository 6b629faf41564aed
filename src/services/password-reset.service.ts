import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type RecoverableRow, recoverableAccount, resetLinkSentSince } from '../entities/recovery.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import type { Origin, Happening, Recorder } from '../events/recorder.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { userReference } from './caller.ts';
import { type InvitationService, LINK_COOLDOWN_SECONDS } from './invitation.service.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';

/** A kept request. */
export interface AskedReset {
  /** Normalised address. */
  readonly address: string;
  /** Who asked, for the log. */
  readonly origin: Origin;
}

interface Parts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly invitations: InvitationService;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** What happens to a request for a link to a new password, once its answer was given. */
export class PasswordResetService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Sends a reset link to the address if it belongs to an account that may sign in, and the set-up link to somebody invited. Within
   * a minute of such a mail nothing is sent, so that nobody is flooded. Earlier links to a reset go on working until a password is
   * set. In a transaction; whatever happens, one line is written to the log.
   */
  async handle(em: EntityManager, { address, origin }: AskedReset): Promise<void> {
    const { clock, recorder } = this.#parts;
    const now = clock.now();
    // The row of the account is held until the end, so that of parallel requests one sends.
    const [account] = await sql<RecoverableRow>(em, recoverableAccount, [address, now.toISOString()]);
    // A statement of its own: the snapshot of the one that waited for the row is older than what it waited for.
    const since = secondsAfter(now, -LINK_COOLDOWN_SECONDS).toISOString();
    const sent = await sql(em, resetLinkSentSince, [account?.user_id ?? null, since]);
    const happening =
      account === undefined || sent.length > 0
        ? refused(account === undefined ? null : userViewOf(account, now))
        : await this.#send(em, account, userViewOf(account, now), address);
    await recorder.record(em, origin, [happening]);
  }

  async #send(em: EntityManager, account: RecoverableRow, user: UserView, address: string): Promise<Happening> {
    const target = userReference(user);
    if (account.status !== 'INVITED') {
      await this.#sendReset(em, user, address);
      return { action: 'password-reset.requested', target };
    }
    // Where no mail can carry it, a new link would reach nobody and end the one that was handed over.
    if (this.#parts.config.mail.transport === 'none') return refused(user);
    await this.#parts.invitations.send(em, user, { invitedById: null, groupIds: account.group_ids });
    return { action: 'invitation.resent', target };
  }

  async #sendReset(em: EntityManager, user: UserView, address: string): Promise<void> {
    const { clock, config, messages, oneTimeTokens } = this.#parts;
    const expiresAt = secondsAfter(clock.now(), config.tokens.resetTtlSeconds);
    const facts = { kind: 'RESET' as const, userId: user.id, expiresAt, context: { address } };
    const issued = await oneTimeTokens.issue(em, facts, false);
    await messages.enqueue(em, {
      template: 'reset',
      // To the address as it is stored: what was typed only has to mean the same.
      recipient: user.email ?? address,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: {
        link: `${config.server.baseUrl}/account/reset#token=${issued.token.reveal()}`,
        expiresAt: expiresAt.toISOString(),
      },
      expiresAt,
    });
  }
}

/** Nothing was sent; administrators find out why here, the caller nowhere. */
const refused = (user: UserView | null): Happening => ({
  action: 'password-reset.requested',
  result: 'FAILURE',
  ...(user === null ? {} : { target: userReference(user) }),
  metadata: { reason: user === null ? 'NO_ACCOUNT' : 'NOT_SENT' },
});
