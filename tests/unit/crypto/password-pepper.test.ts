import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { PasswordHasher } from '../../../src/crypto/password-hasher.ts';
import { parseHash } from '../../../src/crypto/password-hash.ts';
import { pepperOf, peppered } from '../../../src/crypto/password-pepper.ts';
import { Secret } from '../../../src/crypto/secret.ts';

const keysOf = (...versions: readonly number[]): MasterKeys =>
  new MasterKeys(
    versions.map((version) => ({ version, secret: new Secret(Buffer.alloc(32, version).toString('base64url')) })),
  );
const hasherWith = (keys: MasterKeys | null, isOn = true): PasswordHasher =>
  new PasswordHasher({
    parameters: { memoryKib: 256, iterations: 1, parallelism: 1 },
    implementation: 'auto',
    concurrency: 2,
    limit: 50,
    ...(keys === null ? {} : { pepper: pepperOf(keys, isOn) }),
  });
const right = new Secret('violet kiln by the harbour');
const wrong = new Secret('violet kiln by the harbours');

describe('a pepper', () => {
  test('names its version in the hash, which nobody without the key can verify', async () => {
    const peppered1 = hasherWith(keysOf(1));
    const hash = await peppered1.hash(right);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=256,t=1,p=1,keyid=MQ\$/);
    expect([await peppered1.verify(hash, right), await peppered1.verify(hash, wrong)]).toEqual([true, false]);
    const bare = hash.replace(',keyid=MQ', '');
    expect(await hasherWith(null).verify(bare, right)).toBe(false);
    expect(await hasherWith(null).verify(hash, right)).toBe(false);
    expect(await hasherWith(keysOf(2)).verify(hash, right)).toBe(false);
    const otherKey = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 9).toString('base64url')) }]);
    expect(await hasherWith(otherKey).verify(hash, right)).toBe(false);
  });

  test('that is switched on leaves older hashes good and asks for their renewal', async () => {
    const plain = await hasherWith(null).hash(right);
    const hasher = hasherWith(keysOf(1));
    expect(await hasher.verify(plain, right)).toBe(true);
    expect(hasher.needsRehash(plain)).toBe(true);
    expect(hasher.needsRehash(await hasher.hash(right))).toBe(false);
  });

  test('that is rotated or switched off keeps reading what older versions made, while their key is held', async () => {
    const hash = await hasherWith(keysOf(1)).hash(right);
    for (const later of [hasherWith(keysOf(2, 1)), hasherWith(keysOf(1), false)]) {
      expect(await later.verify(hash, right)).toBe(true);
      expect(later.needsRehash(hash)).toBe(true);
    }
    expect(await hasherWith(keysOf(2, 1)).hash(right)).toContain(',keyid=Mg$');
    expect(await hasherWith(keysOf(1), false).hash(right)).not.toContain('keyid');
  });

  test('gives other bytes for each key and password, never the password', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const [password, pepper] = [Buffer.from(bytes), pepperOf(keysOf(2, 1), true)];
        const [one, two] = [peppered(pepper, 1, password), peppered(pepper, 2, password)];
        expect([one.length, two.length, one.equals(two), one.equals(password)]).toEqual([32, 32, false, false]);
        expect(peppered(pepper, null, password)).toBe(password);
        expect(() => peppered(pepper, 3, password)).toThrow(RangeError);
        expect(() => peppered(null, 1, password)).toThrow(RangeError);
      }),
    );
  });

  test.each(['', 'AA', 'MA', 'MDE', 'LTE', 'MS41', 'MTIzNDU2Nw', 'M', 'MR', 'MQ==', '____'])(
    'of the version %j is none that a hash can name',
    (keyId) => {
      const text = `$argon2id$v=19$m=256,t=2,p=1,keyid=${keyId}$c29tZXNhbHRzb21lc2FsdA$${'A'.repeat(43)}`;
      expect(parseHash(text)).toBeNull();
    },
  );
});
