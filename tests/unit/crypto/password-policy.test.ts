import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCommonPassword } from '../../../src/crypto/common-passwords.ts';
import { checkPassword, isPasswordText } from '../../../src/crypto/password-policy.ts';

const check = (password: string, personal: readonly string[] = []) =>
  checkPassword(password, { minimumLength: 12, maximumBytes: 1024, personal });

describe('the password policy', () => {
  test.each([
    'correct horse battery',
    'Tr0ub4dor&3-vexed',
    'пароль-из-деревни',
    '鹿が静かな湖で水を飲んだ朝',
    'a bb ccc dddd kiln',
    '🦌🌊🧊🪵🔥🌋🪐🌙🎻🧶🧵🧮',
  ])('accepts %s', (password) => {
    expect(check(password)).toEqual([]);
  });

  test.each([
    ['eleven letters', 'vexed-kilns', ['MIN_LENGTH']],
    ['eleven signs of two UTF-16 units each', '🦌🌊🧊🪵🔥🌋🪐🌙🎻🧶🧵', ['MIN_LENGTH']],
    ['one sign that NFKC makes eighteen', '\uFDFA', ['MIN_LENGTH']],
    ['twelve signs that NFKC makes six', 'e\u0301o\u0300u\u0308i\u0302a\u0303n\u0303', ['MIN_LENGTH']],
    ['nothing', '', ['MIN_LENGTH']],
    ['1,025 bytes', randomBytes(600).toString('base64url').repeat(2).slice(0, 1025), ['MAX_BYTES']],
    ['a megabyte', 'x'.repeat(1_000_000), ['MAX_BYTES']],
    ['400 signs that are 1,200 bytes', '鹿静湖水飲朝森鳥'.repeat(50), ['MAX_BYTES', 'BREACH_LIST']],
  ])('refuses %s', (_, password, broken) => {
    expect(check(password)).toEqual(broken);
  });

  test('accepts exactly the least and the greatest length', () => {
    expect(check('vexed-kilns!')).toEqual([]);
    expect(check(randomBytes(768).toString('base64url'))).toEqual([]);
  });

  test.each([
    ['alice@example.test', 'my alice kiln vex'],
    ['alice@example.test', 'ALICE-kiln-vexed'],
    ['alice@example.test', 'kiln-eXample-vexed'],
    ['alice@example.test', 'alice@example.test'],
    ['José Ångström', 'jose-kiln-vexed'],
    ['José Ångström', 'kiln ANGSTROM vex'],
    ['Ｗｉｄｅ', 'kiln-wide-vexed!'],
    ['jean-pierre', 'kilnpierrevexed'],
    ['+491511234567', 'kiln491511234567'],
  ])('with %s as own data refuses %s', (personal, password) => {
    expect(check(password, [personal])).toContain('PERSONAL_DATA');
  });

  test.each([
    ['Li Wu', 'kiln-li-wu-vexed'],
    ['bob@a.test', 'kiln-bob-test-vexed'],
    ['', 'kiln-vexed-bright'],
    ['   ', 'kiln    vexed bright'],
    ['Bernadette', 'berna-kiln-vexed'],
  ])('with %s as own data accepts %s', (personal, password) => {
    expect(check(password, [personal])).not.toContain('PERSONAL_DATA');
  });

  test('names every rule that is broken', () => {
    expect(check('alice', ['alice'])).toEqual(['MIN_LENGTH', 'PERSONAL_DATA']);
    expect(check('password1234', ['word'])).toEqual(['BREACH_LIST', 'PERSONAL_DATA']);
  });

  test('answers any text without an error', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.array(fc.string({ unit: 'binary' })),
        (password, personal) => {
          expect(new Set(check(password, personal)).size).toBe(check(password, personal).length);
        },
      ),
    );
  });
});

describe('common passwords', () => {
  test.each([
    'password1234',
    'Password123!',
    'P@ssw0rd1234',
    'passwordpassword',
    'welcome12345',
    'Welcome2025!!',
    'administrator1',
    'qwertyuiop12',
    'qwertyuiopasdf',
    '1qaz2wsx3edc',
    '1q2w3e4r5t6y',
    'q1w2e3r4t5y6',
    'zxcvbnm12345',
    '123456789012',
    '0987654321098',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'abcdefghijkl',
    'iloveyou1234',
    'letmein12345',
    'changeme2026',
    'Summer-2025-!',
    'admin admin admin',
    'mypasswordis1',
    'dragonmonkey1',
    'qazwsxedcrfv',
    'poiuytrewqlk',
    'aaaaaa123456',
  ])('%s is one', (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  test.each([
    'correct horse battery',
    'opportunity-knocks',
    'property-lawyers',
    'vexed-kilns!',
    'Tr0ub4dor&3-vexed',
    'my kiln is vexed today',
    'a bb ccc dddd kiln',
    'quiet-otter-brass-lamp',
  ])('%s is none', (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });

  test('random passwords are none', () => {
    for (let count = 0; count < 500; count += 1) {
      expect(isCommonPassword(randomBytes(12).toString('base64url'))).toBe(false);
    }
  });

  test('the longest texts are judged without delay', () => {
    const texts = ['a'.repeat(4096), `${'a'.repeat(4000)}${'b'.repeat(96)}`, 'qwertzuiop'.repeat(6), 'ab'.repeat(32)];
    const from = performance.now();
    for (const text of texts) {
      isCommonPassword(text);
    }
    expect(performance.now() - from).toBeLessThan(500);
  });
});

describe('the text of a password', () => {
  test.each(['\u0000', 'abc\u0000def', 'tab\t', 'line\nbreak', '\u007F', '\u0085', 'lone \uD800 surrogate'])(
    '%j can be none',
    (text) => {
      expect(isPasswordText(text)).toBe(false);
    },
  );

  test.each(['with spaces inside', ' at the ends ', 'ünïcödé', '🦌🌊', '\u200Djoined'])('%j can be one', (text) => {
    expect(isPasswordText(text)).toBe(true);
  });
});
