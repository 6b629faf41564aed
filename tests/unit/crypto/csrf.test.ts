import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csrfMatches, csrfToken } from '../../../src/crypto/csrf.ts';

const newKey = () => createSecretKey(randomBytes(32));
const key = newKey();

describe('CSRF tokens', () => {
  test('are HMAC-SHA256 of the session secret and match their session', () => {
    const token = csrfToken(key, 'ghx_session');
    expect(token).toBe(createHmac('sha256', key).update('ghx_session').digest('base64url'));
    expect(csrfMatches(key, 'ghx_session', token)).toBe(true);
  });

  test.each([
    ['another session', csrfToken(key, 'ghx_other')],
    ['another key', csrfToken(newKey(), 'ghx_session')],
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['the session secret itself', 'ghx_session'],
    ['a shortened token', csrfToken(key, 'ghx_session').slice(0, -1)],
    ['a padded token', `${csrfToken(key, 'ghx_session')}=`],
    ['two tokens', csrfToken(key, 'ghx_session').repeat(2)],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ])('of %s do not match', (_, presented) => {
    expect(csrfMatches(key, 'ghx_session', presented)).toBe(false);
  });

  test('do not match after any change of a character', () => {
    const token = csrfToken(key, 'ghx_session');
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(token.charAt(at) !== character);
        expect(csrfMatches(key, 'ghx_session', token.slice(0, at) + character + token.slice(at + 1))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
