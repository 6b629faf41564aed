import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Caller, TokenRefused } from './caller.ts';
import { KeysUnavailable, remoteKeys } from './remote-keys.ts';

export interface TokenVerifierOptions {
  /** Claim `iss` of the server's tokens; by default its base URL. */
  readonly issuer: string;
  /** Claim `aud` of the server's tokens; absent = as the issuer, which is what a server does that sets no other (`TOKEN_AUDIENCE`). */
  readonly audience?: string;
  /** Where the public keys are; absent = `<issuer>/.well-known/jwks.json`. */
  readonly jwksUrl?: string | URL;
  /** Instead of keys from the network: for tests, and for keys that are deployed with the service. */
  readonly keys?: JWTVerifyGetKey;
  /** How long fetched keys are taken without being fetched again; ten minutes when absent. */
  readonly keysMaximumAgeMs?: number;
  /** How much longer they are taken while the server cannot be asked; an hour when absent. A withdrawn key goes on as long. */
  readonly keysOutageMs?: number;
  /** Clock skew that is forgiven, in seconds. */
  readonly clockToleranceSeconds?: number;
  /** The present time, for tests. */
  readonly now?: () => Date;
}

/** Nothing else is ever accepted, whatever a token says of itself (RFC 8725 section 3.1). */
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];

/** How API keys of Gatehouse begin. */
const API_KEY = 'ghk_';

const TEN_MINUTES_MS = 600_000;
const HOUR_MS = 3_600_000;

/** `at+jwt` alone: an ID token, or anything else that the same keys may sign one day, is no access token (RFC 9068 section 4). */
const TYPE = 'at+jwt';

/**
 * Verifies access tokens by the public keys of the server, which are fetched once, again when they are old, and when an unknown key
 * appears. It says that a token is genuine and young, not that its session still lives: whatever must hold at this moment is for decisions to say.
 */
export class TokenVerifier {
  readonly #keys: JWTVerifyGetKey;
  readonly #options: TokenVerifierOptions;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#keys =
      options.keys ??
      remoteKeys(new URL(options.jwksUrl ?? `${trimmed(options.issuer)}/.well-known/jwks.json`), {
        maximumAgeMs: options.keysMaximumAgeMs ?? TEN_MINUTES_MS,
        outageMs: options.keysOutageMs ?? HOUR_MS,
        nowMs: () => performance.now(),
      });
  }

  /** Throws TokenRefused. */
  async verify(token: string): Promise<Caller> {
    if (token.startsWith(API_KEY)) throw new TokenRefused('invalid', 'This is an API key and no access token.');
    const { issuer, audience = issuer, clockToleranceSeconds = 5, now } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        typ: TYPE,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'sid', 'exp', 'iat', 'auth_time', 'acr', 'pv'],
        ...(now === undefined ? {} : { currentDate: now() }),
      });
      return callerOf(payload, token);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** The caller of an Authorization header; null without one, or when it is no bearer token. Throws TokenRefused for a bad token. */
  async verifyHeader(authorization: string | undefined): Promise<Caller | null> {
    const token = authorization === undefined ? undefined : /^Bearer ([\w.~+/=-]+)$/i.exec(authorization)?.[1];
    return token === undefined ? null : this.verify(token);
  }
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

const refusalOf = (error: unknown): TokenRefused => {
  if (error instanceof TokenRefused) return error;
  if (error instanceof errors.JWTExpired) return new TokenRefused('expired', 'The access token is past its life.');
  // Most often the settings of the service and of the server do not agree: the name of the claim tells which, and nothing of the token.
  if (error instanceof errors.JWTClaimValidationFailed)
    return new TokenRefused(
      'invalid',
      `The access token is not for this service: its claim ${error.claim} does not fit.`,
    );
  return error instanceof KeysUnavailable || !(error instanceof errors.JOSEError)
    ? new TokenRefused('keys-unavailable', 'The keys that verify access tokens could not be fetched.')
    : new TokenRefused('invalid', 'The access token is not valid.');
};

const callerOf = (payload: JWTPayload, token: string): Caller => {
  const { sub, exp } = payload;
  const sessionId = textOf(payload['sid']);
  const permissionVersion = textOf(payload['pv']);
  const authTime = payload['auth_time'];
  const acr = payload['acr'];
  const complete = typeof sub === 'string' && typeof exp === 'number' && typeof authTime === 'number';
  if (!complete || sessionId === null || permissionVersion === null || (acr !== 'aal1' && acr !== 'aal2')) {
    throw new TokenRefused('invalid', 'The access token lacks a claim, or has one of another form.');
  }
  return {
    userId: sub,
    sessionId,
    actorId: actorOf(payload['act']),
    organizationId: textOf(payload['org']),
    email: textOf(payload['email']),
    groups: textsOf(payload['groups']),
    scopes:
      textOf(payload['scope'])
        ?.split(' ')
        .filter((scope) => scope !== '') ?? [],
    assuranceLevel: acr === 'aal2' ? 'AAL2' : 'AAL1',
    authenticatedAt: new Date(authTime * 1000),
    expiresAt: new Date(exp * 1000),
    permissionVersion,
    token,
  };
};

/** A claim that is there in another form would turn an impersonation into an ordinary call: the token is refused. */
const actorOf = (claim: unknown): string | null => {
  if (claim === undefined) return null;
  const actor = typeof claim === 'object' && claim !== null && 'sub' in claim ? textOf(claim.sub) : null;
  if (actor === null) throw new TokenRefused('invalid', 'The access token has an actor of another form.');
  return actor;
};

const textOf = (claim: unknown): string | null => (typeof claim === 'string' && claim !== '' ? claim : null);

const textsOf = (claim: unknown): readonly string[] =>
  Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : [];
