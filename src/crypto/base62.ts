import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = 62n;
/** Eight digits stay below 2^53, so that a chunk is read and written with plain numbers and joined with few BigInt steps. */
const CHUNK_DIGITS = 8;
const CHUNK_BASE = BASE ** BigInt(CHUNK_DIGITS);

const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (digit, value) => [digit, value]));

/** A number below 2^53 in exactly `width` digits. */
export const encodeNumber = (value: number, width: number): string => {
  let text = '';
  for (let rest = value, digit = 0; digit < width; digit += 1) {
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text;
};

/** Bytes as one big-endian number in exactly `width` digits; `width` must be wide enough for any bytes of that length. */
export const encodeBytes = (bytes: Buffer, width: number): string => {
  let rest = BigInt(`0x${bytes.toString('hex') || '0'}`);
  let text = '';
  while (text.length < width) {
    text = encodeNumber(Number(rest % CHUNK_BASE), CHUNK_DIGITS) + text;
    rest /= CHUNK_BASE;
  }
  return text.slice(-width);
};

const readChunk = (text: string): number | null => {
  let value = 0;
  for (const digit of text) {
    const worth = VALUES.get(digit);
    if (worth === undefined) {
      return null;
    }
    value = value * ALPHABET.length + worth;
  }
  return value;
};

/** The `length` bytes that `encodeBytes` wrote; null for foreign characters and for numbers that do not fit. */
export const decodeBytes = (text: string, length: number): Buffer | null => {
  let number = 0n;
  for (let at = 0; at < text.length; at += CHUNK_DIGITS) {
    const chunk = text.slice(at, at + CHUNK_DIGITS);
    const value = readChunk(chunk);
    if (value === null) {
      return null;
    }
    number = number * BASE ** BigInt(chunk.length) + BigInt(value);
  }
  const hex = number.toString(16).padStart(length * 2, '0');
  return hex.length === length * 2 ? Buffer.from(hex, 'hex') : null;
};

/** Bytes from 248 on are thrown away: 248 is the greatest multiple of 62, and a plain remainder would favour some digits. */
const UNBIASED_BELOW = 248;

/** `length` digits, each equally likely. */
export const randomDigits = (length: number): string => {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < UNBIASED_BELOW && text.length < length) {
        text += ALPHABET.charAt(byte % ALPHABET.length);
      }
    }
  }
  return text;
};
