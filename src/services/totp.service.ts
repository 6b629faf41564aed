import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { generateRecoveryCodes, hashRecoveryCode } from '../crypto/recovery-codes.ts';
import type { Secret } from '../crypto/secret.ts';
import { generateTotpSecret, otpauthUri } from '../crypto/totp.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  beginEnrollment,
  completeEnrollment,
  countEnrollmentTry,
  enrollmentFacts,
  type EnrollmentFactsRow,
  type EnrollmentRow,
  forgetTries,
  removeSecondFactors,
  replaceRecoveryCodes,
  sessionFactors,
  storeSessionFactors,
  totpOf,
} from '../entities/credential.queries.ts';
import { reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { assuranceOf, type ProvedFactor, withFactor } from '../factors.ts';
import { type CredentialId, newId, type UserId } from '../ids.ts';
import type { AccessGuard } from './access-guard.ts';
import { nameOf, originOf, type SignedInCaller, userReference } from './caller.ts';
import type { MfaChange, MfaChanges } from './mfa-changes.ts';
import { ofTwoFactors, type OwnProof, triesOf } from './own-proof.ts';
import type { SecondFactorService } from './second-factor.service.ts';
import { lockWaysIn } from './ways-in.ts';

export interface Enrollment {
  readonly secret: Secret<string>;
  readonly otpauthUri: Secret<string>;
  readonly expiresAt: Date;
}

export interface TotpParts {
  readonly database: Database;
  readonly masterKeys: MasterKeys;
  readonly secondFactors: SecondFactorService;
  readonly proof: OwnProof;
  readonly guard: AccessGuard;
  readonly mfaChanges: MfaChanges;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** People switch their TOTP on and off, and get recovery codes. */
export class TotpService {
  readonly #parts: TotpParts;

  constructor(parts: TotpParts) {
    this.#parts = parts;
  }

  /**
   * Begins an enrolment: a new secret that counts for nothing until a code of it is proved. An earlier enrolment is void. A
   * right password also confirms the session. Whoever has passkeys proves one first: the password alone makes no second factor beside
   * them (NIST SP 800-63B section 6.1.2). Errors: MFA_ALREADY_ENABLED, CURRENT_PASSWORD_INCORRECT, REQUIRED (an account
   * with a password gave none); throws STEP_UP_REQUIRED.
   */
  async startEnrollment(caller: SignedInCaller, password: Secret<string> | null): Promise<Enrollment> {
    const { database, clock, config, guard, secondFactors, proof, recorder } = this.#parts;
    const { account } = caller;
    const began = (caller.session?.createdAt ?? clock.now()).toISOString();
    const [facts] = await database.query<EnrollmentFactsRow>(enrollmentFacts, [account.id, began]);
    if (facts?.enrolled === true) return reject('MFA_ALREADY_ENABLED');
    if (facts?.has_passkey === true) guard.authorityOf(caller).demand(ofTwoFactors);
    if (!(await proof.password(caller, password))) {
      await this.#refused(caller, {
        action: 'identity.confirmed',
        result: 'FAILURE',
        target: userReference(account),
      });
      return reject('CURRENT_PASSWORD_INCORRECT', { field: ['password'] });
    }
    const id = newId<CredentialId>();
    const secret = generateTotpSecret();
    const now = clock.now();
    const expiresAt = secondsAfter(now, config.mfa.enrollmentTtlSeconds);
    await database.transaction(async (em) => {
      await lockWaysIn(em, caller, now);
      if ((await sql(em, totpOf, [account.id])).length > 0) reject('MFA_ALREADY_ENABLED');
      await sql(em, beginEnrollment, [
        id,
        account.id,
        secondFactors.sealSecret(id, secret),
        expiresAt.toISOString(),
        now.toISOString(),
      ]);
      await sql(em, forgetTries, triesOf(caller));
      if (password !== null) await this.#confirmSession(em, caller, now);
      await recorder.record(em, originOf(caller), [
        ...(password === null ? [] : [{ action: 'identity.confirmed', target: userReference(account) }]),
        { action: 'mfa.enrollment-started', target: userReference(account) },
      ]);
    });
    const { issuerName } = config.mfa;
    return { secret, otpauthUri: otpauthUri({ issuerName, accountName: nameOf(account) ?? '', secret }), expiresAt };
  }

  /**
   * Switches TOTP on by a code of the enrolment, raises the present session by that proof, and gives ten recovery codes, which
   * nobody can read again. After as many wrong codes as lock an account the enrolment is void. Errors: MFA_CODE_REQUIRED,
   * MFA_CODE_INVALID, NO_ENROLLMENT_IN_PROGRESS, ENROLLMENT_EXPIRED.
   */
  async confirmEnrollment(caller: SignedInCaller, code: string): Promise<readonly Secret<string>[]> {
    const { database, clock, config, secondFactors, mfaChanges } = this.#parts;
    const { account } = caller;
    if (code.trim() === '') return reject('MFA_CODE_REQUIRED', { field: ['code'] });
    const [enrollment] = await database.query<EnrollmentRow>(countEnrollmentTry, [
      account.id,
      config.lockout.maximumFailures,
    ]);
    if (enrollment === undefined) return reject('NO_ENROLLMENT_IN_PROGRESS');
    const now = clock.now();
    if (instantOf(enrollment.expires_at) <= now) return reject('ENROLLMENT_EXPIRED');
    const step = await secondFactors.timeStepOf(enrollment, code);
    if (step === null) return this.#wrongCode(caller, 'TOTP_ENABLED', 'code');
    const recoveryCodes = generateRecoveryCodes();
    await database.transaction(async (em) => {
      await lockWaysIn(em, caller, now);
      const at = now.toISOString();
      const completed = await sql(em, completeEnrollment, [enrollment.id, account.id, step, at]);
      if (completed.length === 0) reject('NO_ENROLLMENT_IN_PROGRESS');
      await this.#replaceCodes(em, account.id, recoveryCodes, now);
      await sql(
        em,
        `update users set mfa_enabled_at = $2::timestamptz, updated_at = $2::timestamptz, version = version + 1
         where id = $1`,
        [account.id, at],
      );
      await this.#raiseSession(em, caller, { method: 'TOTP', credentialId: enrollment.id, at });
      await mfaChanges.record(em, caller, { change: 'TOTP_ENABLED', user: account });
    });
    return recoveryCodes;
  }

  /**
   * Switches TOTP off by password and code, or recovery code; does nothing where it is off. Recovery codes and the trust in
   * devices go with it; sessions stay what they are. Errors: MFA_CODE_REQUIRED, EXACTLY_ONE_REQUIRED, REQUIRED (an account
   * with a password gave none), and MFA_AUTH_FAILED, which does not say what was wrong; throws STEP_UP_REQUIRED.
   */
  async disable(
    caller: SignedInCaller,
    given: {
      readonly password: Secret<string> | null;
      readonly code: string | null;
      readonly recoveryCode: string | null;
    },
  ): Promise<void> {
    const { database, clock, mfaChanges, proof } = this.#parts;
    const { account } = caller;
    if ((await database.query(totpOf, [account.id])).length === 0) return;
    const code = blankAsNull(given.code);
    const recoveryCode = blankAsNull(given.recoveryCode);
    if (code !== null && recoveryCode !== null) return reject('EXACTLY_ONE_REQUIRED', { field: ['code'] });
    if (code === null && recoveryCode === null) return reject('MFA_CODE_REQUIRED', { field: ['code'] });
    // The second factor is looked at, and used up, only after the first.
    const passwordIsRight = await proof.password(caller, given.password);
    const method = passwordIsRight ? await this.#usedMethod(account.id, code, recoveryCode) : null;
    if (method === null) {
      const reason = passwordIsRight ? 'WRONG_SECOND_FACTOR' : 'WRONG_PASSWORD';
      await this.#refused(caller, mfaChanges.failure('TOTP_DISABLED', account, reason));
      return reject('MFA_AUTH_FAILED');
    }
    await database.transaction(async (em) => {
      await lockWaysIn(em, caller, clock.now());
      await sql(em, forgetTries, triesOf(caller));
      const types = ['TOTP', 'TOTP_PENDING', 'RECOVERY_CODE'];
      await sql(em, removeSecondFactors, [account.id, types, clock.now().toISOString()]);
      await mfaChanges.record(em, caller, { change: 'TOTP_DISABLED', user: account, metadata: { method } });
    });
  }

  /**
   * Makes ten new recovery codes, and the old ones void, by a TOTP code alone: a recovery code cannot make more of its kind.
   * Errors: MFA_NOT_ENABLED, MFA_CODE_REQUIRED, MFA_CODE_INVALID.
   */
  async regenerateRecoveryCodes(caller: SignedInCaller, totpCode: string): Promise<readonly Secret<string>[]> {
    const { database, clock, mfaChanges, proof, secondFactors } = this.#parts;
    const { account } = caller;
    if ((await database.query(totpOf, [account.id])).length === 0) return reject('MFA_NOT_ENABLED');
    if (totpCode.trim() === '') return reject('MFA_CODE_REQUIRED', { field: ['totpCode'] });
    const isCounted = (await proof.countTry(caller)) !== null;
    const proved = isCounted ? await secondFactors.verifyTotp(account.id, totpCode) : null;
    if (proved === null) return this.#wrongCode(caller, 'RECOVERY_CODES_REPLACED', 'totpCode');
    const recoveryCodes = generateRecoveryCodes();
    await database.transaction(async (em) => {
      await lockWaysIn(em, caller, clock.now());
      // Switched off meanwhile: codes without TOTP would outlive it.
      if ((await sql(em, totpOf, [account.id])).length === 0) reject('MFA_NOT_ENABLED');
      await sql(em, forgetTries, triesOf(caller));
      await this.#replaceCodes(em, account.id, recoveryCodes, clock.now());
      await mfaChanges.record(em, caller, { change: 'RECOVERY_CODES_REPLACED', user: account });
    });
    return recoveryCodes;
  }

  async #usedMethod(
    userId: UserId,
    code: string | null,
    recoveryCode: string | null,
  ): Promise<'TOTP' | 'RECOVERY_CODE' | null> {
    const { secondFactors } = this.#parts;
    if (code !== null) return (await secondFactors.verifyTotp(userId, code)) === null ? null : 'TOTP';
    const used = await secondFactors.useRecoveryCode(userId, recoveryCode ?? '');
    return used === null ? null : 'RECOVERY_CODE';
  }

  async #replaceCodes(em: EntityManager, userId: UserId, codes: readonly Secret<string>[], now: Date): Promise<void> {
    const ids = codes.map(() => newId<CredentialId>());
    const hashes = codes.map((code) => hashRecoveryCode(this.#parts.masterKeys, userId, code));
    await sql(em, replaceRecoveryCodes, [userId, ids, hashes, now.toISOString()]);
  }

  async #confirmSession(em: EntityManager, { session }: SignedInCaller, now: Date): Promise<void> {
    if (session === null) return;
    await sql(em, 'update sessions set authenticated_at = $2::timestamptz where id = $1', [
      session.id,
      now.toISOString(),
    ]);
  }

  /** The level follows from the record of what was proved; other sessions of the person keep theirs. */
  async #raiseSession(em: EntityManager, { session }: SignedInCaller, factor: ProvedFactor): Promise<void> {
    if (session === null) return;
    const [row] = await sql<{ factors: readonly ProvedFactor[] }>(em, sessionFactors, [session.id]);
    if (row === undefined) return;
    const factors = withFactor(row.factors, factor);
    await sql(em, storeSessionFactors, [session.id, JSON.stringify(factors), assuranceOf(factors)]);
  }

  async #wrongCode(caller: SignedInCaller, change: MfaChange, field: string): Promise<never> {
    await this.#refused(caller, this.#parts.mfaChanges.failure(change, caller.account, 'WRONG_SECOND_FACTOR'));
    return reject('MFA_CODE_INVALID', { field: [field] });
  }

  async #refused(caller: SignedInCaller, happening: Happening): Promise<void> {
    await this.#parts.recorder.recordAlone(this.#parts.database, originOf(caller), [happening]);
  }
}

const blankAsNull = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text);
