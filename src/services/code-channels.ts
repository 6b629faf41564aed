import type { IdentifierKind, VerificationChannel } from '../vocabulary.ts';
import type { AddressKind } from './address-proof.ts';

/** The kind of identifier that a channel reaches. */
export const kindOf = (channel: VerificationChannel): AddressKind => (channel === 'EMAIL' ? 'EMAIL' : 'PHONE');

/** The channel that reaches an identifier; null for user names. */
export const channelOf = (kind: IdentifierKind): VerificationChannel | null =>
  kind === 'USERNAME' ? null : kind === 'EMAIL' ? 'EMAIL' : 'SMS';

/** `ada@example.com` becomes `a**@example.com`, `+390123456789` becomes `+39*******89`: known to its owner, of little use else. */
export const maskTarget = (target: string): string => {
  const at = target.lastIndexOf('@');
  if (at > 0) return `${target.slice(0, 1)}**${target.slice(at)}`;
  return `${target.slice(0, 3)}${'*'.repeat(Math.max(target.length - 5, 0))}${target.slice(-2)}`;
};
