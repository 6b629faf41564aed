import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { decodeBase64Url } from './canonical-base64url.ts';
import type { KeyLabel, MasterKeys } from './master-keys.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export type EnvelopeErrorCode = 'authentication' | 'malformed' | 'unknown_key';

const MESSAGES: Readonly<Record<EnvelopeErrorCode, string>> = {
  authentication: 'The sealed value was altered, moved to another place, or sealed for another use.',
  malformed: 'The text is no sealed value.',
  unknown_key: 'The value was sealed under a master key that is not given.',
};

/** A sealed value that cannot be opened. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode) {
    super(MESSAGES[code]);
    this.code = code;
  }
}

/** Neither a version nor a label contains a dot, so that no two triples give the same bytes. */
const associatedData = (version: number, label: KeyLabel, context: string): Buffer =>
  Buffer.from(`${version}.${label}.${context}`, 'utf8');

/**
 * Encrypts under the current master key (AES-256-GCM, NIST SP 800-38D, random 96-bit nonce) and returns
 * `v<version>.<iv>.<ciphertext>.<tag>`, the parts in base64url. `context` names the place of the value (table, row, column):
 * it is authenticated but not stored, so that a value copied into another row does not open there.
 */
export const seal = (keys: MasterKeys, label: KeyLabel, plaintext: Buffer, context: string): string => {
  const version = keys.current;
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keys.derive(label, version), iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(version, label, context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [`v${version}`, ...parts].join('.');
};

interface Envelope {
  readonly version: number;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

const ENVELOPE = /^v([1-9][0-9]{0,9})\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/;

const parse = (sealed: string): Envelope => {
  const match = ENVELOPE.exec(sealed);
  const [iv, ciphertext, tag] = (match ?? []).slice(2).map(decodeBase64Url);
  if (match === null || !iv || !ciphertext || !tag) {
    throw new EnvelopeError('malformed');
  }
  return { version: Number(match[1]), iv, ciphertext, tag };
};

/** Decrypts what `seal` made with the same label and context; throws EnvelopeError for everything else. */
export const open = (keys: MasterKeys, label: KeyLabel, sealed: string, context: string): Buffer => {
  const { version, iv, ciphertext, tag } = parse(sealed);
  if (!keys.versions.includes(version)) {
    throw new EnvelopeError('unknown_key');
  }
  const decipher = createDecipheriv(CIPHER, keys.derive(label, version), iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(version, label, context));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    throw new EnvelopeError('authentication');
  }
};

/** True when the value lies under an older master key: rotation seals it again. Throws EnvelopeError for malformed text. */
export const needsResealing = (keys: MasterKeys, sealed: string): boolean => parse(sealed).version !== keys.current;
