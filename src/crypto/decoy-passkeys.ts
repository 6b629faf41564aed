import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** How a browser recognises a passkey. */
interface Descriptor {
  /** WebAuthn credential id, base64url. */
  readonly id: string;
  readonly transports: readonly string[];
}

/** What the authenticators in use have: phones and password managers first, then notebooks, then security keys. */
const KINDS = [
  { bytes: 16, transports: ['hybrid', 'internal'] },
  { bytes: 20, transports: ['hybrid', 'internal'] },
  { bytes: 32, transports: ['internal'] },
  { bytes: 64, transports: ['nfc', 'usb'] },
] as const;

/** HMAC in counter mode (NIST SP 800-108 section 4.1): as many bytes as the longest kind needs, the same for the same text. */
const bytesOf = (key: KeyObject, text: string): Buffer =>
  Buffer.concat([0, 1].map((count) => createHmac('sha256', key).update(`${count}:${text}`).digest()));

/**
 * The passkey of a name that has none. It is the same each time, as a real one would be, so that asking twice does not tell
 * accounts from inventions (WebAuthn section 14.6.2).
 */
export const decoyPasskey = (key: KeyObject, name: string): Descriptor => {
  const choice = createHmac('sha256', key).update(`kind:${name}`).digest().readUInt8(0);
  const { bytes, transports } = KINDS[choice % KINDS.length] ?? KINDS[0];
  return { id: bytesOf(key, name).subarray(0, bytes).toString('base64url'), transports };
};

/** One coordinate of a COSE key: its label, and 32 bytes. */
const coordinate = (label: number, value: string): Buffer =>
  Buffer.concat([Buffer.from([label, 0x58, 32]), Buffer.from(value, 'base64url')]);

/**
 * A key whose other half nobody keeps: a P-256 key in COSE form (RFC 9053 section 7.1), base64url. Signatures for unknown
 * passkeys are checked against it, so that they take as long as those for known ones.
 */
export const decoyPublicKey = (): string => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // Map of five: kty = EC2, alg = ES256, crv = P-256, x, y.
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]);
  return Buffer.concat([head, coordinate(0x21, x), coordinate(0x22, y)]).toString('base64url');
};
