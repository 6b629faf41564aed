import { hash } from 'node:crypto';
import { type AccessClaims, isExpired } from './access-claims.ts';

const DEFAULT_LIMIT = 10_000;

/**
 * Claims of tokens whose signature was verified, by the SHA-256 of the whole token, so that the map holds nothing that could be
 * presented. Spares the signature check only: whether the session is alive is asked at each request. Only verified tokens get in,
 * so that forged ones cannot push others out. The least recently used entry makes room for a new one.
 */
export class VerifiedTokenCache {
  readonly #claims = new Map<string, AccessClaims>();
  readonly #limit: number;

  /** `limit`: most entries held. */
  constructor(limit: number = DEFAULT_LIMIT) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError('The cache needs room for at least one token.');
    }
    this.#limit = limit;
  }

  /** Number of entries held. */
  get size(): number {
    return this.#claims.size;
  }

  /** The claims of a remembered token; null when it is unknown or past its `exp`. */
  get(token: string, now: Date): AccessClaims | null {
    const key = hash('sha256', token, 'base64url');
    const claims = this.#claims.get(key);
    if (claims === undefined) {
      return null;
    }
    this.#claims.delete(key);
    if (isExpired(claims, now)) {
      return null;
    }
    this.#claims.set(key, claims);
    return claims;
  }

  /** Remembers a verified token. The claims are frozen: every later request shares them. */
  set(token: string, claims: AccessClaims): void {
    const key = hash('sha256', token, 'base64url');
    this.#claims.delete(key);
    this.#claims.set(key, Object.freeze({ ...claims }));
    for (const oldest of this.#claims.keys()) {
      if (this.#claims.size <= this.#limit) {
        break;
      }
      this.#claims.delete(oldest);
    }
  }

  /** Forgets everything. To be called when a key leaves the keyring, or its tokens would outlive it here. */
  clear(): void {
    this.#claims.clear();
  }
}
