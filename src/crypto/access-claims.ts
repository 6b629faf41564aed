import { toNumericDate } from '../clock.ts';

/** Claims of an access token (RFC 9068); instants are seconds since 1970. */
export interface AccessClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Id of the session, which is looked up at each request: a token alone proves nothing. */
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly auth_time: number;
  readonly acr: string;
  readonly amr: readonly string[];
  /** Permission version: changes when any grant of the caller changes. */
  readonly pv: string;
  /** The real person while impersonating (RFC 8693 section 4.1). */
  readonly act?: { readonly sub: string };
  readonly org?: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  /** Custom attributes that the settings declare as claims. For applications; Gatehouse never reads it. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** For routers only; Gatehouse never reads it. */
  readonly scope?: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isActor = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'sub' in value && isText(value.sub);
const optional =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value);

/** Also the order in which the claims are written. */
const CHECKS: Readonly<Record<keyof AccessClaims, (value: unknown) => boolean>> = {
  iss: isText,
  aud: isText,
  sub: isText,
  sid: isText,
  jti: isText,
  iat: isInteger,
  exp: isInteger,
  auth_time: isInteger,
  acr: isText,
  amr: isTexts,
  pv: isText,
  act: optional(isActor),
  org: optional(isText),
  email: optional(isText),
  groups: optional(isTexts),
  attributes: optional(isObject),
  scope: optional((value) => typeof value === 'string'),
};

/** Whether a verified payload has every claim of an access token in its form. */
export const isAccessClaims = (payload: object): payload is AccessClaims => {
  const values = new Map<string, unknown>(Object.entries(payload));
  return Object.entries(CHECKS).every(([name, check]) => check(values.get(name)));
};

/** The claims in one order, whatever order the caller used, so that equal claims are equal bytes; nothing else is passed on. */
export const inOrder = (claims: AccessClaims): object => {
  const values = new Map<string, unknown>(Object.entries(claims));
  return Object.fromEntries(Object.keys(CHECKS).map((name) => [name, values.get(name)]));
};

/** Whether verified claims are past their life, without tolerance. */
export const isExpired = (claims: AccessClaims, now: Date): boolean => claims.exp <= toNumericDate(now);
