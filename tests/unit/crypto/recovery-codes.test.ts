import { describe, expect, test } from 'vitest';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { generateRecoveryCodes, hashRecoveryCode, recoveryCodeHashes } from '../../../src/crypto/recovery-codes.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { newId, type UserId } from '../../../src/ids.ts';

const key = (version: number) => ({ version, secret: new Secret(Buffer.alloc(32, version).toString('base64url')) });
const keys = new MasterKeys([key(1)]);
const rotated = new MasterKeys([key(2), key(1)]);
const withoutOld = new MasterKeys([key(2)]);
const ada = newId<UserId>();
const bob = newId<UserId>();
const CODE = '0V1K-AB9Z-QRST-0011';

describe('new codes', () => {
  test('are ten, all different, of 80 bits, in letters that nobody takes for others', () => {
    const many = Array.from({ length: 100 }, () => generateRecoveryCodes()).flat();
    expect(many).toHaveLength(1000);
    expect(new Set(many.map((code) => code.reveal())).size).toBe(1000);
    for (const code of many) {
      expect(code.reveal()).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
      expect(String(code)).toBe('[secret]');
    }
  });

  test('use each letter about as often as any other', () => {
    const letters = Array.from({ length: 400 }, () => generateRecoveryCodes().map((code) => code.reveal()))
      .flat()
      .join('')
      .replaceAll('-', '');
    const counts = Map.groupBy(letters, (letter) => letter);
    expect(counts.size).toBe(32);
    // 64,000 letters, 2,000 of each expected: six standard deviations are 264.
    for (const [letter, found] of counts) {
      expect([letter, Math.abs(found.length - 2000) < 264]).toEqual([letter, true]);
    }
  });
});

describe('the hash of a code', () => {
  const stored = hashRecoveryCode(keys, ada, new Secret(CODE));

  test('names its key and nothing of the code', () => {
    expect(stored).toMatch(/^v1\.[\w-]{43}$/);
    expect(stored).not.toContain('0V1K');
  });

  test.each([
    CODE,
    CODE.toLowerCase(),
    ' 0v1k ab9z qrst 0011 ',
    '0V1KAB9ZQRST0011',
    'OUIK-AB9Z-QRST-OOLi',
    '0V1K–AB9Z—QRST‑0011',
  ])('is found for %j', (typed) => {
    expect(recoveryCodeHashes(keys, ada, typed)).toEqual([stored]);
  });

  test.each(['', '-', '0V1K-AB9Z-QRST-001', '0V1K-AB9Z-QRST-00111', '0V1K-AB9Z-QRST-0012', 'x'.repeat(100_000)])(
    'is not found for other text',
    (typed) => {
      expect(recoveryCodeHashes(keys, ada, typed)).not.toContain(stored);
      expect(recoveryCodeHashes(keys, ada, typed)).toHaveLength(1);
    },
  );

  test('is another one for every person and every key', () => {
    expect(recoveryCodeHashes(keys, bob, CODE)).not.toContain(stored);
    expect(hashRecoveryCode(withoutOld, ada, new Secret(CODE)).slice(3)).not.toBe(stored.slice(3));
  });

  test('is found as long as the key that made it is held', () => {
    expect(recoveryCodeHashes(rotated, ada, CODE)).toContain(stored);
    expect(recoveryCodeHashes(withoutOld, ada, CODE)).not.toContain(stored);
    expect(hashRecoveryCode(rotated, ada, new Secret(CODE))).toMatch(/^v2\./);
  });
});
