import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/crypto/secret.ts';
import {
  createKeyring,
  generateSigningKey,
  importSigningKey,
  importVerificationKey,
  signingAlgorithms,
  SigningKeyError,
} from '../../../src/crypto/signing-keys.ts';
import { makeKey } from './jwt-fixtures.ts';
import { printed } from './printed.ts';

describe.each(signingAlgorithms)('a signing key for %s', (algorithm) => {
  test('is named by the RFC 7638 thumbprint of its public part', async () => {
    const { generated } = await makeKey(algorithm);
    expect(generated.kid).toBe(await calculateJwkThumbprint({ ...generated.publicJwk }, 'sha256'));
    expect(generated.publicJwk).toMatchObject({ kid: generated.kid, alg: algorithm, use: 'sig' });
  });

  test('shows the same public key as JWK and PEM, and nothing private in either', async () => {
    const { generated } = await makeKey(algorithm);
    const fromPem = createPublicKey(generated.publicPem).export({ format: 'jwk' });
    expect(generated.publicJwk).toMatchObject(fromPem);
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
      expect(generated.publicJwk).not.toHaveProperty(member);
    }
  });

  test('never prints its private part, in any of its forms', async () => {
    const { generated, signing, verification } = await makeKey(algorithm);
    const { d } = JSON.parse(generated.privateJwk.reveal()) as { d: string };
    expect(d.length).toBeGreaterThan(40);
    for (const value of [generated, signing, verification]) {
      const output = printed(value);
      expect(output).not.toContain(d.slice(0, 20));
    }
  });

  test('is not taken for a key of another algorithm', async () => {
    const { generated } = await makeKey(algorithm);
    for (const other of signingAlgorithms.filter((candidate) => candidate !== algorithm)) {
      await expect(importSigningKey({ ...generated, algorithm: other })).rejects.toThrow(SigningKeyError);
      await expect(importVerificationKey({ ...generated, algorithm: other })).rejects.toThrow(SigningKeyError);
    }
  });

  test('is not taken under the id of another key', async () => {
    const [{ generated }, other] = await Promise.all([makeKey(algorithm), generateSigningKey(algorithm)]);
    await expect(importSigningKey({ ...generated, kid: other.kid })).rejects.toThrow(/not the key that its id names/);
    await expect(importVerificationKey({ ...generated, kid: other.kid })).rejects.toThrow(
      /not the key that its id names/,
    );
  });
});

test('a damaged private key is refused without quoting it', async () => {
  const generated = await generateSigningKey('EdDSA');
  const damaged = generated.privateJwk.reveal().slice(0, -3);
  const error: unknown = await importSigningKey({ ...generated, privateJwk: new Secret(damaged) }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SigningKeyError);
  expect(printed(error)).not.toContain(damaged.slice(10, 40));
});

test('a public JWK in the place of the private one signs nothing', async () => {
  const generated = await generateSigningKey('ES256');
  const privateJwk = new Secret(JSON.stringify(generated.publicJwk));
  await expect(importSigningKey({ ...generated, privateJwk })).rejects.toThrow(SigningKeyError);
});

test('a keyring finds each key by its id', async () => {
  const keys = await Promise.all([generateSigningKey('EdDSA'), generateSigningKey('ES256')]);
  const keyring = await createKeyring(keys);
  expect([...keyring.keys()]).toEqual(keys.map(({ kid }) => kid));
  expect(keys.map(({ kid }) => keyring.get(kid)?.algorithm)).toEqual(['EdDSA', 'ES256']);
});
