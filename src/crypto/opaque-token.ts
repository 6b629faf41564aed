import { createHmac, hash, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeBytes, encodeBytes, encodeNumber, randomDigits } from './base62.ts';
import { Secret } from './secret.ts';

/**
 * Opaque tokens are written `<prefix><selector>_<secret><checksum>`: the prefix names the kind (and lets secret scanners find
 * leaked ones), 12 characters find the row, 43 characters are 256 random bits, 6 characters are a CRC-32 of all before them.
 * All of it is base62. The store holds the selector and a SHA-256 of the secret; the secret has 256 bits, so a slow hash adds nothing.
 */
export const tokenPrefixes = {
  actionLink: 'gha_',
  apiKey: 'ghk_',
  challenge: 'ghc_',
  device: 'ghd_',
  emailChange: 'ghe_',
  invite: 'ghi_',
  mailedSignIn: 'ghm_',
  refresh: 'ghr_',
  reset: 'ght_',
  session: 'ghx_',
  setup: 'ghs_',
  verification: 'ghv_',
  webhook: 'ghw_',
} as const;

export type TokenKind = keyof typeof tokenPrefixes;

const SECRET_BYTES = 32;
const SECRET_DIGITS = 43;
const SELECTOR_DIGITS = 12;
const CHECKSUM_DIGITS = 6;
const PREFIX_LENGTH = 4;
const SELECTOR_END = PREFIX_LENGTH + SELECTOR_DIGITS;
const SECRET_START = SELECTOR_END + 1;
const SECRET_END = SECRET_START + SECRET_DIGITS;
/** Every token of every kind has exactly this many characters. */
export const TOKEN_LENGTH = SECRET_END + CHECKSUM_DIGITS;

const SELECTOR = /^[0-9A-Za-z]{12}$/;

export interface CreatedToken {
  /** Shown once to its holder, stored nowhere. */
  readonly token: Secret<string>;
  readonly selector: string;
  /** 32 bytes, stored. */
  readonly secretHash: Buffer;
}

/** What a presented token consists of. The secret sits behind a getter, so that printing the object does not print it. */
export class ParsedToken {
  readonly selector: string;
  readonly secretHash: Buffer;
  readonly #secret: Buffer;

  constructor(selector: string, secret: Buffer) {
    this.selector = selector;
    this.#secret = secret;
    this.secretHash = hashSecret(secret);
  }

  /** The 32 bytes of the secret. */
  get secret(): Buffer {
    return this.#secret;
  }
}

/** The SHA-256 of a 256-bit secret. Short codes must not be stored this way: they need a keyed hash. */
export const hashSecret = (secret: Buffer): Buffer => hash('sha256', secret, 'buffer');

/** Compares in constant time; buffers of different lengths are different (`timingSafeEqual` itself would throw). */
export const sameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

const checksum = (text: string): string => encodeNumber(crc32(text), CHECKSUM_DIGITS);

/** Writes the token of a given secret. Throws a RangeError when the selector or the secret has another form than ours. */
export const tokenFromSecret = (kind: TokenKind, selector: string, secret: Buffer): Secret<string> => {
  if (!SELECTOR.test(selector) || secret.length !== SECRET_BYTES) {
    throw new RangeError('A token needs a selector of 12 base62 characters and a secret of 32 bytes.');
  }
  const body = `${tokenPrefixes[kind]}${selector}_${encodeBytes(secret, SECRET_DIGITS)}`;
  return new Secret(body + checksum(body));
};

/** A new secret: 256 random bits. */
export const randomSecret = (): Buffer => randomBytes(SECRET_BYTES);

/** A new token with a random selector and secret. */
export const createToken = (kind: TokenKind): CreatedToken => {
  const selector = randomDigits(SELECTOR_DIGITS);
  const secret = randomSecret();
  return { token: tokenFromSecret(kind, selector, secret), selector, secretHash: hashSecret(secret) };
};

/**
 * Reads a token of one kind; null unless every part has its exact form (a shortened token that still works was a real flaw
 * elsewhere). A well-formed token is not a valid one: the caller compares `secretHash` with the stored one by `sameHash`.
 */
export const parseToken = (kind: TokenKind, text: string): ParsedToken | null => {
  if (text.length !== TOKEN_LENGTH || !text.startsWith(tokenPrefixes[kind]) || text.charAt(SELECTOR_END) !== '_') {
    return null;
  }
  const selector = text.slice(PREFIX_LENGTH, SELECTOR_END);
  if (!SELECTOR.test(selector) || checksum(text.slice(0, SECRET_END)) !== text.slice(SECRET_END)) {
    return null;
  }
  const secret = decodeBytes(text.slice(SECRET_START, SECRET_END), SECRET_BYTES);
  return secret === null ? null : new ParsedToken(selector, secret);
};

/** The part of a token that may be shown and logged, so that its owner recognises it: prefix and selector. */
export const visiblePart = (kind: TokenKind, selector: string): string => tokenPrefixes[kind] + selector;

/**
 * The secret that follows `secret` in a rotation: HMAC-SHA256 under a key of the server. Parallel rotations of one token
 * arrive at the same successor without storing it in clear, and the holder of a token cannot compute the next one.
 */
export const deriveSuccessor = (key: KeyObject, secret: Buffer): Buffer =>
  createHmac('sha256', key).update(secret).digest();
