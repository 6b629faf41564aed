import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  deletePasskey,
  insertPasskey,
  passkeyDescriptors,
  type OwnPasskeyRow,
  type PasskeyRow,
  type PasskeyView,
  passkeyViewOf,
  renamePasskey,
  sessionsProvedByPasskey,
} from '../entities/passkey.queries.ts';
import { Failure, reject, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type CredentialId, newId, parseId, type SessionId } from '../ids.ts';
import type { AccessGuard } from './access-guard.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { MfaChanges } from './mfa-changes.ts';
import { confirmed, ofTwoFactors } from './own-proof.ts';
import type { PasskeyChallenges, PendingQuestion } from './passkey-challenges.ts';
import { readRegistration } from './passkey-responses.ts';
import { sessionEnded, type SessionService } from './session.service.ts';
import { Reading } from './text.ts';
import { keepAWayIn, lockWaysIn } from './ways-in.ts';
import type { NewPasskey, WebAuthn } from './webauthn.ts';

/** More than anybody has devices; each is a way into the account. */
const MAXIMUM_PASSKEYS = 20;
const MAXIMUM_NAME = 100;

/** The browser's answer to a question of `start`, as far as nobody has looked at it. */
export interface RegistrationAnswer {
  readonly challengeToken: string;
  readonly response: Readonly<Record<string, unknown>>;
  readonly name: string;
}

export interface PasskeyRegistrationParts {
  readonly database: Database;
  readonly webauthn: WebAuthn;
  readonly challenges: PasskeyChallenges;
  readonly guard: AccessGuard;
  readonly mfaChanges: MfaChanges;
  readonly sessions: SessionService;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
  /** Checks the present password and confirms the session; throws CURRENT_PASSWORD_INCORRECT. */
  readonly confirmByPassword: (caller: SignedInCaller, password: Secret<string>) => Promise<unknown>;
}

/** The caller's own passkeys: making, naming and removing them. */
export class PasskeyRegistrationService {
  readonly #parts: PasskeyRegistrationParts;

  constructor(parts: PasskeyRegistrationParts) {
    this.#parts = parts;
  }

  /**
   * Asks the caller's authenticator for a new passkey. A right password confirms the session; without one it must be confirmed.
   * Errors: CURRENT_PASSWORD_INCORRECT, TOO_MANY_PASSKEYS; throws STEP_UP_REQUIRED.
   */
  async start(caller: SignedInCaller, password: Secret<string> | null): Promise<PendingQuestion<object>> {
    const { database, webauthn, challenges } = this.#parts;
    const { id, displayName } = caller.account;
    const sessionId = sessionOf(caller);
    if (password === null) this.#parts.guard.authorityOf(caller).demand(confirmed);
    else await this.#parts.confirmByPassword(caller, password);
    const known = await database.query<OwnPasskeyRow>(passkeyDescriptors, [id]);
    this.#demandSecondFactor(caller, known);
    if (known.length >= MAXIMUM_PASSKEYS) return reject('TOO_MANY_PASSKEYS');
    const user = { id, displayName, name: nameOf(caller.account) ?? displayName };
    const { options, challenge } = await webauthn.askForRegistration(user, known);
    const pending = await challenges.issue('PASSKEY_REGISTRATION', { addressee: id, challenge, sessionId });
    return { options, ...pending };
  }

  /**
   * Registers the passkey that answers the caller's question, which must come from the very session that asked. The question is
   * used up by any answer; a name that does not fit leaves it open. Errors: REQUIRED, TOO_LONG, INVALID_VALUE (name),
   * PASSKEY_INVALID, PASSKEY_ALREADY_REGISTERED, TOO_MANY_PASSKEYS; throws STEP_UP_REQUIRED.
   */
  async complete(caller: SignedInCaller, answer: RegistrationAnswer): Promise<PasskeyView> {
    const { database, mfaChanges } = this.#parts;
    const { account } = caller;
    const name = readName(answer.name);
    this.#demandSecondFactor(caller, []);
    const verified = await this.#verify(caller, answer);
    if (verified === null) return this.#refuse(caller);
    return database.transaction(async (em) => {
      const passkey = await this.#save(em, caller, verified, name);
      await mfaChanges.record(em, caller, {
        change: 'PASSKEY_ADDED',
        user: account,
        ...namesOf(passkey.id, null, passkey.name),
      });
      return passkey;
    });
  }

  /** Renames an own passkey. Errors: REQUIRED, TOO_LONG, INVALID_VALUE (name), TARGET_NOT_FOUND. */
  async rename(caller: SignedInCaller, input: { readonly id: string; readonly name: string }): Promise<PasskeyView> {
    const { database, mfaChanges, clock } = this.#parts;
    const { account } = caller;
    const name = readName(input.name);
    const id = parseId<CredentialId>(input.id) ?? notThere(input.id);
    return database.transaction(async (em) => {
      const values = [id, account.id, name, clock.now().toISOString()];
      const [row] = await sql<PasskeyRow & { readonly former_label: string }>(em, renamePasskey, values);
      if (row === undefined) return notThere(input.id);
      await mfaChanges.record(em, caller, {
        change: 'PASSKEY_RENAMED',
        user: account,
        ...namesOf(id, row.former_label, name),
      });
      return passkeyViewOf(row);
    });
  }

