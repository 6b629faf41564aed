import { createHmac, randomInt } from 'node:crypto';
import type { MasterKeys } from './master-keys.ts';
import { Secret } from './secret.ts';

const CODE_DIGITS = 6;

/** A new code of six decimal digits, each equally likely. */
export const newCode = (): Secret<string> =>
  new Secret(String(randomInt(10 ** CODE_DIGITS)).padStart(CODE_DIGITS, '0'));

/** Blanks between the digits are what people type; anything else is no code. */
export const normalisedCode = (typed: string): string | null => {
  const digits = typed.length > 40 ? '' : typed.replaceAll(/\s/g, '');
  return /^\d{6}$/.test(digits) ? digits : null;
};

/**
 * The stored form of a code: HMAC-SHA256 under a key of the server, bound to the row. A plain hash of six digits could be
 * tried out in a second by whoever reads the table.
 */
export const codeHash = (keys: MasterKeys, selector: string, code: string, version = keys.current): Buffer =>
  createHmac('sha256', keys.derive('code', version)).update(`${selector}.${code}`).digest();

/** The stored forms that a code may have, one per master key. */
export const codeHashes = (keys: MasterKeys, selector: string, code: string): readonly Buffer[] =>
  keys.versions.map((version) => codeHash(keys, selector, code, version));
