import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import type { AssignmentsRow } from '../entities/assignment.queries.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { Failure, Rejection, reject, type UserErrorCode } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { assuranceOf, type ProvedFactor, withFactor } from '../factors.ts';
import type { AssuranceLevel, FactorMethod } from '../vocabulary.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { OwnProof } from './own-proof.ts';
import type { PasskeyAnswer, PasskeyProofService } from './passkey-proof.service.ts';
import type { SecondFactorService } from './second-factor.service.ts';
import type { SessionService } from './session.service.ts';
import type { SessionTokenIssuer, SessionTokens } from './session-tokens.ts';
import { identityConfirmation } from './sign-in.statements.ts';
import type { VerificationService } from './verification.service.ts';

/** The proof of a step-up: exactly one of password, code and passkey. */
export interface IdentityProof {
  readonly password: Secret<string> | null;
  /** TOTP code; with `verificationToken` the code that was sent for STEP_UP. */
  readonly code: Secret<string> | null;
  readonly verificationToken: string | null;
  readonly passkey: PasskeyAnswer | null;
}

export interface ConfirmedIdentity {
  readonly assuranceLevel: AssuranceLevel;
  readonly freshUntil: Date;
  /** A new access token that carries the level; null with a cookie session. */
  readonly tokens: SessionTokens | null;
}

interface Parts {
  readonly database: Database;
  readonly proof: OwnProof;
  readonly secondFactors: SecondFactorService;
  readonly passkeyProofs: PasskeyProofService;
  readonly verifications: VerificationService;
  readonly sessions: SessionService;
  readonly issuer: SessionTokenIssuer;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** Proving the identity behind a session again. What was proved joins the session's record, and its level follows from that. */
export class StepUpService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Confirms the identity of the signed-in caller: the session counts as fresh for the step-up time, and with a second factor
   * of another kind than those before as AAL2. Wrong tries lock the device of the session, or the session: own-proof.ts.
   * Errors: EXACTLY_ONE_REQUIRED, CURRENT_PASSWORD_INCORRECT, MFA_CODE_INVALID, PASSKEY_INVALID, those of a sent code.
   */
  async confirmIdentity(caller: SignedInCaller, given: IdentityProof): Promise<ConfirmedIdentity> {
    const { session } = caller;
    const proofs = [given.password, given.code, given.passkey].filter((one) => one !== null);
    if (proofs.length !== 1 || (given.verificationToken !== null && given.code === null)) {
      return reject('EXACTLY_ONE_REQUIRED', { field: ['password'] });
    }
    if (session === null) return reject('CURRENT_PASSWORD_INCORRECT', { field: ['password'] });
    const proved = await this.#check(caller, session, given);
    return this.#confirm(caller, session, proved);
  }

