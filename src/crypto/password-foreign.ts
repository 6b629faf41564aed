import { createHash, pbkdf2, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { sameHash } from './opaque-token.ts';
import type { Secret } from './secret.ts';

/** A password hash of another system. */
export interface ForeignHash {
  /** How people call the method. */
  readonly kind: string;
  /** Whether the password has this hash; computed off the event loop, compared in constant time. */
  matches(password: Secret<string>): Promise<boolean>;
}

/**
 * Bounds of what one verification may cost, in a table that somebody else filled: about two seconds of a core and 256 MiB. A row
 * that asks for more is not computed at all.
 */
const LIMITS = {
  text: 512,
  bcryptCost: 14,
  scryptBytes: 256 * 1_048_576,
  /** N times r times p. */
  scryptWork: 2 ** 21,
  argon2Kib: 262_144,
  /** Memory times passes. */
  argon2Work: 2 ** 21,
  argon2Lanes: 16,
  salt: 128,
} as const;

/** A digest of fewer bytes could be met by chance or by search. */
const LEAST_DIGEST = 16;
const MOST_DIGEST = 64;

const pbkdf2Async = promisify(pbkdf2);

/** Length of a block of PBKDF2 in bytes, and how many iterations all blocks of one hash may have together. */
const PBKDF2_DIGESTS: Readonly<Record<string, { readonly block: number; readonly iterations: number }>> = {
  sha1: { block: 20, iterations: 3_000_000 },
  sha256: { block: 32, iterations: 3_000_000 },
  sha512: { block: 64, iterations: 1_000_000 },
};

const scryptAsync = (
  password: Buffer,
  salt: Buffer,
  job: { readonly length: number; readonly N: number; readonly r: number; readonly p: number },
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { length, ...cost } = job;
    // OpenSSL counts a little more than the 128 * N * r bytes of the definition.
    const maxmem = 2 * LIMITS.scryptBytes;
    scrypt(password, salt, length, { ...cost, maxmem }, (error, digest) =>
      error === null ? resolve(digest) : reject(error),
    );
  });

/** As the other system had them: no normalisation, which came after those hashes were made. */
const bytesOf = (password: Secret<string>): Buffer => Buffer.from(password.reveal(), 'utf8');

/** Base64 with or without padding, `+` also written `.`, as passlib does; null for anything else. */
const base64 = (text: string): Buffer | null => {
  const plain = text.replaceAll('.', '+').replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  return plain !== '' && bytes.toString('base64').replaceAll('=', '') === plain ? bytes : null;
};

const isDigest = (bytes: Buffer | null): bytes is Buffer =>
  bytes !== null && bytes.length >= LEAST_DIGEST && bytes.length <= MOST_DIGEST;

const isSalt = (bytes: Buffer | null): bytes is Buffer =>
  bytes !== null && bytes.length >= 1 && bytes.length <= LIMITS.salt;

const within = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= most;

/** How a kind is recognised by its beginning and read; `read` gives null for what is damaged or asks for too much. */
interface ForeignKind {
  readonly name: string;
  readonly begins: RegExp;
  read(text: string): ForeignHash['matches'] | null;
}

const BCRYPT = /^\$(2[aby])\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const BCRYPT_ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** bcrypt's own base64: another alphabet, bits of the last sign that mean nothing. */
const bcryptBytes = (text: string): Buffer =>
  Buffer.from(Array.from(text, (sign) => BASE64_ALPHABET.charAt(BCRYPT_ALPHABET.indexOf(sign))).join(''), 'base64');

const bcrypt: ForeignKind = {
  name: 'bcrypt',
  begins: /^\$2/,
  read: (text) => {
    const [, , costText = '', saltText = '', digestText = ''] = BCRYPT.exec(text) ?? [];
    const cost = Number(costText);
    if (cost < 4 || cost > LIMITS.bcryptCost) return null;
    const [salt, digest] = [bcryptBytes(saltText), bcryptBytes(digestText)];
    return async (password) => {
      const { hash } = await import('@node-rs/bcrypt');
      // The digest for the stored salt, compared here, so that how the library compares does not matter. All three versions
      // name one algorithm; their difference was a fault of old programs in signs beyond ASCII and in very long passwords.
      const computed = await hash(bytesOf(password), cost, salt);
      return sameHash(bcryptBytes(computed.slice(-31)), digest);
    };
  },
};

const pbkdf2Check =
  (job: { readonly digest: string; readonly iterations: number; readonly salt: Buffer }, expected: Buffer) =>
  async (password: Secret<string>): Promise<boolean> =>
    sameHash(await pbkdf2Async(bytesOf(password), job.salt, job.iterations, expected.length, job.digest), expected);

