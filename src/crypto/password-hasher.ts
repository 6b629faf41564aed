import { type Argon2, type Argon2Choice, type Argon2Name, type Argon2Parameters, loadArgon2 } from './argon2.ts';
import { HashQueue, type HashQueueOptions } from './hash-queue.ts';
import { type ForeignHash, parseForeignHash } from './password-foreign.ts';
import {
  decoyHash,
  hashPassword,
  needsRehash,
  parseHash,
  shortfall,
  spend,
  type StoredHash,
  verifyPassword,
} from './password-hash.ts';
import type { Pepper } from './password-pepper.ts';
import { Secret } from './secret.ts';

export interface PasswordHasherOptions extends HashQueueOptions {
  /** Cost of new hashes. */
  readonly parameters: Argon2Parameters;
  readonly implementation: Argon2Choice;
  /** Longer passwords (UTF-8) are never right; the same figure as in the password policy. */
  readonly maximumBytes?: number;
  /** Key beside the password; absent = none. */
  readonly pepper?: Pepper;
}

const DEFAULT_MAXIMUM_BYTES = 1024;
const NOBODY = new Secret('');

/**
 * Hashes passwords with argon2id and verifies them by whatever method made their hash, through one bounded queue. Every `verify`
 * of an argon2id hash costs the same, whether the account exists, has a password, has an older hash, or none at all: the time of
 * an answer names no account. A hash of another system costs its own computation and that one beside it, when the password is
 * wrong here and when it is right in the rehash that follows; a dear one (bcrypt of a high cost) can therefore be told from an
 * unknown account until its owner has signed in once.
 */
export class PasswordHasher {
  readonly #parameters: Argon2Parameters;
  readonly #queue: HashQueue;
  readonly #choice: Argon2Choice;
  readonly #maximumBytes: number;
  readonly #pepper: Pepper | null;
  #loading: Promise<Argon2> | undefined;
  #name: Argon2Name | undefined;

  constructor(options: PasswordHasherOptions) {
    this.#parameters = options.parameters;
    this.#choice = options.implementation;
    this.#maximumBytes = options.maximumBytes ?? DEFAULT_MAXIMUM_BYTES;
    this.#pepper = options.pepper ?? null;
    this.#queue = new HashQueue(options);
  }

  /** Resolves when a library is loaded and has passed its known-answer test; rejects when none works. */
  async ready(): Promise<void> {
    await this.#argon2();
  }

  /** The library in use; `none` before `ready`. */
  get implementationName(): Argon2Name | 'none' {
    return this.#name ?? 'none';
  }

  /** Computations under way. */
  get running(): number {
    return this.#queue.running;
  }

  /** Computations waiting for their turn. */
  get size(): number {
    return this.#queue.size;
  }

  /**
   * A PHC string of the password with the present parameters. Throws a RangeError for passwords beyond the maximum (the policy
   * refuses them before), and SERVICE_UNAVAILABLE when too many computations wait.
   */
  async hash(password: Secret<string>, signal?: AbortSignal): Promise<string> {
    if (this.#isTooLong(password)) {
      throw new RangeError('The password is longer than the policy allows.');
    }
    const argon2 = await this.#argon2();
    return this.#queue.run(() => hashPassword(argon2, password, this.#parameters, this.#pepper), signal);
  }

  /**
   * Whether the password has this hash. `null` (no such account, or one without a password), unreadable hashes and those whose
   * pepper is not held are answered false after the same work. Throws SERVICE_UNAVAILABLE when too many computations wait.
   */
  async verify(hash: string | null, password: Secret<string>, signal?: AbortSignal): Promise<boolean> {
    const argon2 = await this.#argon2();
    const stored = this.#read(hash);
    const possible = !this.#isTooLong(password);
    const subject = possible ? password : NOBODY;
    return this.#queue.run(async () => {
      if (stored !== null && 'matches' in stored) {
        return (await this.#compareForeign(argon2, stored, subject)) && possible;
      }
      const matches = await this.#compare(argon2, stored ?? decoyHash(this.#parameters), subject);
      return matches && possible && stored !== null;
    }, signal);
  }

  /** Whether the hash was made with other parameters than the present ones, by another method, or with another pepper. */
  needsRehash(hash: string): boolean {
    return needsRehash(hash, this.#parameters, this.#pepper);
  }

  #read(hash: string | null): StoredHash | ForeignHash | null {
    if (hash === null) return null;
    const own = parseHash(hash);
    if (own === null) return parseForeignHash(hash);
    const isUsable = own.pepperVersion === null || (this.#pepper?.key(own.pepperVersion) ?? null) !== null;
    return isUsable ? own : null;
  }

  async #compare(argon2: Argon2, stored: StoredHash, password: Secret<string>): Promise<boolean> {
    const matches = await verifyPassword(argon2, stored, password, this.#pepper);
    const missing = matches ? null : shortfall(stored, this.#parameters);
    if (missing !== null) {
      await spend(argon2, password, missing);
    }
    return matches;
  }

  async #compareForeign(argon2: Argon2, foreign: ForeignHash, password: Secret<string>): Promise<boolean> {
    const matches = await foreign.matches(password);
    if (!matches) await spend(argon2, password, this.#parameters);
    return matches;
  }

  /** UTF-16 units never outnumber UTF-8 bytes, so that a huge text is refused before it is converted. */
  #isTooLong(password: Secret<string>): boolean {
    const text = password.reveal();
    return text.length > this.#maximumBytes || Buffer.byteLength(text.normalize('NFKC'), 'utf8') > this.#maximumBytes;
  }

  /** Loaded once; a failed load is tried again by the next caller. */
  async #argon2(): Promise<Argon2> {
    this.#loading ??= loadArgon2(this.#choice);
    try {
      const argon2 = await this.#loading;
      this.#name = argon2.name;
      return argon2;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
