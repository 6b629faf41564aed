import { generateSecret, generateURI, verify } from 'otplib';
import { toNumericDate } from '../clock.ts';
import { Secret } from './secret.ts';

/** RFC 6238 as authenticator apps expect it: HMAC-SHA-1, 6 digits, steps of 30 seconds. */
const STEP_SECONDS = 30;
/** RFC 4226 section 4, requirement R6: a secret of 160 bits. */
const SECRET_BYTES = 20;
const CODE = /^\d{6}$/;
/** Longer texts are no codes and are not worked on. */
const MAXIMUM_TYPED = 32;

/** A new shared secret in base32 (RFC 4648), without padding. */
export const generateTotpSecret = (): Secret<string> => new Secret(generateSecret({ length: SECRET_BYTES }));

/** A colon ends the issuer in a label of the Key Uri Format. */
const labelText = (text: string): string => text.replaceAll(':', ' ').trim();

/** The secret as a text for a QR code: `otpauth://totp/<issuer>:<account>?secret=...&issuer=...` (Key Uri Format). */
export const otpauthUri = (facts: {
  readonly issuerName: string;
  readonly accountName: string;
  readonly secret: Secret<string>;
}): Secret<string> =>
  new Secret(
    generateURI({
      issuer: labelText(facts.issuerName),
      label: labelText(facts.accountName),
      secret: facts.secret.reveal(),
    }),
  );

/**
 * The time step (RFC 6238 section 4.2: number of 30-second steps since 1970) whose code this is, at most `windowSteps` before
 * or after the present one; null for a wrong code and for text that is none. Compared in constant time. Whether the step was
 * accepted before is for the caller to ask, in the statement that marks it.
 */
export const matchingTimeStep = async (
  secret: Secret<string>,
  code: string,
  at: { readonly now: Date; readonly windowSteps: number },
): Promise<number | null> => {
  // Apps show codes in groups; people type them as they see them.
  const typed = code.slice(0, MAXIMUM_TYPED).replaceAll(/[\s-]/g, '');
  const isCode = code.length <= MAXIMUM_TYPED && CODE.test(typed);
  const result = await verify({
    secret: secret.reveal(),
    // What is no code costs as much as a wrong one.
    token: isCode ? typed : '000000',
    period: STEP_SECONDS,
    epoch: toNumericDate(at.now),
    epochTolerance: at.windowSteps * STEP_SECONDS,
  });
  return isCode && result.valid && 'timeStep' in result ? result.timeStep : null;
};
