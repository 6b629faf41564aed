import { type ErrorCode, errorCatalogue, type UserErrorCode as Code } from '../errors.ts';
import { AttributeType, ImpersonationUse } from '../permissions/catalogue-types.ts';
import { ConstraintKind } from '../permissions/constraints.ts';
import {
  AssuranceLevel,
  IdentifierKind,
  ImpersonationMode,
  InvitationState,
  MessageState,
  ScopeMode,
  MfaMethod,
  SessionEndReason,
  SignInMethod,
  SignUpMode,
  SubjectTokenType,
  TokenDelivery,
  UserChangeKind,
  UserKind,
  UserStatus,
  VerificationChannel,
  VerificationMode,
} from '../vocabulary.ts';
import './access-enums.ts';
import './operations-enums.ts';
import { describe } from './described-enum.ts';

export const UserErrorCode = Object.fromEntries(
  (Object.keys(errorCatalogue) as ErrorCode[])
    .filter((code) => errorCatalogue[code].surface === 'payload')
    .map((code) => [code, code]),
) as { readonly [Name in Code]: Name };
describe(
  UserErrorCode,
  'UserErrorCode',
  'Every outcome that a payload can report. Denials, limits and malformed requests are GraphQL errors instead.',
  Object.fromEntries(
    Object.keys(UserErrorCode).map((code) => [code, errorCatalogue[code as Code].meaning]),
  ) as Readonly<Record<Code, string>>,
);

export const OrderDirection = { ASC: 'ASC', DESC: 'DESC' } as const;
describe(OrderDirection, 'OrderDirection', 'Direction of an order.', {
  ASC: 'Smallest, oldest or first letter first.',
  DESC: 'Largest, newest or last letter first.',
});

export const UserOrderField = {
  CREATED_AT: 'CREATED_AT',
  DISPLAY_NAME: 'DISPLAY_NAME',
  EMAIL: 'EMAIL',
  LAST_SIGN_IN_AT: 'LAST_SIGN_IN_AT',
} as const;
describe(UserOrderField, 'UserOrderField', 'What users are ordered by.', {
  CREATED_AT: 'Time of creation.',
  DISPLAY_NAME: "Name, in the order of the database's collation.",
  EMAIL: 'Address.',
  LAST_SIGN_IN_AT: 'Last sign-in; never = oldest.',
});

export const GroupOrderField = { NAME: 'NAME', CREATED_AT: 'CREATED_AT' } as const;
describe(GroupOrderField, 'GroupOrderField', 'What groups are ordered by.', {
  NAME: "Name, in the order of the database's collation.",
  CREATED_AT: 'Time of creation.',
});

export const OrganizationOrderField = { NAME: 'NAME', CREATED_AT: 'CREATED_AT' } as const;
describe(OrganizationOrderField, 'OrganizationOrderField', 'What organizations are ordered by.', {
  NAME: "Name, in the order of the database's Unicode collation.",
  CREATED_AT: 'Time of creation.',
});

describe(UserKind, 'UserKind', 'What stands behind an account.', {
  PERSON: 'A human being.',
  SERVICE: 'A program; signs in by API key only.',
});

describe(UserStatus, 'UserStatus', 'State of an account.', {
  INVITED: 'Made by an administrator; no password set yet.',
  PENDING: 'Signed up; address not proved yet.',
  ACTIVE: 'Can sign in.',
  LOCKED: 'Cannot sign in until `lockedUntil`.',
  DISABLED: 'Cannot sign in until enabled.',
});

describe(UserChangeKind, 'UserChangeKind', 'What happened to a user.', {
  UPDATED: 'Profile, identifiers or second factors changed.',
  STATUS_CHANGED: 'Locked, unlocked, disabled, enabled or activated.',
  ACCESS_CHANGED: 'Groups or organizations changed.',
  DELETED: 'Deleted or erased.',
});

describe(IdentifierKind, 'IdentifierKind', 'What names an account.', {
  EMAIL: 'E-mail address.',
  PHONE: 'Phone number.',
  USERNAME: 'User name; has no channel for codes.',
});

describe(AssuranceLevel, 'AssuranceLevel', 'Authentication assurance, after NIST SP 800-63B.', {
  AAL1: 'One factor.',
  AAL2: 'Two factors, or a passkey with user verification.',
});

