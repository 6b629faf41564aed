import { createHash } from 'node:crypto';
import { secondsAfter, toNumericDate } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { csrfToken } from '../crypto/csrf.ts';
import { type AccessClaims, signAccessToken } from '../crypto/jwt.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Secret } from '../crypto/secret.ts';
import type { OrganizationId, SessionId, UserId } from '../ids.ts';
import { amrOf, type ProvedFactor } from '../factors.ts';
import type { AssuranceLevel } from '../vocabulary.ts';
import { type AttributeValues, UserAttributes } from './attributes.ts';
import type { SigningKeyService } from './signing-key.service.ts';

/** What a client is handed; with COOKIE delivery the session secret travels in the cookie alone. */
export interface SessionTokens {
  readonly accessToken: string | null;
  readonly accessTokenExpiresAt: Date | null;
  readonly refreshToken: string | null;
  readonly refreshTokenExpiresAt: Date | null;
  readonly csrfToken: string | null;
  readonly deviceToken: string | null;
}

/** The facts that an access token states. */
export interface TokenSubject {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly email: string | null;
  readonly groupNames: readonly string[];
  /** As they are stored. */
  readonly attributes: AttributeValues;
  readonly permissionVersion: string;
  readonly scopes: readonly string[];
  /** Active organization. */
  readonly organizationId: OrganizationId | null;
  /** Who really acts; null unless impersonated. */
  readonly actorId: UserId | null;
  readonly authenticatedAt: Date;
  readonly assuranceLevel: AssuranceLevel;
  readonly factors: readonly ProvedFactor[];
  /** Instant of issue; equal subjects at an equal instant get equal tokens, so that a replayed refresh gets the same pair. */
  readonly issuedAt: Date;
  readonly sessionExpiresAt: Date;
}

/** A router compares scopes; more than this many would make the token larger than proxies take. */
const MAXIMUM_SCOPES = 100;

const NO_TOKENS: SessionTokens = {
  accessToken: null,
  accessTokenExpiresAt: null,
  refreshToken: null,
  refreshTokenExpiresAt: null,
  csrfToken: null,
  deviceToken: null,
};

/** Makes the tokens of a session: bodies for clients that keep tokens, a CSRF token for those that keep a cookie. */
export class SessionTokenIssuer {
  readonly #settings: Config['tokens'];
  readonly #masterKeys: MasterKeys;
  readonly #signingKeys: SigningKeyService;
  readonly #attributes: UserAttributes;

  constructor(parts: { config: Config; masterKeys: MasterKeys; signingKeys: SigningKeyService }) {
    this.#settings = parts.config.tokens;
    this.#masterKeys = parts.masterKeys;
    this.#signingKeys = parts.signingKeys;
    this.#attributes = new UserAttributes(parts.config.users.attributes);
  }

  async body(subject: TokenSubject, refreshToken: Secret<string>): Promise<SessionTokens> {
    const access = await this.access(subject);
    return {
      ...access,
      refreshToken: refreshToken.reveal(),
      refreshTokenExpiresAt: subject.sessionExpiresAt,
      csrfToken: null,
      deviceToken: null,
    };
  }

  /** For a session that cannot be refreshed, or whose client has its refresh token already. */
  async accessOnly(subject: TokenSubject): Promise<SessionTokens> {
    return { ...NO_TOKENS, ...(await this.access(subject)) };
  }

  cookie(cookieToken: Secret<string>): SessionTokens {
    return { ...NO_TOKENS, csrfToken: this.csrf(cookieToken) };
  }

  csrf(cookieToken: Secret<string>): string {
    return csrfToken(this.#masterKeys.derive('csrf'), cookieToken.reveal());
  }

  /** An access token never outlives its session. */
  async access(subject: TokenSubject): Promise<{ accessToken: string; accessTokenExpiresAt: Date }> {
    const wanted = secondsAfter(subject.issuedAt, this.#settings.accessTtlSeconds);
    const expiresAt = wanted < subject.sessionExpiresAt ? wanted : subject.sessionExpiresAt;
    const key = await this.#signingKeys.active();
    const accessToken = await signAccessToken(key, this.#claims(subject, expiresAt));
    return { accessToken, accessTokenExpiresAt: expiresAt };
  }

  #claims(subject: TokenSubject, expiresAt: Date): AccessClaims {
    const iat = toNumericDate(subject.issuedAt);
    const attributes = this.#attributes.claim(subject.attributes);
    return {
      iss: this.#settings.issuer,
      aud: this.#settings.audience,
      sub: subject.userId,
      sid: subject.sessionId,
      jti: tokenId(subject),
      iat,
      exp: toNumericDate(expiresAt),
      auth_time: toNumericDate(subject.authenticatedAt),
      acr: subject.assuranceLevel.toLowerCase(),
      amr: amrOf(subject.factors),
      pv: subject.permissionVersion,
      ...(subject.actorId === null ? {} : { act: { sub: subject.actorId } }),
      ...(subject.organizationId === null ? {} : { org: subject.organizationId }),
      ...(this.#settings.claimEmail && subject.email !== null ? { email: subject.email } : {}),
      ...(this.#settings.claimGroups ? { groups: subject.groupNames } : {}),
      ...(attributes === null ? {} : { attributes }),
      ...(this.#settings.claimScope ? { scope: subject.scopes.slice(0, MAXIMUM_SCOPES).join(' ') } : {}),
    };
  }
}

/** Unique per issue, and the same for a replay of the same issue. */
const tokenId = (subject: TokenSubject): string =>
  createHash('sha256')
    .update(`${subject.sessionId} ${subject.issuedAt.toISOString()} ${subject.authenticatedAt.toISOString()}`)
    .digest('base64url')
    .slice(0, 22);
