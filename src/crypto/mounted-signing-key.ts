import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { Secret } from './secret.ts';
import { type GeneratedSigningKey, type PublicJwk, type SigningAlgorithm, SigningKeyError } from './signing-keys.ts';

/** Below this an RSA key is no signing key any more (NIST SP 800-131A). */
const MINIMUM_RSA_BITS = 2048;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/gu;

const privateKeyOf = (text: string, where: string): KeyObject => {
  try {
    if (text.startsWith('{')) return createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' });
    return createPrivateKey(text);
  } catch {
    // The parser's message can quote its input, which is the private key.
    throw new SigningKeyError(`${where} holds no private key in PEM (unencrypted) or as a JWK.`);
  }
};

const algorithmOf = (key: KeyObject, where: string): SigningAlgorithm => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return 'EdDSA';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= MINIMUM_RSA_BITS) return 'RS256';
  throw new SigningKeyError(`${where} holds a key that is neither Ed25519, nor P-256, nor RSA of 2048 bits or more.`);
};

const readOne = async (text: string, where: string): Promise<GeneratedSigningKey> => {
  const privateKey = privateKeyOf(text, where);
  const algorithm = algorithmOf(privateKey, where);
  const publicKey = createPublicKey(privateKey);
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  const publicPart = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
  const kid = await calculateJwkThumbprint(publicPart, 'sha256');
  return {
    kid,
    algorithm,
    publicJwk: { kid, alg: algorithm, use: 'sig', ...publicPart } as PublicJwk,
    privateJwk: new Secret(JSON.stringify(privateKey.export({ format: 'jwk' }))),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
};

/**
 * The private keys of a text, in its order: blocks of PEM, or one JWK. The key id is the thumbprint, whatever the JWK says.
 * Throws SigningKeyError, which names `where` and never the key.
 */
export const readMountedKeys = (text: Secret<string>, where: string): Promise<GeneratedSigningKey[]> => {
  const clear = text.reveal().trim();
  const blocks = clear.startsWith('{') ? [clear] : (clear.match(PEM) ?? [clear]);
  return Promise.all(blocks.map((block) => readOne(block, where)));
};