describe(TokenDelivery, 'TokenDelivery', 'How a session is handed to the client.', {
  COOKIE: 'In a `__Host-` cookie, HttpOnly; for browsers.',
  BODY: 'As tokens in the answer; for other clients.',
});

export const SignInStep = {
  COMPLETE: 'COMPLETE',
  MFA_REQUIRED: 'MFA_REQUIRED',
  PASSWORD_CHANGE_REQUIRED: 'PASSWORD_CHANGE_REQUIRED',
  VERIFICATION_REQUIRED: 'VERIFICATION_REQUIRED',
  FAILED: 'FAILED',
} as const;
export type SignInStep = keyof typeof SignInStep;
describe(SignInStep, 'SignInStep', 'The state of a sign-in.', {
  COMPLETE: 'Signed in; tokens are set.',
  MFA_REQUIRED: 'A second factor is needed: completeMfa.',
  PASSWORD_CHANGE_REQUIRED: 'A new password must be set first: setPasswordWithToken.',
  VERIFICATION_REQUIRED: 'The address must be proved first: verifySignUp, resendCode.',
  FAILED: 'Not signed in; see errors.',
});

describe(VerificationChannel, 'VerificationChannel', 'How a code travels.', {
  EMAIL: 'By mail.',
  SMS: 'By text message.',
});

export const CodePurpose = { SIGN_IN: 'SIGN_IN', STEP_UP: 'STEP_UP' } as const;
export type CodePurpose = keyof typeof CodePurpose;
describe(CodePurpose, 'CodePurpose', 'What a requested code is for.', {
  SIGN_IN: 'To sign in.',
  STEP_UP: 'To confirm the identity of the signed-in caller.',
});

export const CodeForm = { CODE: 'CODE', LINK: 'LINK' } as const;
export type CodeForm = keyof typeof CodeForm;
describe(CodeForm, 'CodeForm', 'What is sent.', {
  CODE: 'Six digits.',
  LINK: 'A link with a one-time token.',
});

describe(SignUpMode, 'SignUpMode', 'Who can sign up.', {
  OPEN: 'Anybody.',
  INVITE_ONLY: 'Invited addresses only.',
  CLOSED: 'Nobody.',
});

describe(VerificationMode, 'VerificationMode', 'Whether a new address must be proved.', {
  REQUIRED: 'Before the first session.',
  OPTIONAL: 'Asked for, but not awaited.',
  NONE: 'Never.',
});

describe(MfaMethod, 'MfaMethod', 'A second factor.', {
  TOTP: 'Time-based code, RFC 6238.',
  RECOVERY_CODE: 'One of ten single-use codes.',
  PASSKEY: 'WebAuthn passkey.',
});

describe(SubjectTokenType, 'SubjectTokenType', "Kind of a provider's token.", {
  ACCESS_TOKEN: 'Access token, JWT or opaque.',
  ID_TOKEN: 'OpenID Connect ID token; each is taken once.',
});

describe(SignInMethod, 'SignInMethod', 'First factor of a session.', {
  PASSWORD: 'Identifier and password.',
  CODE: 'One-time code by mail or text message.',
  LINK: 'Mailed one-time link.',
  PASSKEY: 'WebAuthn passkey.',
  EXTERNAL_PROVIDER: 'OpenID Connect issuer.',
  SIGN_UP: 'Completed sign-up or first set-up.',
  INVITATION: 'Accepted invitation or reset link.',
  IMPERSONATION: 'Begun by somebody who acts as the person.',
});

describe(SessionEndReason, 'SessionEndReason', 'Why a session ended.', {
  SIGNED_OUT: 'The person signed out.',
  REVOKED: 'The person or an administrator revoked it.',
  IDLE: 'It was not used for too long.',
  EXPIRED: 'It reached its absolute limit.',
  REFRESH_TOKEN_REUSED: 'A rotated refresh token came back.',
  CREDENTIALS_CHANGED: 'Password, address or second factor changed.',
  ACCOUNT_LOCKED: 'An administrator locked the account.',
  ACCOUNT_DISABLED: 'The account was disabled.',
  ACCOUNT_DELETED: 'The account was deleted or erased.',
  IMPERSONATION_ENDED: 'The impersonation ended.',
});

