/**
 * The closed sets of words that tables, services and the GraphQL schema share. Values equal their names, so that a row,
 * a log line and an answer show the same word.
 */
const words = <const T extends readonly string[]>(...list: T): { readonly [Name in T[number]]: Name } =>
  Object.fromEntries(list.map((word) => [word, word])) as { readonly [Name in T[number]]: Name };

type Word<T> = T[keyof T];

export const UserKind = words('PERSON', 'SERVICE');
export type UserKind = Word<typeof UserKind>;

/** What a row stores. LOCKED is never stored: it is computed from `locked_until`, see `statusOf`. */
export const StoredUserStatus = words('INVITED', 'PENDING', 'ACTIVE', 'DISABLED');
export type StoredUserStatus = Word<typeof StoredUserStatus>;

export const UserStatus = words('INVITED', 'PENDING', 'ACTIVE', 'LOCKED', 'DISABLED');
export type UserStatus = Word<typeof UserStatus>;

export const IdentifierKind = words('EMAIL', 'PHONE', 'USERNAME');
export type IdentifierKind = Word<typeof IdentifierKind>;

export const CredentialType = words('PASSWORD');
export type CredentialType = Word<typeof CredentialType>;

export const AssuranceLevel = words('AAL1', 'AAL2');
export type AssuranceLevel = Word<typeof AssuranceLevel>;

export const TokenDelivery = words('COOKIE', 'BODY');
export type TokenDelivery = Word<typeof TokenDelivery>;

export const SignInMethod = words('PASSWORD', 'SIGN_UP', 'INVITATION');
export type SignInMethod = Word<typeof SignInMethod>;

export const SessionEndReason = words(
  'SIGNED_OUT',
  'REVOKED',
  'IDLE',
  'EXPIRED',
  'REFRESH_TOKEN_REUSED',
  'CREDENTIALS_CHANGED',
  'ACCOUNT_LOCKED',
  'ACCOUNT_DISABLED',
  'ACCOUNT_DELETED',
);
export type SessionEndReason = Word<typeof SessionEndReason>;

export const OneTimeTokenKind = words('SETUP', 'INVITE', 'PASSWORD_CHANGE');
export type OneTimeTokenKind = Word<typeof OneTimeTokenKind>;

export const ScopeMode = words('ALL', 'LISTED');
export type ScopeMode = Word<typeof ScopeMode>;

export const SigningAlgorithm = words('EdDSA', 'ES256', 'RS256');
export type SigningAlgorithm = Word<typeof SigningAlgorithm>;

export const SigningKeyStatus = words('PUBLISHED', 'ACTIVE', 'RETIRING', 'RETIRED');
export type SigningKeyStatus = Word<typeof SigningKeyStatus>;

export const AuditResult = words('SUCCESS', 'FAILURE', 'DENIED');
export type AuditResult = Word<typeof AuditResult>;
