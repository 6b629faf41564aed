import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { Secret } from './secret.ts';

/** One label per use (NIST SP 800-108: a key has one purpose); a label is never given to a second use. */
export type KeyLabel =
  | 'audit'
  | 'cache'
  | 'cache-key'
  | 'code'
  | 'csrf'
  | 'cursor'
  | 'message'
  | 'passkey'
  | 'pepper'
  | 'provider'
  | 'refresh'
  | 'setup'
  | 'signing'
  | 'totp'
  | 'webhook';

/** One entry of MASTER_KEYS: at least 32 random bytes in base64 or base64url. */
export interface MasterKey {
  readonly version: number;
  readonly secret: Secret<string>;
}

const MINIMUM_BYTES = 32;
const DERIVED_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The configured keys cannot be used, or one that is needed is missing; the message names versions, never key material. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

const decode = ({ version, secret }: MasterKey): Buffer => {
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new MasterKeyError(`A master key has the version ${String(version)}; versions are whole numbers from 1 on.`);
  }
  const text = secret.reveal().trim();
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length < MINIMUM_BYTES) {
    throw new MasterKeyError(
      `Master key ${version} is too short or not in base64: it needs ${MINIMUM_BYTES} random bytes, as "openssl rand -base64 32" makes them.`,
    );
  }
  return bytes;
};

/**
 * The versioned master secrets, and the keys derived from them by HKDF-SHA256 (RFC 5869).
 * The highest version is the current one: new things are made with it, older versions only read what they made.
 */
export class MasterKeys {
  /** The version used for everything new. */
  readonly current: number;
  /** All versions, newest first. */
  readonly versions: readonly number[];
  readonly #secrets = new Map<number, Buffer>();
  readonly #derived = new Map<string, KeyObject>();

  /** Throws MasterKeyError for an empty list, a repeated or impossible version and a key of less than 32 bytes. */
  constructor(keys: readonly MasterKey[]) {
    for (const key of keys) {
      if (this.#secrets.has(key.version)) {
        throw new MasterKeyError(`Master key ${key.version} is given twice.`);
      }
      this.#secrets.set(key.version, decode(key));
    }
    this.versions = [...this.#secrets.keys()].toSorted((a, b) => b - a);
    const [newest] = this.versions;
    if (newest === undefined) {
      throw new MasterKeyError('No master key is given; at least one is needed.');
    }
    this.current = newest;
  }

  /**
   * The 32-byte key of one use, the same object each time. No bare bytes: a key object is in no log, and what works with it is
   * five times as fast.
   * Throws MasterKeyError when the version is not held.
   */
  derive(label: KeyLabel, version: number = this.current): KeyObject {
    const name = `${version}/${label}`;
    const known = this.#derived.get(name);
    if (known !== undefined) {
      return known;
    }
    const secret = this.#secrets.get(version);
    if (secret === undefined) {
      throw new MasterKeyError(
        `Master key ${String(version)} is needed but not given; present are ${this.versions.join(', ')}.`,
      );
    }
    const bytes = hkdfSync('sha256', secret, 'gatehouse', `gatehouse/v1/${label}`, DERIVED_BYTES);
    const key = createSecretKey(Buffer.from(bytes));
    this.#derived.set(name, key);
    return key;
  }
}

/** A new master key: 32 random bytes in base64url. */
export const generateMasterKey = (): Secret<string> => new Secret(randomBytes(MINIMUM_BYTES).toString('base64url'));