export const TokenState = { VALID: 'VALID', EXPIRED: 'EXPIRED', USED: 'USED' } as const;
describe(TokenState, 'TokenState', 'Whether a mailed token works.', {
  VALID: 'It works.',
  EXPIRED: 'Past its life.',
  USED: 'Used, replaced or unknown.',
});

export const TokenKind = { RESET: 'RESET', INVITE: 'INVITE' } as const;
describe(TokenKind, 'TokenKind', 'What a mailed token is for.', {
  RESET: 'Setting a new password.',
  INVITE: 'Accepting an invitation.',
});

describe(InvitationState, 'InvitationState', 'State of an invitation.', {
  PENDING: 'Can be accepted.',
  ACCEPTED: 'Was accepted.',
  EXPIRED: 'Past its life.',
  REVOKED: 'Was taken back.',
  SUPERSEDED: 'Was sent again; the newer one counts.',
});

describe(MessageState, 'MailState', 'Where a message stands.', {
  QUEUED: 'Waits for its first or next try.',
  SENT: 'The mail server took it.',
  FAILED: 'Given up; retryMail tries again.',
  NOT_CONFIGURED: 'No mail transport is configured.',
});

export const PasswordRule = {
  MIN_LENGTH: 'MIN_LENGTH',
  MAX_BYTES: 'MAX_BYTES',
  BREACH_LIST: 'BREACH_LIST',
  PERSONAL_DATA: 'PERSONAL_DATA',
  HISTORY: 'HISTORY',
} as const;
describe(PasswordRule, 'PasswordRule', 'A rule of the password policy.', {
  MIN_LENGTH: 'Too few characters.',
  MAX_BYTES: 'Too many bytes.',
  BREACH_LIST: 'Common or leaked.',
  PERSONAL_DATA: "Contains the person's name or address.",
  HISTORY: 'Used before.',
});

describe(ConstraintKind, 'ConstraintKind', 'What a constraint compares.', {
  IN: 'The attribute is one of `values`.',
  NOT_IN: 'The attribute is none of `values`.',
  PREFIX: 'The attribute begins with `prefix`.',
  MAX: 'The attribute is a number not above `max`.',
  WITHIN: 'The time in the attribute lies at most `withinSeconds` back.',
  TIME_WINDOW: 'The present time lies in `timeWindow`.',
  NETWORKS: "The caller's address lies in one of `networks`.",
  MINIMUM_ASSURANCE: "The session's level is at least `minimumAssurance`.",
});

export const Weekday = {
  MONDAY: 'MONDAY',
  TUESDAY: 'TUESDAY',
  WEDNESDAY: 'WEDNESDAY',
  THURSDAY: 'THURSDAY',
  FRIDAY: 'FRIDAY',
  SATURDAY: 'SATURDAY',
  SUNDAY: 'SUNDAY',
} as const;
describe(Weekday, 'Weekday', 'Day of the week, ISO 8601 order.', {
  MONDAY: 'First day.',
  TUESDAY: 'Second day.',
  WEDNESDAY: 'Third day.',
  THURSDAY: 'Fourth day.',
  FRIDAY: 'Fifth day.',
  SATURDAY: 'Sixth day.',
  SUNDAY: 'Seventh day.',
});

describe(ImpersonationMode, 'ImpersonationMode', 'What is possible while impersonating.', {
  READ_ONLY: 'Queries only.',
  ACT: 'What the target may do, protected permissions and credentials excepted.',
});

describe(ScopeMode, 'ScopeMode', 'Reach of a scope.', {
  ALL: 'Every organization, and what belongs to none.',
  LISTED: 'Only the listed ones and those below.',
});

describe(ImpersonationUse, 'ImpersonationUse', 'Whether a permission works while impersonating.', {
  NEVER: 'It does not.',
  ACT: 'In mode ACT only.',
  ALWAYS: 'In both modes.',
});

describe(AttributeType, 'AttributeType', "Type of an attribute's values.", {
  STRING: 'Text, compared exactly.',
  NUMBER: 'Number.',
  BOOLEAN: 'True or false.',
  DATETIME: 'Instant, RFC 3339.',
});
