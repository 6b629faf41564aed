import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, instant, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import { emailChangeFacts, type EmailChangeFactsRow, endOpenCodes } from '../entities/own-account.queries.ts';
import { User } from '../entities/user.entity.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { SessionId, UserId } from '../ids.ts';
import { type MessageOutbox, NO_MESSAGE, writtenMessage } from '../messages/message-outbox.ts';
import { type Caller, originOf, type SignedInCaller, userReference } from './caller.ts';
import { holdAccount } from './held-account.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { type NormalisedIdentifier, readIdentifier } from './identifiers.ts';
import { refusingTakenIdentifiers, replaceIdentifier } from './new-user.ts';
import type { FoundToken, IssuedToken, OneTimeTokenService } from './one-time-token.service.ts';
import { requireOwnPassword } from './own-password.ts';
import type { OwnProof } from './own-proof.ts';
import { sessionEnded, type SessionService } from './session.service.ts';

/** One link per account within this time, wherever it goes: nobody floods a mailbox with the help of their own account. */
const COOLDOWN_SECONDS = 60;

/** Writes a message, or with `NO_MESSAGE` none, at the same cost. */
const WRITE_OR_NOT = `with ${writtenMessage('(select) as asked')} select`;

/** What was asked for; the answer to both whoever may have the address and whoever may not. */
export interface PendingEmail {
  readonly pendingEmail: string;
  readonly expiresAt: Date;
}

export interface EmailChangeInput {
  readonly newEmail: string;
  readonly currentPassword: Secret<string> | null;
  readonly idempotencyKey: string | null;
}

interface Parts {
  readonly database: Database;
  readonly proof: OwnProof;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly sessions: SessionService;
  readonly messages: MessageOutbox;
  readonly idempotency: IdempotencyService;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** Another address for oneself: asked for with one's password, in force once a link at the new address was followed. */
export class EmailChangeService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Sends a link to the new address; an older link stops working, and so does this one when whoever asked is thrown out of the session. When the address belongs to somebody else, everything is the
   * same, statements included, but nothing is sent. Nothing of the account changes yet.
   *
   * A wrong password counts as in `OwnProof`. Accounts without a password need a session that was confirmed within
   * ten minutes. Errors: INVALID_EMAIL, INVALID_VALUE (the present address), CURRENT_PASSWORD_INCORRECT, REQUIRED (an account with
   * a password gave none); throws STEP_UP_REQUIRED, RATE_LIMITED within a minute, UNAUTHENTICATED when the session ended
   * meanwhile.
   */
  async request(caller: SignedInCaller, input: EmailChangeInput): Promise<PendingEmail> {
    const { session } = caller;
    if (session === null) throw new Failure('UNAUTHENTICATED');
    const wanted = readNewEmail(input.newEmail, caller.account.email);
    await requireOwnPassword(this.#parts, caller, input.currentPassword, 'email-change.requested');
    const request = idempotentRequest(caller, input);
    const { database, idempotency } = this.#parts;
    return database.transaction(async (em) => {
      const earlier = await idempotency.claim<{ pendingEmail: string; expiresAt: string }>(em, request);
      if (earlier !== null) return { ...earlier, expiresAt: instant(earlier.expiresAt) };
      const pending = await this.#issue(em, caller, session.id, wanted);
      await idempotency.keep(em, request, { ...pending, expiresAt: pending.expiresAt.toISOString() });
      return pending;
    });
  }

  async #issue(
    em: EntityManager,
    caller: SignedInCaller,
    sessionId: SessionId,
    wanted: NormalisedIdentifier,
  ): Promise<PendingEmail> {
    const { clock, config, oneTimeTokens, recorder } = this.#parts;
    const now = clock.now();
    const row = await holdAccount(em, { userId: caller.account.id, sessionId, now });
    if (row === null) throw new Failure('UNAUTHENTICATED');
    const user = userViewOf(row, now);
    const [facts] = await sql<EmailChangeFactsRow>(em, emailChangeFacts, [user.id, wanted.value]);
    refuseWithinCooldown(instantOf(facts?.last_requested_at ?? null), now);
    const expiresAt = secondsAfter(now, config.users.emailChangeTtlSeconds);
    const context = { shown: wanted.shown, value: wanted.value, sessionId };
    const issued = await oneTimeTokens.issue(em, { kind: 'EMAIL_CHANGE', userId: user.id, expiresAt, context });
    const message = facts?.taken === false ? this.#message(user, wanted, issued) : NO_MESSAGE;
    await sql(em, WRITE_OR_NOT, message);
    await recorder.record(em, originOf(caller), [
      {
        action: 'email-change.requested',
        target: userReference(user),
        changes: [{ field: 'pendingEmail', before: null, after: wanted.shown }],
      },
    ]);
    return { pendingEmail: wanted.shown, expiresAt };
  }

