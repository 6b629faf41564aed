import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { type AccountRow, countSignInTry, takeUnseenTryBack } from '../entities/account.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { identifierTyped, type NormalisedIdentifier } from './identifiers.ts';
import type { ClientFacts } from './session-facts.ts';
import { deviceKeyOf } from './device-recognition.ts';
import type { Rehash, SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { SignInTurns } from './sign-in-turns.ts';
import type { SignUpService, VerificationOutcome } from './sign-up.service.ts';

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
  readonly #signUp: SignUpService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #turns: SignInTurns;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    signInFlow: SignInFlow;
    signUp: SignUpService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#flow = parts.signInFlow;
    this.#signUp = parts.signUp;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
    this.#turns = new SignInTurns(parts.config.lockout.maximumFailures);
  }

  /**
   * Signs in by identifier and password. Unknown, wrong, locked, disabled, invited and passwordless accounts give the one
   * answer INVALID_CREDENTIALS after the same work: one look-up, one hash (two where strangers can sign up), one line in the
   * log. The right password of a sign-up that waits gives VERIFICATION_REQUIRED. Errors: also DISABLED_BY_SETTING.
   */
  async signIn(caller: Caller, request: SignInRequest): Promise<SignInOutcome | VerificationOutcome> {
    this.#requirePasswords();
    const identifier = identifierTyped(request.identifier);
    // Whoever has a device does not wait behind strangers.
    const [selector] = deviceKeyOf(request.client);
    const key = JSON.stringify([identifier?.kind, identifier?.value, selector]);
    return this.#turns.take(key, () => this.#try(caller, request, identifier));
  }

  async #try(
    caller: Caller,
    request: SignInRequest,
    identifier: NormalisedIdentifier | null,
  ): Promise<SignInOutcome | VerificationOutcome> {
    const rows = await this.#countTry(identifier, request.client);
    const account = rows.find((row) => !row.is_pending) ?? null;
    const pending = rows.find((row) => row.is_pending) ?? null;
    const matches = await this.#matches(account, request.password);
    if (account === null || !matches || !account.counted) {
      const waits = await this.#waits(pending, request.password);
      if (pending === null || identifier === null || !waits) return this.#refuse(caller, account ?? pending, matches);
      const { delivery, client } = request;
      return this.#signUp.askAgain(caller, pending, { identifier, owner: account, delivery, client });
    }
    const factor = {
      method: 'PASSWORD',
      credentialId: account.credential_id,
      at: this.#clock.now().toISOString(),
    } as const;
    const rehash = await this.#rehash(account, request.password);
    const checked = { factors: [factor], passwordVersion: account.password_version, counted: true, rehash } as const;
    const facts = { ...request, ...checked, signInMethod: 'PASSWORD' } as const;
    return this.#flow.goOn(caller, account, facts);
  }

  #requirePasswords(): void {
    if (!this.#config.signIn.methods.includes('PASSWORD')) reject('DISABLED_BY_SETTING', { field: ['password'] });
  }

  /**
   * Whether this is the password of a sign-up that waits. Where strangers can sign up it is looked at for everybody, whether or
   * not the identifier has an account: a stranger's sign-up must not tell.
   */
  async #waits(pending: AccountRow | null, password: Secret<string>): Promise<boolean> {
    const { mode, verification } = this.#config.signUp;
    const strangersSignUp = mode === 'OPEN' && verification === 'REQUIRED';
    return strangersSignUp && this.#hasher.verify(pending?.password_hash ?? null, password);
  }

  /** The account of the identifier, and the newest sign-up that waits with it; at most one of each. */
  async #countTry(identifier: NormalisedIdentifier | null, client: ClientFacts): Promise<readonly AccountRow[]> {
    const now = this.#clock.now();
    return this.#database.query<AccountRow>(countSignInTry, [
      identifier?.kind ?? 'EMAIL',
      identifier?.value ?? '',
      now.toISOString(),
      this.#config.lockout.maximumFailures,
      secondsAfter(now, this.#config.lockout.lockSeconds).toISOString(),
      ...deviceKeyOf(client),
    ]);
  }

  /** Whether it is the password. One that could not be looked at, because too many hashes wait, is no try: it is taken back. */
  async #matches(account: AccountRow | null, password: Secret<string>): Promise<boolean> {
    try {
      return await this.#hasher.verify(account?.password_hash ?? null, password);
    } catch (error) {
      const counted = account?.counted === true ? account : null;
      await this.#database.query(takeUnseenTryBack, [counted?.user_id ?? null, counted?.device_id ?? null]);
      throw error;
    }
  }

  /** The reason is kept for administrators in the log; the caller never learns it. */
  async #refuse(caller: Caller, account: AccountRow | null, matches: boolean): Promise<never> {
    const locks = account?.locks === true && !matches;
    await this.#record(caller, {
      action: 'session.started',
      result: 'FAILURE',
      ...(account === null ? {} : { target: userReference(userViewOf(account, this.#clock.now())) }),
      metadata: { method: 'PASSWORD', reason: reasonOf(account, matches), ...(locks ? { locked: true } : {}) },
    });
    return reject('INVALID_CREDENTIALS');
  }

  async #rehash(account: AccountRow, password: Secret<string>): Promise<Rehash | null> {
    const { credential_id: credentialId, password_hash: oldHash } = account;
    if (credentialId === null || oldHash === null || !this.#hasher.needsRehash(oldHash)) return null;
    try {
      return { credentialId, oldHash, newHash: await this.#hasher.hash(password) };
    } catch (error) {
      // Too many hashes wait. The password was right; the next sign-in brings its hash up to date.
      if (error instanceof Failure) return null;
      throw error;
    }
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
