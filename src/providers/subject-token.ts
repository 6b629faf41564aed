import { hash } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWSHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { secondsAfter, toNumericDate } from '../clock.ts';
import type { ProviderSettings } from '../config/identity-providers.ts';
import type { SubjectTokenType } from '../vocabulary.ts';
import { SubjectTokenError, type TokenFault } from './provider-error.ts';

/** What a provider says about a person. */
export type Claims = Readonly<Record<string, unknown>>;

/** A token whose signature, issuer, audience and times were checked. */
export interface VerifiedToken {
  readonly subject: string;
  readonly claims: Claims;
  /** Until when it could be presented again, clock differences included. */
  readonly acceptedUntil: Date;
  /** SHA-256 of what is signed: the signature itself can be written in more than one way. */
  readonly fingerprint: Buffer;
}

export interface TokenExpectation {
  readonly provider: ProviderSettings;
  readonly now: Date;
  readonly clockToleranceSeconds: number;
  /** Only for ID tokens of a sign-in that this server began. */
  readonly nonce?: string;
}

const MAXIMUM_LENGTH = 16_384;
/** A token that is good for longer was made by mistake, and its end may be no date at all. */
const MAXIMUM_LIFE_SECONDS = 10 * 366 * 86_400;
const MAXIMUM_SUBJECT = 255; // OpenID Connect Core section 2
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const SUBJECT = /^[^\u0000-\u001F\u007F]+$/;

const TYPES: Readonly<Record<SubjectTokenType, readonly (string | undefined)[]>> = {
  ACCESS_TOKEN: ['at+jwt', 'jwt', undefined], // RFC 9068 section 2.1; many issuers are older
  ID_TOKEN: ['jwt', undefined],
};

/** Whether a text could be a signed token; anything else is opaque. Throws for texts longer than any token. */
export const isSignedToken = (token: string): boolean => {
  if (token.length === 0 || token.length > MAXIMUM_LENGTH) throw new SubjectTokenError('MALFORMED');
  if (!COMPACT.test(token)) return false;
  try {
    return typeof decodeProtectedHeader(token).alg === 'string';
  } catch {
    return false;
  }
};

const shortType = (typ: unknown): string | undefined =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;

/**
 * Marks by which tokens tell of their kind beside `typ`, which many issuers leave at JWT: one kind is never taken as the other
 * (RFC 8725 section 3.12), nor is a logout token as either (its `events`).
 */
const isOfKind = (type: SubjectTokenType, header: JWSHeaderParameters, claims: JWTPayload): boolean => {
  const typ = shortType(header.typ);
  if (!TYPES[type].includes(typ) || 'events' in claims) return false;
  const said = claims['typ'] ?? claims['token_use'];
  if (type === 'ID_TOKEN') return !('scope' in claims) && !('scp' in claims) && !isWord(said, ['bearer', 'access']);
  const marked = ['nonce', 'at_hash', 'c_hash', 's_hash'].some((name) => name in claims);
  return (typ === 'at+jwt' || !marked) && !isWord(said, ['id', 'refresh', 'offline']);
};

const isWord = (value: unknown, words: readonly string[]): boolean =>
  typeof value === 'string' && words.includes(value.toLowerCase());

const audiencesOf = ({ aud }: JWTPayload): readonly string[] => (typeof aud === 'string' ? [aud] : (aud ?? []));

/** OpenID Connect Core section 3.1.3.7, steps 3 to 5: for this client, and for nobody whom the settings do not name. */
const isForClient = (claims: JWTPayload, { clientId, audience }: ProviderSettings): boolean => {
  if (clientId === null) return false;
  const audiences = audiencesOf(claims);
  const { azp } = claims;
  if (!audiences.includes(clientId) || (azp !== undefined && azp !== clientId)) return false;
  if (audiences.length > 1 && azp === undefined) return false;
  return audiences.every((one) => one === clientId || audience.includes(one));
};

const checkClaims = (
  type: SubjectTokenType,
  claims: JWTPayload,
  { provider, now, clockToleranceSeconds, nonce }: TokenExpectation,
): void => {
  const isMeant =
    type === 'ID_TOKEN'
      ? isForClient(claims, provider)
      : audiencesOf(claims).some((one) => provider.audience.includes(one));
  if (!isMeant) throw new SubjectTokenError('AUDIENCE');
  if (nonce !== undefined && claims['nonce'] !== nonce) throw new SubjectTokenError('NONCE');
  const { iat } = claims;
  if (type === 'ID_TOKEN' && iat === undefined) throw new SubjectTokenError('CLAIMS');
  if (iat !== undefined && iat > toNumericDate(now) + clockToleranceSeconds) throw new SubjectTokenError('NOT_YET');
};

/** The subject of a token or of what the issuer says about one. */
export const readSubject = (value: unknown): string => {
  if (typeof value === 'string' && value.length <= MAXIMUM_SUBJECT && SUBJECT.test(value) && value.isWellFormed()) {
    return value;
  }
  throw new SubjectTokenError('SUBJECT');
};

const faultOf = (error: errors.JOSEError): TokenFault => {
  if (error instanceof errors.JWTExpired) return 'EXPIRED';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'ALGORITHM';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'SIGNATURE';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'MALFORMED';
  if (error.claim === 'iss') return 'ISSUER';
  return error.claim === 'nbf' ? 'NOT_YET' : 'CLAIMS';
};

/**
 * Checks a signed token of a provider. What is allowed comes from the settings alone: algorithms, issuer, audience; keys by
 * `findKey` from the issuer's key set, whose own `alg` and use must fit too. The token chooses nothing but its `kid`.
 * Throws SubjectTokenError.
 */
export const verifySubjectToken = async (
  token: string,
  type: SubjectTokenType,
  findKey: (header: JWSHeaderParameters) => Promise<CryptoKey>,
  expected: TokenExpectation,
): Promise<VerifiedToken> => {
  if (!isSignedToken(token)) throw new SubjectTokenError('MALFORMED');
  try {
    const { payload, protectedHeader } = await jwtVerify(token, findKey, {
      algorithms: [...expected.provider.algorithms],
      issuer: expected.provider.issuer,
      requiredClaims: ['exp', 'sub', 'aud'],
      clockTolerance: expected.clockToleranceSeconds,
      currentDate: expected.now,
    });
    if (!isOfKind(type, protectedHeader, payload)) throw new SubjectTokenError('KIND');
    checkClaims(type, payload, expected);
    const left = (payload.exp ?? 0) - toNumericDate(expected.now);
    if (left > MAXIMUM_LIFE_SECONDS) throw new SubjectTokenError('CLAIMS');
    return {
      subject: readSubject(payload.sub),
      claims: payload,
      acceptedUntil: secondsAfter(expected.now, left + expected.clockToleranceSeconds + 1),
      fingerprint: hash('sha256', token.slice(0, token.lastIndexOf('.')), 'buffer'),
    };
  } catch (error) {
    // The library's errors carry the payload, which would reach the log.
    throw error instanceof errors.JOSEError ? new SubjectTokenError(faultOf(error)) : error;
  }
};
