import { type Argon2, type Argon2Choice, type Argon2Name, type Argon2Parameters, loadArgon2 } from './argon2.ts';
import { HashQueue, type HashQueueOptions } from './hash-queue.ts';
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
import { Secret } from './secret.ts';

export interface PasswordHasherOptions extends HashQueueOptions {
  /** Cost of new hashes. */
  readonly parameters: Argon2Parameters;
  readonly implementation: Argon2Choice;
  /** Longer passwords (UTF-8) are never right; the same figure as in the password policy. */
  readonly maximumBytes?: number;
}

const DEFAULT_MAXIMUM_BYTES = 1024;
const NOBODY = new Secret('');

/**
 * Hashes and verifies passwords with argon2id through one bounded queue. Every `verify` costs the same, whether the account
 * exists, has a password, has an older hash, or none at all: the time of an answer names no account.
 */
export class PasswordHasher {
  readonly #parameters: Argon2Parameters;
  readonly #queue: HashQueue;
  readonly #choice: Argon2Choice;
  readonly #maximumBytes: number;
  #loading: Promise<Argon2> | undefined;
  #name: Argon2Name | undefined;

  constructor(options: PasswordHasherOptions) {
    this.#parameters = options.parameters;
    this.#choice = options.implementation;
    this.#maximumBytes = options.maximumBytes ?? DEFAULT_MAXIMUM_BYTES;
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
    return this.#queue.run(() => hashPassword(argon2, password, this.#parameters), signal);
  }

  /**
   * Whether the password has this hash. `null` (no such account, or one without a password) and hashes of another kind are
   * answered false after the same work. Throws SERVICE_UNAVAILABLE when too many computations wait.
   */
  async verify(hash: string | null, password: Secret<string>, signal?: AbortSignal): Promise<boolean> {
    const argon2 = await this.#argon2();
    const stored = hash === null ? null : parseHash(hash);
    const possible = !this.#isTooLong(password);
    return this.#queue.run(async () => {
      const subject = stored ?? decoyHash(this.#parameters);
      const matches = await this.#compare(argon2, subject, possible ? password : NOBODY);
      return matches && possible && stored !== null;
    }, signal);
  }

  /** Whether the hash was made with other parameters than the present ones, or by another method. */
  needsRehash(hash: string): boolean {
    return needsRehash(hash, this.#parameters);
  }

  async #compare(argon2: Argon2, stored: StoredHash, password: Secret<string>): Promise<boolean> {
    const matches = await verifyPassword(argon2, stored, password);
    const missing = matches ? null : shortfall(stored, this.#parameters);
    if (missing !== null) {
      await spend(argon2, password, missing);
    }
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
