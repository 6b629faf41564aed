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

/** TOTP_PENDING is an enrolment that is not confirmed yet; PASSWORD_HISTORY an earlier password, kept to refuse it. */
export const CredentialType = words('PASSWORD', 'PASSWORD_HISTORY', 'TOTP', 'TOTP_PENDING', 'RECOVERY_CODE', 'PASSKEY');
export type CredentialType = Word<typeof CredentialType>;

export const AssuranceLevel = words('AAL1', 'AAL2');
export type AssuranceLevel = Word<typeof AssuranceLevel>;

export const TokenDelivery = words('COOKIE', 'BODY');
export type TokenDelivery = Word<typeof TokenDelivery>;

export const SignInMethod = words(
  'PASSWORD',
  'CODE',
  'LINK',
  'PASSKEY',
  'EXTERNAL_PROVIDER',
  'SIGN_UP',
  'INVITATION',
  'IMPERSONATION',
);
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
  'IMPERSONATION_ENDED',
);
export type SessionEndReason = Word<typeof SessionEndReason>;

/** What happened to a user. */
export const UserChangeKind = words('UPDATED', 'STATUS_CHANGED', 'ACCESS_CHANGED', 'DELETED');
export type UserChangeKind = Word<typeof UserChangeKind>;

/** What a one-time token or challenge is for. The purpose is part of the row and of every comparison. */
export const OneTimeTokenKind = words(
  'SETUP',
  'INVITE',
  'RESET',
  'PASSWORD_CHANGE',
  'EMAIL_CHANGE',
  'SIGN_IN_LINK',
  'MFA',
  'PASSKEY_REGISTRATION',
  'PASSKEY_ASSERTION',
  'PROVIDER_SIGN_IN',
  'ORGANIZATION_INVITE',
);
export type OneTimeTokenKind = Word<typeof OneTimeTokenKind>;

export const ScopeMode = words('ALL', 'LISTED');
export type ScopeMode = Word<typeof ScopeMode>;

export const SigningAlgorithm = words('EdDSA', 'ES256', 'RS256');
export type SigningAlgorithm = Word<typeof SigningAlgorithm>;

export const SigningKeyStatus = words('PUBLISHED', 'ACTIVE', 'RETIRING', 'RETIRED');
export type SigningKeyStatus = Word<typeof SigningKeyStatus>;

export const AuditResult = words('SUCCESS', 'FAILURE', 'DENIED');
export type AuditResult = Word<typeof AuditResult>;

/** What is written to a file in the background. */
export const ExportKind = words('AUDIT_EVENTS', 'USER_DATA');
export type ExportKind = Word<typeof ExportKind>;

export const ExportFormat = words('NDJSON', 'CSV');
export type ExportFormat = Word<typeof ExportFormat>;

export const ExportState = words('QUEUED', 'RUNNING', 'DONE', 'FAILED');
export type ExportState = Word<typeof ExportState>;

/** What was checked to prove an identity. DEVICE is a trusted device standing in for the second factor. */
export const FactorMethod = words(
  'PASSWORD',
  'CODE',
  'LINK',
  'EXTERNAL_PROVIDER',
  'POSSESSION',
  'TOTP',
  'RECOVERY_CODE',
  'PASSKEY',
  'DEVICE',
);
export type FactorMethod = Word<typeof FactorMethod>;

/** Kind of an external provider's token (RFC 8693 section 3). */
export const SubjectTokenType = words('ACCESS_TOKEN', 'ID_TOKEN');
export type SubjectTokenType = Word<typeof SubjectTokenType>;

/** Second factors that a challenge accepts. */
export const MfaMethod = words('TOTP', 'RECOVERY_CODE', 'PASSKEY');
export type MfaMethod = Word<typeof MfaMethod>;

/** What a one-time code is for. */
export const VerificationPurpose = words('SIGN_UP', 'SIGN_IN', 'STEP_UP');
export type VerificationPurpose = Word<typeof VerificationPurpose>;

/** How a code or message travels. */
export const VerificationChannel = words('EMAIL', 'SMS');
export type VerificationChannel = Word<typeof VerificationChannel>;

export const SignUpMode = words('OPEN', 'INVITE_ONLY', 'CLOSED');
export type SignUpMode = Word<typeof SignUpMode>;

export const VerificationMode = words('REQUIRED', 'OPTIONAL', 'NONE');
export type VerificationMode = Word<typeof VerificationMode>;

/** Where a message stands. NOT_CONFIGURED is final: there is no transport to try. */
export const MessageState = words('QUEUED', 'SENT', 'FAILED', 'NOT_CONFIGURED');
export type MessageState = Word<typeof MessageState>;

export const InvitationState = words('PENDING', 'ACCEPTED', 'EXPIRED', 'REVOKED', 'SUPERSEDED');
export type InvitationState = Word<typeof InvitationState>;

/** What is possible while impersonating: queries only, or what the target may do with protected permissions and credentials excepted. */
export const ImpersonationMode = words('READ_ONLY', 'ACT');
export type ImpersonationMode = Word<typeof ImpersonationMode>;

/** Whether an API key works. */
export const ApiKeyStatus = words('ACTIVE', 'EXPIRED', 'REVOKED', 'OWNER_INACTIVE');
export type ApiKeyStatus = Word<typeof ApiKeyStatus>;

/** Where a change stands that waits for a second person. */
export const ApprovalState = words('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED', 'EXPIRED');
export type ApprovalState = Word<typeof ApprovalState>;

/** Where an event stands on its way to a webhook. */
export const WebhookDeliveryState = words('PENDING', 'DELIVERED', 'DEAD');
export type WebhookDeliveryState = Word<typeof WebhookDeliveryState>;

/** Why something is sent to a webhook. */
export const WebhookDeliveryKind = words('EVENT', 'REPLAY', 'TEST');
export type WebhookDeliveryKind = Word<typeof WebhookDeliveryKind>;

/** Why a decision about a permission came out as it did. */
export const DecisionReason = words(
  'GRANTED',
  'GRANTED_AS_OWNER',
  'GRANTED_BY_ACTION_LINK',
  'NO_GRANT',
  'CONSTRAINT_FAILED',
  'NOT_OWNER',
  'PROTECTED',
  'OUT_OF_SCOPE',
  'NARROWED_BY_API_KEY',
  'IMPERSONATING',
  'STEP_UP_REQUIRED',
  'SUBJECT_INACTIVE',
  'UNKNOWN_PERMISSION',
  'ACTION_LINK_INVALID',
);
export type DecisionReason = Word<typeof DecisionReason>;

/** What a step of an explanation looked at. */
export const ExplanationStepKind = words(
  'SUBJECT',
  'GROUP',
  'PERMISSION',
  'CONSTRAINT',
  'OWNER',
  'API_KEY',
  'IMPERSONATION',
  'ASSURANCE',
);
export type ExplanationStepKind = Word<typeof ExplanationStepKind>;

/** Width of the buckets of a time series. */
export const StatsInterval = words('HOUR', 'DAY', 'WEEK', 'MONTH');
export type StatsInterval = Word<typeof StatsInterval>;

/** Events that are counted by the hour. */
export const StatsKind = words('SIGN_IN', 'FAILURE', 'LOCKOUT', 'IMPERSONATION', 'CREATION');
export type StatsKind = Word<typeof StatsKind>;

/** What is counted once for a range, however often it was active. */
export const StatsSubject = words('PERSON', 'API_KEY');
export type StatsSubject = Word<typeof StatsSubject>;
