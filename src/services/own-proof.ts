import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { countOwnTry, forgetTries, type OwnTryRow } from '../entities/credential.queries.ts';
import { reject } from '../errors.ts';
import { aal2, and, freshly, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { SignedInCaller } from './caller.ts';

/** The longest time since the last proof where no password can be asked for; a setting can shorten it. */
export const confirmed = and(viaSession, freshly(10));

/** Where a way in of another kind is there already, a new one is added by a session of two factors. */
export const ofTwoFactors = and(viaSession, aal2);

/**
 * Asks signed-in people for a proof again, before they change how they sign in. Every try is counted before it is looked at, on the
 * device of the session or on the session itself, and a few wrong ones lock that; the lock of the account, which strangers can bring
 * about, neither counts here nor refuses anybody. Whoever completes the change takes the tries back in its transaction.
 */
export class OwnProof {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #guard: AccessGuard;
  readonly #clock: Clock;
  readonly #settings: Config['lockout'];

  constructor(parts: { database: Database; hasher: PasswordHasher; guard: AccessGuard; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#guard = parts.guard;
    this.#clock = parts.clock;
    this.#settings = parts.config.lockout;
  }

  /** Counts one try; null without a session, and while its device or it is locked: then nothing is looked at. */
  async countTry({ account, session }: SignedInCaller): Promise<OwnTryRow | null> {
    if (session === null) return null;
    const now = this.#clock.now();
    const [row] = await this.#database.query<OwnTryRow>(countOwnTry, [
      account.id,
      session.id,
      now.toISOString(),
      this.#settings.maximumFailures,
      secondsAfter(now, this.#settings.lockSeconds).toISOString(),
    ]);
    return row?.counted === true ? row : null;
  }

  /**
   * Whether this is the caller's password; one try, counted. Without a password only accounts that have none pass, in a
   * session that was confirmed lately. Errors: REQUIRED where there is a password to give; throws STEP_UP_REQUIRED.
   */
  async password(caller: SignedInCaller, password: Secret<string> | null): Promise<boolean> {
    return (await this.provedHash(caller, password, 'password')) !== null;
  }

  /**
   * As `password`, for the field of that name; gives what was proved: the hash of the present password, or `hash: null` for a
   * confirmed account that has none. Null = the proof failed.
   */
  async provedHash(
    caller: SignedInCaller,
    password: Secret<string> | null,
    field: string,
  ): Promise<{ readonly hash: string | null } | null> {
    if (password === null) {
      if (await this.#hasPassword(caller)) return reject('REQUIRED', { field: [field] });
      this.#guard.authorityOf(caller).demand(confirmed);
    }
    const tried = await this.countTry(caller);
    const hash = tried?.password_hash ?? null;
    if (password === null) return tried === null || hash !== null ? null : { hash };
    return (await this.matches(caller, tried, password)) ? { hash } : null;
  }

  /**
   * Whether this is the password, by a try that was counted; false after the same work where none was. One that could not be looked at,
   * because too many hashes wait, is no try: it is taken back.
   */
  async matches({ session }: SignedInCaller, tried: OwnTryRow | null, password: Secret<string>): Promise<boolean> {
    try {
      const matches = await this.#hasher.verify(tried?.password_hash ?? null, password);
      return matches && tried !== null;
    } catch (error) {
      if (tried !== null && session !== null) await this.#database.query(forgetTries, [session.id, 1]);
      throw error;
    }
  }

  async #hasPassword({ account }: SignedInCaller): Promise<boolean> {
    const rows = await this.#database.query(`select from credentials where user_id = $1 and type = 'PASSWORD'`, [
      account.id,
    ]);
    return rows.length > 0;
  }
}

/**
 * The values of `forgetTries` for somebody who proved one factor. Where there is a second one only this very try is taken back: else
 * whoever has one factor would buy guesses of the other with it.
 */
export const triesOf = ({ account, session }: SignedInCaller): readonly unknown[] => [
  session?.id ?? null,
  account.mfaEnabledAt === null ? null : 1,
];
