import type { CacheCounters } from '../cache/cache-counters.ts';
import { type Clock, fromNumericDate } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { csrfMatches, csrfToken } from '../crypto/csrf.ts';
import { keyIdOf, TokenError, verifyAccessToken } from '../crypto/jwt.ts';
import type { AccessClaims } from '../crypto/access-claims.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { parseToken, tokenPrefixes } from '../crypto/opaque-token.ts';
import type { VerifiedTokenCache } from '../crypto/verified-token-cache.ts';
import { Failure } from '../errors.ts';
import { parseId, type SessionId, type UserId } from '../ids.ts';
import type { ApiKeyAuthenticator } from '../services/api-key-authenticator.ts';
import type { Authenticated, SessionAuthenticator } from '../services/session-authenticator.ts';
import type { Use } from '../services/session-activity.ts';
import type { Inspected } from '../services/token-introspection.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';

/** What a request presents. */
export interface Presented {
  readonly authorization: string | undefined;
  /** Value of the session cookie. */
  readonly cookie: string | undefined;
  readonly csrfHeader: string | undefined;
  /** Canonical address of the client. */
  readonly ipAddress: string;
  /** The same where only some networks are let in; null when it is not known. */
  readonly provenIpAddress: string | null;
  /** null: the program of the client did not say. */
  readonly userAgent: string | null;
}

/** Who a request comes from: nobody, or a principal with the account and session behind it. */
export interface Authentication {
  readonly authenticated: Authenticated | null;
  /** Value of the CSRF header for this session; null without a cookie session. */
  readonly csrfToken: string | null;
  /** A cookie session whose request does not prove that it comes from our own pages: may read, not change. */
  readonly csrfMissing: boolean;
  /** End of the access token; null without one. */
  readonly tokenExpiresAt: Date | null;
}

const ANONYMOUS: Authentication = { authenticated: null, csrfToken: null, csrfMissing: false, tokenExpiresAt: null };
const BEARER = /^Bearer ([\w.~+/=-]+)$/i;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Turns what a request presents into a principal. An Authorization header makes cookies ignored; a bad one is refused
 * (401) and never falls back to another identity, while a cookie that is over is nobody.
 */
export class RequestAuthenticator {
  readonly #sessions: SessionAuthenticator;
  readonly #apiKeys: ApiKeyAuthenticator;
  readonly #signingKeys: SigningKeyService;
  readonly #masterKeys: MasterKeys;
  readonly #verified: VerifiedTokenCache;
  readonly #counters: CacheCounters;
  readonly #clock: Clock;
  readonly #settings: Config['tokens'];

  constructor(parts: {
    sessions: SessionAuthenticator;
    apiKeys: ApiKeyAuthenticator;
    signingKeys: SigningKeyService;
    masterKeys: MasterKeys;
    verifiedTokens: VerifiedTokenCache;
    counters: CacheCounters;
    clock: Clock;
    config: Config;
  }) {
    this.#sessions = parts.sessions;
    this.#apiKeys = parts.apiKeys;
    this.#signingKeys = parts.signingKeys;
    this.#masterKeys = parts.masterKeys;
    this.#verified = parts.verifiedTokens;
    this.#counters = parts.counters;
    this.#clock = parts.clock;
    this.#settings = parts.config.tokens;
  }

  /** Throws UNAUTHENTICATED for an Authorization header that holds neither a token of a living session nor a working API key. */
  async authenticate(presented: Presented): Promise<Authentication> {
    if (presented.authorization !== undefined) return this.#byBearer(presented.authorization, presented);
    if (presented.cookie === undefined) return ANONYMOUS;
    const token = parseToken('session', presented.cookie);
    const authenticated = token === null ? null : await this.#sessions.byCookie(token, presented);
    if (authenticated === null) return ANONYMOUS;
    const key = this.#masterKeys.derive('csrf');
    return {
      authenticated,
      csrfToken: csrfToken(key, presented.cookie),
      csrfMissing: !csrfMatches(key, presented.cookie, presented.csrfHeader),
      tokenExpiresAt: null,
    };
  }

  async #byBearer(header: string, from: Use): Promise<Authentication> {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) throw refused('The Authorization header holds no bearer token.');
    if (token.startsWith(tokenPrefixes.apiKey)) return this.#byApiKey(token, from);
    const claims = await this.#claimsOf(token);
    const named = namedBy(claims);
    const authenticated = named === null ? null : await this.#sessions.bySessionId(named.sessionId, named, from);
    if (authenticated === null) throw refused('The session of this token is over.');
    return { authenticated, csrfToken: null, csrfMissing: false, tokenExpiresAt: fromNumericDate(claims.exp) };
  }

  /**
   * Who stands behind a token that somebody else was presented, an access token or an API key; null when it does not work, for whatever
   * reason. It is not marked as used. Without an address, keys that are bound to networks do not work.
   */
  async inspect(token: string, ipAddress: string | null): Promise<Inspected | null> {
    if (token.startsWith(tokenPrefixes.apiKey)) {
      const key = parseToken('apiKey', token);
      const authenticated = key === null ? null : await this.#apiKeys.inspect(key, ipAddress);
      return authenticated === null ? null : { authenticated, claims: null };
    }
    const claims = await this.#claimsOf(token).catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'UNAUTHENTICATED') return null;
      throw error;
    });
    const named = claims === null ? null : namedBy(claims);
    const authenticated = named === null ? null : await this.#sessions.inspect(named.sessionId, named, ipAddress);
    return authenticated === null ? null : { authenticated, claims };
  }

  async #byApiKey(text: string, from: Use): Promise<Authentication> {
    const key = parseToken('apiKey', text);
    const authenticated = key === null ? null : await this.#apiKeys.byKey(key, from);
    if (authenticated === null) throw refused('This API key does not work.');
    return { authenticated, csrfToken: null, csrfMissing: false, tokenExpiresAt: null };
  }

  /** The signature of a token is checked once; whether its session lives, at every request. */
  async #claimsOf(token: string): Promise<AccessClaims> {
    const now = this.#clock.now();
    const known = this.#verified.get(token, now);
    this.#counters.count('tokens', known === null ? 'miss' : 'hit');
    if (known !== null) return known;
    try {
      const keyring = await this.#signingKeys.keyringFor(keyIdOf(token));
      const claims = await verifyAccessToken(token, keyring, {
        issuer: this.#settings.issuer,
        audience: this.#settings.audience,
        clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS,
        now,
      });
      this.#verified.set(token, claims);
      return claims;
    } catch (error) {
      if (error instanceof TokenError) throw refused(error.message);
      throw error;
    }
  }
}

/** What an access token names; null when something of it is no id. */
const namedBy = ({ sid, sub, act }: AccessClaims) => {
  const sessionId = parseId<SessionId>(sid);
  const userId = parseId<UserId>(sub);
  const actorId = act === undefined ? null : parseId<UserId>(act.sub);
  if (sessionId === null || userId === null || (act !== undefined && actorId === null)) return null;
  return { sessionId, userId, actorId };
};

const refused = (message: string): Failure => new Failure('UNAUTHENTICATED', message);
