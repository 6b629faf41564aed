import { createHash, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { hash as bcrypt } from '@node-rs/bcrypt';
import argon2 from 'argon2';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeImportedHash, parseForeignHash } from '../../../src/crypto/password-foreign.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { FOREIGN, FOREIGN_PASSWORD } from '../../support/foreign-hashes.ts';

const SALT = randomBytes(16);
const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

const matches = async (text: string, password: string): Promise<boolean | null> =>
  (await parseForeignHash(text)?.matches(new Secret(password))) ?? null;

describe('hashes of other systems', () => {
  test.each(FOREIGN)('of $name are recognised and verified', async ({ kind, text }) => {
    expect(parseForeignHash(text)?.kind).toBe(kind);
    expect(judgeImportedHash(text)).toEqual({ kind });
    expect(await matches(text, FOREIGN_PASSWORD)).toBe(true);
    for (const wrong of ['', `${FOREIGN_PASSWORD} `, FOREIGN_PASSWORD.toUpperCase(), FOREIGN_PASSWORD.slice(0, -1)]) {
      expect(await matches(text, wrong)).toBe(false);
    }
  });

  // From crypt_blowfish's tests and passlib's documentation.
  test.each([
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M', 'password'],
    ['$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E', 'password'],
  ])('%.20s… of a published vector is right', async (text, password) => {
    expect(await matches(text, password)).toBe(true);
  });

  test('are of the bytes as typed, which no normalisation changed', async () => {
    const typed = 'Ame\u0301lie ｆａｒ ①';
    const text = await bcrypt(typed, 4);
    expect(await matches(text, typed)).toBe(true);
    expect(await matches(text, typed.normalize('NFKC'))).toBe(false);
  });

  test('of bcrypt whose last signs carry stray bits are those of the same salt and digest', async () => {
    const text = await bcrypt('far kiln', 4, Buffer.alloc(16));
    const stray = `${text.slice(0, 28)}/${text.slice(29)}`;
    expect(stray).not.toBe(text);
    expect(await matches(stray, 'far kiln')).toBe(true);
    expect(await matches(stray, 'far kilns')).toBe(false);
  });
});

describe('hashes that cost too much', () => {
  const digest = unpadded(randomBytes(32));
  const salt = unpadded(SALT);
  test.each([
    ['bcrypt of cost 15', `$2b$15$${'.'.repeat(53)}`],
    ['bcrypt of cost 31', `$2b$31$${'.'.repeat(53)}`],
    ['bcrypt of cost 3', `$2b$03$${'.'.repeat(53)}`],
    ['PBKDF2 of 1,000,001 iterations', `$pbkdf2-sha512$1000001$${salt}$${digest}`],
    ['PBKDF2 of four blocks of a million each', `$pbkdf2-sha1$1000000$${salt}$${'A'.repeat(86)}`],
    ['PBKDF2 of none', `$pbkdf2-sha512$0$${salt}$${digest}`],
    ['Django PBKDF2 of 99 million', `pbkdf2_sha256$99999999$salt$${digest}`],
    ['scrypt of 512 MiB', `$scrypt$ln=19,r=8,p=1$${salt}$${digest}`],
    ['scrypt of 2^99', `$scrypt$ln=99,r=8,p=1$${salt}$${digest}`],
    ['scrypt of 64 lanes', `$scrypt$ln=14,r=8,p=64$${salt}$${digest}`],
    ['scrypt whose N is too large for its r', `$scrypt$ln=16,r=1,p=1$${salt}$${digest}`],
    ['scrypt without blocks', `$scrypt$ln=14,r=0,p=1$${salt}$${digest}`],
    ['Django scrypt whose N is no power of two', `scrypt$16383$salt$8$1$${digest}`],
    ['argon2i of 1 GiB', `$argon2i$v=19$m=1048576,t=1,p=1$${salt}$${digest}`],
    ['argon2id of 256 MiB a hundred times', `$argon2id$v=19$m=262144,t=100,p=1$${salt}$${digest}`],
    ['argon2d of 17 lanes', `$argon2d$v=19$m=4096,t=1,p=17$${salt}$${digest}`],
  ])('%s are not read, and the reason repeats nothing of them', (_, text) => {
    expect(parseForeignHash(text)).toBeNull();
    const judged = judgeImportedHash(text);
    expect(judged).toMatchObject({ problem: expect.stringMatching(/damaged or asks for more work than is allowed$/) });
    expect(JSON.stringify(judged)).not.toContain(digest.slice(0, 8));
  });
});

