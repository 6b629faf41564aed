import { createToken } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { ImpersonationView } from '../entities/impersonation.queries.ts';
import { Session } from '../entities/session.entity.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { ImpersonationId, UserId } from '../ids.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import type { Caller } from './caller.ts';
import type { SessionTokens } from './session-tokens.ts';

/** A session cookie to be set. */
export interface NewCookie {
  readonly token: Secret<string>;
  readonly expiresAt: Date;
}

/** What a client goes on with. */
export interface HandedOver {
  readonly impersonation: ImpersonationView;
  /** null: the client has its own tokens still. */
  readonly tokens: SessionTokens | null;
  readonly cookie: NewCookie | null;
}

/** The session of somebody who acts as somebody else, and the clear value of its cookie; null with BODY delivery. */
export interface ImpersonatedSession {
  readonly session: Session;
  readonly cookie: Secret<string> | null;
}

/**
 * Makes the row of a session in which the actor's session goes on as another user: as strong as the actor proved to be, proved when
 * the actor did, over with the impersonation, and without anything to refresh it by. The proofs are kept without the credentials
 * they were made with, which are not those of this session's user.
 */
export const impersonatedSession = (
  caller: Caller,
  own: SessionView,
  facts: {
    readonly userId: UserId;
    readonly impersonationId: ImpersonationId;
    readonly delivery: TokenDelivery;
    readonly now: Date;
    readonly expiresAt: Date;
  },
): ImpersonatedSession => {
  const session = new Session({
    userId: facts.userId,
    signInMethod: 'IMPERSONATION',
    factors: own.factors.map((factor) => ({ ...factor, credentialId: null })),
    delivery: facts.delivery,
    clientName: own.clientName,
    deviceName: null,
    ipAddress: caller.ipAddress,
    userAgent: caller.userAgent,
    now: facts.now,
    expiresAt: facts.expiresAt,
    absoluteExpiresAt: facts.expiresAt,
  });
  session.impersonationId = facts.impersonationId;
  session.authenticatedAt = own.authenticatedAt;
  session.assuranceLevel = own.assuranceLevel;
  if (facts.delivery === 'BODY') return { session, cookie: null };
  const { selector, secretHash, token } = createToken('session');
  session.cookieSelector = selector;
  session.cookieHash = secretHash;
  return { session, cookie: token };
};
