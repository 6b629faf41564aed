import type { Clock } from '../clock.ts';
import { decoyPasskey } from '../crypto/decoy-passkeys.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import {
  passkeyDescriptors,
  passkeyDescriptorsOfIdentifier,
  type PasskeyDescriptorRow,
} from '../entities/passkey.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf } from './caller.ts';
import { identifierTyped } from './identifiers.ts';
import type { Addressee, PasskeyChallenges, PendingQuestion } from './passkey-challenges.ts';
import type { PasskeyAnswer, PasskeyProofService } from './passkey-proof.service.ts';
import type { ClientFacts } from './session-facts.ts';
import type { SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import type { WebAuthn } from './webauthn.ts';

/** Whom a question is for and which passkeys may answer; null: any. */
interface Asked {
  readonly addressee: Addressee;
  readonly allowed: readonly PasskeyDescriptorRow[] | null;
}

interface NamedRow {
  readonly user_id: UserId;
  readonly external_id: string | null;
  readonly transports: readonly string[] | null;
}

/** Signing in by passkey: with a name, or by whichever passkey the device offers. */
export class PasskeyService {
  readonly #database: Database;
  readonly #webauthn: WebAuthn;
  readonly #challenges: PasskeyChallenges;
  readonly #proofs: PasskeyProofService;
  readonly #flow: SignInFlow;
  readonly #recorder: Recorder;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    webauthn: WebAuthn;
    challenges: PasskeyChallenges;
    passkeyProofs: PasskeyProofService;
    signInFlow: SignInFlow;
    recorder: Recorder;
    masterKeys: MasterKeys;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#webauthn = parts.webauthn;
    this.#challenges = parts.challenges;
    this.#proofs = parts.passkeyProofs;
    this.#flow = parts.signInFlow;
    this.#recorder = parts.recorder;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
  }

  /**
   * Asks for a passkey: of the account that `identifier` names, of the caller's own when it is null and somebody is signed in,
   * else of anybody. A name without account or without passkeys is asked for one that does not exist.
   */
  async startSignIn(caller: Caller, identifier: string | null): Promise<PendingQuestion<object>> {
    const { addressee, allowed } =
      identifier === null ? await this.#ofCaller(caller) : await this.#ofIdentifier(identifier);
    const { options, challenge } = await this.#webauthn.askForAssertion(allowed);
    return { options, ...(await this.#challenges.issue('PASSKEY_ASSERTION', { addressee, challenge })) };
  }

  /**
   * Signs in by passkey. Its user verification is a factor of its own, so that no other is asked for. An automatic lock does not
   * stop it: nobody can guess a signature. Errors: PASSKEY_INVALID for whatever is wrong with the answer, INVALID_CREDENTIALS
   * when the account may not sign in.
   */
  async completeSignIn(
    caller: Caller,
    request: { readonly answer: PasskeyAnswer; readonly delivery: TokenDelivery; readonly client: ClientFacts },
  ): Promise<SignInOutcome> {
    const proof = await this.#proofs.redeem(caller, request.answer, null);
    if (proof === null) return this.#refuse(caller);
    const { userId, credentialId } = proof;
    return this.#flow.proceed(caller, {
      userId,
      signInMethod: 'PASSKEY',
      factors: [{ method: 'PASSKEY', credentialId, at: this.#clock.now().toISOString() }],
      delivery: request.delivery,
      client: request.client,
    });
  }

  /** Nobody while acting as somebody else: the person acted as is not there to answer. */
  async #ofCaller({ principal }: Caller): Promise<Asked> {
    if (principal === null || principal.via !== 'session' || principal.actorId !== null) {
      return { addressee: 'ANYBODY', allowed: null };
    }
    const { userId } = principal;
    const own = await this.#database.query<PasskeyDescriptorRow>(passkeyDescriptors, [userId]);
    return { addressee: userId, allowed: own.length === 0 ? null : own };
  }

  async #ofIdentifier(typed: string): Promise<Asked> {
    const identifier = identifierTyped(typed);
    const key = [identifier?.kind ?? 'EMAIL', identifier?.value ?? ''];
    const rows = await this.#database.query<NamedRow>(passkeyDescriptorsOfIdentifier, key);
    const decoy = decoyPasskey(this.#masterKeys.derive('passkey'), identifier?.value ?? typed.trim().toLowerCase());
    const known = rows.flatMap(({ external_id, transports }) =>
      external_id === null ? [] : [{ external_id, transports: transports ?? [] }],
    );
    const [first] = rows;
    return first === undefined || known.length === 0
      ? { addressee: 'NOBODY', allowed: [{ external_id: decoy.id, transports: decoy.transports }] }
      : { addressee: first.user_id, allowed: known };
  }

  async #refuse(caller: Caller): Promise<never> {
    await this.#recorder.recordAlone(this.#database, originOf(caller), [
      { action: 'session.started', result: 'FAILURE', metadata: { method: 'PASSKEY', reason: 'PASSKEY_INVALID' } },
    ]);
    return reject('PASSKEY_INVALID', { field: ['passkey'] });
  }
}
