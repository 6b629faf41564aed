/**
 * The catalogue of everything that can go wrong and what a client is told. Two surfaces, one list:
 * `payload` codes are outcomes that a form shows (`errors: [UserError!]!` of a mutation's payload),
 * `graphql` codes are failures that the caller cannot correct in a form (`errors[].extensions.code`).
 * `status` is the HTTP status of REST twins and of answers that fail before execution; executed GraphQL operations answer 200.
 */
interface ErrorEntry {
  readonly surface: 'graphql' | 'payload';
  readonly meaning: string;
  readonly status: number;
  /** The same request may succeed later without any change. */
  readonly retryable: boolean;
}

const failure = (status: number, meaning: string, retryable = false): ErrorEntry & { readonly surface: 'graphql' } => ({
  surface: 'graphql',
  meaning,
  status,
  retryable,
});
const outcome = (meaning: string): ErrorEntry & { readonly surface: 'payload' } => ({
  surface: 'payload',
  meaning,
  status: 400,
  retryable: false,
});

export const errorCatalogue = {
  // failures
  UNAUTHENTICATED: failure(401, 'The operation needs a signed-in caller, or the credentials given are not valid.'),
  FORBIDDEN: failure(
    403,
    'The caller may not do this; `missing` names the permission of which one would have sufficed.',
  ),
  HTTPS_REQUIRED: failure(
    403,
    'The request came by clear http; send it by https, with new credentials: these were readable.',
  ),
  STEP_UP_REQUIRED: failure(403, 'The caller must first prove the identity again; `required` says how.'),
  NOT_FOUND: failure(404, 'There is no such object, or the caller may not see it.'),
  BAD_USER_INPUT: failure(
    400,
    'An argument has a value that no form could have sent: a malformed id, cursor or page size.',
  ),
  QUERY_TOO_COMPLEX: failure(400, 'The document is deeper, longer, wider or costlier than the limits allow.'),
  PERSISTED_DOCUMENT_NOT_FOUND: failure(
    400,
    'No trusted document that may be run has this id, or only trusted documents are run here and this is none.',
  ),
  IDEMPOTENCY_KEY_REUSED: failure(409, 'The idempotency key was used with another input within the last 24 hours.'),
  RATE_LIMITED: failure(429, 'Too many requests; `retryAfterSeconds` says when to come back.', true),
  SERVICE_UNAVAILABLE: failure(503, 'The server cannot answer now; try again.', true),
  INTERNAL_SERVER_ERROR: failure(500, 'Something is broken; `requestId` finds it in the log.'),
  // any input
  REQUIRED: outcome('A value is missing or blank.'),
  EXACTLY_ONE_REQUIRED: outcome('Exactly one of several fields must be given.'),
  INVALID_VALUE: outcome('The value is outside the allowed set, form or range.'),
  TOO_LONG: outcome('The text is longer than allowed.'),
  TOO_MANY_ITEMS: outcome('The list is longer than allowed.'),
  TARGET_NOT_FOUND: outcome('An id inside the input names nothing visible to the caller; see `targetId`.'),
  VERSION_CONFLICT: outcome('Somebody else changed the object; the payload holds its current state.'),
  NAME_IN_USE: outcome('Another object of the kind has this name.'),
  EXPIRY_IN_PAST: outcome('The expiry lies in the past.'),
  EXPIRY_TOO_FAR: outcome('The expiry lies beyond the longest life the settings allow.'),
  DISABLED_BY_SETTING: outcome('The settings of this server switch the operation off.'),
  // identifiers
  INVALID_EMAIL: outcome('Not an e-mail address.'),
  INVALID_PHONE: outcome('Not a phone number in international form.'),
  INVALID_USERNAME: outcome('The user name has forbidden characters or a wrong length.'),
  USERNAME_CONFUSABLE: outcome('The user name can be mistaken for an existing one.'),
  INVALID_LOCALE: outcome('Not a language the server offers.'),
  EMAIL_IN_USE: outcome('The address belongs to another account.'),
  PHONE_IN_USE: outcome('The phone number belongs to another account.'),
  USERNAME_IN_USE: outcome('The user name belongs to another account.'),
  // passwords
  WEAK_PASSWORD: outcome('The password breaks a rule of passwordPolicy; see `violations`.'),
  BREACHED_PASSWORD: outcome('The password is on the list of common or leaked passwords.'),
  REUSED_PASSWORD: outcome('The password is one of the last ones of this account.'),
  CURRENT_PASSWORD_INCORRECT: outcome('The present password is wrong, or the account has none.'),
  // signing in
  INVALID_CREDENTIALS: outcome('Sign-in failed; one answer for every reason.'),
  SIGN_UP_CLOSED: outcome('Nobody can sign up here.'),
  INVITATION_REQUIRED: outcome('Signing up needs an invitation.'),
  SETUP_ALREADY_DONE: outcome('An administrator has existed before.'),
  TOKEN_INVALID: outcome('The token is malformed, unknown, or of another kind.'),
  TOKEN_EXPIRED: outcome('The token is past its life.'),
  TOKEN_USED: outcome('The token was used before or replaced by a newer one.'),
  REFRESH_TOKEN_REUSED: outcome('A rotated refresh token came back; its whole session has ended.'),
  CODE_INVALID: outcome('The code is wrong.'),
  CODE_EXPIRED: outcome('The code is past its life, or a newer one was sent.'),
  CODE_ATTEMPTS_EXCEEDED: outcome('Too many wrong tries; ask for a new code.'),
  VERIFICATION_NOT_PENDING: outcome('Nothing waits for a code here.'),
  UNKNOWN_ISSUER: outcome('The issuer is not configured.'),
  SUBJECT_TOKEN_INVALID: outcome(
    "The provider's token failed a check of signature, audience, issuer or time, or was used before.",
  ),
  ACCOUNT_NOT_PROVISIONED: outcome('The provider knows the person, this server has no account and makes none.'),
  IDENTITY_IN_USE: outcome('The external identity is linked to another account.'),
  CAPTCHA_REQUIRED: outcome('A captcha answer is missing or wrong.'),
  INVALID_ATTRIBUTE: outcome('A custom attribute is not declared, has the wrong type, or is too large.'),
  MFA_CODE_REQUIRED: outcome('A code or a recovery code is needed.'),
  MFA_CODE_INVALID: outcome('The code or recovery code is wrong or was used before.'),
  MFA_AUTH_FAILED: outcome('The proof of identity failed; one answer for every reason.'),
  MFA_ALREADY_ENABLED: outcome('TOTP is on already.'),
  MFA_NOT_ENABLED: outcome('No second factor is on.'),
  NO_ENROLLMENT_IN_PROGRESS: outcome('No enrolment was started, or it is completed.'),
  ENROLLMENT_EXPIRED: outcome('The enrolment was not confirmed in time.'),
  LAST_SIGN_IN_METHOD: outcome('The last way to sign in cannot be removed.'),
  // passkeys
  PASSKEY_INVALID: outcome("The authenticator's answer failed verification."),
  PASSKEY_ALREADY_REGISTERED: outcome('This authenticator is registered already.'),
  TOO_MANY_PASSKEYS: outcome('The account holds the largest number of passkeys.'),
  // users
  INVITATION_NOT_PENDING: outcome('The invitation was accepted, revoked, or never made.'),
  NOT_ON_ONESELF: outcome("The operation is for other people's accounts only."),
  MAIL_NOT_RETRYABLE: outcome('The message was sent, still waits, was repeated already, or is past its life.'),
  // webhooks
  URL_NOT_ALLOWED: outcome('The address is not https, or leads to a private network.'),
  UNKNOWN_EVENT_TYPE: outcome('The event catalogue has no such type.'),
  TOO_MANY_WEBHOOKS: outcome('The server holds the largest number of webhooks.'),
  NOT_REPLAYABLE: outcome(
    'The delivery still waits, was a test, was replayed already, or its webhook is switched off.',
  ),
  // trusted documents
  INVALID_DOCUMENT: outcome('Not a document that could be run here; the message says why.'),
  DOCUMENT_HASH_MISMATCH: outcome('The id is not the SHA-256 of the text.'),
  // groups and permissions
  LAST_ADMIN: outcome('No active administrator would be left.'),
  SELF_ESCALATION: outcome('The caller would raise their own rights.'),
  SYSTEM_MANAGED: outcome('The group is managed by the system; only its members can change.'),
  NO_GROUPS_LEFT: outcome('A user would be left without any group.'),
  ALREADY_MEMBER: outcome('The user is a member already.'),
  NOT_MEMBER: outcome('The user is not a member.'),
  EXCEEDS_OWN_PERMISSIONS: outcome('More would be given than the caller holds.'),
  UNKNOWN_PERMISSION: outcome('The catalogue has no such action and resource.'),
  PROTECTED_PERMISSION: outcome('A protected permission is concerned; `grant-protected:groups` is needed.'),
  INVALID_CONSTRAINT: outcome('The constraint names an undeclared attribute, or lacks or mistypes its values.'),
  TOO_MANY_GROUPS: outcome('A user can be in at most 100 groups.'),
  TOO_MANY_PERMISSIONS: outcome('A group or key can hold at most 100 grants.'),
  // API keys
  SCOPES_REQUIRED: outcome('Name permissions, documents, or `allMyPermissions`, exactly one of them.'),
  NOT_GRANTABLE_TO_API_KEY: outcome('The permission cannot be held by a key.'),
  OWNER_NOT_SERVICE_ACCOUNT: outcome('Keys for another owner are made for service accounts only.'),
  INVALID_NETWORK: outcome('Not an address range in CIDR form.'),
  API_KEY_INACTIVE: outcome('The key is revoked or expired.'),
  TOO_MANY_API_KEYS: outcome('The owner holds the largest number of keys.'),
  // resources of applications
  INVALID_RESOURCE: outcome('The declaration is incomplete or contradicts itself.'),
  RESERVED_NAME: outcome('The name belongs to Gatehouse or to another namespace.'),
  RESOURCE_OWNED_BY_ANOTHER: outcome('Another key registered this resource.'),
  // approval
  APPROVAL_REQUIRED: outcome('A second person must approve; see `pendingRequest`.'),
  REQUEST_NOT_PENDING: outcome('The request is decided, cancelled or expired.'),
  OWN_REQUEST: outcome('Nobody decides their own request.'),
  REQUEST_OUTDATED: outcome('What the request was made for has changed since; make it again.'),
  // organizations
  CYCLE: outcome('An organization would lie below itself.'),
  DEPTH_LIMIT: outcome('The tree would become deeper than the settings allow.'),
  LEVEL_NOT_ALLOWED: outcome('This level cannot stand below that parent.'),
  DOMAIN_IN_USE: outcome('The domain is proved by another organization.'),
  DOMAIN_NOT_VERIFIED: outcome('The DNS record was not found.'),
  // impersonation
  SELF_IMPERSONATION: outcome('Nobody impersonates themselves.'),
  IMPERSONATION_CHAIN: outcome('An impersonated session cannot start another impersonation.'),
  NOT_IMPERSONABLE: outcome('The person is inactive, an administrator, or holds what the actor lacks.'),
  IMPERSONATION_ENDED: outcome('The impersonation is over.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
export type UserErrorCode = {
  [Code in ErrorCode]: (typeof errorCatalogue)[Code]['surface'] extends 'payload' ? Code : never;
}[ErrorCode];
export type FailureCode = Exclude<ErrorCode, UserErrorCode>;

/** One thing that the caller can correct. `field` is the path inside the input, `targetId` the one of several ids concerned. */
export interface Problem {
  readonly code: UserErrorCode;
  readonly message?: string;
  readonly field?: readonly string[];
  readonly targetId?: string;
}

/** Extra facts of a failure, sent as `extensions` beside the code; never holds secrets. */
export interface FailureDetails {
  readonly missing?: readonly string[];
  readonly required?: { readonly assuranceLevel: 'AAL2' | null; readonly withinMinutes: number | null };
  readonly retryAfterSeconds?: number;
  readonly limit?: string;
  readonly [key: string]: unknown;
}

/** A failure that the caller cannot correct in a form: becomes a GraphQL error with its code. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly details: FailureDetails;

  constructor(code: FailureCode, message: string = errorCatalogue[code].meaning, details: FailureDetails = {}) {
    super(message);
    this.code = code;
    // Said of every refusal; empty where no permission would help.
    this.details = code === 'FORBIDDEN' ? { missing: [], ...details } : details;
  }
}

/**
 * Outcomes that a form must show, several at once: becomes `errors` of the payload.
 * `facts` are further payload fields (the current object of a VERSION_CONFLICT, `violations` of a weak password).
 */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly problems: readonly Problem[];
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(problems: readonly Problem[], facts: Readonly<Record<string, unknown>> = {}) {
    super(problems.map((problem) => problem.code).join(', '));
    this.problems = problems;
    this.facts = facts;
  }
}

/** Refuses with one problem. */
export const reject = (
  code: UserErrorCode,
  at: Omit<Problem, 'code'> = {},
  facts: Readonly<Record<string, unknown>> = {},
): never => {
  throw new Rejection([{ code, ...at }], facts);
};

export const notFound = (): never => {
  throw new Failure('NOT_FOUND');
};

/** Refuses with all of these problems; passes when there are none. */
export const rejectAny = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new Rejection(problems);
};
