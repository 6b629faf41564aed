import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EnvelopeError, needsResealing, open, seal } from '../../../src/crypto/envelope.ts';
import { generateMasterKey, MasterKeys } from '../../../src/crypto/master-keys.ts';

const first = { version: 1, secret: generateMasterKey() };
const second = { version: 2, secret: generateMasterKey() };
const keys = new MasterKeys([first]);
const text = Buffer.from('a private signing key', 'utf8');
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return error instanceof EnvelopeError ? error.code : `not coded: ${String(error)}`;
  }
  return 'opened';
};

describe('sealed values', () => {
  test('open again whatever they hold', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'binary' }), (plaintext, context) => {
        expect(open(keys, 'totp', seal(keys, 'totp', plaintext, context), context)).toEqual(plaintext);
      }),
      { numRuns: 200 },
    );
  });

  test('never look alike, although they hold the same', () => {
    expect(seal(keys, 'totp', text, 'c')).not.toBe(seal(keys, 'totp', text, 'c'));
  });

  test('have the documented form and do not show their content', () => {
    const sealed = seal(keys, 'signing', text, 'c');
    expect(sealed).toMatch(/^v1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(sealed).not.toContain(text.toString('base64url'));
  });

  test.each([
    ['in another context', () => open(keys, 'totp', seal(keys, 'totp', text, 'user:1'), 'user:2')],
    ['under another label', () => open(keys, 'signing', seal(keys, 'totp', text, 'c'), 'c')],
    [
      'with another key of the same version',
      () =>
        open(new MasterKeys([{ version: 1, secret: generateMasterKey() }]), 'totp', seal(keys, 'totp', text, 'c'), 'c'),
    ],
  ])('do not open %s', (_, action) => {
    expect(codeOf(action)).toBe('authentication');
  });

  test('do not open after any one character was changed', () => {
    const sealed = seal(keys, 'totp', text, 'c');
    const survivors = Array.from(sealed).flatMap((original, at) =>
      Array.from(BASE64URL)
        .filter((character) => character !== original)
        .map((character) => sealed.slice(0, at) + character + sealed.slice(at + 1))
        .filter(
          (altered) =>
            !['authentication', 'malformed', 'unknown_key'].includes(codeOf(() => open(keys, 'totp', altered, 'c'))),
        ),
    );
    expect(survivors).toEqual([]);
  });

  test('do not open when shortened or lengthened', () => {
    const sealed = seal(keys, 'totp', text, 'c');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(codeOf(() => open(keys, 'totp', sealed.slice(0, length), 'c'))).not.toBe('opened');
    }
    expect(codeOf(() => open(keys, 'totp', `${sealed}A`, 'c'))).toBe('malformed');
    expect(codeOf(() => open(keys, 'totp', `${sealed}\n`, 'c'))).toBe('malformed');
  });

  test('a tag shortened to 96 bits is no tag', () => {
    const [version, iv, ciphertext, tag] = seal(keys, 'totp', text, 'c').split('.');
    const short = Buffer.from(tag ?? '', 'base64url')
      .subarray(0, 12)
      .toString('base64url');
    expect(codeOf(() => open(keys, 'totp', [version, iv, ciphertext, short].join('.'), 'c'))).toBe('malformed');
  });

  test.each(['', 'v1', 'v1...', 'v0.AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(100_000)])(
    'are not made of %.40j',
    (junk) => {
      expect(codeOf(() => open(keys, 'totp', junk, 'c'))).toBe('malformed');
    },
  );

  test('open after a rotation, and say that they should be sealed again', () => {
    const both = new MasterKeys([second, first]);
    const old = seal(keys, 'totp', text, 'c');
    const fresh = seal(both, 'totp', text, 'c');
    expect(open(both, 'totp', old, 'c')).toEqual(text);
    expect([needsResealing(both, old), needsResealing(both, fresh)]).toEqual([true, false]);
    expect(codeOf(() => open(keys, 'totp', fresh, 'c'))).toBe('unknown_key');
  });

  test('cannot be moved to another master key version by renaming it', () => {
    const both = new MasterKeys([second, first]);
    const renamed = seal(both, 'totp', text, 'c').replace('v2.', 'v1.');
    expect(codeOf(() => open(both, 'totp', renamed, 'c'))).toBe('authentication');
  });
});
