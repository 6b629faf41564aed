import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/crypto/secret.ts';
import { generateTotpSecret, matchingTimeStep, otpauthUri } from '../../../src/crypto/totp.ts';

/** The secret `12345678901234567890` of RFC 6238 appendix B, in base32. */
const RFC_SECRET = new Secret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
const at = (seconds: number): Date => new Date(seconds * 1000);

describe('the codes of RFC 6238 appendix B', () => {
  // The appendix prints eight digits; six are the last six of them (RFC 4226 section 5.3).
  test.each([
    [59, '287082', 1],
    [1_111_111_109, '081804', 37_037_036],
    [1_111_111_111, '050471', 37_037_037],
    [1_234_567_890, '005924', 41_152_263],
    [2_000_000_000, '279037', 66_666_666],
    [20_000_000_000, '353130', 666_666_666],
  ])('at %d s the code is %s', async (seconds, code, step) => {
    expect(await matchingTimeStep(RFC_SECRET, code, { now: at(seconds), windowSteps: 0 })).toBe(step);
  });
});

describe('the window', () => {
  const code = '050471'; // of step 37,037,037, which lasts from 1,111,111,110 to 1,111,111,139
  const accepted = (seconds: number, windowSteps: number): Promise<number | null> =>
    matchingTimeStep(RFC_SECRET, code, { now: at(seconds), windowSteps });

  test('of one step accepts a code one step early and one step late, and tells whose step it is', async () => {
    for (const seconds of [1_111_111_080, 1_111_111_109, 1_111_111_110, 1_111_111_139, 1_111_111_140, 1_111_111_169]) {
      expect([seconds, await accepted(seconds, 1)]).toEqual([seconds, 37_037_037]);
    }
    for (const seconds of [1_111_111_079, 1_111_111_170]) {
      expect([seconds, await accepted(seconds, 1)]).toEqual([seconds, null]);
    }
  });

  test('of none accepts the present step only', async () => {
    expect(await accepted(1_111_111_139, 0)).toBe(37_037_037);
    expect(await accepted(1_111_111_140, 0)).toBeNull();
    expect(await accepted(1_111_111_109, 0)).toBeNull();
  });
});

describe('what was typed', () => {
  const typed = (code: string): Promise<number | null> =>
    matchingTimeStep(RFC_SECRET, code, { now: at(1_111_111_111), windowSteps: 0 });

  test.each(['050471', ' 050471 ', '050 471', '050-471', '05 04 71'])('%j is the code', async (code) => {
    expect(await typed(code)).toBe(37_037_037);
  });

  test.each([
    '',
    '50471',
    '0504711',
    '050471 050471',
    'O50471',
    `050471${' '.repeat(40)}`,
    '０５０４７１',
    '+50471',
    '050471\0',
    '1e5',
  ])('%j is none', async (code) => {
    expect(await typed(code)).toBeNull();
  });

  test('text that is no code is never taken for the code 000000 that it is compared as', async () => {
    const steps = Array.from({ length: 40 }, () => generateTotpSecret());
    for (const secret of steps) {
      expect(await matchingTimeStep(secret, 'none', { now: at(1_111_111_111), windowSteps: 5 })).toBeNull();
    }
  });
});

describe('a new secret', () => {
  test('has 160 bits in base32 and is never the same', () => {
    const secrets = Array.from({ length: 200 }, () => generateTotpSecret().reveal());
    expect(new Set(secrets).size).toBe(200);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  });

  test('goes into a Key Uri, whose label no colon or letter of a name can split', () => {
    const uri = otpauthUri({ issuerName: 'id: Übung', accountName: 'a:b+c@example.com', secret: RFC_SECRET });
    expect(String(uri)).toBe('[secret]');
    const url = new URL(uri.reveal());
    expect([url.protocol, url.host]).toEqual(['otpauth:', 'totp']);
    expect(decodeURIComponent(url.pathname)).toBe('/id  Übung:a b+c@example.com');
    expect(Object.fromEntries(url.searchParams)).toEqual({ secret: RFC_SECRET.reveal(), issuer: 'id  Übung' });
  });
});
