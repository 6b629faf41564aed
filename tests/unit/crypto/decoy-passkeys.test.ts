import { createPublicKey, createSecretKey, randomBytes, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decoyPasskey, decoyPublicKey } from '../../../src/crypto/decoy-passkeys.ts';

const keyOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const key = keyOf(7);

describe('decoyPasskey', () => {
  test('is the same for the same name and key, and another for any other', () => {
    const names = Array.from({ length: 200 }, (_, index) => `user${index}@example.com`);
    const ids = names.map((name) => decoyPasskey(key, name).id);
    expect(new Set(ids).size).toBe(200);
    expect(names.map((name) => decoyPasskey(key, name).id)).toEqual(ids);
    expect(decoyPasskey(keyOf(8), 'user0@example.com').id).not.toBe(ids[0]);
  });

  test('has the length and transports of authenticators in use, all kinds of them', () => {
    const kinds = new Set<string>();
    for (let index = 0; index < 200; index += 1) {
      const { id, transports } = decoyPasskey(key, `user${index}@example.com`);
      kinds.add(`${Buffer.from(id, 'base64url').length} ${transports.join()}`);
    }
    expect([...kinds].toSorted()).toEqual(['16 hybrid,internal', '20 hybrid,internal', '32 internal', '64 nfc,usb']);
  });

  test('shows no part of one in another: neither long ids of short ones nor halves of themselves', () => {
    const ids = Array.from({ length: 100 }, (_, index) => decoyPasskey(key, `${index}`).id);
    const starts = ids.map((id) => id.slice(0, 20));
    expect(new Set(starts).size).toBe(100);
    const long = ids.map((id) => Buffer.from(id, 'base64url')).filter((bytes) => bytes.length === 64);
    expect(long.length).toBeGreaterThan(5);
    for (const bytes of long) expect(bytes.subarray(0, 32).equals(bytes.subarray(32))).toBe(false);
  });
});

describe('decoyPublicKey', () => {
  test('is a P-256 key in COSE form, a new one each time, that verifies nothing', () => {
    const cose = Buffer.from(decoyPublicKey(), 'base64url');
    expect(cose.subarray(0, 7).toString('hex')).toBe('a5010203262001');
    expect(cose).toHaveLength(77);
    expect(decoyPublicKey()).not.toBe(cose.toString('base64url'));
    const [x, y] = [cose.subarray(10, 42), cose.subarray(45, 77)].map((part) => part.toString('base64url'));
    const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
    expect(verify('sha256', Buffer.from('text'), publicKey, randomBytes(70))).toBe(false);
  });
});
