import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createToken, parseToken } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  countSecondFactorFailure,
  signInAccount,
  type SignInAccountRow,
  takeTryBack,
} from '../entities/account.queries.ts';
import { newSessionValues } from '../entities/session.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { assuranceOf, type ProvedFactor } from '../factors.ts';
import { type DeviceId, newId, type UserId } from '../ids.ts';
import { type MessageOutbox, NO_MESSAGE } from '../messages/message-outbox.ts';
import type { FactorMethod, MfaMethod, SignInMethod, TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { deviceFingerprint } from './network.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import { type ClientFacts, type SessionService, sessionStarted, type StartedSession } from './session.service.ts';
import { signInCompletion } from './sign-in.statements.ts';
import { deviceNameOf } from './user-agent.ts';

/** What the next step of a sign-in needs. */
export interface SignInChallenge {
  readonly token: string;
  readonly methods: readonly MfaMethod[];
  readonly passkeyOptions: object | null;
  readonly expiresAt: Date;
}

/** What a proved first factor leads to: a session, or what must happen first. */
export type SignInOutcome =
  | { readonly step: 'COMPLETE'; readonly user: UserView; readonly started: StartedSession }
  | { readonly step: 'MFA_REQUIRED' | 'PASSWORD_CHANGE_REQUIRED'; readonly challenge: SignInChallenge };

/** A first factor that was proved, and how the session is wanted. */
export interface SignInFacts {
  readonly signInMethod: SignInMethod;
  /** What was checked so far; the assurance of the session follows from it alone. */
  readonly factors: readonly ProvedFactor[];
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
  /** The OpenID Connect issuer that vouched for the person; for the log. */
  readonly issuer?: string | null;
  /** TOTP or recovery code given at once, to save the second step. */
  readonly mfaCode?: Secret<string> | null;
  /** The second factor is not asked for on this device from now on, where the settings allow it. */
  readonly trustDevice?: boolean;
  /** The try was counted before the password was looked at; it is taken back when the sign-in needs another step. */
  readonly counted?: boolean;
}

/** A password just checked, whose hash has other parameters than today's. */
export interface Rehash {
  readonly credentialId: string;
  readonly oldHash: string;
  readonly newHash: string;
}

/** Checks of second factors; each consumes what it accepts. */
export interface SecondFactors {
  methodsOf(userId: UserId): Promise<readonly MfaMethod[]>;
  verifyTotp(userId: UserId, code: string): Promise<string | null>;
  useRecoveryCode(userId: UserId, code: string): Promise<string | null>;
}

/** Proofs by passkey for one known user. `challenge` is what the authenticator must have signed. */
export interface PasskeyProofs {
  optionsForUser(userId: UserId): Promise<{ readonly options: object; readonly challenge: string } | null>;
  verifyAssertion(proof: {
    readonly challenge: string;
    readonly expectedUserId: UserId | null;
    readonly response: Readonly<Record<string, unknown>>;
  }): Promise<{ readonly userId: UserId; readonly credentialId: string } | null>;
}

/** Sign-ins that no guess can succeed in: an automatic lock, which anybody can cause, does not stop them. */
const UNGUESSABLE: ReadonlySet<SignInMethod> = new Set([
  'PASSKEY',
  'LINK',
  'EXTERNAL_PROVIDER',
  'INVITATION',
  'SIGN_UP',
]);

/** The time a device secret lives without use: the longest that browsers keep cookies (RFC 6265bis section 5.6.1). */
const DEVICE_TOKEN_SECONDS = 400 * 86_400;

export interface SignInFlowParts {
  readonly database: Database;
  readonly sessions: SessionService;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly secondFactors: SecondFactors;
  readonly passkeys: PasskeyProofs;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/**
 * The one way from a proved first factor to a session, for every kind of sign-in: whether the account may sign in, whether a
 * second factor or a new password is due, and how strong the session is, is decided here from the record of what was checked.
 */
export class SignInFlow {
  readonly #parts: SignInFlowParts;

  constructor(parts: SignInFlowParts) {
    this.#parts = parts;
  }

  /**
   * Goes on after a first factor of a user was checked and used up.
   * Errors: INVALID_CREDENTIALS when the account may not sign in, MFA_CODE_INVALID.
   */
  async proceed(caller: Caller, facts: SignInFacts & { readonly userId: UserId }): Promise<SignInOutcome> {
    const device = deviceKeyOf(facts.client);
    const rows = await this.#parts.database.query<SignInAccountRow>(signInAccount, [facts.userId, ...device]);
    const [account] = rows;
    if (account === undefined || !this.#isOpen(account, facts)) return this.#refuse(caller, account ?? null, facts);
    return this.goOn(caller, account, facts);
  }

  /** The same for an account that was read with the check of its password: it is known to be open to this sign-in. */
  async goOn(
    caller: Caller,
    account: SignInAccountRow,
    facts: SignInFacts,
    rehash: Rehash | null = null,
  ): Promise<SignInOutcome> {
    const factors = this.#withTrust(account, facts.factors);
    if (this.#needsSecondFactor(account, factors)) {
      const added = facts.mfaCode ? await this.#checkCode(caller, account, facts) : null;
      if (added === null) return this.#askForSecondFactor(caller, account, facts);
      return this.#finish(caller, account, { ...facts, factors: [...factors, added] }, rehash);
    }
    return this.#finish(caller, account, { ...facts, factors }, rehash);
  }

  /**
   * Answers the challenge of MFA_REQUIRED. What the first step settled (factors, delivery, client) is read from the stored
   * challenge. Errors: EXACTLY_ONE_REQUIRED, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, CODE_ATTEMPTS_EXCEEDED,
   * MFA_CODE_INVALID, PASSKEY_INVALID, INVALID_CREDENTIALS.
   */
  async completeMfa(
    caller: Caller,
    answer: {
      readonly challengeToken: string;
      readonly code: Secret<string> | null;
      readonly recoveryCode: Secret<string> | null;
      readonly passkeyResponse: Readonly<Record<string, unknown>> | null;
      readonly trustDevice: boolean;
      readonly client: ClientFacts;
    },
  ): Promise<SignInOutcome> {
    const { oneTimeTokens, database } = this.#parts;
    const given = [answer.code, answer.recoveryCode, answer.passkeyResponse].filter((one) => one !== null);
    if (given.length !== 1) return reject('EXACTLY_ONE_REQUIRED', { field: ['code'] });
    const challenge = await oneTimeTokens.find(database.orm.em.fork(), answer.challengeToken, ['MFA']);
    if (challenge === null || challenge.userId === null) return reject('TOKEN_INVALID', { field: ['challengeToken'] });
    if (challenge.state !== 'VALID') return oneTimeTokens.refuse(challenge, 'challengeToken');
    const stored = storedFacts(challenge.context);
    const client = { ...stored.client, deviceToken: answer.client.deviceToken };
    const [account] = await database.query<SignInAccountRow>(signInAccount, [challenge.userId, ...deviceKeyOf(client)]);
    if (account === undefined || !this.#isOpen(account, stored)) return this.#refuse(caller, account ?? null, stored);
    // Counted before it is looked at: of a hundred answers at once only the first few are.
    if (!(await oneTimeTokens.takeAttempt(challenge, this.#parts.config.lockout.maximumFailures))) {
      return reject('CODE_ATTEMPTS_EXCEEDED', { field: ['challengeToken'] });
    }
    const added = await this.#checkAnswer(challenge.userId, answer, stored.passkeyChallenge);
    if (added === null) {
      await this.#recordFailure(caller, account, true);
      return answer.passkeyResponse === null
        ? reject('MFA_CODE_INVALID', { field: [answer.code === null ? 'recoveryCode' : 'code'] })
        : reject('PASSKEY_INVALID', { field: ['passkeyResponse'] });
    }
    await database.transaction((em) => oneTimeTokens.consume(em, challenge, 'challengeToken'));
    const factors = [...stored.factors, added];
    return this.#finish(caller, account, { ...stored, client, factors, trustDevice: answer.trustDevice }, null);
  }

  /** Active, not locked by an administrator, and not locked automatically unless this kind of sign-in cannot be guessed. */
  #isOpen(account: SignInAccountRow, { signInMethod }: Pick<SignInFacts, 'signInMethod'>): boolean {
    const lockedUntil = instantOf(account.locked_until);
    const locked = lockedUntil !== null && lockedUntil > this.#parts.clock.now();
    if (account.status !== 'ACTIVE') return false;
    return !locked || (account.status_reason === null && (UNGUESSABLE.has(signInMethod) || account.device_id !== null));
  }

  #withTrust(account: SignInAccountRow, factors: readonly ProvedFactor[]): readonly ProvedFactor[] {
    const until = instantOf(account.device_trusted_until);
    const now = this.#parts.clock.now();
    const trusted = this.#parts.config.devices.trustSeconds > 0 && until !== null && until > now;
    return trusted && account.device_id !== null
      ? [...factors, { method: 'DEVICE', credentialId: account.device_id, at: now.toISOString() }]
      : factors;
  }

  #needsSecondFactor(account: SignInAccountRow, factors: readonly ProvedFactor[]): boolean {
    if (account.mfa_enabled_at === null || assuranceOf(factors) === 'AAL2') return false;
    return !factors.some((factor) => factor.method === 'DEVICE');
  }

  async #finish(
    caller: Caller,
    account: SignInAccountRow,
    facts: SignInFacts,
    rehash: Rehash | null,
  ): Promise<SignInOutcome> {
    return account.password_change_required && facts.signInMethod === 'PASSWORD'
      ? this.#askForNewPassword(caller, account, facts)
      : this.#complete(caller, account, facts, rehash);
  }

  async #complete(
    caller: Caller,
    account: SignInAccountRow,
    facts: SignInFacts,
    rehash: Rehash | null,
  ): Promise<SignInOutcome> {
    const { clock, config, database, recorder, sessions } = this.#parts;
    const now = clock.now();
    const at = now.toISOString();
    const user = userViewOf(account, now);
    const created = sessions.create(caller, { ...facts, userId: user.id });
    const device = await this.#deviceOf(caller, account, facts.client);
    const trustedUntil =
      facts.trustDevice === true && config.devices.trustSeconds > 0
        ? secondsAfter(now, config.devices.trustSeconds).toISOString()
        : null;
    const [completed] = await database.query(
      signInCompletion.text,
      signInCompletion.values({
        completed: [user.id, at],
        rehashed: [rehash?.credentialId ?? null, rehash?.newHash ?? null, at, rehash?.oldHash ?? null],
        device: [account.device_id, at, caller.ipAddress, trustedUntil, ...device.values],
        session: newSessionValues(created.session),
        notice: this.#noticeOf(caller, user, device.name),
        record: recorder.values(originOf(caller), [sessionStarted(created.session.id, user, facts.signInMethod, facts.issuer)]),
      }),
    );
    if (completed === undefined) return this.#refuse(caller, account, facts);
    const groups = { epoch: account.epoch, ids: account.group_ids };
    const started = await sessions.handOver(created, user, groups, device.secret);
    return { step: 'COMPLETE', user: { ...user, failedSignInCount: 0, lockedUntil: null, lastSignInAt: now }, started };
  }

  /** The values of a device that did not present its secret; nothing for one that did. */
  async #deviceOf(caller: Caller, account: SignInAccountRow, client: ClientFacts) {
    if (account.device_id !== null) return { name: null, secret: null, values: [null, null, null, null, null, null] };
    const name = client.deviceName ?? client.clientName ?? (await deviceNameOf(caller.userAgent));
    const created = createToken('device');
    const fingerprint = deviceFingerprint(caller.ipAddress, caller.userAgent);
    const expiresAt = secondsAfter(this.#parts.clock.now(), DEVICE_TOKEN_SECONDS);
    return {
      name,
      secret: { token: created.token, expiresAt },
      values: [newId<DeviceId>(), account.user_id, created.selector, created.secretHash, name, fingerprint],
    };
  }

  /** The mail about a sign-in from a device that was not seen before; none about the first sign-in of all. */
  #noticeOf(caller: Caller, user: UserView, deviceName: string | null): readonly unknown[] {
    const { clock, config, messages } = this.#parts;
    if (deviceName === null || !config.devices.newDeviceMail) return NO_MESSAGE;
    if (user.lastSignInAt === null || user.email === null || user.emailVerifiedAt === null) return NO_MESSAGE;
    return messages.values({
      template: 'new-device',
      recipient: user.email,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: { device: deviceName, ipAddress: caller.ipAddress, at: clock.now().toISOString() },
    });
  }

  async #askForSecondFactor(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const { secondFactors, passkeys } = this.#parts;
    const methods = await secondFactors.methodsOf(account.user_id);
    const passkey = methods.includes('PASSKEY') ? await passkeys.optionsForUser(account.user_id) : null;
    const context = { ...contextOf(facts), passkeyChallenge: passkey?.challenge ?? null };
    const issued = await this.#challenge(caller, account, {
      kind: 'MFA',
      action: 'mfa.required',
      counted: facts.counted === true,
      context,
    });
    return {
      step: 'MFA_REQUIRED',
      challenge: { ...issued, methods, passkeyOptions: passkey?.options ?? null },
    };
  }

  async #askForNewPassword(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const issued = await this.#challenge(caller, account, {
      kind: 'PASSWORD_CHANGE',
      action: 'password-change.required',
      counted: facts.counted === true,
      context: contextOf(facts),
    });
    return { step: 'PASSWORD_CHANGE_REQUIRED', challenge: { ...issued, methods: [], passkeyOptions: null } };
  }

  async #challenge(
    caller: Caller,
    account: SignInAccountRow,
    facts: {
      kind: 'MFA' | 'PASSWORD_CHANGE';
      action: string;
      counted: boolean;
      context: Readonly<Record<string, unknown>>;
    },
  ): Promise<{ token: string; expiresAt: Date }> {
    const { clock, config, database, oneTimeTokens, recorder } = this.#parts;
    const user = userReference(userViewOf(account, clock.now()));
    const issued = await database.transaction(async (em) => {
      if (facts.counted) await sql(em, takeTryBack, [account.user_id, account.device_id]);
      await recorder.record(em, originOf(caller), [{ action: facts.action, actor: user, target: user }]);
      return oneTimeTokens.issue(em, {
        kind: facts.kind,
        userId: account.user_id,
        expiresAt: secondsAfter(clock.now(), config.tokens.stepUpSeconds),
        context: facts.context,
      });
    });
    return { token: issued.token.reveal(), expiresAt: issued.expiresAt };
  }

  /** The code that came with the first step; MFA_CODE_INVALID when it is wrong. */
  async #checkCode(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<ProvedFactor> {
    const found = await this.#codeFactor(account.user_id, facts.mfaCode?.reveal() ?? '');
    if (found !== null) return found;
    await this.#recordFailure(caller, account, facts.counted !== true);
    return reject('MFA_CODE_INVALID', { field: ['mfaCode'] });
  }

  /** Six digits are a TOTP code, everything else a recovery code. */
  async #codeFactor(userId: UserId, code: string): Promise<ProvedFactor | null> {
    return /^\s*(?:\d\s*){6}$/.test(code)
      ? this.#factor('TOTP', await this.#parts.secondFactors.verifyTotp(userId, code))
      : this.#factor('RECOVERY_CODE', await this.#parts.secondFactors.useRecoveryCode(userId, code));
  }

  async #checkAnswer(
    userId: UserId,
    answer: {
      readonly code: Secret<string> | null;
      readonly recoveryCode: Secret<string> | null;
      readonly passkeyResponse: Readonly<Record<string, unknown>> | null;
    },
    passkeyChallenge: string | null,
  ): Promise<ProvedFactor | null> {
    const { secondFactors, passkeys } = this.#parts;
    if (answer.code !== null) return this.#factor('TOTP', await secondFactors.verifyTotp(userId, answer.code.reveal()));
    if (answer.recoveryCode !== null) {
      return this.#factor('RECOVERY_CODE', await secondFactors.useRecoveryCode(userId, answer.recoveryCode.reveal()));
    }
    if (answer.passkeyResponse === null || passkeyChallenge === null) return null;
    const proof = { challenge: passkeyChallenge, expectedUserId: userId, response: answer.passkeyResponse };
    return this.#factor('PASSKEY', (await passkeys.verifyAssertion(proof))?.credentialId ?? null);
  }

  #factor(method: FactorMethod, credentialId: string | null): ProvedFactor | null {
    return credentialId === null ? null : { method, credentialId, at: this.#parts.clock.now().toISOString() };
  }

  async #recordFailure(caller: Caller, account: SignInAccountRow, count: boolean): Promise<void> {
    const { clock, config, database, recorder } = this.#parts;
    const now = clock.now();
    if (count) {
      await database.query(countSecondFactorFailure, [
        account.user_id,
        account.device_id,
        now.toISOString(),
        config.lockout.maximumFailures,
        secondsAfter(now, config.lockout.lockSeconds).toISOString(),
      ]);
    }
    await recorder.recordAlone(database, originOf(caller), [
      {
        action: 'session.started',
        result: 'FAILURE',
        target: userReference(userViewOf(account, now)),
        metadata: { reason: 'WRONG_SECOND_FACTOR' },
      },
    ]);
  }

  /** The reason is kept for administrators in the log; the caller never learns it. */
  async #refuse(
    caller: Caller,
    account: SignInAccountRow | null,
    { signInMethod }: Pick<SignInFacts, 'signInMethod'>,
  ): Promise<never> {
    const { clock, database, recorder } = this.#parts;
    await recorder.recordAlone(database, originOf(caller), [
      {
        action: 'session.started',
        result: 'FAILURE',
        ...(account === null ? {} : { target: userReference(userViewOf(account, clock.now())) }),
        metadata: { method: signInMethod, reason: account === null ? 'UNKNOWN_ACCOUNT' : reasonOf(account) },
      },
    ]);
    return reject('INVALID_CREDENTIALS');
  }
}

