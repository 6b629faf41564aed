import { createHmac } from 'node:crypto';
import type { Secret } from '../crypto/secret.ts';

/** What a receiver needs to know that a body is ours, new, and whole. */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Signs a body by the Standard Webhooks scheme v1: HMAC-SHA-256 over `id.timestamp.body`, once for each secret, in base64. The key
 * is the text of the secret as it was shown, in UTF-8. `at` is the time of this try, so that a recorded request grows old.
 */
export const signatureHeaders = (
  secrets: readonly Secret<string>[],
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
): SignatureHeaders => {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret.reveal()).update(`${id}.${timestamp}.${body}`, 'utf8');
    return `v1,${hmac.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
};