/** passlib `$pbkdf2-sha256$29000$salt$hash`, PHC `$pbkdf2-sha256$i=29000,l=32$salt$hash`. */
const PBKDF2_PHC =
  /^\$pbkdf2-(sha1|sha256|sha512)\$(?:i=)?(\d{1,8})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]+={0,2})\$([A-Za-z0-9+/.]+={0,2})$/;
/** Django `pbkdf2_sha256$600000$salt$hash`: the salt is text, not base64. */
const PBKDF2_DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]+={0,2})$/;

const pbkdf2Kind: ForeignKind = {
  name: 'PBKDF2',
  begins: /^(\$pbkdf2|pbkdf2_)/,
  read: (text) => {
    const django = PBKDF2_DJANGO.exec(text);
    const [, digest = '', iterationText = '', saltText = '', hashText = ''] = django ?? PBKDF2_PHC.exec(text) ?? [];
    const iterations = Number(iterationText);
    const salt = django === null ? base64(saltText) : Buffer.from(saltText, 'utf8');
    const expected = base64(hashText);
    const cost = PBKDF2_DIGESTS[digest];
    if (cost === undefined || !isSalt(salt) || !isDigest(expected)) return null;
    if (!within(iterations * Math.ceil(expected.length / cost.block), cost.iterations)) return null;
    return pbkdf2Check({ digest, iterations, salt }, expected);
  },
};