  async #check(caller: SignedInCaller, session: SessionView, given: IdentityProof): Promise<ProvedFactor> {
    if (given.password !== null) return this.#checkPassword(caller, given.password);
    if (given.passkey !== null) return this.#checkPasskey(caller, given.passkey);
    const code = given.code?.reveal() ?? '';
    return given.verificationToken === null
      ? this.#checkTotp(caller, code)
      : this.#checkSentCode(caller, session, { token: given.verificationToken, code });
  }

  async #checkPassword(caller: SignedInCaller, password: Secret<string>): Promise<ProvedFactor> {
    const tried = await this.#parts.proof.countTry(caller);
    const matches = await this.#parts.proof.matches(caller, tried, password);
    if (tried === null || !matches) return this.#refuse(caller, 'CURRENT_PASSWORD_INCORRECT', 'password');
    return this.#factor('PASSWORD', tried.credential_id);
  }

  async #checkTotp(caller: SignedInCaller, code: string): Promise<ProvedFactor> {
    const tried = await this.#parts.proof.countTry(caller);
    const credentialId = await this.#parts.secondFactors.verifyTotp(caller.account.id, code);
    if (tried === null || credentialId === null) return this.#refuse(caller, 'MFA_CODE_INVALID', 'code');
    return this.#factor('TOTP', credentialId);
  }

  /** Not counted: answers of passkeys cannot be guessed. */
  async #checkPasskey(caller: SignedInCaller, answer: PasskeyAnswer): Promise<ProvedFactor> {
    const proof = await this.#parts.passkeyProofs.redeem(caller, answer, caller.account.id);
    if (proof === null) return this.#refuse(caller, 'PASSKEY_INVALID', 'passkey');
    return this.#factor('PASSKEY', proof.credentialId);
  }

  /** Counted by the code itself, whose tries are few. */
  async #checkSentCode(
    caller: SignedInCaller,
    session: SessionView,
    given: { readonly token: string; readonly code: string },
  ): Promise<ProvedFactor> {
    try {
      const row = await this.#parts.verifications.redeem('STEP_UP', { ...given, sessionId: session.id });
      if (row.user_id !== caller.account.id) return reject('TOKEN_INVALID', { field: ['verificationToken'] });
      return this.#factor('CODE', null);
    } catch (error) {
      if (error instanceof Rejection) await this.#recordFailure(caller);
      throw error;
    }
  }

  async #confirm(caller: SignedInCaller, session: SessionView, proved: ProvedFactor): Promise<ConfirmedIdentity> {
    const { clock, config, database, recorder } = this.#parts;
    const now = clock.now();
    const factors = withFactor(session.factors, proved);
    const assuranceLevel = assuranceOf(factors);
    const tries = triesBack(caller.account, proved.method);
    const happening = {
      action: 'identity.confirmed',
      target: userReference(caller.account),
      metadata: { method: proved.method, assuranceLevel },
    };
    const [groups] = await database.query<AssignmentsRow & { readonly epoch: string }>(
      identityConfirmation.text,
      identityConfirmation.values({
        forgotten: [session.id, tries],
        confirmed: [session.id, now.toISOString(), JSON.stringify(factors), assuranceLevel, tries],
        record: recorder.values(originOf(caller), [happening]),
      }),
    );
    if (groups === undefined) throw new Failure('UNAUTHENTICATED');
    const after = { ...session, factors, assuranceLevel, authenticatedAt: now };
    return {
      assuranceLevel,
      freshUntil: secondsAfter(now, config.tokens.stepUpSeconds),
      tokens: session.delivery === 'COOKIE' ? null : await this.#accessToken(caller, after, groups),
    };
  }

  async #accessToken(
    { account }: SignedInCaller,
    session: SessionView,
    groups: AssignmentsRow & { readonly epoch: string },
  ): Promise<SessionTokens> {
    const subject = await this.#parts.sessions.subjectOf(
      { ...session, email: account.email, attributes: account.attributes, issuedAt: session.authenticatedAt },
      { epoch: groups.epoch, assignments: groups.assignments },
    );
    const access = await this.#parts.issuer.access(subject);
    return { ...access, refreshToken: null, refreshTokenExpiresAt: null, csrfToken: null, deviceToken: null };
  }

  async #refuse(caller: SignedInCaller, code: UserErrorCode, field: string): Promise<never> {
    await this.#recordFailure(caller);
    return reject(code, { field: [field] });
  }

  async #recordFailure(caller: SignedInCaller): Promise<void> {
    const { database, recorder } = this.#parts;
    await recorder.recordAlone(database, originOf(caller), [
      { action: 'identity.confirmed', result: 'FAILURE', target: userReference(caller.account) },
    ]);
  }

  #factor(method: ProvedFactor['method'], credentialId: string | null): ProvedFactor {
    return { method, credentialId, at: this.#parts.clock.now().toISOString() };
  }
}

/**
 * How many of the counted tries a proof takes back; null = all. Where there is a second factor each of the two takes back its own
 * try alone: else whoever has one of them would buy guesses of the other with it. A sent code was not counted.
 */
const triesBack = ({ mfaEnabledAt }: Pick<UserView, 'mfaEnabledAt'>, method: FactorMethod): number | null => {
  if (mfaEnabledAt === null || method === 'PASSKEY') return null;
  return method === 'CODE' ? 0 : 1;
};
