import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type AccountRow, completeSignIn, countSignInTry } from '../entities/account.queries.ts';
import { insertSession } from '../entities/session.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { AssuranceLevel, TokenDelivery } from '../vocabulary.ts';
import { type Caller, nameOf, originOf, type SignedInCaller } from './caller.ts';
import { identifierTyped } from './identifiers.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import type { ClientFacts, SessionService, StartedSession } from './session.service.ts';
import type { SessionTokens, SessionTokenIssuer } from './session-tokens.ts';

export interface SignInRequest {
  readonly identifier: string;
  readonly password: Secret<string>;
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
}

/** What a sign-in leads to: a session, or what must happen first. */
export type SignInOutcome =
  | { readonly step: 'COMPLETE'; readonly user: UserView; readonly started: StartedSession }
  | {
      readonly step: 'PASSWORD_CHANGE_REQUIRED';
      readonly challenge: { readonly token: string; readonly expiresAt: Date };
    };

/** Signing in by password, and proving the identity again. */
export class SignInService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #sessions: SessionService;
  readonly #tokens: OneTimeTokenService;
  readonly #issuer: SessionTokenIssuer;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    sessions: SessionService;
    oneTimeTokens: OneTimeTokenService;
    issuer: SessionTokenIssuer;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#sessions = parts.sessions;
    this.#tokens = parts.oneTimeTokens;
    this.#issuer = parts.issuer;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /**
   * Signs in by identifier and password. Unknown, wrong, locked, disabled, invited and passwordless accounts give the one
   * answer INVALID_CREDENTIALS after the same work: one look-up, one hash, one line in the log.
   */
  async signIn(caller: Caller, request: SignInRequest): Promise<SignInOutcome> {
    const account = await this.#countTry(request.identifier);
    const matches = await this.#hasher.verify(account?.password_hash ?? null, request.password);
    if (account === null || !matches || !account.counted) return this.#refuse(caller, account, matches);
    const user = userViewOf(account, this.#clock.now());
    return user.passwordChangeRequired
      ? this.#askForNewPassword(caller, user, request)
      : this.#complete(caller, account, user, request);
  }

  /**
   * Proves the identity of the signed-in caller again, by password: the session counts as fresh for the step-up time.
   * Errors: CURRENT_PASSWORD_INCORRECT; wrong tries count towards the lock as those of signIn do.
   */
  async confirmIdentity(
    caller: SignedInCaller,
    password: Secret<string>,
  ): Promise<{ assuranceLevel: AssuranceLevel; freshUntil: Date; tokens: SessionTokens | null }> {
    const { session, account: own } = caller;
    if (session === null) return reject('CURRENT_PASSWORD_INCORRECT', { field: ['password'] });
    const account = await this.#countTry(own.email ?? own.phone ?? own.username ?? '');
    const matches = await this.#hasher.verify(account?.password_hash ?? null, password);
    if (account === null || !matches || !account.counted || account.user_id !== own.id) {
      await this.#record(caller, { action: 'identity.confirmed', result: 'FAILURE', target: userReference(own) });
      return reject('CURRENT_PASSWORD_INCORRECT', { field: ['password'] });
    }
    const now = this.#clock.now();
    await this.#database.transaction(async (em) => {
      await sql(
        em,
        'update users set failed_sign_in_count = 0, locked_until = null where id = $1 and status_reason is null',
        [own.id],
      );
      await sql(em, 'update sessions set authenticated_at = $2 where id = $1', [session.id, now.toISOString()]);
      await this.#recorder.record(em, originOf(caller), [{ action: 'identity.confirmed', target: userReference(own) }]);
    });
    return {
      assuranceLevel: session.assuranceLevel,
      freshUntil: secondsAfter(now, this.#config.tokens.stepUpSeconds),
      tokens:
        session.delivery === 'COOKIE'
          ? null
          : await this.#freshAccessToken({ ...session, authenticatedAt: now }, account, now),
    };
  }

  async #freshAccessToken(
    session: Parameters<SessionService['subjectOf']>[0] extends infer Subject
      ? Omit<Subject, 'email' | 'issuedAt'>
      : never,
    account: AccountRow,
    now: Date,
  ): Promise<SessionTokens> {
    const groups = { epoch: account.epoch, ids: account.group_ids };
    const subject = await this.#sessions.subjectOf({ ...session, email: account.email, issuedAt: now }, groups);
    const access = await this.#issuer.access(subject);
    return { ...access, refreshToken: null, refreshTokenExpiresAt: null, csrfToken: null, deviceToken: null };
  }

  async #countTry(typed: string): Promise<AccountRow | null> {
    const identifier = identifierTyped(typed);
    const now = this.#clock.now();
    const rows = await this.#database.query<AccountRow>(countSignInTry, [
      identifier?.kind ?? 'EMAIL',
      identifier?.value ?? '',
      now.toISOString(),
      this.#config.lockout.maximumFailures,
      secondsAfter(now, this.#config.lockout.lockSeconds).toISOString(),
    ]);
    return rows[0] ?? null;
  }

  /** The reason is kept for administrators in the log; the caller never learns it. */
  async #refuse(caller: Caller, account: AccountRow | null, matches: boolean): Promise<never> {
    await this.#record(caller, {
      action: 'session.started',
      result: 'FAILURE',
      ...(account === null ? {} : { target: userReference(userViewOf(account, this.#clock.now())) }),
      metadata: { method: 'PASSWORD', reason: reasonOf(account, matches) },
    });
    return reject('INVALID_CREDENTIALS');
  }

  async #complete(caller: Caller, account: AccountRow, user: UserView, request: SignInRequest): Promise<SignInOutcome> {
    const now = this.#clock.now();
    const created = this.#sessions.create(caller, {
      userId: user.id,
      signInMethod: 'PASSWORD',
      delivery: request.delivery,
      client: request.client,
    });
    const rehashed = await this.#rehash(account, request.password);
    await this.#database.transaction(async (em) => {
      const [completed] = await sql(em, completeSignIn, [user.id, now.toISOString()]);
      if (completed === undefined) throw new Rejection([{ code: 'INVALID_CREDENTIALS' }]);
      if (rehashed !== null) {
        await sql(
          em,
          'update credentials set secret = $2, updated_at = $3, version = version + 1 where id = $1 and secret = $4',
          [account.credential_id, rehashed, now.toISOString(), account.password_hash],
        );
      }
      await insertSession(em, created.session);
      await this.#recorder.record(em, originOf(caller), [sessionStarted(created.session.id, user, 'PASSWORD')]);
    });
    const started = await this.#sessions.handOver(created, user, { epoch: account.epoch, ids: account.group_ids });
    return { step: 'COMPLETE', user: { ...user, failedSignInCount: 0, lockedUntil: null, lastSignInAt: now }, started };
  }

  async #askForNewPassword(caller: Caller, user: UserView, request: SignInRequest): Promise<SignInOutcome> {
    const now = this.#clock.now();
    const challenge = await this.#database.transaction(async (em) => {
      await sql(
        em,
        'update users set failed_sign_in_count = 0, locked_until = null where id = $1 and status_reason is null',
        [user.id],
      );
      await this.#recorder.record(em, originOf(caller), [
        { action: 'password-change.required', actor: userReference(user), target: userReference(user) },
      ]);
      return this.#tokens.issue(em, {
        kind: 'PASSWORD_CHANGE',
        userId: user.id,
        expiresAt: secondsAfter(now, this.#config.tokens.stepUpSeconds),
        context: { delivery: request.delivery, ...request.client },
      });
    });
    return {
      step: 'PASSWORD_CHANGE_REQUIRED',
      challenge: { token: challenge.token.reveal(), expiresAt: challenge.expiresAt },
    };
  }

  async #rehash(account: AccountRow, password: Secret<string>): Promise<string | null> {
    const outdated = account.password_hash !== null && this.#hasher.needsRehash(account.password_hash);
    return outdated ? this.#hasher.hash(password) : null;
  }

  async #record(caller: Caller, happening: Happening): Promise<void> {
    await this.#recorder.record(this.#database.orm.em.fork(), originOf(caller), [happening]);
  }
}

const reasonOf = (account: AccountRow | null, matches: boolean): string => {
  if (account === null) return 'UNKNOWN_IDENTIFIER';
  if (account.status !== 'ACTIVE') return account.status;
  if (!account.counted) return 'LOCKED';
  return matches ? 'OTHER' : 'WRONG_PASSWORD';
};

/** A user, for the log. */
export const userReference = (user: Parameters<typeof nameOf>[0] & { readonly id: UserId }) =>
  ({ type: 'User', id: user.id, label: nameOf(user) }) as const;

/** A session that began, for the log and the outbox. */
export const sessionStarted = (
  id: string,
  user: Parameters<typeof nameOf>[0] & { readonly id: UserId },
  method: string,
): Happening => ({
  action: 'session.started',
  actor: userReference(user),
  target: { type: 'Session', id, label: nameOf(user) },
  metadata: { method },
  event: { type: 'SessionStarted', payload: { sessionId: id, userId: user.id, method } },
});
