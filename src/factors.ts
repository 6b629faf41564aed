import type { AssuranceLevel, FactorMethod } from './vocabulary.ts';

/** One thing that was checked to prove an identity. */
export interface ProvedFactor {
  readonly method: FactorMethod;
  /** Row of the credential that was checked: a credential, an external identity; null for codes and links. */
  readonly credentialId: string | null;
  /** When it was checked, RFC 3339. */
  readonly at: string;
}

const SECOND_FACTORS: ReadonlySet<FactorMethod> = new Set(['TOTP', 'RECOVERY_CODE']);

/** Proofs whose row stays as long as they are worth something; a recovery code is gone by its use, a device may be forgotten. */
const LASTING: ReadonlySet<FactorMethod> = new Set(['PASSWORD', 'TOTP', 'PASSKEY', 'EXTERNAL_PROVIDER']);

/** The rows that must still be there when a session begins on these proofs. */
export const lastingProofs = (factors: readonly ProvedFactor[]): readonly string[] => [
  ...new Set(
    factors.flatMap((one) => (LASTING.has(one.method) && one.credentialId !== null ? [one.credentialId] : [])),
  ),
];

/** `amr` values (RFC 8176) of what was checked. */
const AMR: Readonly<Record<FactorMethod, string>> = {
  PASSWORD: 'pwd',
  CODE: 'otp',
  LINK: 'otp',
  EXTERNAL_PROVIDER: 'fed',
  POSSESSION: 'otp',
  TOTP: 'otp',
  RECOVERY_CODE: 'otp',
  PASSKEY: 'hwk',
  DEVICE: 'rba',
};

/**
 * The assurance level (NIST SP 800-63B) that follows from what was checked, and from nothing else: two factors of different
 * kinds, or a passkey, whose user verification is a factor of its own. A trusted device spares the question but proves nothing.
 */
export const assuranceOf = (factors: readonly ProvedFactor[]): AssuranceLevel => {
  const methods = factors.map((factor) => factor.method);
  if (methods.includes('PASSKEY')) return 'AAL2';
  const first = methods.some((method) => !SECOND_FACTORS.has(method) && method !== 'DEVICE');
  return first && methods.some((method) => SECOND_FACTORS.has(method)) ? 'AAL2' : 'AAL1';
};

/** The record with one more check; an older check of the same credential gives way, so that the record stays small. */
export const withFactor = (factors: readonly ProvedFactor[], proved: ProvedFactor): readonly ProvedFactor[] => [
  ...factors.filter((one) => one.method !== proved.method || one.credentialId !== proved.credentialId),
  proved,
];

/** Claim `amr`: each value once, `mfa` added with two factors. */
export const amrOf = (factors: readonly ProvedFactor[]): readonly string[] => {
  const values = [...new Set(factors.map((factor) => AMR[factor.method]))];
  return assuranceOf(factors) === 'AAL2' ? [...values, 'mfa'] : values;
};
