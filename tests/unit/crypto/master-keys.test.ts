import { hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateMasterKey, type KeyLabel, MasterKeyError, MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { printed } from './printed.ts';

const key = (version: number, text = randomBytes(32).toString('base64')) => ({ version, secret: new Secret(text) });
const LABELS: readonly KeyLabel[] = ['audit', 'csrf', 'cursor', 'provider', 'refresh', 'setup', 'signing', 'totp'];

describe('master keys', () => {
  test('a derived key is HKDF-SHA256 of the decoded secret, 32 bytes, and the same on every instance', () => {
    const secret = randomBytes(40);
    const keys = new MasterKeys([key(1, secret.toString('base64'))]);
    const expected = Buffer.from(hkdfSync('sha256', secret, 'gatehouse', 'gatehouse/v1/csrf', 32));
    expect(keys.derive('csrf').export()).toEqual(expected);
    expect(new MasterKeys([key(1, secret.toString('base64url'))]).derive('csrf').export()).toEqual(expected);
  });

  test('every label and every version has a key of its own', () => {
    const keys = new MasterKeys([key(1), key(2)]);
    const derived = LABELS.flatMap((label) =>
      [1, 2].map((version) => keys.derive(label, version).export().toString('hex')),
    );
    expect(new Set(derived).size).toBe(LABELS.length * 2);
  });

  test('derived keys are kept', () => {
    const keys = new MasterKeys([key(1)]);
    expect(keys.derive('totp')).toBe(keys.derive('totp', 1));
  });

  test('the highest version is current, in whatever order the keys are given', () => {
    const keys = new MasterKeys([key(2), key(10), key(3)]);
    expect(keys.current).toBe(10);
    expect(keys.versions).toEqual([10, 3, 2]);
    expect(keys.derive('signing')).toBe(keys.derive('signing', 10));
  });

  test.each([
    ['no keys', [], /No master key/],
    ['31 bytes', [key(1, randomBytes(31).toString('base64'))], /Master key 1 is too short/],
    ['a passphrase', [key(1, 'correct horse battery staple, and then some more words')], /not in base64/],
    ['an empty text', [key(4, '')], /Master key 4/],
    ['a version twice', [key(1), key(1)], /Master key 1 is given twice/],
    ['version 0', [key(0)], /whole numbers/],
    ['version 1.5', [key(1.5)], /whole numbers/],
  ])('%s is refused with a message that says what to do', (_, keys, message) => {
    const make = () => new MasterKeys(keys);
    expect(make).toThrow(MasterKeyError);
    expect(make).toThrow(message);
  });

  test('a version that is not held is named', () => {
    expect(() => new MasterKeys([key(2), key(3)]).derive('csrf', 1)).toThrow(/Master key 1 is needed.*3, 2/);
  });

  test('a refused key is not repeated in the message', () => {
    const text = randomBytes(20).toString('base64');
    expect(() => new MasterKeys([key(1, text)])).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(text) }),
    );
  });

  test('generated keys differ and are accepted', () => {
    const [a, b] = [generateMasterKey(), generateMasterKey()];
    expect(a.reveal()).not.toBe(b.reveal());
    expect(new MasterKeys([{ version: 1, secret: a }]).current).toBe(1);
  });

  test('printing the keys shows no key material', () => {
    const text = randomBytes(32).toString('base64');
    const keys = new MasterKeys([key(1, text)]);
    const derived = keys.derive('csrf').export().toString('hex');
    const output = printed(keys);
    expect(output).not.toContain(text);
    expect(output).not.toContain(derived.slice(0, 12));
    expect(output).not.toContain('Buffer');
  });
});