describe('texts that are no hashes', () => {
  test.each([
    '',
    'password',
    '$1$abcdefgh$abcdefghijklmnopqrstuv',
    '$6$rounds=5000$salt$digest',
    '$2b$10$short',
    `$2b$10$${'.'.repeat(52)}`,
    `$2b$10$${'.'.repeat(53)}\n`,
    '$pbkdf2-sha256$1000$!!!!$!!!!',
    `{SSHA256}${randomBytes(32).toString('base64')}`,
    `{SSHA}${randomBytes(28).toString('base64')}`,
    `$sha256$$${'a'.repeat(64)}`,
    `$sha256$salt$${'a'.repeat(128)}`,
    `$sha512$salt$${'a'.repeat(64)}`,
    '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
    `$argon2id$v=19$m=256,t=2,p=1,keyid=MQ$c29tZXNhbHRzb21lc2FsdA$${'A'.repeat(43)}`,
    `$argon2i$v=19$m=256,t=2,p=1$c29tZQ$${'A'.repeat(43)}`,
    `$sha256$${'s'.repeat(600)}$${'a'.repeat(64)}`,
  ])('%.60j is refused', (text) => {
    expect(parseForeignHash(text)).toBeNull();
    expect(judgeImportedHash(text)).toMatchObject({ problem: expect.any(String) });
  });

  test('of any parts make neither reader throw, and what is read can be computed within its bounds', async () => {
    const heads = fc.constantFrom('$2b', '$pbkdf2-sha256', 'pbkdf2_sha256', '$scrypt', 'scrypt', '$sha256', '$argon2i');
    const parts = fc.oneof(
      fc.constantFrom(
        '04',
        'i=10',
        'ln=4,r=1,p=1',
        '16',
        '1',
        'v=19',
        'm=64,t=1,p=1',
        'c29tZXNhbHRzb21l',
        'A'.repeat(43),
      ),
      fc.string({ maxLength: 60 }),
      fc.bigInt().map(String),
    );
    await fc.assert(
      fc.asyncProperty(heads, fc.array(parts, { maxLength: 6 }), async (head, list) => {
        const text = [head, ...list].join('$');
        const parsed = parseForeignHash(text);
        expect('kind' in judgeImportedHash(text)).toBe(parsed !== null);
        expect((await parsed?.matches(new Secret('some password'))) ?? false).toBe(false);
      }),
    );
  });

  test('are found out though one sign of a good one is changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FOREIGN),
        fc.nat(),
        fc.constantFrom('x', '$', '/', ''),
        async (one, at, sign) => {
          const index = at % one.text.length;
          const text = one.text.slice(0, index) + sign + one.text.slice(index + 1);
          const parsed = parseForeignHash(text);
          expect(parsed === null || !(await parsed.matches(new Secret('another password')))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('the vectors of the other tests are made by others than the code under test', async () => {
  const texts = new Map(FOREIGN.map(({ name, text }) => [name, text]));
  const [, , , salt = '', hash = ''] = (texts.get('passlib PBKDF2-SHA256') ?? '').split('$');
  const bytes = Buffer.from(salt.replaceAll('.', '+'), 'base64');
  expect(pbkdf2Sync(FOREIGN_PASSWORD, bytes, 1000, 32, 'sha256')).toEqual(
    Buffer.from(hash.replaceAll('.', '+'), 'base64'),
  );
  const [, , , scryptSalt = '', scryptHash = ''] = (texts.get('passlib scrypt') ?? '').split('$');
  const options = { N: 1024, r: 8, p: 1 };
  expect(scryptSync(FOREIGN_PASSWORD, Buffer.from(scryptSalt, 'base64'), 32, options)).toEqual(
    Buffer.from(scryptHash, 'base64'),
  );
  expect(await argon2.verify(texts.get('argon2i') ?? '', FOREIGN_PASSWORD)).toBe(true);
  expect(createHash('sha256').update(`pepperless${FOREIGN_PASSWORD}`).digest('hex')).toBe(
    (texts.get('SHA-256, salt first') ?? '').split('$')[3],
  );
});
