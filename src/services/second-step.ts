import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  countSecondFactorFailure,
  replacePasswordHash,
  type SignInAccountRow,
  takeTryBack,
} from '../entities/account.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { ProvedFactor } from '../factors.ts';
import type { UserId } from '../ids.ts';
import type { FactorMethod, MfaMethod } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';
import { contextOf, rehashValues, type SignInFacts, type SignInOutcome, storedFacts } from './sign-in-facts.ts';

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
    readonly caller: Caller;
    readonly challenge: string;
    readonly expectedUserId: UserId | null;
    readonly response: Readonly<Record<string, unknown>>;
  }): Promise<{ readonly userId: UserId; readonly credentialId: string } | null>;
}

/** The answer to a challenge: exactly one of code, recovery code and passkey. */
export interface SecondStepAnswer {
  readonly challengeToken: string;
  readonly code: Secret<string> | null;
  readonly recoveryCode: Secret<string> | null;
  readonly passkeyResponse: Readonly<Record<string, unknown>> | null;
}

/** A challenge that waits for its answer, with what the first step settled. */
export interface OpenChallenge {
  readonly token: FoundToken;
  readonly userId: UserId;
  readonly stored: ReturnType<typeof storedFacts>;
}

export interface SecondStepParts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly secondFactors: SecondFactors;
  readonly passkeys: PasskeyProofs;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** The steps of a sign-in after the first: challenges are made, their answers checked and counted. */
export class SecondStep {
  readonly #parts: SecondStepParts;

  constructor(parts: SecondStepParts) {
    this.#parts = parts;
  }

  /** A second factor must be proved before there is a session. */
  async askForSecondFactor(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const { secondFactors, passkeys } = this.#parts;
    const methods = await secondFactors.methodsOf(account.user_id);
    const passkey = methods.includes('PASSKEY') ? await passkeys.optionsForUser(account.user_id) : null;
    const issued = await this.#challenge(caller, account, {
      kind: 'MFA',
      action: 'mfa.required',
      facts,
      context: { passkeyChallenge: passkey?.challenge ?? null },
    });
    return {
      step: 'MFA_REQUIRED',
      challenge: { ...issued, methods, passkeyOptions: passkey?.options ?? null },
    };
  }

  /** A new password must be set before there is a session. */
  async askForNewPassword(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const issued = await this.#challenge(caller, account, {
      kind: 'PASSWORD_CHANGE',
      action: 'password-change.required',
      facts,
      context: {},
    });
    return { step: 'PASSWORD_CHANGE_REQUIRED', challenge: { ...issued, methods: [], passkeyOptions: null } };
  }

  async #challenge(
    caller: Caller,
    account: SignInAccountRow,
    next: {
      kind: 'MFA' | 'PASSWORD_CHANGE';
      action: string;
      facts: SignInFacts;
      /** What this kind stores beside what the steps before settled. */
      context: Readonly<Record<string, unknown>>;
    },
  ): Promise<{ token: string; expiresAt: Date }> {
    const { clock, config, database, oneTimeTokens, recorder } = this.#parts;
    const { counted, rehash } = next.facts;
    const user = userReference(userViewOf(account, clock.now()));
    const issued = await database.transaction(async (em) => {
      if (counted === true) await sql(em, takeTryBack, [account.user_id, account.device_id]);
      if (rehash != null) await sql(em, replacePasswordHash, rehashValues(rehash, clock.now()));
      await recorder.record(em, originOf(caller), [{ action: next.action, actor: user, target: user }]);
      return oneTimeTokens.issue(em, {
        kind: next.kind,
        userId: account.user_id,
        expiresAt: secondsAfter(clock.now(), config.tokens.stepUpSeconds),
        context: {
          ...contextOf(next.facts),
          passwordVersion: next.facts.passwordVersion ?? null,
          deviceId: account.device_id,
          ...next.context,
        },
      });
    });
    return { token: issued.token.reveal(), expiresAt: issued.expiresAt };
  }

  /** Finds a challenge. Errors: EXACTLY_ONE_REQUIRED, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED. */
  async find(answer: SecondStepAnswer): Promise<OpenChallenge> {
    const { oneTimeTokens, database } = this.#parts;
    const given = [answer.code, answer.recoveryCode, answer.passkeyResponse].filter((one) => one !== null);
    if (given.length !== 1) return reject('EXACTLY_ONE_REQUIRED', { field: ['code'] });
    const token = await oneTimeTokens.find(database.orm.em.fork(), answer.challengeToken, ['MFA']);
    if (token === null || token.userId === null) return reject('TOKEN_INVALID', { field: ['challengeToken'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token, 'challengeToken');
    return { token, userId: token.userId, stored: storedFacts(token.context) };
  }

  /**
   * Checks the answer to a challenge and uses the challenge up when it is right. Counted before it is looked at: of a hundred
   * answers at once only the first few are. Errors: CODE_ATTEMPTS_EXCEEDED, MFA_CODE_INVALID, PASSKEY_INVALID, TOKEN_USED.
   */
  async answer(
    caller: Caller,
    account: SignInAccountRow,
    challenge: OpenChallenge,
    answer: SecondStepAnswer,
  ): Promise<ProvedFactor> {
    const { oneTimeTokens, database, config } = this.#parts;
    if (!(await oneTimeTokens.takeAttempt(challenge.token, config.lockout))) {
      return reject('CODE_ATTEMPTS_EXCEEDED', { field: ['challengeToken'] });
    }
    const added = await this.#checkAnswer(caller, challenge.userId, answer, challenge.stored.passkeyChallenge);
    if (added === null) {
      await this.#recordFailure(caller, account, true);
      return answer.passkeyResponse === null
        ? reject('MFA_CODE_INVALID', { field: [answer.code === null ? 'recoveryCode' : 'code'] })
        : reject('PASSKEY_INVALID', { field: ['passkeyResponse'] });
    }
    await database.transaction(async (em) => {
      await oneTimeTokens.consume(em, challenge.token, 'challengeToken');
      await oneTimeTokens.forgetAttempts(em, challenge.token);
    });
    return added;
  }

  /** The code that came with the first step; MFA_CODE_INVALID when it is wrong. */
  async checkCode(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<ProvedFactor> {
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
    caller: Caller,
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
    const proof = { caller, challenge: passkeyChallenge, expectedUserId: userId, response: answer.passkeyResponse };
    return this.#factor('PASSKEY', (await passkeys.verifyAssertion(proof))?.credentialId ?? null);
  }

  #factor(method: FactorMethod, credentialId: string | null): ProvedFactor | null {
    return credentialId === null ? null : { method, credentialId, at: this.#parts.clock.now().toISOString() };
  }

  async #recordFailure(caller: Caller, account: SignInAccountRow, count: boolean): Promise<void> {
    const { clock, config, database, recorder } = this.#parts;
    const now = clock.now();
    const locked = count
      ? await database.query(countSecondFactorFailure, [
          account.user_id,
          account.device_id,
          now.toISOString(),
          config.lockout.maximumFailures,
          secondsAfter(now, config.lockout.lockSeconds).toISOString(),
        ])
      : [];
    await recorder.recordAlone(database, originOf(caller), [
      {
        action: 'session.started',
        result: 'FAILURE',
        target: userReference(userViewOf(account, now)),
        metadata: { reason: 'WRONG_SECOND_FACTOR', ...(locked.length === 0 ? {} : { locked: true }) },
      },
    ]);
  }
}
