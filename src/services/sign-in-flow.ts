import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { signInAccount, type SignInAccountRow } from '../entities/account.queries.ts';
import { newSessionValues } from '../entities/session.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { assuranceOf, lastingProofs, type ProvedFactor } from '../factors.ts';
import type { UserId } from '../ids.ts';
import type { SignInMethod } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { deviceKeyOf, type DeviceRecognition } from './device-recognition.ts';
import type { SecondStep, SecondStepAnswer } from './second-step.ts';
import { type SessionService, sessionStarted } from './session.service.ts';
import type { ClientFacts } from './session-facts.ts';
import { rehashValues, type SignInFacts, type SignInOutcome } from './sign-in-facts.ts';
import { signInCompletion } from './sign-in.statements.ts';

/** Sign-ins that no guess can succeed in: an automatic lock, which anybody can cause, does not stop them. */
const UNGUESSABLE: ReadonlySet<SignInMethod> = new Set([
  'PASSKEY',
  'LINK',
  'EXTERNAL_PROVIDER',
  'INVITATION',
  'SIGN_UP',
]);

interface Parts {
  readonly database: Database;
  readonly sessions: SessionService;
  readonly devices: DeviceRecognition;
  readonly secondStep: SecondStep;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/**
 * The one way from a proved first factor to a session, for every kind of sign-in: whether the account may sign in, whether a
 * second factor or a new password is due, and how strong the session is, is decided here from the record of what was checked.
 */
export class SignInFlow {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Goes on after a first factor of a user was checked and used up.
   * Errors: INVALID_CREDENTIALS when the account may not sign in, MFA_CODE_INVALID.
   */
  async proceed(caller: Caller, facts: SignInFacts & { readonly userId: UserId }): Promise<SignInOutcome> {
    const account = await this.#accountOf(facts.userId, facts);
    if (account === null || !this.#isOpen(account, facts)) return this.#refuse(caller, account, facts);
    return this.goOn(caller, account, facts);
  }

  /** The same for an account that was read with the check of its password: it is known to be open to this sign-in. */
  async goOn(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const factors = this.#withTrust(account, facts.factors);
    if (this.#needsSecondFactor(account, factors)) {
      const added = facts.mfaCode ? await this.#parts.secondStep.checkCode(caller, account, facts) : null;
      if (added === null) return this.#parts.secondStep.askForSecondFactor(caller, account, facts);
      return this.#finish(caller, account, { ...facts, factors: [...factors, added] });
    }
    return this.#finish(caller, account, { ...facts, factors });
  }

  /**
   * Answers the challenge of MFA_REQUIRED. What the first step settled (factors, delivery, client) is read from the stored
   * challenge. Errors: EXACTLY_ONE_REQUIRED, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, CODE_ATTEMPTS_EXCEEDED,
   * MFA_CODE_INVALID, PASSKEY_INVALID, INVALID_CREDENTIALS.
   */
  async completeMfa(
    caller: Caller,
    answer: SecondStepAnswer & { readonly trustDevice: boolean; readonly client: ClientFacts },
  ): Promise<SignInOutcome> {
    const { secondStep } = this.#parts;
    const challenge = await secondStep.find(answer);
    const { stored, userId } = challenge;
    const client = { ...stored.client, deviceToken: answer.client.deviceToken };
    const account = await this.#accountOf(userId, { ...stored, client });
    if (account === null || !this.#isOpen(account, stored)) return this.#refuse(caller, account, stored);
    const added = await secondStep.answer(caller, account, challenge, answer);
    const factors = [...stored.factors, added];
    return this.#finish(caller, account, { ...stored, client, factors, trustDevice: answer.trustDevice });
  }

  /** The account, with the device that presents its secret now, or did so in an earlier step. */
  async #accountOf(
    userId: UserId,
    { client, deviceId = null }: Pick<SignInFacts, 'client' | 'deviceId'>,
  ): Promise<SignInAccountRow | null> {
    const values = [userId, ...deviceKeyOf(client), deviceId];
    const [row] = await this.#parts.database.query<SignInAccountRow>(signInAccount, values);
    return row ?? null;
  }

  /** Active, not locked by an administrator, and not locked automatically unless this kind of sign-in cannot be guessed. */
  #isOpen(account: SignInAccountRow, { signInMethod }: Pick<SignInFacts, 'signInMethod'>): boolean {
    const lockedUntil = instantOf(account.locked_until);
    const locked = lockedUntil !== null && lockedUntil > this.#parts.clock.now();
    if (account.status !== 'ACTIVE') return false;
    return !locked || (account.status_reason === null && (UNGUESSABLE.has(signInMethod) || account.device_id !== null));
  }

