import type { AccessClaims } from '../../../src/crypto/access-claims.ts';
import { TokenError } from '../../../src/crypto/jwt.ts';
import {
  generateSigningKey,
  importSigningKey,
  importVerificationKey,
  type SigningAlgorithm,
} from '../../../src/crypto/signing-keys.ts';

export const ISSUER = 'https://id.example.test';
export const AUDIENCE = 'https://api.example.test';
export const NOW = new Date('2026-01-02T03:04:05.678Z');
export const NOW_SECONDS = Math.floor(NOW.getTime() / 1000);

export const claims: AccessClaims = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: '01900000-0000-7000-8000-000000000001',
  sid: '01900000-0000-7000-8000-000000000002',
  jti: 'KX3Zb8yQ0o',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 900,
  auth_time: NOW_SECONDS - 60,
  acr: 'aal1',
  amr: ['pwd'],
  pv: '17',
  email: 'jörg@example.test',
  groups: ['Administrators', 'Standard Users'],
};

export const expected = { issuer: ISSUER, audience: AUDIENCE, clockToleranceSeconds: 0, now: NOW };

/** A key pair in every form: as generated, for signing, for verifying. */
export const makeKey = async (algorithm: SigningAlgorithm) => {
  const generated = await generateSigningKey(algorithm);
  return {
    generated,
    signing: await importSigningKey(generated),
    verification: await importVerificationKey(generated),
  };
};

/** The code of a refusal; `accepted` when there was none, and anything that is not a TokenError fails the test. */
export const outcomeOf = async (verification: Promise<unknown>): Promise<string> => {
  try {
    await verification;
    return 'accepted';
  } catch (error) {
    if (error instanceof TokenError) {
      return error.code;
    }
    throw error;
  }
};
