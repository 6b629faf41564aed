import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBytes, encodeBytes, encodeNumber, randomDigits } from '../../../src/crypto/base62.ts';
import {
  createToken,
  deriveSuccessor,
  hashSecret,
  parseToken,
  sameHash,
  TOKEN_LENGTH,
  tokenFromSecret,
  type TokenKind,
  tokenPrefixes,
  visiblePart,
} from '../../../src/crypto/opaque-token.ts';
import { printed } from './printed.ts';

const KINDS = Object.keys(tokenPrefixes) as TokenKind[];
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const selectors = fc.string({ unit: fc.constantFrom(...Array.from(BASE62)), minLength: 12, maxLength: 12 });

/** A token with a right checksum over any body, as somebody who knows the format would make it. */
const withChecksum = (body: string): string => body + encodeNumber(crc32(body), 6);

describe('opaque tokens', () => {
  test.each(KINDS)('of kind %s are read back with selector, secret and hash', (kind) => {
    const { token, selector, secretHash } = createToken(kind);
    const parsed = parseToken(kind, token.reveal());
    expect(parsed?.selector).toBe(selector);
    expect(parsed?.secretHash).toEqual(secretHash);
    expect(parsed?.secret).toHaveLength(32);
  });

  test('have a prefix per kind, all different, and one length', () => {
    const tokens = KINDS.map((kind) => createToken(kind).token.reveal());
    expect(new Set(tokens.map((token) => token.slice(0, 4)))).toEqual(new Set(Object.values(tokenPrefixes)));
    expect(new Set(Object.values(tokenPrefixes)).size).toBe(KINDS.length);
    for (const token of tokens) {
      expect(token).toMatch(/^gh[a-z]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
      expect(token).toHaveLength(TOKEN_LENGTH);
    }
  });

  test('are written and read for any secret and selector', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), selectors, secrets, (kind, selector, secret) => {
        const parsed = parseToken(kind, tokenFromSecret(kind, selector, secret).reveal());
        expect(parsed?.selector).toBe(selector);
        expect(parsed?.secret).toEqual(secret);
      }),
    );
  });

  test('of one kind are nothing for another', () => {
    for (const kind of KINDS) {
      const token = createToken(kind).token.reveal();
      expect(KINDS.filter((other) => parseToken(other, token) !== null)).toEqual([kind]);
    }
  });

  test('are refused after any one character was changed', () => {
    const token = createToken('refresh').token.reveal();
    const survivors = Array.from(token).flatMap((original, at) =>
      Array.from(`${BASE62}_-. \0é`)
        .filter((character) => character !== original)
        .map((character) => token.slice(0, at) + character + token.slice(at + 1))
        .filter((altered) => parseToken('refresh', altered) !== null),
    );
    expect(survivors).toEqual([]);
  });

  test('are refused when shortened at either end, even to a part that the store knows', () => {
    const token = createToken('apiKey').token.reveal();
    for (let length = 0; length < token.length; length += 1) {
      expect(parseToken('apiKey', token.slice(0, length))).toBeNull();
      expect(parseToken('apiKey', token.slice(token.length - length))).toBeNull();
    }
    for (const altered of [`${token}0`, ` ${token}`, `${token}\n`, token.toUpperCase(), token.toLowerCase()]) {
      expect(parseToken('apiKey', altered)).toBeNull();
    }
  });

  test('with two neighbours swapped are refused', () => {
    const token = createToken('apiKey').token.reveal();
    const swapped = Array.from({ length: token.length - 1 }, (_, at) => {
      const [a, b] = [token.charAt(at), token.charAt(at + 1)];
      return token.slice(0, at) + b + a + token.slice(at + 2);
    });
    expect(swapped.filter((altered) => altered !== token && parseToken('apiKey', altered) !== null)).toEqual([]);
  });

  test.each([
    ['a number above 256 bits', `ghk_abcdefghijkl_${'z'.repeat(43)}`],
    ['2^256', `ghk_abcdefghijkl_${encodeBytes(Buffer.concat([Buffer.from([1]), Buffer.alloc(32)]), 43)}`],
    ['a foreign character in the secret', `ghk_abcdefghijkl_${'-'.repeat(43)}`],
    ['a foreign character in the selector', `ghk_abcdefghijk-_${'0'.repeat(43)}`],
    ['another separator', `ghk_abcdefghijklx${'0'.repeat(43)}`],
  ])('with %s and a right checksum are refused', (_, body) => {
    expect(parseToken('apiKey', withChecksum(body))).toBeNull();
  });

  test('the construction of the previous test is right, so that its refusals mean something', () => {
    expect(parseToken('apiKey', withChecksum(`ghk_abcdefghijkl_${'0'.repeat(43)}`))?.secret).toEqual(Buffer.alloc(32));
  });

  test('no text at all makes the parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(parseToken('session', text)).toBeNull();
        expect(parseToken('session', `ghx_${text}`)).toBeNull();
      }),
    );
    expect(parseToken('session', 'x'.repeat(1_000_000))).toBeNull();
  });

  test('are not written from a bad selector or secret', () => {
    expect(() => tokenFromSecret('reset', 'short', randomBytes(32))).toThrow(RangeError);
    expect(() => tokenFromSecret('reset', 'abcdefghijk_', randomBytes(32))).toThrow(RangeError);
    expect(() => tokenFromSecret('reset', 'abcdefghijkl', randomBytes(31))).toThrow(RangeError);
  });

  test('do not appear when anything returned is printed', () => {
    const created = createToken('invite');
    const text = created.token.reveal();
    const secretText = text.slice(17, 60);
    const parsed = parseToken('invite', text);
    const secretHex = parsed?.secret.toString('hex') ?? '';
    expect(secretHex).toHaveLength(64);
    for (const value of [created, parsed, tokenFromSecret('invite', created.selector, randomBytes(32))]) {
      const output = printed(value);
      expect(output).not.toContain(secretText);
      expect(output.replaceAll(/[^0-9a-f]/g, '')).not.toContain(secretHex);
      expect(output).not.toContain('"secret"');
    }
  });

  test('show prefix and selector only, where they are listed', () => {
    expect(visiblePart('apiKey', 'abcdefghijkl')).toBe('ghk_abcdefghijkl');
  });
});

