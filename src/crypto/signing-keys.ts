import { createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type CryptoKey, importJWK } from 'jose';
import { Secret } from './secret.ts';

/** EdDSA means Ed25519 here. */
export const signingAlgorithms = ['EdDSA', 'ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A public key as RFC 7517 writes it, ready for a JWKS. */
export interface PublicJwk {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

export interface GeneratedSigningKey {
  /** RFC 7638 thumbprint of the public key: equal keys have equal ids, and no id can be made to name another key. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: PublicJwk;
  /** JSON of the private JWK, to be sealed before it is stored. */
  readonly privateJwk: Secret<string>;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicPem: string;
}

/** A private key, imported once and kept. The algorithm belongs to the key. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
}

/** A public key, imported once and kept. */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: CryptoKey;
}

/** Verification keys by `kid`. */
export type Keyring = ReadonlyMap<string, VerificationKey>;

/** A stored key does not fit its algorithm or its id; the message holds no key material. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair);

/** RSA has 2048 bits: every verifier takes them, and keys are rotated long before NIST SP 800-57 ends their time (2030). */
const generators: Readonly<Record<SigningAlgorithm, () => Promise<KeyPair>>> = {
  EdDSA: () => generate('ed25519'),
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  RS256: () => generate('rsa', { modulusLength: 2048 }),
};

/** Type and curve each algorithm demands; a key of another kind under an algorithm's name is how algorithm confusion starts. */
const SHAPES: Readonly<Record<SigningAlgorithm, { readonly kty: string; readonly crv: string | undefined }>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  ES256: { kty: 'EC', crv: 'P-256' },
  RS256: { kty: 'RSA', crv: undefined },
};

const assertShape = (kid: string, algorithm: SigningAlgorithm, jwk: { kty?: unknown; crv?: unknown }): void => {
  const shape = SHAPES[algorithm];
  if (jwk.kty !== shape.kty || jwk.crv !== shape.crv) {
    throw new SigningKeyError(`Signing key ${kid} is no ${algorithm} key.`);
  }
};

const thumbprintInput = ({ kty, crv, x, y, n, e }: JsonWebKey) =>
  Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined));

/** Makes a new key pair. */
export const generateSigningKey = async (algorithm: SigningAlgorithm): Promise<GeneratedSigningKey> => {
  const { publicKey, privateKey } = await generators[algorithm]();
  const publicPart = thumbprintInput(publicKey.export({ format: 'jwk' }));
  const kid = await calculateJwkThumbprint(publicPart, 'sha256');
  return {
    kid,
    algorithm,
    publicJwk: { kid, alg: algorithm, use: 'sig', ...publicPart } as PublicJwk,
    privateJwk: new Secret(JSON.stringify(privateKey.export({ format: 'jwk' }))),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
};

const readPrivateKey = (kid: string, privateJwk: Secret<string>): { jwk: JsonWebKey; privateKey: KeyObject } => {
  try {
    const jwk = JSON.parse(privateJwk.reveal()) as JsonWebKey;
    return { jwk, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) };
  } catch {
    // The parser's message can quote its input, which is the private key.
    throw new SigningKeyError(`Signing key ${kid} cannot be read.`);
  }
};

/** Imports a private key. Throws SigningKeyError when it cannot be read, is of another kind, or is not the key that `kid` names. */
export const importSigningKey = async (
  stored: Pick<GeneratedSigningKey, 'algorithm' | 'kid' | 'privateJwk'>,
): Promise<SigningKey> => {
  const { kid, algorithm } = stored;
  const { jwk, privateKey } = readPrivateKey(kid, stored.privateJwk);
  assertShape(kid, algorithm, jwk);
  const publicPart = createPublicKey(privateKey).export({ format: 'jwk' });
  await assertThumbprint(kid, publicPart);
  return { kid, algorithm, privateKey };
};

const assertThumbprint = async (kid: string, jwk: JsonWebKey): Promise<void> => {
  if ((await calculateJwkThumbprint(thumbprintInput(jwk), 'sha256')) !== kid) {
    throw new SigningKeyError(`Signing key ${kid} is not the key that its id names.`);
  }
};

/** Imports a public key. Throws SigningKeyError when it is of another kind or is not the key that `kid` names. */
export const importVerificationKey = async (
  stored: Pick<GeneratedSigningKey, 'algorithm' | 'kid' | 'publicJwk'>,
): Promise<VerificationKey> => {
  const { kid, algorithm, publicJwk } = stored;
  assertShape(kid, algorithm, publicJwk);
  const publicPart = thumbprintInput({ ...publicJwk });
  await assertThumbprint(kid, publicPart);
  const publicKey = await importJWK(publicPart, algorithm);
  if (publicKey instanceof Uint8Array) {
    throw new SigningKeyError(`Signing key ${kid} is no public key.`);
  }
  return { kid, algorithm, publicKey };
};

/** The keyring of several public keys. */
export const createKeyring = async (
  stored: readonly Pick<GeneratedSigningKey, 'algorithm' | 'kid' | 'publicJwk'>[],
): Promise<Keyring> => {
  const keys = await Promise.all(stored.map(importVerificationKey));
  return new Map(keys.map((key) => [key.kid, key]));
};
