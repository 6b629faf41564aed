import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { constraintOf, type Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { completeSignUp, type CompletedSignUpRow, removeRivalSignUps } from '../entities/sign-up.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { lockAddress, type VerificationRow } from '../entities/verification.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { ProvedFactor } from '../factors.ts';
import type { UserId } from '../ids.ts';
import type { Secret } from '../crypto/secret.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { notingRefusal } from './code-refusals.ts';
import { identifierInUse } from './identifiers.ts';
import type { ClientFacts } from './session-facts.ts';
import { type SignInOutcome, storedFacts } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { signUpCompleted } from './sign-up.service.ts';
import { kindOf } from './code-channels.ts';
import type { VerificationService } from './verification.service.ts';

type Redeemed = VerificationRow & { readonly user_id: UserId };

interface Parts {
  readonly database: Database;
  readonly verifications: VerificationService;
  readonly signInFlow: SignInFlow;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** Proving the address of a sign-up by the code that was sent there. */
export class SignUpCompletion {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Completes a sign-up and signs in as it asked for. The token is held by whoever chose the password, the code by whoever has the
   * address: so both are proved. Other sign-ups that wait for the address are removed with everything that was set in them.
   * Errors: those of a code; EMAIL_IN_USE or PHONE_IN_USE when another account proved the address first.
   */
  async verify(
    caller: Caller,
    given: { readonly verificationToken: string; readonly code: Secret<string>; readonly client: ClientFacts },
  ): Promise<SignInOutcome> {
    const { verifications, signInFlow, clock } = this.#parts;
    const { verificationToken: token } = given;
    const tried = { kind: 'verification', token, action: 'sign-up.completed' } as const;
    const { row, completed } = await notingRefusal(this.#parts, caller, tried, async () => {
      const redeemed = await verifications.redeem('SIGN_UP', { token, code: given.code.reveal() });
      return { row: redeemed, completed: await this.#complete(caller, redeemed) };
    });
    const stored = storedFacts(row.context);
    const code: ProvedFactor = { method: 'CODE', credentialId: null, at: clock.now().toISOString() };
    const chosen = stored.factors.map((one) => ({ ...one, credentialId: completed.credential_id }));
    return signInFlow.proceed(caller, {
      userId: row.user_id,
      // Where the account did not wait for its code, the password may be another one by now: the code alone counts.
      ...(completed.was_pending
        ? { signInMethod: 'SIGN_UP', factors: [...chosen, code] }
        : { signInMethod: 'CODE', factors: [code] }),
      delivery: stored.delivery,
      client: { ...stored.client, deviceToken: given.client.deviceToken },
    });
  }

  async #complete(caller: Caller, row: Redeemed): Promise<CompletedSignUpRow> {
    const kind = kindOf(row.channel);
    try {
      return await this.#parts.database.transaction((em) => this.#completeWithin(em, caller, row));
    } catch (error) {
      if (constraintOf(error) !== 'identifiers_exclusive_value_unique') throw error;
      // Whoever has the code reads the mail of this address: this tells nothing to strangers.
      throw new Rejection([{ ...identifierInUse(kind), field: ['verificationToken'] }]);
    }
  }

  async #completeWithin(em: EntityManager, caller: Caller, row: Redeemed): Promise<CompletedSignUpRow> {
    const { clock, recorder } = this.#parts;
    const kind = kindOf(row.channel);
    await sql(em, lockAddress, [row.channel, row.target]);
    const now = clock.now();
    const values = [row.user_id, kind, row.target, now.toISOString()];
    const [completed] = await sql<CompletedSignUpRow>(em, completeSignUp, values);
    if (completed === undefined) return reject('VERIFICATION_NOT_PENDING', { field: ['verificationToken'] });
    const rivals = await sql<{ id: UserId }>(em, removeRivalSignUps, [row.user_id, kind, row.target]);
    const user = userViewOf(completed, now);
    const reference = userReference(user);
    const proved: Happening = {
      action: 'address.proved',
      actor: reference,
      target: reference,
      metadata: { kind },
      event: { type: 'UserUpdated', payload: { userId: user.id } },
    };
    const removed = rivals.map(({ id }): Happening => ({
      action: 'sign-up.removed',
      actor: reference,
      target: { type: 'User', id, label: reference.label },
      metadata: { reason: 'ADDRESS_PROVED_BY_ANOTHER' },
    }));
    await recorder.record(em, originOf(caller), [
      completed.was_pending ? signUpCompleted(user, completed.group_ids) : proved,
      ...removed,
    ]);
    return completed;
  }
}
