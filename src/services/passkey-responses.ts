import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

/*
 * What browsers answer, read before anything else looks at it: only these fields, of these forms, no longer than these. The
 * longest real answers are those of RSA keys with a long credential id, far below.
 */

/** Exactly base64url without padding, as RFC 4648 section 5 and WebAuthn section 5.1.8 have it. */
const base64url = (maximumBytes: number) =>
  z
    .string()
    .max(Math.ceil((maximumBytes * 4) / 3))
    .regex(/^[\w-]+$/);

/** WebAuthn section 6.1 lets a credential id have 1023 bytes. */
const credentialId = base64url(1023);
const clientDataJSON = base64url(4096);

/** How the browser says which kind of connection an authenticator has; unknown words are dropped (WebAuthn section 5.8.4). */
const TRANSPORTS: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

const transports = z
  .array(z.string().max(32))
  .max(16)
  .transform((words) => [...new Set(words)].filter((word) => TRANSPORTS.has(word)).toSorted());

const common = { id: credentialId, rawId: credentialId, type: z.literal('public-key') };

const registration = z.object({
  ...common,
  response: z.object({ clientDataJSON, attestationObject: base64url(16_384), transports: transports.default([]) }),
});

const assertion = z.object({
  ...common,
  response: z.object({
    clientDataJSON,
    authenticatorData: base64url(4096),
    signature: base64url(2048),
    // WebAuthn section 5.4.3: at most 64 bytes. Authenticators without one send null or nothing.
    userHandle: base64url(64).nullish(),
  }),
});

/** The page that asked lay inside a page of somebody else; WebAuthn section 5.8.1, `crossOrigin`. */
const clientData = z.object({ crossOrigin: z.boolean().default(false) });

const isFramed = (encoded: string): boolean => {
  try {
    const parsed = clientData.safeParse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')));
    return !parsed.success || parsed.data.crossOrigin;
  } catch {
    return true;
  }
};

/** Reads a RegistrationResponseJSON; null when it is none, is too long, or comes out of a frame in a foreign page. */
export const readRegistration = (given: unknown): RegistrationResponseJSON | null => {
  const { data } = registration.safeParse(given);
  if (data === undefined || isFramed(data.response.clientDataJSON)) return null;
  return { ...data, clientExtensionResults: {} };
};

/** Reads an AuthenticationResponseJSON; null when it is none, is too long, or comes out of a frame in a foreign page. */
export const readAssertion = (given: unknown): AuthenticationResponseJSON | null => {
  const { data } = assertion.safeParse(given);
  if (data === undefined || isFramed(data.response.clientDataJSON)) return null;
  const { userHandle, ...rest } = data.response;
  return { ...data, response: { ...rest, ...(userHandle == null ? {} : { userHandle }) }, clientExtensionResults: {} };
};