  /**
   * Removes an own passkey, and ends the other sessions that rest on it: whoever removes one that was lost wants its finder out. It takes
   * two factors, as switching TOTP off does, or whoever has the password alone would put their own in its place.
   * Errors: TARGET_NOT_FOUND, LAST_SIGN_IN_METHOD; throws STEP_UP_REQUIRED.
   */
  async remove(caller: SignedInCaller, givenId: string): Promise<CredentialId> {
    const { clock, database, mfaChanges, sessions } = this.#parts;
    const { account } = caller;
    const id = parseId<CredentialId>(givenId) ?? notThere(givenId);
    const sessionId = sessionOf(caller);
    return database.transaction(async (em) => {
      await lockWaysIn(em, caller, clock.now());
      const [row] = await sql<PasskeyRow>(em, deletePasskey, [id, account.id]);
      if (row === undefined) return notThere(givenId);
      this.#demandSecondFactor(caller, [row]);
      await keepAWayIn(em, account.id, this.#parts.config);
      const proved = await sql<{ id: SessionId }>(em, sessionsProvedByPasskey, [account.id, id, sessionId]);
      const ended = await sessions.endAll(em, { sessionIds: proved.map((one) => one.id) }, 'CREDENTIALS_CHANGED');
      await mfaChanges.record(em, caller, {
        change: 'PASSKEY_REMOVED',
        user: account,
        ...namesOf(id, row.label, null),
        further: ended.map((one) => sessionEnded(one, account, 'CREDENTIALS_CHANGED')),
      });
      return id;
    });
  }

  async #verify(caller: SignedInCaller, answer: RegistrationAnswer): Promise<NewPasskey | null> {
    const { challenges, webauthn } = this.#parts;
    const { id: userId } = caller.account;
    const sessionId = sessionOf(caller);
    const taken = await challenges.take(
      'PASSKEY_REGISTRATION',
      answer.challengeToken,
      (token) => token.userId === userId && token.context['sessionId'] === sessionId,
    );
    if (taken === null) return null;
    const response = readRegistration(answer.response);
    return response === null ? null : webauthn.verifyRegistration(response, taken.challenge);
  }

  async #save(em: EntityManager, caller: SignedInCaller, verified: NewPasskey, name: string): Promise<PasskeyView> {
    const { id: userId } = caller.account;
    const now = this.#parts.clock.now();
    await lockWaysIn(em, caller, now);
    const known = await sql<OwnPasskeyRow>(em, passkeyDescriptors, [userId]);
    this.#demandSecondFactor(caller, known);
    if (known.length >= MAXIMUM_PASSKEYS) return reject('TOO_MANY_PASSKEYS');
    const [row] = await sql<PasskeyRow>(em, insertPasskey, [
      newId<CredentialId>(),
      userId,
      verified.publicKey,
      verified.credentialId,
      name,
      JSON.stringify(verified.details),
      verified.counter,
      now.toISOString(),
    ]);
    return row === undefined ? reject('PASSKEY_ALREADY_REGISTERED') : passkeyViewOf(row);
  }

  async #refuse(caller: SignedInCaller): Promise<never> {
    const { database, recorder, mfaChanges } = this.#parts;
    const failure = mfaChanges.failure('PASSKEY_ADDED', caller.account, 'PASSKEY_INVALID');
    await recorder.recordAlone(database, originOf(caller), [failure]);
    return reject('PASSKEY_INVALID', { field: ['response'] });
  }

  /**
   * A passkey is worth two factors. Whoever has proved only one, as on a trusted device, must not make themselves the other
   * (NIST SP 800-63B section 6.1.2), nor take it away, where one is asked for at sign-in or a passkey was there before the session.
   */
  #demandSecondFactor(caller: SignedInCaller, known: readonly Pick<OwnPasskeyRow, 'created_at'>[]): void {
    const { account, session } = caller;
    const held = known.some((one) => session === null || instantOf(one.created_at) < session.createdAt);
    if (account.mfaEnabledAt !== null || held) this.#parts.guard.authorityOf(caller).demand(ofTwoFactors);
  }
}

/** The tree lets sessions pass only; whatever comes another way has none to bind a question to. */
const sessionOf = ({ principal }: SignedInCaller): SessionId => {
  if (principal.sessionId === null) throw new Failure('FORBIDDEN');
  return principal.sessionId;
};

const notThere = (id: string): never => reject('TARGET_NOT_FOUND', { field: ['id'], targetId: id.slice(0, 100) });

const readName = (text: string): string => {
  const reading = new Reading();
  const name = reading.text(text, { field: ['name'], maximum: MAXIMUM_NAME });
  rejectAny(reading.problems);
  return name;
};

/** Which passkey it was; its name, the person's own words, in the part of the line that can be erased. */
const namesOf = (passkeyId: CredentialId, before: string | null, after: string | null) => ({
  changes: [{ field: 'passkeyName', before, after }],
  metadata: { passkeyId },
});
