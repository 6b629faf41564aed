import { SigningKeyStatus, StatsInterval } from '../vocabulary.ts';
import { describe } from './described-enum.ts';

export const SigningAlgorithmName = { EDDSA: 'EdDSA', ES256: 'ES256', RS256: 'RS256' } as const;
describe<keyof typeof SigningAlgorithmName>(SigningAlgorithmName, 'SigningAlgorithm', 'Algorithm of a signing key.', {
  EDDSA: 'Ed25519, RFC 8037; `EdDSA` in tokens.',
  ES256: 'ECDSA on P-256 with SHA-256.',
  RS256: 'RSA with SHA-256, 2,048 bits or more.',
});

describe(SigningKeyStatus, 'SigningKeyStatus', 'State of a signing key.', {
  PUBLISHED: 'In the JWKS ahead of its use.',
  ACTIVE: 'Signs.',
  RETIRING: 'Verifies what it signed before.',
  RETIRED: 'Out of the JWKS.',
});

describe(StatsInterval, 'StatsInterval', 'Width of a time bucket.', {
  HOUR: 'One hour; ranges up to 31 days.',
  DAY: 'One day in UTC; ranges up to 366 days.',
  WEEK: 'Seven days from Monday in UTC; ranges up to ten years.',
  MONTH: 'A calendar month in UTC; ranges up to ten years.',
});

export const HealthStatus = { OK: 'OK', DEGRADED: 'DEGRADED', DOWN: 'DOWN' } as const;
export type HealthStatus = keyof typeof HealthStatus;
describe(HealthStatus, 'HealthStatus', 'State of the server or a part.', {
  OK: 'Works.',
  DEGRADED: 'Works with less; nothing is lost.',
  DOWN: 'Does not work.',
});
