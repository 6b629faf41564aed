import { type Clock, toNumericDate } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { AccessClaims } from '../crypto/access-claims.ts';
import type { Database } from '../database/database.ts';
import { oneselfOr, usersWithin } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import { demand } from '../permissions/judge.ts';
import { reachOf } from '../permissions/may.ts';
import { can } from '../permissions/rules.ts';
import type { ApiKeyPrincipal } from '../principal.ts';
import type { Authenticated } from './session-authenticator.ts';

/** Who stands behind a token that works, and the claims of an access token; an API key has none. */
export interface Inspected {
  readonly authenticated: Authenticated;
  readonly claims: AccessClaims | null;
}

/** What resource servers are told of a token (RFC 7662 section 2.2); instants are seconds since 1970. */
export interface TokenFacts {
  readonly active: true;
  readonly sub: string;
  readonly token_type: 'Bearer';
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp?: number;
  /** Of a session; absent for API keys. */
  readonly sid?: string;
  readonly jti?: string;
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Who really acts (RFC 8693 section 4.1). */
  readonly act?: { readonly sub: string };
  /** Active organization. */
  readonly org?: string;
  /** Of an API key: its id. */
  readonly client_id?: string;
  /** Permissions that hold without constraint, everywhere or in the active organization, now. */
  readonly scope: string;
  /** Changes whenever what the bearer may do may have changed. */
  readonly pv: string;
}

/** Tells resource servers about tokens, of those users only whose sessions they may see. */
export class TokenIntrospection {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #settings: Config['tokens'];

  constructor(parts: { database: Database; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#settings = parts.config.tokens;
  }

  /**
   * Passes for an API key that holds `view:sessions` somewhere and is bound to no documents; throws UNAUTHENTICATED and FORBIDDEN
   * for everybody else.
   */
  admit(asking: Authenticated | null): ApiKeyPrincipal {
    if (asking === null) throw new Failure('UNAUTHENTICATED', 'This needs an API key.');
    const { principal, apiKey } = asking;
    if (principal.via !== 'apiKey' || apiKey === null) throw new Failure('FORBIDDEN', 'This needs an API key.');
    if (apiKey.documentIds.length > 0) throw new Failure('FORBIDDEN', 'This API key is bound to GraphQL documents.');
    demand(can('view:sessions'), { principal, now: this.#clock.now() });
    return principal;
  }

  /** What is told of the token; null when whose it is lies outside of the caller's reach. One statement. */
  async tell(asking: ApiKeyPrincipal, inspected: Inspected): Promise<TokenFacts | null> {
    const { account } = inspected.authenticated;
    const within = usersWithin(reachOf(asking, 'view:sessions', this.#clock.now()), 3);
    const visible = oneselfOr(asking, within, 2);
    const rows = await this.#database.query(`select from users u where u.id = $1 and ${visible.condition}`, [
      account.id,
      ...visible.values,
    ]);
    return rows.length === 0 ? null : this.#factsOf(inspected);
  }

  #factsOf({ authenticated, claims }: Inspected): TokenFacts {
    const { principal, apiKey } = authenticated;
    const common = {
      active: true,
      sub: principal.userId,
      token_type: 'Bearer',
      iss: this.#settings.issuer,
      aud: this.#settings.audience,
      scope: scopeOf(authenticated),
      pv: principal.permissionVersion,
      ...(principal.organizationId === null ? {} : { org: principal.organizationId }),
    } as const;
    if (apiKey !== null) {
      const exp = apiKey.expiresAt === null ? {} : { exp: toNumericDate(apiKey.expiresAt) };
      return { ...common, ...exp, client_id: apiKey.id, iat: toNumericDate(apiKey.createdAt) };
    }
    if (claims === null) throw new Error('A session was presented without the claims of its token.');
    return {
      ...common,
      sid: claims.sid,
      jti: claims.jti,
      iat: claims.iat,
      exp: claims.exp,
      amr: claims.amr,
      // As they are now: a step-up since the token was issued counts.
      acr: principal.assuranceLevel.toLowerCase(),
      auth_time: toNumericDate(principal.authenticatedAt),
      ...(principal.actorId === null ? {} : { act: { sub: principal.actorId } }),
    };
  }
}

const scopeOf = ({ principal: { grants }, session }: Authenticated): string =>
  grants.catalogue.definitions
    .filter(({ key }) => grants.holds(key, {}, session?.organizationLineage ?? []))
    .map(({ key }) => key)
    .join(' ');
