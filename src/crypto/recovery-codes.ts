import { createHmac, randomBytes } from 'node:crypto';
import type { UserId } from '../ids.ts';
import type { MasterKeys } from './master-keys.ts';
import { Secret } from './secret.ts';

/** How many codes a person gets at once. */
const RECOVERY_CODE_COUNT = 10;

/** Crockford's base32: no I, L, O and U, which people take for other letters or digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 80 bits. */
const LENGTH = 16;
const GROUP = 4;
/** Longer texts are no codes and are not worked on. */
const MAXIMUM_TYPED = 64;

const grouped = (text: string): string =>
  Array.from({ length: text.length / GROUP }, (_, index) => text.slice(index * GROUP, (index + 1) * GROUP)).join('-');

/** A byte gives five bits: 32 letters divide 256, so none is likelier than another. */
const newCode = (): Secret<string> =>
  new Secret(grouped([...randomBytes(LENGTH)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')));

/** Ten new codes, four groups of four characters each: look-up secrets in the words of NIST SP 800-63B section 3.1.2. */
export const generateRecoveryCodes = (): readonly Secret<string>[] =>
  Array.from({ length: RECOVERY_CODE_COUNT }, () => newCode());

const LOOK_ALIKE: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1', U: 'V' };

/** What was typed, in the one form that is hashed; null for what can be no code. */
const normalized = (typed: string): string | null => {
  if (typed.length > MAXIMUM_TYPED) return null;
  const letters = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '');
  const read = letters.replaceAll(/[OILU]/g, (letter) => LOOK_ALIKE[letter] ?? letter);
  return read.length === LENGTH ? read : null;
};

/**
 * HMAC-SHA256 under a key that is not in the database, so that its copy does not let anybody try codes; bound to purpose and
 * person, so that a hash moved to another row matches nothing.
 */
const keyedHash = (keys: MasterKeys, version: number, userId: UserId, code: string): string => {
  const hash = createHmac('sha256', keys.derive('code', version)).update(`recovery-code\0${userId}\0${code}`);
  return `v${version}.${hash.digest('base64url')}`;
};

/** What is stored of a new code: `v<version of the master key>.<hash in base64url>`. */
export const hashRecoveryCode = (keys: MasterKeys, userId: UserId, code: Secret<string>): string =>
  keyedHash(keys, keys.current, userId, normalized(code.reveal()) ?? '');

/**
 * What may be stored of the code that somebody typed, one text for each master key that is held: letter case, spaces, dashes
 * and look-alike letters make no difference. What can be no code gives hashes of nothing, after the same work.
 */
export const recoveryCodeHashes = (keys: MasterKeys, userId: UserId, typed: string): readonly string[] => {
  const code = normalized(typed);
  return keys.versions.map((version) =>
    // No code is stored under this text: it is too short to be one.
    keyedHash(keys, version, userId, code ?? ''),
  );
};
