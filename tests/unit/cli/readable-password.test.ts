import { describe, expect, test } from 'vitest';
import { checkPassword } from '../../../src/crypto/password-policy.ts';
import { generateReadablePassword } from '../../../src/crypto/readable-password.ts';

describe('a generated password', () => {
  test('is made of words to read aloud, and passes the policy', () => {
    for (let round = 0; round < 200; round += 1) {
      const password = generateReadablePassword().reveal();
      expect(password).toMatch(/^([bdfghjkmnprstvwz][aeou]){3}(-([bdfghjkmnprstvwz][aeou]){3}){3}$/);
      expect(checkPassword(password, { minimumLength: 12, maximumBytes: 1024, personal: [] })).toEqual([]);
    }
  });

  test('never comes twice, and uses every syllable', () => {
    const passwords = Array.from({ length: 500 }, () => generateReadablePassword().reveal());
    expect(new Set(passwords).size).toBe(500);
    const syllables = passwords.flatMap((password) => password.replaceAll('-', '').match(/../g) ?? []);
    expect(new Set(syllables).size).toBe(64);
  });

  test('grows with the least length that the settings ask for', () => {
    expect(generateReadablePassword(100).reveal().length).toBeGreaterThanOrEqual(100);
  });

  test('does not show itself', () => {
    expect(String(generateReadablePassword())).toBe('[secret]');
  });
});
