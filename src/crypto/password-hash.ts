import { randomBytes } from 'node:crypto';
import type { Argon2, Argon2Job, Argon2Parameters } from './argon2.ts';
import { sameHash } from './opaque-token.ts';
import { type Pepper, peppered } from './password-pepper.ts';
import type { Secret } from './secret.ts';

const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/**
 * Bounds of what is read from a stored hash. A stored value is data: a damaged or imported one that asks for a terabyte must not
 * reach the library, which would try and be killed.
 */
const LIMITS = { memoryKib: 1_048_576, iterations: 100, parallelism: 16, text: 512 } as const;

/** A stored hash, taken apart. */
export interface StoredHash extends Argon2Job {
  readonly digest: Buffer;
  /** Version of the pepper that went into it; null = none. */
  readonly pepperVersion: number | null;
}

const PHC = /^\$argon2id\$v=19\$([A-Za-z0-9=,+/]{9,60})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

const decodeBase64 = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64');
  return encodeBase64(bytes) === text ? bytes : null;
};

/** PHC strings carry no padding. */
const encodeBase64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

const within = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= most;

/** PHC's `keyid` names the key that went in beside the password: here the pepper's version as decimal digits, in base64. */
const readKeyId = (text: string | undefined): number | null | undefined => {
  if (text === undefined) return null;
  const digits = decodeBase64(text)?.toString('latin1') ?? '';
  return /^[1-9]\d{0,5}$/.test(digits) ? Number(digits) : undefined;
};

const formatKeyId = (version: number | null): string =>
  version === null ? '' : `,keyid=${encodeBase64(Buffer.from(String(version), 'latin1'))}`;

/** The order of `m`, `t` and `p` differs between libraries. */
const readParameters = (text: string): (Argon2Parameters & { readonly pepperVersion: number | null }) | null => {
  const given = text.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  const pairs = new Map(given.map(([name = '', value = '']) => [name, value]));
  const [memoryKib, iterations, parallelism] = ['m', 't', 'p'].map((name) => Number(pairs.get(name) ?? 'absent'));
  const pepperVersion = readKeyId(pairs.get('keyid'));
  const expected = pepperVersion === null ? 3 : 4;
  if (given.length !== expected || pairs.size !== expected || pepperVersion === undefined) return null;
  if (memoryKib === undefined || iterations === undefined || parallelism === undefined) return null;
  const fits =
    within(memoryKib, LIMITS.memoryKib) &&
    within(iterations, LIMITS.iterations) &&
    within(parallelism, LIMITS.parallelism) &&
    memoryKib >= 8 * parallelism;
  return fits ? { memoryKib, iterations, parallelism, pepperVersion } : null;
};

/** Takes a PHC string apart; null when it is no argon2id hash of version 19 or asks for more than any sane setting. */
export const parseHash = (text: string): StoredHash | null => {
  const [, parameterText, saltText, digestText] = text.length > LIMITS.text ? [] : (PHC.exec(text) ?? []);
  if (parameterText === undefined || saltText === undefined || digestText === undefined) {
    return null;
  }
  const parameters = readParameters(parameterText);
  const salt = decodeBase64(saltText);
  const digest = decodeBase64(digestText);
  return parameters && salt && digest ? { ...parameters, salt, digest, length: digest.length } : null;
};

const formatHash = (
  { memoryKib, iterations, parallelism, salt }: Argon2Job,
  pepperVersion: number | null,
  digest: Buffer,
): string =>
  `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}${formatKeyId(pepperVersion)}$${encodeBase64(salt)}$${encodeBase64(digest)}`;

/**
 * The bytes that are hashed: NFKC, so that a password typed on another keyboard or system is the same password
 * (NIST SP 800-63B, Unicode passwords), then UTF-8. Nothing is trimmed or cut.
 */
const passwordBytes = (password: Secret<string>): Buffer => Buffer.from(password.reveal().normalize('NFKC'), 'utf8');

const newJob = (parameters: Argon2Parameters): Argon2Job => ({
  memoryKib: parameters.memoryKib,
  iterations: parameters.iterations,
  parallelism: parameters.parallelism,
  salt: randomBytes(SALT_BYTES),
  length: DIGEST_BYTES,
});

/** Hashes a password and returns a PHC string. */
export const hashPassword = async (
  argon2: Argon2,
  password: Secret<string>,
  parameters: Argon2Parameters,
  pepper: Pepper | null = null,
): Promise<string> => {
  const job = newJob(parameters);
  const version = pepper?.current ?? null;
  const input = peppered(pepper, version, passwordBytes(password));
  return formatHash(job, version, await argon2.compute(input, job));
};

/** Whether the password has this hash; compared in constant time. Throws when the hash needs a pepper that is not held. */
export const verifyPassword = async (
  argon2: Argon2,
  stored: StoredHash,
  password: Secret<string>,
  pepper: Pepper | null = null,
): Promise<boolean> => {
  const input = peppered(pepper, stored.pepperVersion, passwordBytes(password));
  return sameHash(await argon2.compute(input, stored), stored.digest);
};

/** A hash that belongs to no password: verifying it costs what verifying a fresh hash costs, and fails. */
export const decoyHash = (parameters: Argon2Parameters): StoredHash => ({
  ...newJob(parameters),
  digest: randomBytes(DIGEST_BYTES),
  pepperVersion: null,
});

/** Whether a hash should be replaced at the next chance, which is when its password was right. */
export const needsRehash = (text: string, parameters: Argon2Parameters, pepper: Pepper | null = null): boolean => {
  const stored = parseHash(text);
  return (
    stored?.memoryKib !== parameters.memoryKib ||
    stored.iterations !== parameters.iterations ||
    stored.parallelism !== parameters.parallelism ||
    stored.length !== DIGEST_BYTES ||
    stored.salt.length < SALT_BYTES ||
    stored.pepperVersion !== (pepper?.current ?? null)
  );
};

/** The work of one computation; time grows with memory times passes. */
const work = ({ memoryKib, iterations }: Argon2Parameters): number => memoryKib * iterations;

/**
 * What an older, cheaper hash is short of the present parameters; null when nothing. Computed after a failed verification, it makes
 * accounts that have not signed in since the parameters were raised cost as much as unknown ones, which meet the present decoy.
 */
export const shortfall = (stored: Argon2Parameters, present: Argon2Parameters): Argon2Parameters | null => {
  const missing = work(present) - work(stored);
  if (missing <= 0) {
    return null;
  }
  const iterations = Math.ceil(missing / present.memoryKib);
  const memoryKib = Math.max(8, Math.round(missing / iterations));
  return { memoryKib, iterations, parallelism: 1 };
};

/** The computation of a shortfall, whose result is thrown away. */
export const spend = async (argon2: Argon2, password: Secret<string>, parameters: Argon2Parameters): Promise<void> => {
  await argon2.compute(passwordBytes(password), newJob(parameters));
};
