import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { type AccountRow, countSignInTry } from '../entities/account.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { identifierTyped } from './identifiers.ts';
import type { ClientFacts } from './session.service.ts';
import { deviceKeyOf, type Rehash, type SignInFlow, type SignInOutcome } from './sign-in-flow.ts';

export interface SignInRequest {
  readonly identifier: string;
  readonly password: Secret<string>;
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
  /** TOTP or recovery code, to save the second step. */
  readonly mfaCode: Secret<string> | null;
}

/** Signing in by password. */
export class SignInService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #flow: SignInFlow;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    signInFlow: SignInFlow;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#flow = parts.signInFlow;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /**
   * Signs in by identifier and password. Unknown, wrong, locked, disabled, invited and passwordless accounts give the one
   * answer INVALID_CREDENTIALS after the same work: one look-up, one hash, one line in the log.
   */
  async signIn(caller: Caller, request: SignInRequest): Promise<SignInOutcome> {
    const account = await this.#countTry(request.identifier, request.client);
    const matches = await this.#hasher.verify(account?.password_hash ?? null, request.password);
    if (account === null || !matches || !account.counted) return this.#refuse(caller, account, matches);
    const factor = {
      method: 'PASSWORD',
      credentialId: account.credential_id,
      at: this.#clock.now().toISOString(),
    } as const;
    const facts = { ...request, signInMethod: 'PASSWORD', factors: [factor], counted: true } as const;
    return this.#flow.goOn(caller, account, facts, await this.#rehash(account, request.password));
  }

  async #countTry(typed: string, client: ClientFacts): Promise<AccountRow | null> {
    const identifier = identifierTyped(typed);
    const now = this.#clock.now();
    const rows = await this.#database.query<AccountRow>(countSignInTry, [
      identifier?.kind ?? 'EMAIL',
      identifier?.value ?? '',
      now.toISOString(),
      this.#config.lockout.maximumFailures,
      secondsAfter(now, this.#config.lockout.lockSeconds).toISOString(),
      ...deviceKeyOf(client),
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

  async #rehash(account: AccountRow, password: Secret<string>): Promise<Rehash | null> {
    const { credential_id: credentialId, password_hash: oldHash } = account;
    if (credentialId === null || oldHash === null || !this.#hasher.needsRehash(oldHash)) return null;
    return { credentialId, oldHash, newHash: await this.#hasher.hash(password) };
  }

  async #record(caller: Caller, happening: Happening): Promise<void> {
    await this.#recorder.recordAlone(this.#database, originOf(caller), [happening]);
  }
}

const reasonOf = (account: AccountRow | null, matches: boolean): string => {
  if (account === null) return 'UNKNOWN_IDENTIFIER';
  if (account.status !== 'ACTIVE') return account.status;
  if (!account.counted) return 'LOCKED';
  return matches ? 'OTHER' : 'WRONG_PASSWORD';
};
