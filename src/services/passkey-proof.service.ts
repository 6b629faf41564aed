import type { Clock } from '../clock.ts';
import { decoyPublicKey } from '../crypto/decoy-passkeys.ts';
import type { Database } from '../database/database.ts';
import {
  passkeyByCredentialId,
  passkeyDescriptors,
  type PasskeyDescriptorRow,
  type PasskeyKeyRow,
  usePasskey,
} from '../entities/passkey.queries.ts';
import type { Recorder } from '../events/recorder.ts';
import type { CredentialId, UserId } from '../ids.ts';
import { type Caller, originOf } from './caller.ts';
import type { PasskeyChallenges } from './passkey-challenges.ts';
import { readAssertion } from './passkey-responses.ts';
import { isHandleOf, type WebAuthn } from './webauthn.ts';

/** Somebody who proved to be who they are, by a passkey and its user verification. */
export interface PasskeyProof {
  readonly userId: UserId;
  readonly credentialId: CredentialId;
}

/** An answer with the token of the question. */
export interface PasskeyAnswer {
  readonly challengeToken: string;
  /** An AuthenticationResponseJSON, as far as nobody has looked at it. */
  readonly response: Readonly<Record<string, unknown>>;
}

/** Checks answers of passkeys: as a first factor, as a second one, and to confirm an identity. */
export class PasskeyProofService {
  readonly #database: Database;
  readonly #webauthn: WebAuthn;
  readonly #challenges: PasskeyChallenges;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  #decoy: string | null = null;

  constructor(parts: {
    database: Database;
    webauthn: WebAuthn;
    challenges: PasskeyChallenges;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#webauthn = parts.webauthn;
    this.#challenges = parts.challenges;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** The question for one user, whose challenge the caller of this keeps; null when the user has no passkey. */
  async optionsForUser(userId: UserId): Promise<{ readonly options: object; readonly challenge: string } | null> {
    const known = await this.#database.query<PasskeyDescriptorRow>(passkeyDescriptors, [userId]);
    return known.length === 0 ? null : this.#webauthn.askForAssertion(known);
  }

  /**
   * Answers a question of startPasskeySignIn, once: the challenge is used up whatever the answer is worth. Null when anything is
   * wrong with it, when the question was for somebody else than the answer is from, or when that is not `expectedUserId`.
   */
  async redeem(caller: Caller, answer: PasskeyAnswer, expectedUserId: UserId | null): Promise<PasskeyProof | null> {
    const mine = (userId: UserId | null): boolean =>
      expectedUserId === null || userId === null || userId === expectedUserId;
    const taken = await this.#challenges.take('PASSKEY_ASSERTION', answer.challengeToken, (token) =>
      mine(token.userId),
    );
    if (taken === null) return null;
    const { addressee, challenge } = taken;
    const expected = addressee === 'ANYBODY' ? expectedUserId : addressee;
    return this.verifyAssertion({ caller, challenge, expectedUserId: expected, response: answer.response });
  }

  /**
   * Checks an AuthenticationResponseJSON against a challenge that is used up already, and marks the passkey as used. Null when
   * anything is wrong: form, challenge, origin, domain, user presence or verification, signature, account, or a counter that
   * went back, which is logged as `passkey.copy-suspected`. `expectedUserId` null: whoever the passkey belongs to, which then
   * must be the account that the authenticator names.
   */
  async verifyAssertion(proof: {
    readonly caller: Caller;
    readonly challenge: string;
    readonly expectedUserId: UserId | 'NOBODY' | null;
    readonly response: Readonly<Record<string, unknown>>;
  }): Promise<PasskeyProof | null> {
    const response = readAssertion(proof.response);
    if (response === null) return null;
    const [found] = await this.#database.query<PasskeyKeyRow>(passkeyByCredentialId, [response.id]);
    const passkey =
      found !== undefined && fits(found, proof.expectedUserId, response.response.userHandle) ? found : null;
    const key = passkey?.secret ?? (this.#decoy ??= decoyPublicKey());
    const verified = await this.#webauthn.verifyAssertion(response, proof.challenge, key);
    if (passkey === null || verified === null) return null;
    const now = this.#clock.now().toISOString();
    const { counter, backedUp } = verified;
    const used = await this.#database.query(usePasskey, [passkey.id, counter, now, backedUp]);
    if (used.length > 0) return { userId: passkey.user_id, credentialId: passkey.id };
    await this.#recordCopy(proof.caller, passkey, counter);
    return null;
  }

  /** The signature was right, so somebody has the key; its counter says that it was used elsewhere meanwhile. */
  async #recordCopy(caller: Caller, passkey: PasskeyKeyRow, counter: number): Promise<void> {
    await this.#recorder.recordAlone(this.#database, originOf(caller), [
      {
        action: 'passkey.copy-suspected',
        result: 'FAILURE',
        target: { type: 'User', id: passkey.user_id, label: null },
        metadata: { passkeyId: passkey.id, counter },
      },
    ]);
  }
}

/** The account is the expected one, and the one that the authenticator names, which it must where nobody is expected. */
const fits = (passkey: PasskeyKeyRow, expected: UserId | 'NOBODY' | null, userHandle: string | undefined): boolean => {
  if (expected !== null && passkey.user_id !== expected) return false;
  return userHandle === undefined ? expected !== null : isHandleOf(userHandle, passkey.user_id);
};