  #message(user: UserView, { shown }: NormalisedIdentifier, { token, expiresAt }: IssuedToken): readonly unknown[] {
    const { config, messages } = this.#parts;
    return messages.values({
      template: 'email-change',
      recipient: shown,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: {
        link: `${config.server.baseUrl}/account/email-change#token=${token.reveal()}`,
        expiresAt: expiresAt.toISOString(),
      },
      expiresAt,
    });
  }

  /**
   * Puts the address that the token was made for in the place of the old one, as proved; whoever presents the token need not be
   * signed in. All other sessions of the account, its open links, challenges and codes end, and the old address is told. Of
   * parallel calls exactly one succeeds. Errors: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, EMAIL_IN_USE (somebody else has the
   * address by now; nothing happened, the token included).
   */
  async confirm(caller: Caller, text: string): Promise<string> {
    const { database, oneTimeTokens } = this.#parts;
    const token = await oneTimeTokens.find(database.orm.em.fork(), text, ['EMAIL_CHANGE']);
    const wanted = token === null ? null : storedEmail(token);
    if (token === null || token.userId === null || wanted === null)
      return reject('TOKEN_INVALID', { field: ['token'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token);
    const { userId } = token;
    const read = database.query.bind(database);
    const change = (): Promise<void> =>
      database.transaction(async (em) => {
        // The token, then the user: setting a password by token locks them in this order too.
        await oneTimeTokens.consume(em, token);
        await this.#replace(em, caller, userId, wanted);
      });
    try {
      await refusingTakenIdentifiers(read, [wanted], change, userId);
    } catch (error) {
      // The address is no field of this input, the token stands for it.
      if (error instanceof Rejection && error.problems.some(({ code }) => code === 'EMAIL_IN_USE')) {
        return reject('EMAIL_IN_USE', { field: ['token'] });
      }
      throw error;
    }
    return wanted.shown;
  }

  async #replace(em: EntityManager, caller: Caller, userId: UserId, wanted: NormalisedIdentifier): Promise<void> {
    const { clock, oneTimeTokens, recorder, sessions } = this.#parts;
    const now = clock.now();
    const at = now.toISOString();
    const row = await holdAccount(em, { userId, sessionId: null, now });
    if (row === null) return reject('TOKEN_INVALID', { field: ['token'] });
    const before = userViewOf(row, now);
    const user = await em.findOneOrFail(User, { id: userId });
    user.updatedAt = now;
    await replaceIdentifier(em, user, { kind: 'EMAIL', identifier: wanted, now });
    await em.flush();
    await oneTimeTokens.endAll(em, userId);
    await sql(em, endOpenCodes, [userId, at]);
    const except = ownSession(caller, userId);
    const ended = await sessions.endAll(em, { userIds: [userId], except }, 'CREDENTIALS_CHANGED');
    if (row.email_is_own) await this.#tell(em, before, wanted);
    const reference = userReference(user);
    await recorder.record(em, { ...originOf(caller), actor: reference }, [
      {
        action: 'email.changed',
        target: reference,
        changes: [{ field: 'email', before: before.email, after: wanted.shown }],
        event: { type: 'UserUpdated', payload: { userId } },
      },
      ...ended.map((id) => sessionEnded(id, user, 'CREDENTIALS_CHANGED')),
    ]);
  }

  /** The owner learns of it where they can be reached without the new address. */
  async #tell(em: EntityManager, before: UserView, wanted: NormalisedIdentifier): Promise<void> {
    if (before.email === null) return;
    await this.#parts.messages.enqueue(em, {
      template: 'email-changed',
      recipient: before.email,
      userId: before.id,
      userName: before.displayName,
      locale: before.locale,
      variables: { newEmail: wanted.shown },
    });
  }
}

/** The session of a caller who is the owner and nobody else. */
const ownSession = ({ principal }: Caller, userId: UserId): SessionId | null =>
  principal?.userId === userId && principal.actorId === null ? principal.sessionId : null;

const readNewEmail = (text: string, present: string | null): NormalisedIdentifier => {
  const read = readIdentifier('EMAIL', text);
  if ('problem' in read) return reject('INVALID_EMAIL', { field: ['newEmail'] });
  const known = present === null ? null : readIdentifier('EMAIL', present);
  const same = known !== null && 'identifier' in known && known.identifier.value === read.identifier.value;
  return same ? reject('INVALID_VALUE', { field: ['newEmail'] }) : read.identifier;
};

const refuseWithinCooldown = (last: Date | null, now: Date): void => {
  const waitMs = last === null ? 0 : secondsAfter(last, COOLDOWN_SECONDS).getTime() - now.getTime();
  if (waitMs > 0) throw new Failure('RATE_LIMITED', undefined, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
};

/** The address that the token was made for; never taken from the client again. */
const storedEmail = ({ context: { shown, value } }: FoundToken): NormalisedIdentifier | null =>
  typeof shown === 'string' && typeof value === 'string' ? { kind: 'EMAIL', shown, value } : null;

const idempotentRequest = (caller: SignedInCaller, input: EmailChangeInput): IdempotentRequest | null => {
  const { idempotencyKey: key, newEmail, currentPassword } = input;
  if (key === null) return null;
  // Whether a password was given is part of the request; the password itself is not even hashed into the table.
  const comparable = { newEmail, currentPassword: currentPassword !== null };
  return { actorId: caller.principal.userId, mutation: 'requestEmailChange', key, input: comparable };
};
