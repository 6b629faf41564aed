import { type ParsedToken, parseToken } from '../crypto/opaque-token.ts';
import type { ConnectedKey } from '../services/api-key-authenticator.ts';
import type { EndOfAccess } from '../services/end-of-access.ts';
import type { Authenticated, ConnectedSession } from '../services/session-authenticator.ts';
import type { Authentication, Presented } from './authenticate.ts';

/** Somebody who stays connected, and what they connected with. Holds no secret, only what finds and compares the row. */
export interface ConnectedCaller {
  readonly session: ConnectedSession | null;
  readonly key: ConnectedKey | null;
  /** End of the access token; null without one. */
  readonly tokenExpiresAt: Date | null;
  /** Called once, when the session or key is over. */
  readonly ended: (end: EndOfAccess) => void;
  /** Called once, when the token is over while its session lives. */
  readonly expired: () => void;
  /** Called once, when for a while nobody could say whether the session lives. */
  readonly unknown: () => void;
}

/** What a connection presented, in the form in which it is asked about again and again. */
export const presentedBy = (
  { principal }: Authenticated,
  { tokenExpiresAt }: Pick<Authentication, 'tokenExpiresAt'>,
  presented: Pick<Presented, 'authorization' | 'cookie' | 'provenIpAddress'>,
): Pick<ConnectedCaller, 'session' | 'key' | 'tokenExpiresAt'> => {
  const { provenIpAddress: ipAddress } = presented;
  if (principal.via === 'apiKey') {
    const { selector, secretHash } = known(
      parseToken('apiKey', presented.authorization?.slice('Bearer '.length) ?? ''),
    );
    return { session: null, key: { selector, secretHash, ipAddress }, tokenExpiresAt: null };
  }
  const { sessionId, userId, actorId } = principal;
  const cookieSelector = tokenExpiresAt === null ? known(parseToken('session', presented.cookie ?? '')).selector : null;
  return { session: { sessionId, userId, actorId, cookieSelector, ipAddress }, key: null, tokenExpiresAt };
};

/** What let somebody in can be read again. */
const known = (token: ParsedToken | null): ParsedToken => {
  if (token === null) throw new Error('What authenticated a connection cannot be read again.');
  return token;
};
