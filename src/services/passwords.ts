import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordGuesses } from '../crypto/password-guesses.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import { checkPassword, isPasswordText, type PasswordRule } from '../crypto/password-policy.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { passwordsOf, replacePassword } from '../entities/password.queries.ts';
import { type Problem, reject, Rejection, type UserErrorCode } from '../errors.ts';
import { type CredentialId, newId, type UserId } from '../ids.ts';

/** Names and addresses of the person, which the password must not contain. */
export interface PersonalData {
  readonly displayName: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
}

/** A new password that passed every rule, hashed. */
export interface PreparedPassword {
  readonly hash: string;
  /** The hash of the present password, as it was when the new one was judged; null = there was none. */
  readonly replaces: string | null;
}

interface PasswordUse {
  /** Field of the form that held the password. */
  readonly field: string;
  /** Whose earlier passwords are refused; absent for an account that does not exist yet. */
  readonly userId?: UserId;
}

/** What a form is told about each broken rule. */
const CODES: Readonly<Record<PasswordRule, UserErrorCode>> = {
  MIN_LENGTH: 'WEAK_PASSWORD',
  MAX_BYTES: 'WEAK_PASSWORD',
  PERSONAL_DATA: 'WEAK_PASSWORD',
  BREACH_LIST: 'BREACHED_PASSWORD',
  HISTORY: 'REUSED_PASSWORD',
};

/**
 * The one way by which a password comes into the table: `prepare` judges and hashes it before the transaction (it takes a second
 * when many do it at once), `store` puts it into the place of the present one inside the transaction.
 */
export class PasswordService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #guesses: Pick<PasswordGuesses, 'isCommon'>;
  readonly #clock: Clock;
  readonly #settings: Config['passwords'];

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    guesses: Pick<PasswordGuesses, 'isCommon'>;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#guesses = parts.guesses;
    this.#clock = parts.clock;
    this.#settings = parts.config.passwords;
  }

  /**
   * Judges and hashes a new password. Errors, with `violations`: INVALID_VALUE (no text of a password), WEAK_PASSWORD,
   * BREACHED_PASSWORD, REUSED_PASSWORD; SERVICE_UNAVAILABLE when too many computations wait.
   */
  async prepare(person: PersonalData, password: Secret<string>, use: PasswordUse): Promise<PreparedPassword> {
    await this.requireStrong(person, password, use.field);
    return this.hashUnused(password, use);
  }

  /** The first half of `prepare`: everything that needs no hash. Errors: INVALID_VALUE, WEAK_PASSWORD, BREACHED_PASSWORD. */
  async requireStrong(person: PersonalData, password: Secret<string>, field: string): Promise<void> {
    if (!isPasswordText(password.reveal())) reject('INVALID_VALUE', { field: [field] });
    refuse(await this.brokenRules(person, password), field);
  }

  /** The second half: earlier passwords, one hash each, then the hash of the new one. Errors: REUSED_PASSWORD. */
  async hashUnused(password: Secret<string>, { field, userId }: PasswordUse): Promise<PreparedPassword> {
    const known = userId === undefined ? [] : await this.#known(userId);
    for (const { secret } of known) {
      if (await this.#hasher.verify(secret, password)) refuse(['HISTORY'], field);
    }
    const present = known.find(({ type }) => type === 'PASSWORD');
    return { hash: await this.#hasher.hash(password), replaces: present?.secret ?? null };
  }

  /** The rules that can be judged by the text alone: length, size, own data, repetitions and walks over the keyboard. */
  brokenShape(person: PersonalData, password: Secret<string>): readonly PasswordRule[] {
    return checkPassword(password.reveal(), {
      minimumLength: this.#settings.minimumLength,
      maximumBytes: this.#settings.maximumBytes,
      personal: [person.displayName, person.email, person.phone, person.username].filter((text) => text !== null),
    });
  }

  /** The rules that a new password breaks, history aside; none = it may be set. */
  async brokenRules(person: PersonalData, password: Secret<string>): Promise<readonly PasswordRule[]> {
    const broken = this.brokenShape(person, password);
    // A text of a wrong length is refused anyway; the shapes need no second opinion.
    const isJudged = broken.some((rule) => rule !== 'PERSONAL_DATA');
    return isJudged || !(await this.#guesses.isCommon(password)) ? broken : ['BREACH_LIST', ...broken];
  }

  /**
   * Makes the password the account's present one, in the transaction that changes it; the one before goes to the history, of
   * which as many stay as the setting says. False, and nothing happened, when the account has another present password by now
   * than `prepare` saw: a parallel change, or a rehash by a sign-in.
   */
  async store(em: EntityManager, userId: UserId, { hash, replaces }: PreparedPassword): Promise<boolean> {
    const rows = await sql(em, replacePassword, [
      userId,
      hash,
      replaces,
      this.#clock.now().toISOString(),
      newId<CredentialId>(),
      newId<CredentialId>(),
      this.#settings.historySize,
    ]);
    return rows.length > 0;
  }

  #known(userId: UserId) {
    return this.#database.query<{ type: 'PASSWORD' | 'PASSWORD_HISTORY'; secret: string }>(passwordsOf, [
      userId,
      this.#settings.historySize,
    ]);
  }
}

/** One problem for each code, all rules in `violations`; passes when there are none. */
const refuse = (violations: readonly PasswordRule[], field: string): void => {
  if (violations.length === 0) return;
  const codes = [...new Set(violations.map((rule) => CODES[rule]))];
  throw new Rejection(
    codes.map((code): Problem => ({ code, field: [field] })),
    { violations },
  );
};
