import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { forgetTries } from '../entities/credential.queries.ts';
import { markPasswordChanged } from '../entities/password.queries.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { SessionId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import { type OwnProof, triesOf } from './own-proof.ts';
import { tellOwner } from './owner-notice.ts';
import type { PasswordService, PreparedPassword } from './passwords.ts';
import { sessionEnded, type SessionService } from './session.service.ts';
import { deviceNameOf } from './user-agent.ts';

export interface ChangedPassword {
  readonly user: UserView;
  readonly endedSessionCount: number;
}

/** A sign-in that renews the hash at the same moment makes the first try void; twice in a row it does not happen. */
const MOST_TRIES = 2;

/** Undoes the transaction: the password that was proved is not the present one any more. */
class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** Changing one's own password. */
export class PasswordChangeService {
  readonly #database: Database;
  readonly #passwords: PasswordService;
  readonly #proof: OwnProof;
  readonly #sessions: SessionService;
  readonly #tokens: OneTimeTokenService;
  readonly #messages: MessageOutbox;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    passwords: PasswordService;
    proof: OwnProof;
    sessions: SessionService;
    oneTimeTokens: OneTimeTokenService;
    messages: MessageOutbox;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#passwords = parts.passwords;
    this.#proof = parts.proof;
    this.#sessions = parts.sessions;
    this.#tokens = parts.oneTimeTokens;
    this.#messages = parts.messages;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Sets another password for the caller. The session of the call stays, its refresh token too; all others end, and so does every
   * open token of the account: a link or challenge that came about under the old password is worth nothing after it. Of parallel
   * changes by one present password exactly one succeeds.
   *
   * A wrong present password counts as in `OwnProof`. Accounts without a password need a session that was
   * confirmed within ten minutes. Errors: those of a new password, CURRENT_PASSWORD_INCORRECT, REQUIRED (an account with a
   * password gave none); throws STEP_UP_REQUIRED.
   */
  async change(
    caller: SignedInCaller,
    input: { readonly currentPassword: Secret<string> | null; readonly newPassword: Secret<string> },
  ): Promise<ChangedPassword> {
    const { account, session } = caller;
    if (session === null) throw new Failure('UNAUTHENTICATED');
    await this.#passwords.requireStrong(account, input.newPassword, 'newPassword');
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      const proved = await this.#prove(caller, input.currentPassword);
      const use = { field: 'newPassword', userId: account.id };
      const prepared = await this.#passwords.hashUnused(input.newPassword, use);
      // What was proved is replaced and nothing else: whoever came first with the same proof made this one void.
      const changed = await this.#store(caller, session.id, { ...prepared, replaces: proved.hash });
      if (changed !== null) return changed;
    }
    throw new Failure('SERVICE_UNAVAILABLE');
  }

  async #prove(caller: SignedInCaller, password: Secret<string> | null): Promise<{ readonly hash: string | null }> {
    const proved = await this.#proof.provedHash(caller, password, 'currentPassword');
    if (proved !== null) {
      // Before the new one is judged: who knows the password is not locked out by proposing earlier ones.
      await this.#database.query(forgetTries, triesOf(caller));
      return proved;
    }
    await this.#recorder.recordAlone(this.#database, originOf(caller), [
      { action: 'password.changed', result: 'FAILURE', target: userReference(caller.account) },
    ]);
    return reject('CURRENT_PASSWORD_INCORRECT', { field: ['currentPassword'] });
  }

  /** Null, and nothing happened, when the present password is another one by now. */
  async #store(
    caller: SignedInCaller,
    sessionId: SessionId,
    password: PreparedPassword,
  ): Promise<ChangedPassword | null> {
    const device = await deviceNameOf(caller.userAgent);
    try {
      return await this.#change(caller, { sessionId, password, device });
    } catch (error) {
      if (error instanceof Superseded) return null;
      throw error;
    }
  }

  #change(
    caller: SignedInCaller,
    facts: { readonly sessionId: SessionId; readonly password: PreparedPassword; readonly device: string },
  ): Promise<ChangedPassword> {
    const { account } = caller;
    const { sessionId, password, device } = facts;
    return this.#database.transaction(async (em) => {
      // The user, then tokens, then the credential: setting a password by token locks them in this order too.
      const now = this.#clock.now();
      const [row] = await sql<UserRow>(em, markPasswordChanged, [account.id, now.toISOString(), sessionId]);
      if (row === undefined) throw new Failure('UNAUTHENTICATED');
      await this.#tokens.endAll(em, account.id);
      if (!(await this.#passwords.store(em, account.id, password))) throw new Superseded();
      const user = userViewOf(row, now);
      const ended = await this.#endOthers(em, user, sessionId);
      const variables = { device, ipAddress: caller.ipAddress, at: now.toISOString() };
      await tellOwner(em, this.#messages, user, { template: 'password-changed', variables });
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'password.changed',
          target: userReference(user),
          event: { type: 'PasswordChanged', payload: { userId: user.id } },
        },
        ...ended.map((id) => sessionEnded(id, user, 'CREDENTIALS_CHANGED')),
      ]);
      return { user, endedSessionCount: ended.length };
    });
  }

  #endOthers(em: EntityManager, user: UserView, except: SessionId): Promise<readonly SessionId[]> {
    return this.#sessions.endAll(em, { userIds: [user.id], except }, 'CREDENTIALS_CHANGED');
  }
}
