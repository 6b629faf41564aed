import { createHmac, type KeyObject } from 'node:crypto';
import { decodeBase64Url } from './canonical-base64url.ts';
import { sameHash } from './opaque-token.ts';

const digest = (key: KeyObject, sessionSecret: string): Buffer =>
  createHmac('sha256', key).update(sessionSecret).digest();

/**
 * The CSRF token of a cookie session: HMAC-SHA256 of the session's secret under a key of its own, in base64url
 * (OWASP CSRF Prevention, signed double submit bound to the session). It is computed, never stored, and equal on every instance.
 */
export const csrfToken = (key: KeyObject, sessionSecret: string): string =>
  digest(key, sessionSecret).toString('base64url');

const ENCODED_LENGTH = 43;

/** Whether `presented` is the CSRF token of the session; compared in constant time. */
export const csrfMatches = (key: KeyObject, sessionSecret: string, presented: string | null | undefined): boolean => {
  if (presented?.length !== ENCODED_LENGTH) {
    return false;
  }
  const bytes = decodeBase64Url(presented);
  return bytes !== null && sameHash(bytes, digest(key, sessionSecret));
};