  #withTrust(account: SignInAccountRow, factors: readonly ProvedFactor[]): readonly ProvedFactor[] {
    const { clock, devices } = this.#parts;
    return devices.isTrusted(account)
      ? [...factors, { method: 'DEVICE', credentialId: account.device_id, at: clock.now().toISOString() }]
      : factors;
  }

  #needsSecondFactor(account: SignInAccountRow, factors: readonly ProvedFactor[]): boolean {
    if (account.mfa_enabled_at === null || assuranceOf(factors) === 'AAL2') return false;
    return !factors.some((factor) => factor.method === 'DEVICE');
  }

  async #finish(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    return account.password_change_required && facts.signInMethod === 'PASSWORD'
      ? this.#parts.secondStep.askForNewPassword(caller, account, facts)
      : this.#complete(caller, account, facts);
  }

  async #complete(caller: Caller, account: SignInAccountRow, facts: SignInFacts): Promise<SignInOutcome> {
    const { clock, database, devices, recorder, sessions } = this.#parts;
    const now = clock.now();
    const at = now.toISOString();
    const user = userViewOf(account, now);
    const created = sessions.create(caller, { ...facts, userId: user.id });
    const device = await devices.meet(caller, account, facts);
    const started = sessionStarted(created.session.id, user, facts, device.trusted);
    const [completed] = await database.query(
      signInCompletion.text,
      signInCompletion.values({
        completed: [
          user.id,
          at,
          account.device_id,
          lastingProofs(facts.factors),
          facts.passwordVersion ?? null,
          facts.address?.kind ?? null,
          facts.address?.value ?? null,
        ],
        rehashed: rehashValues(facts.rehash ?? null, now),
        device: device.values,
        session: newSessionValues(created.session),
        notice: devices.notice(caller, user, device),
        record: recorder.values(originOf(caller), [started]),
      }),
    );
    if (completed === undefined) return this.#refuse(caller, account, facts, 'CHANGED_MEANWHILE');
    const groups = { epoch: account.epoch, assignments: account.assignments };
    const forgotten = account.device_id === null ? { failedSignInCount: 0, lockedUntil: null } : {};
    return {
      step: 'COMPLETE',
      user: { ...user, ...forgotten, lastSignInAt: now },
      started: await sessions.handOver(created, user, groups, device.secret),
    };
  }

  /** The reason is kept for administrators in the log; the caller never learns it. */
  async #refuse(
    caller: Caller,
    account: SignInAccountRow | null,
    { signInMethod }: Pick<SignInFacts, 'signInMethod'>,
    reason = reasonOf(account),
  ): Promise<never> {
    const { clock, database, recorder } = this.#parts;
    await recorder.recordAlone(database, originOf(caller), [
      {
        action: 'session.started',
        result: 'FAILURE',
        ...(account === null ? {} : { target: userReference(userViewOf(account, clock.now())) }),
        metadata: { method: signInMethod, reason },
      },
    ]);
    return reject('INVALID_CREDENTIALS');
  }
}

const reasonOf = (account: SignInAccountRow | null): string => {
  if (account === null) return 'UNKNOWN_ACCOUNT';
  return account.status === 'ACTIVE' ? 'LOCKED' : account.status;
};
