import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readMountedKeys } from '../../../src/crypto/mounted-signing-key.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { importSigningKey, SigningKeyError } from '../../../src/crypto/signing-keys.ts';

const pemOf = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8'): string =>
  key.export({ format: 'pem', type }).toString();

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;

const read = (text: string) => readMountedKeys(new Secret(text), 'The file');

describe('a signing key from outside', () => {
  test.each<[string, string, string]>([
    ['Ed25519 in PKCS #8', pemOf(ed25519), 'EdDSA'],
    ['P-256 in PKCS #8', pemOf(p256), 'ES256'],
    ['P-256 in SEC 1', pemOf(p256, 'sec1'), 'ES256'],
    ['RSA in PKCS #8', pemOf(rsa), 'RS256'],
    ['RSA in PKCS #1', `\n${pemOf(rsa, 'pkcs1')}\n`, 'RS256'],
    ['P-256 as a JWK with another kid', JSON.stringify({ ...p256.export({ format: 'jwk' }), kid: 'mine' }), 'ES256'],
  ])('is read: %s', async (_what, text, algorithm) => {
    const [key] = await read(text);
    expect(key).toMatchObject({ algorithm, kid: expect.stringMatching(/^[\w-]{43}$/), publicJwk: { alg: algorithm } });
    expect(JSON.stringify(key?.publicJwk)).not.toMatch(/"(d|p|q|dp|dq|qi)"/);
    // What was read signs as what was made here does.
    expect(key === undefined ? null : await importSigningKey(key)).toMatchObject({ kid: key?.kid, algorithm });
  });

  test('is read out of several blocks, in their order', async () => {
    const keys = await read(`${pemOf(p256)}# and the one before\n${pemOf(ed25519)}`);
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'EdDSA']);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['text', 'correct horse battery staple'],
    ['half a block', pemOf(p256).slice(0, 100)],
    [
      'an encrypted key',
      p256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['a JWK that is none', '{"kty":"OKP","d":"topsecret"'],
    ['a public JWK', JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))],
    ['a short RSA key', pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)],
    ['a key of another curve', pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
    ['a key that only agrees', pemOf(generateKeyPairSync('x25519').privateKey)],
  ])('is refused without being quoted: %s', async (_what, text) => {
    const error: unknown = await read(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SigningKeyError);
    expect(String(error)).toMatch(/^SigningKeyError: The file holds /);
    expect(String(error)).not.toMatch(/topsecret|horse|BEGIN/);
    expect((error as Error).cause).toBeUndefined();
  });
});