describe('secrets of tokens', () => {
  test('are stored as SHA-256', () => {
    const secret = randomBytes(32);
    expect(hashSecret(secret)).toEqual(createHash('sha256').update(secret).digest());
  });

  test('hashes of different lengths differ, without an error', () => {
    expect(sameHash(Buffer.alloc(32), Buffer.alloc(31))).toBe(false);
    expect(sameHash(Buffer.alloc(0), Buffer.alloc(32))).toBe(false);
    expect(sameHash(Buffer.alloc(32, 1), Buffer.alloc(32, 1))).toBe(true);
    expect(sameHash(Buffer.alloc(32, 1), Buffer.alloc(32, 2))).toBe(false);
  });

  test('have one successor per key, which another key does not give', () => {
    const newKey = () => createSecretKey(randomBytes(32));
    const [key, secret] = [newKey(), randomBytes(32)];
    expect(deriveSuccessor(key, secret)).toEqual(createHmac('sha256', key).update(secret).digest());
    expect(deriveSuccessor(key, secret)).toEqual(deriveSuccessor(key, secret));
    expect(deriveSuccessor(newKey(), secret)).not.toEqual(deriveSuccessor(key, secret));
  });
});

describe('base62', () => {
  test('is fixed in width and keeps leading zeros', () => {
    expect(encodeBytes(Buffer.alloc(32), 43)).toBe('0'.repeat(43));
    expect(encodeBytes(Buffer.from([0, 62]), 3)).toBe('010');
    expect(decodeBytes('010', 2)).toEqual(Buffer.from([0, 62]));
    expect(encodeNumber(61, 2)).toBe('0z');
  });

  test('round trips, and each text means other bytes', () => {
    fc.assert(
      fc.property(secrets, (bytes) => {
        const text = encodeBytes(bytes, 43);
        expect(text).toHaveLength(43);
        expect(decodeBytes(text, 32)).toEqual(bytes);
      }),
    );
  });

  test('random digits are spread evenly over the alphabet', () => {
    const counts = new Map<string, number>();
    for (const digit of randomDigits(62_000)) {
      counts.set(digit, (counts.get(digit) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    // A plain remainder would give the first eight digits 1,211 on average; 1,000 is expected, 32 the standard deviation.
    const favoured = Array.from('01234567').reduce((sum, digit) => sum + (counts.get(digit) ?? 0), 0);
    expect(favoured / 8).toBeGreaterThan(930);
    expect(favoured / 8).toBeLessThan(1070);
  });
});