/** passlib and PHC `$scrypt$ln=16,r=8,p=1$salt$hash`. */
const SCRYPT_PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/.]+={0,2})\$([A-Za-z0-9+/.]+={0,2})$/;
/** Django `scrypt$16384$salt$8$1$hash`: the salt is text. */
const SCRYPT_DJANGO = /^scrypt\$(\d{1,8})\$([!-#%-~]{1,128})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/]+={0,2})$/;

const scryptPhc = (text: string) => {
  const [, ln = '', r = '', p = '', salt = '', hash = ''] = SCRYPT_PHC.exec(text) ?? [];
  return { N: 2 ** Number(ln), r: Number(r), p: Number(p), salt: base64(salt), expected: base64(hash) };
};

const scryptDjango = (text: string) => {
  const [, n = '', salt = '', r = '', p = '', hash = ''] = SCRYPT_DJANGO.exec(text) ?? [];
  return { N: Number(n), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'utf8'), expected: base64(hash) };
};

const isScryptCost = ({ N, r, p }: { readonly N: number; readonly r: number; readonly p: number }): boolean =>
  within(N, 2 ** 24) &&
  N >= 2 &&
  Number.isInteger(Math.log2(N)) &&
  // RFC 7914 section 2: N is less than 2^(128 * r / 8).
  Math.log2(N) < 16 * r &&
  r >= 1 &&
  p >= 1 &&
  128 * N * r <= LIMITS.scryptBytes &&
  N * r * p <= LIMITS.scryptWork;

const scryptKind: ForeignKind = {
  name: 'scrypt',
  begins: /^(\$scrypt\$|scrypt\$)/,
  read: (text) => {
    const { N, r, p, salt, expected } = text.startsWith('$') ? scryptPhc(text) : scryptDjango(text);
    if (!isSalt(salt) || !isDigest(expected) || !isScryptCost({ N, r, p })) return null;
    return async (password) =>
      sameHash(await scryptAsync(bytesOf(password), salt, { N, r, p, length: expected.length }), expected);
  },
};

/** RFC 2307 style: base64 of the digest of password and salt, with the salt behind it. */
const SSHA = /^\{SSHA(256|512)\}([A-Za-z0-9+/]+={0,2})$/i;
/** `$sha256$salt$hex`: the digest of salt and password, the salt being text. */
const SALTED_SHA = /^\$sha(256|512)\$([!-#%-~]{1,128})\$([0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/;

const digestCheck =
  (bits: string, expected: Buffer, input: (password: Buffer) => Buffer) =>
  (password: Secret<string>): Promise<boolean> =>
    Promise.resolve(
      sameHash(
        createHash(`sha${bits}`)
          .update(input(bytesOf(password)))
          .digest(),
        expected,
      ),
    );

const readSsha = (text: string): ForeignHash['matches'] | null => {
  const [, bits = '', joined = ''] = SSHA.exec(text) ?? [];
  const [bytes, size] = [base64(joined), Number(bits) / 8];
  const salt = bytes?.subarray(size) ?? null;
  if (bits === '' || bytes === null || !isSalt(salt)) return null;
  return digestCheck(bits, bytes.subarray(0, size), (password) => Buffer.concat([password, salt]));
};

const readSaltFirst = (text: string): ForeignHash['matches'] | null => {
  const [, bits = '', saltText = '', hex = ''] = SALTED_SHA.exec(text) ?? [];
  if (bits === '' || hex.length !== Number(bits) / 4) return null;
  const salt = Buffer.from(saltText, 'utf8');
  return digestCheck(bits, Buffer.from(hex, 'hex'), (password) => Buffer.concat([salt, password]));
};

const saltedSha: ForeignKind = {
  name: 'salted SHA-2',
  begins: /^(\{SSHA(256|512)\}|\$sha(256|512)\$)/i,
  read: (text) => (text.startsWith('{') ? readSsha(text) : readSaltFirst(text)),
};

const ARGON2 =
  /^\$argon2(id|i|d)\$(?:v=(16|19)\$)?([mtp]=\d{1,8}),([mtp]=\d{1,8}),([mtp]=\d{1,8})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** RFC 9106 section 3.1. */
const LEAST_ARGON2_SALT = 8;

type Argon2Variant = 'd' | 'i' | 'id';

interface Argon2Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** Libraries write the three in different orders; null when one is missing or they ask for too much together. */
const argon2Cost = (pairs: readonly string[]): Argon2Cost | null => {
  const given = new Map(pairs.map((pair) => [pair.charAt(0), Number(pair.slice(2))]));
  const [memoryCost, timeCost, parallelism] = ['m', 't', 'p'].map((name) => given.get(name));
  if (memoryCost === undefined || timeCost === undefined || parallelism === undefined) return null;
  const fits =
    within(memoryCost, LIMITS.argon2Kib) &&
    within(timeCost, LIMITS.argon2Work) &&
    within(parallelism, LIMITS.argon2Lanes) &&
    memoryCost >= 8 * parallelism &&
    memoryCost * timeCost <= LIMITS.argon2Work;
  return fits ? { memoryCost, timeCost, parallelism } : null;
};

const argon2Check =
  (
    job: Argon2Cost & { readonly variant: Argon2Variant; readonly version: number; readonly salt: Buffer },
    expected: Buffer,
  ) =>
  async (password: Secret<string>): Promise<boolean> => {
    const { default: argon2 } = await import('argon2');
    const { variant, ...rest } = job;
    const types = { i: argon2.argon2i, d: argon2.argon2d, id: argon2.argon2id } as const;
    const options = { ...rest, type: types[variant], hashLength: expected.length, raw: true } as const;
    return sameHash(await argon2.hash(bytesOf(password), options), expected);
  };

/** The variants and versions that are not ours; our own parser comes first and takes argon2id of version 19. */
const argon2Kind: ForeignKind = {
  name: 'argon2',
  begins: /^\$argon2/,
  read: (text) => {
    const found = ARGON2.exec(text);
    if (found === null) return null;
    // Version 16 is the one of before versions were written.
    const [, variant, version = '16', ...parts] = found;
    const [salt = null, expected = null] = parts.slice(3).map(base64);
    const cost = argon2Cost(parts.slice(0, 3));
    if (cost === null || !isSalt(salt) || salt.length < LEAST_ARGON2_SALT || !isDigest(expected)) return null;
    return argon2Check({ ...cost, variant: variant as Argon2Variant, version: Number(version), salt }, expected);
  },
};

const KINDS: readonly ForeignKind[] = [bcrypt, pbkdf2Kind, scryptKind, saltedSha, argon2Kind];

/** Takes a hash of another system apart; null when it is none, is damaged, or would cost more than is allowed. */
export const parseForeignHash = (text: string): ForeignHash | null => {
  if (text.length > LIMITS.text) return null;
  const kind = KINDS.find(({ begins }) => begins.test(text));
  const matches = kind?.read(text) ?? null;
  return kind === undefined || matches === null ? null : { kind: kind.name, matches };
};

/**
 * Judges a hash that is to be imported: its kind, or what is wrong with it, in words that do not repeat it. Stricter than what
 * signing in reads: an argon2id hash that this server made may be as costly as its settings said, an imported one may not.
 */
export const judgeImportedHash = (text: string): { readonly kind: string } | { readonly problem: string } => {
  const kind = text.length > LIMITS.text ? undefined : KINDS.find(({ begins }) => begins.test(text));
  if (kind === undefined) return { problem: 'is of no kind that can be imported' };
  return kind.read(text) === null
    ? { problem: `is a ${kind.name} hash that is damaged or asks for more work than is allowed` }
    : { kind: kind.name };
};