const reasonOf = (account: SignInAccountRow): string => (account.status === 'ACTIVE' ? 'LOCKED' : account.status);

/** Selector and hash of the presented device secret; nulls when there is none. */
export const deviceKeyOf = (client: ClientFacts): readonly [string | null, Buffer | null] => {
  const parsed = client.deviceToken === null ? null : parseToken('device', client.deviceToken.reveal());
  return parsed === null ? [null, null] : [parsed.selector, parsed.secretHash];
};

/** What a challenge stores, so that later steps take nothing of it from the client again. */
const contextOf = (facts: SignInFacts): Readonly<Record<string, unknown>> => ({
  signInMethod: facts.signInMethod,
  factors: facts.factors,
  delivery: facts.delivery,
  clientName: facts.client.clientName,
  deviceName: facts.client.deviceName,
  ...(facts.issuer == null ? {} : { issuer: facts.issuer }),
});

/** Reads what `contextOf` stored. */
export const storedFacts = (
  context: Readonly<Record<string, unknown>>,
): SignInFacts & { readonly passkeyChallenge: string | null } => ({
  signInMethod: context['signInMethod'] as SignInMethod,
  factors: context['factors'] as readonly ProvedFactor[],
  delivery: context['delivery'] === 'BODY' ? 'BODY' : 'COOKIE',
  client: {
    clientName: textOrNull(context['clientName']),
    deviceName: textOrNull(context['deviceName']),
    deviceToken: null,
  },
  issuer: textOrNull(context['issuer']),
  passkeyChallenge: textOrNull(context['passkeyChallenge']),
});

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
