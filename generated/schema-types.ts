export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** Value of a custom attribute: a text, a number, a boolean, or a day as 2026-01-31. */
  AttributeValue: { input: string | number | boolean; output: string | number | boolean; }
  /** Instant in RFC 3339 form, UTC, milliseconds: 2026-01-31T09:30:00.000Z. */
  DateTime: { input: string; output: string; }
  /** E-mail address; output only, inputs take String. */
  EmailAddress: { input: string; output: string; }
  /** A JSON object. What an input may hold is said where it takes one. */
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /** Phone number in E.164 form, +390123456789; output only, inputs take String. */
  PhoneNumber: { input: string; output: string; }
  /** Absolute http or https address; output only, inputs take String. */
  URL: { input: string; output: string; }
  _Any: { input: unknown; output: unknown; }
  federation__FieldSet: { input: string; output: string; }
  federation__Scope: { input: string; output: string; }
  link__Import: { input: string; output: string; }
};

/** Input of acceptInvitation. */
export type AcceptInvitationInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** Name for a new account. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** Password of a new account; refused for an existing one. */
  password?: InputMaybe<Scalars['String']['input']>;
  /** Token of the mailed link. */
  token: Scalars['String']['input'];
};

/** Answer of acceptInvitation. */
export type AcceptInvitationPayload = SignInResult & {
  __typename?: 'AcceptInvitationPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Organization that was joined; null for an invitation to an account alone. */
  organization?: Maybe<Organization>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** What one subject would gain and lose. */
export type AccessChange = {
  __typename?: 'AccessChange';
  /** Permissions that would come. */
  gained: Array<EffectivePermission>;
  /** Permissions that would go. */
  lost: Array<EffectivePermission>;
  /** The subject; null when hidden, or not there before or after the change. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
};

/** What a change would do to access, without doing it. */
export type AccessPreview = {
  __typename?: 'AccessPreview';
  /** Number of subjects concerned, exact. */
  affectedCount: Scalars['Int']['output'];
  /** Subjects concerned, at most 100. */
  changes: Array<AccessChange>;
  /** Errors that the change would give, LAST_ADMIN and SELF_ESCALATION among them. */
  verdicts: Array<UserError>;
};

/** Title and settings of one verb. */
export type ActionDetailInput = {
  /** Verb. */
  action: Scalars['String']['input'];
  /** Permissions, as action:resource, that it is of little use without. */
  dependsOn?: Array<Scalars['String']['input']>;
  /** What its holder may do. */
  description: Scalars['String']['input'];
  /** A key can hold it. */
  grantableToApiKey?: Scalars['Boolean']['input'];
  /** Short name for lists. */
  title: Scalars['String']['input'];
  /** Whether it works while impersonating; protected verbs never do. */
  whileImpersonating?: ImpersonationUse;
};

/** A one-time right of one recipient to one action on one row. */
export type ActionLink = {
  __typename?: 'ActionLink';
  /** End of the right. */
  expiresAt: Scalars['DateTime']['output'];
  /** Who may use it. */
  recipient: Scalars['EmailAddress']['output'];
  /** One-time token; shown once, mailed by the application. */
  token: Scalars['String']['output'];
};

/** Input of addGroupMembers. */
export type AddGroupMembersInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Group. */
  groupId: Scalars['ID']['input'];
  /** Membership holds within this organization and below; absent = as the group's scope says. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  /** Users to add, at most 100; all or none. */
  userIds: Array<Scalars['ID']['input']>;
};

/** Answer of addGroupMembers. */
export type AddGroupMembersPayload = {
  __typename?: 'AddGroupMembersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The group after the change. */
  group?: Maybe<Group>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of addOrganizationDomain. */
export type AddOrganizationDomainInput = {
  /** Domain. */
  domain: Scalars['String']['input'];
  /** Configured issuer that its addresses sign in with. */
  issuer?: InputMaybe<Scalars['String']['input']>;
  /** Organization that owns it. */
  organizationId: Scalars['ID']['input'];
};

/** Answer of addOrganizationDomain. */
export type AddOrganizationDomainPayload = {
  __typename?: 'AddOrganizationDomainPayload';
  /** The domain, not yet proved. */
  domain?: Maybe<OrganizationDomain>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of addOrganizationMembers. */
export type AddOrganizationMembersInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Groups they get within it. Requires `assign:groups`. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Organization. */
  organizationId: Scalars['ID']['input'];
  /** Users to add, at most 100; all or none. */
  userIds: Array<Scalars['ID']['input']>;
};

/** Answer of addOrganizationMembers. */
export type AddOrganizationMembersPayload = {
  __typename?: 'AddOrganizationMembersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The organization after the change. */
  organization?: Maybe<Organization>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** A long-lived credential of a program. Own keys, or requires `view:api-keys`. */
export type ApiKey = Node & {
  __typename?: 'ApiKey';
  /** It may do all that its owner may and that a key can. */
  allMyPermissions: Scalars['Boolean']['output'];
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** Trusted documents it is bound to; empty = not bound. */
  documentIds: Array<Scalars['String']['output']>;
  /** What it may do now: its own grants intersected with the owner's. */
  effectivePermissions: Array<EffectivePermission>;
  /** End of its life; null = none. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Last use, exact to the minute. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Address of the last use. */
  lastUsedIp?: Maybe<Scalars['String']['output']>;
  /** Name given by its maker. */
  name: Scalars['String']['output'];
  /** Address ranges it works from, CIDR; empty = any. */
  networks: Array<Scalars['String']['output']>;
  /** Until when the secret before the last rotation works too. */
  overlapUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Whose permissions bound it. Requires `view:users`, or about oneself. */
  owner?: Maybe<User>;
  /** Grants named for it, at most 100; empty with `allMyPermissions`. */
  permissions: Array<Permission>;
  /** Visible beginning of the key, `ghk_` and 12 characters. */
  prefix: Scalars['String']['output'];
  /** Own limit of requests per minute; null = the server's. */
  rateLimitPerMinute?: Maybe<Scalars['Int']['output']>;
  /** When it was revoked. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether it works. */
  status: ApiKeyStatus;
  /** Grows by one with each change. */
  version: Scalars['Int']['output'];
};

/** A page of ApiKey. */
export type ApiKeyConnection = {
  __typename?: 'ApiKeyConnection';
  /** Items with their cursors. */
  edges: Array<ApiKeyEdge>;
  /** Items without cursors. */
  nodes: Array<ApiKey>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** API keys, now. */
export type ApiKeyCounts = {
  __typename?: 'ApiKeyCounts';
  /** In state ACTIVE. */
  active: Scalars['Int']['output'];
  /** In state EXPIRED. */
  expired: Scalars['Int']['output'];
  /** In state REVOKED. */
  revoked: Scalars['Int']['output'];
  /** Used at least once on the days of the range, whole days in UTC. */
  usedWithinRange: Scalars['Int']['output'];
};

/** One item of a ApiKey page. */
export type ApiKeyEdge = {
  __typename?: 'ApiKeyEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: ApiKey;
};

/** Which keys; conditions are and-ed. */
export type ApiKeyFilter = {
  /** Of this owner. */
  ownerId?: InputMaybe<Scalars['ID']['input']>;
  /** Part of the name, or the beginning of the prefix, 2 to 100 characters. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** In one of these states; empty list = none. */
  statusIn?: InputMaybe<Array<ApiKeyStatus>>;
};

/** Whether a key works. */
export type ApiKeyStatus =
  /** It works. */
  | 'ACTIVE'
  /** Past its life. */
  | 'EXPIRED'
  /** Its owner is locked, disabled or not active. */
  | 'OWNER_INACTIVE'
  /** Revoked. */
  | 'REVOKED';

/** Which requests; conditions are and-ed. */
export type ApprovalFilter = {
  /** Asked for by this user. */
  requestedById?: InputMaybe<Scalars['ID']['input']>;
  /** In one of these states; empty list = none. */
  stateIn?: InputMaybe<Array<ApprovalState>>;
};

/** A change that waits for a second person. Own requests, or requires `view:approvals`. */
export type ApprovalRequest = Node & {
  __typename?: 'ApprovalRequest';
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** When it was decided. */
  decidedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Who approved or rejected. Requires `view:users`, or about oneself. */
  decidedBy?: Maybe<User>;
  /** Reason given with the decision. */
  decisionReason?: Maybe<Scalars['String']['output']>;
  /** End of its life. */
  expiresAt: Scalars['DateTime']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Input of the mutation, secrets left out. */
  input: Scalars['JSONObject']['output'];
  /** Name of the mutation. */
  mutation: Scalars['String']['output'];
  /** Protected permission concerned, as action:resource. */
  permission: Scalars['String']['output'];
  /** Who would gain or lose what, at the time of the request. */
  preview?: Maybe<AccessPreview>;
  /** The rejected, cancelled or expired request for the same that this one begins anew. */
  previous?: Maybe<ApprovalRequest>;
  /** Reason given with the request. */
  reason?: Maybe<Scalars['String']['output']>;
  /** Who asked; null when deleted. Requires `view:users`, or about oneself. */
  requestedBy?: Maybe<User>;
  /** Where it stands. */
  state: ApprovalState;
};

/** A page of ApprovalRequest. */
export type ApprovalRequestConnection = {
  __typename?: 'ApprovalRequestConnection';
  /** Items with their cursors. */
  edges: Array<ApprovalRequestEdge>;
  /** Items without cursors. */
  nodes: Array<ApprovalRequest>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a ApprovalRequest page. */
export type ApprovalRequestEdge = {
  __typename?: 'ApprovalRequestEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: ApprovalRequest;
};

/** Where a request stands. */
export type ApprovalState =
  /** Approved and carried out. */
  | 'APPROVED'
  /** Taken back by who asked. */
  | 'CANCELLED'
  /** Not decided in time. */
  | 'EXPIRED'
  /** Waits for a decision. */
  | 'PENDING'
  /** Refused. */
  | 'REJECTED';

/** Input of approveRequest. */
export type ApproveRequestInput = {
  /** Request to approve; the change is carried out in the same transaction. */
  id: Scalars['ID']['input'];
  /** Kept in the audit log, at most 500 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of approveRequest. */
export type ApproveRequestPayload = {
  __typename?: 'ApproveRequestPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request after the decision. */
  request?: Maybe<ApprovalRequest>;
};

/** Authentication assurance, after NIST SP 800-63B. */
export type AssuranceLevel =
  /** One factor. */
  | 'AAL1'
  /** Two factors, or a passkey with user verification. */
  | 'AAL2';

/** An attribute that constraints can name. */
export type AttributeDefinition = {
  __typename?: 'AttributeDefinition';
  /** Name in constraints and checks. */
  name: Scalars['String']['output'];
  /** Name for people. */
  title: Scalars['String']['output'];
  /** Type of its values. */
  type: AttributeType;
};

/** A condition on a custom attribute that is declared filterable; what is given is and-ed, at least one. */
export type AttributeFilter = {
  /** The value is exactly this. */
  equals?: InputMaybe<Scalars['AttributeValue']['input']>;
  /** Numbers and days: least value, included. */
  from?: InputMaybe<Scalars['AttributeValue']['input']>;
  /** The value is one of these, at most 100; empty list = nobody. */
  in?: InputMaybe<Array<Scalars['AttributeValue']['input']>>;
  /** True = has a value, false = has none. */
  isSet?: InputMaybe<Scalars['Boolean']['input']>;
  /** Name of the attribute. */
  name: Scalars['String']['input'];
  /** Numbers and days: end, excluded. */
  until?: InputMaybe<Scalars['AttributeValue']['input']>;
};

/** An attribute that constraints can name. */
export type AttributeInput = {
  /** Name in constraints and checks. */
  name: Scalars['String']['input'];
  /** Name for people; absent = the name. */
  title?: InputMaybe<Scalars['String']['input']>;
  /** Type of its values. */
  type: AttributeType;
};

/** Type of an attribute's values. */
export type AttributeType =
  /** True or false. */
  | 'BOOLEAN'
  /** Instant, RFC 3339. */
  | 'DATETIME'
  /** Number. */
  | 'NUMBER'
  /** Text, compared exactly. */
  | 'STRING';

/** One changed field. */
export type AuditChange = {
  __typename?: 'AuditChange';
  /** Value after, as text; null = none, or erased. */
  after?: Maybe<Scalars['String']['output']>;
  /** Value before, as text; null = none, or erased. */
  before?: Maybe<Scalars['String']['output']>;
  /** Name of the field. */
  field: Scalars['String']['output'];
};

/** One entry of the append-only log. About oneself, or requires `view:audit`. Without it, what others did shows neither their address, user agent and request nor their reason. */
export type AuditEvent = Node & {
  __typename?: 'AuditEvent';
  /** What was done, from the event catalogue: user.locked, session.revoked. */
  action: Scalars['String']['output'];
  /** Who did it; null = nobody signed in. */
  actor?: Maybe<AuditReference>;
  /** When it happened. */
  at: Scalars['DateTime']['output'];
  /** Changed fields, secrets left out. */
  changes: Array<AuditChange>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Address of the caller; null = the system, or erased. */
  ipAddress?: Maybe<Scalars['String']['output']>;
  /** More by action: reason, ticket, approval. */
  metadata: Scalars['JSONObject']['output'];
  /** Whom the actor impersonated, or whose API key it was. */
  onBehalfOf?: Maybe<AuditReference>;
  /** Request that caused it. */
  requestId?: Maybe<Scalars['String']['output']>;
  /** How it ended. */
  result: AuditResult;
  /** What it was done to. */
  target?: Maybe<AuditReference>;
  /** User-Agent header; null = none, or erased. */
  userAgent?: Maybe<Scalars['String']['output']>;
};

/** A page of AuditEvent. */
export type AuditEventConnection = {
  __typename?: 'AuditEventConnection';
  /** Items with their cursors. */
  edges: Array<AuditEventEdge>;
  /** Items without cursors. */
  nodes: Array<AuditEvent>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a AuditEvent page. */
export type AuditEventEdge = {
  __typename?: 'AuditEventEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: AuditEvent;
};

/** Which events; conditions are and-ed. Always newest first. */
export type AuditEventFilter = {
  /** One of these actions, at most 100; empty list = none. */
  actionIn?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Done by this user or key. */
  actorId?: InputMaybe<Scalars['ID']['input']>;
  /** Happened within. */
  at?: InputMaybe<DateTimeRange>;
  /** From this address or CIDR range. */
  ipAddress?: InputMaybe<Scalars['String']['input']>;
  /** One of these results; empty list = none. */
  resultIn?: InputMaybe<Array<AuditResult>>;
  /** Done to this object. */
  targetId?: InputMaybe<Scalars['ID']['input']>;
};

/** Somebody or something as it was then. */
export type AuditReference = {
  __typename?: 'AuditReference';
  /** Its id; may no longer exist. */
  id?: Maybe<Scalars['ID']['output']>;
  /** Its name or address then; null when erased. */
  label?: Maybe<Scalars['String']['output']>;
  /** Kind of object: User, Group, ApiKey, System. */
  type: Scalars['String']['output'];
  /** The user as they are now; null for other kinds, and for users who are gone or hidden. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
};

/** How an action ended. */
export type AuditResult =
  /** It was not allowed. */
  | 'DENIED'
  /** It was tried and failed. */
  | 'FAILURE'
  /** It was done. */
  | 'SUCCESS';

/** Input of cancelRequest. */
export type CancelRequestInput = {
  /** Own request to take back. */
  id: Scalars['ID']['input'];
};

/** Answer of cancelRequest. */
export type CancelRequestPayload = {
  __typename?: 'CancelRequestPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request after the decision. */
  request?: Maybe<ApprovalRequest>;
};

/** Input of changePassword. */
export type ChangePasswordInput = {
  /** Present password; accounts without one must be confirmed. */
  currentPassword?: InputMaybe<Scalars['String']['input']>;
  /** As passwordPolicy says. */
  newPassword: Scalars['String']['input'];
};

/** Answer of changePassword. */
export type ChangePasswordPayload = {
  __typename?: 'ChangePasswordPayload';
  /** Other sessions that ended. */
  endedSessionCount?: Maybe<Scalars['Int']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The caller. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** What is sent. */
export type CodeForm =
  /** Six digits. */
  | 'CODE'
  /** A link with a one-time token. */
  | 'LINK';

/** What a requested code is for. */
export type CodePurpose =
  /** To sign in. */
  | 'SIGN_IN'
  /** To confirm the identity of the signed-in caller. */
  | 'STEP_UP';

/** Input of completeMfa. */
export type CompleteMfaInput = {
  /** Token of the challenge. */
  challengeToken: Scalars['String']['input'];
  /** TOTP code; exactly one of code, recoveryCode, passkeyResponse. */
  code?: InputMaybe<Scalars['String']['input']>;
  /** The browser's AuthenticationResponseJSON. */
  passkeyResponse?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Recovery code; used up. */
  recoveryCode?: InputMaybe<Scalars['String']['input']>;
  /** Do not ask again on this device, where the settings allow it. The delivery chosen in the first step holds. */
  trustDevice?: InputMaybe<Scalars['Boolean']['input']>;
};

/** Answer of completeMfa. */
export type CompleteMfaPayload = SignInResult & {
  __typename?: 'CompleteMfaPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** Input of completePasskeyRegistration. */
export type CompletePasskeyRegistrationInput = {
  /** Token of startPasskeyRegistration. */
  challengeToken: Scalars['String']['input'];
  /** Name for the list, at most 100 characters. */
  name: Scalars['String']['input'];
  /** The browser's RegistrationResponseJSON. */
  response: Scalars['JSONObject']['input'];
};

/** Answer of completePasskeyRegistration. */
export type CompletePasskeyRegistrationPayload = {
  __typename?: 'CompletePasskeyRegistrationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new passkey. */
  passkey?: Maybe<Passkey>;
};

/** Input of completePasskeySignIn. */
export type CompletePasskeySignInInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** The proof. */
  passkey: PasskeyAssertionInput;
};

/** Answer of completePasskeySignIn. */
export type CompletePasskeySignInPayload = SignInResult & {
  __typename?: 'CompletePasskeySignInPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** Input of confirmEmailChange. */
export type ConfirmEmailChangeInput = {
  /** Token of the mailed link. */
  token: Scalars['String']['input'];
};

/** Answer of confirmEmailChange. */
export type ConfirmEmailChangePayload = {
  __typename?: 'ConfirmEmailChangePayload';
  /** The address that counts now. */
  email?: Maybe<Scalars['EmailAddress']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of confirmIdentity. */
export type ConfirmIdentityInput = {
  /** TOTP code, or a code sent for STEP_UP. */
  code?: InputMaybe<Scalars['String']['input']>;
  /** Proof by passkey; options from startPasskeySignIn. */
  passkey?: InputMaybe<PasskeyAssertionInput>;
  /** Present password; exactly one of password, code, passkey. */
  password?: InputMaybe<Scalars['String']['input']>;
  /** Token of the verification, with a code that was sent. */
  verificationToken?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of confirmIdentity. */
export type ConfirmIdentityPayload = {
  __typename?: 'ConfirmIdentityPayload';
  /** Level of the session now. */
  assuranceLevel?: Maybe<AssuranceLevel>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Until when the identity counts as confirmed. */
  freshUntil?: Maybe<Scalars['DateTime']['output']>;
  /** New access token that carries the confirmation; null with a cookie session. */
  tokens?: Maybe<SessionTokens>;
};

/** Input of confirmTotpEnrollment. */
export type ConfirmTotpEnrollmentInput = {
  /** Code shown by the authenticator. */
  code: Scalars['String']['input'];
};

/** Answer of confirmTotpEnrollment. */
export type ConfirmTotpEnrollmentPayload = {
  __typename?: 'ConfirmTotpEnrollmentPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Second factors now. */
  mfa?: Maybe<MfaState>;
  /** Ten recovery codes, shown once; null on errors. */
  recoveryCodes?: Maybe<Array<Scalars['String']['output']>>;
};

/** What a constraint compares. */
export type ConstraintKind =
  /** The attribute is one of `values`. */
  | 'IN'
  /** The attribute is a number not above `max`. */
  | 'MAX'
  /** The session's level is at least `minimumAssurance`. */
  | 'MINIMUM_ASSURANCE'
  /** The caller's address lies in one of `networks`. */
  | 'NETWORKS'
  /** The attribute is none of `values`. */
  | 'NOT_IN'
  /** The attribute begins with `prefix`. */
  | 'PREFIX'
  /** The present time lies in `timeWindow`. */
  | 'TIME_WINDOW'
  /** The time in the attribute lies at most `withinSeconds` back. */
  | 'WITHIN';

/** Input of createActionLinks. */
export type CreateActionLinksInput = {
  /** Verb from the catalogue. */
  action: Scalars['String']['input'];
  /** End of the right, at most 30 days ahead. */
  expiresAt: Scalars['DateTime']['input'];
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** E-mail addresses, 1 to 100; one link each. */
  recipients: Array<Scalars['String']['input']>;
  /** Resource registered by the calling key. */
  resource: Scalars['String']['input'];
  /** Row concerned, in the application's own ids. */
  rowId: Scalars['ID']['input'];
};

/** Answer of createActionLinks. */
export type CreateActionLinksPayload = {
  __typename?: 'CreateActionLinksPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** One per recipient, tokens shown once; empty on errors. */
  links: Array<ActionLink>;
  /** An earlier call with this idempotencyKey was repeated; no tokens are shown. */
  replayed: Scalars['Boolean']['output'];
};

/** Input of createApiKey. */
export type CreateApiKeyInput = {
  /** All that the owner may, also later. */
  allMyPermissions?: InputMaybe<Scalars['Boolean']['input']>;
  /** The key can run nothing but `documents`. */
  bindToDocuments?: InputMaybe<Scalars['Boolean']['input']>;
  /** GraphQL documents; the key gets exactly what they need. */
  documents?: InputMaybe<Array<Scalars['String']['input']>>;
  /** End of its life; absent = the server's longest. */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Name for the list, at most 100 characters. */
  name: Scalars['String']['input'];
  /** Address ranges it works from, CIDR, at most 100; absent or empty = any. */
  networks?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Service account that owns it; absent = the caller. Requires `create:api-keys`. */
  ownerId?: InputMaybe<Scalars['ID']['input']>;
  /** Grants; exactly one of permissions, documents, allMyPermissions. */
  permissions?: InputMaybe<Array<PermissionInput>>;
  /** Own limit of requests per minute; of own keys at most the server's. */
  rateLimitPerMinute?: InputMaybe<Scalars['Int']['input']>;
};

/** Answer of createApiKey. */
export type CreateApiKeyPayload = {
  __typename?: 'CreateApiKeyPayload';
  /** The new key. */
  apiKey?: Maybe<ApiKey>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** An earlier call with this idempotencyKey was repeated; the secret is not shown. */
  replayed: Scalars['Boolean']['output'];
  /** The key itself; shown once. */
  secret?: Maybe<Scalars['String']['output']>;
};

/** Input of createGroup. */
export type CreateGroupInput = {
  /** Where the grants hold; absent = LISTED, none. */
  allowedOrganizations?: InputMaybe<ResourceScopeInput>;
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** What the group is for, at most 1,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Unique name, at most 100 characters. */
  name: Scalars['String']['input'];
  /** Grants, at most what the caller holds. Requires `grant:groups`. */
  permissions?: InputMaybe<Array<PermissionInput>>;
};

/** Answer of createGroup. */
export type CreateGroupPayload = {
  __typename?: 'CreateGroupPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new group. */
  group?: Maybe<Group>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of createOrganization. */
export type CreateOrganizationInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Groups for all members. Requires `assign:groups`. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Level position; absent = the one after the parent's. */
  level?: InputMaybe<Scalars['Int']['input']>;
  /** Name, at most 100 characters. */
  name: Scalars['String']['input'];
  /** The one above; null = a new root. */
  parentId?: InputMaybe<Scalars['ID']['input']>;
};

/** Answer of createOrganization. */
export type CreateOrganizationPayload = {
  __typename?: 'CreateOrganizationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new organization. */
  organization?: Maybe<Organization>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of createServiceAccount. */
export type CreateServiceAccountInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Groups, at least one. Requires `assign:groups`. */
  groupIds: Array<Scalars['ID']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Name shown to others, at most 100 characters. */
  name: Scalars['String']['input'];
  /** Organization to join. Requires `assign:organizations`. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
};

/** Answer of createServiceAccount. */
export type CreateServiceAccountPayload = {
  __typename?: 'CreateServiceAccountPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** The new service account. */
  user?: Maybe<User>;
};

/** Input of createUser. */
export type CreateUserInput = {
  /** Custom attributes, by name. */
  attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** Name shown to others, at most 100 characters. */
  displayName: Scalars['String']['input'];
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Address; at least one of email, phone, username. */
  email?: InputMaybe<Scalars['String']['input']>;
  /** Groups, at least one. Beyond Members requires `assign:groups`. */
  groupIds: Array<Scalars['ID']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Language of mails, BCP 47; absent = the server's. */
  locale?: InputMaybe<Scalars['String']['input']>;
  /** Organization to join; groups beyond Members hold within it. Requires `assign:organizations`. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  /** Initial password; absent = invite by mail. */
  password?: InputMaybe<Scalars['String']['input']>;
  /** Ask for a new password at the first sign-in; absent = true with a password. */
  passwordChangeRequired?: InputMaybe<Scalars['Boolean']['input']>;
  /** Phone number in international form. */
  phone?: InputMaybe<Scalars['String']['input']>;
  /** User name. */
  username?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of createUser. */
export type CreateUserPayload = {
  __typename?: 'CreateUserPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Delivery of the invitation; null when a password was given, or the account has no address. */
  inviteEmail?: Maybe<MailDelivery>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Set-up link, shown once; only when `inviteEmail.state` is NOT_CONFIGURED, or the account has no address. */
  setupLink?: Maybe<Scalars['URL']['output']>;
  /** The new user. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** Input of createWebhook. */
export type CreateWebhookInput = {
  /** Types from the event catalogue, 1 to 100. */
  eventTypes: Array<Scalars['String']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Name for the list, at most 100 characters. */
  name: Scalars['String']['input'];
  /** Address, https, public unless the settings allow others. */
  url: Scalars['String']['input'];
};

/** Answer of createWebhook. */
export type CreateWebhookPayload = {
  __typename?: 'CreateWebhookPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** An earlier call with this idempotencyKey was repeated; the secret is not shown. */
  replayed: Scalars['Boolean']['output'];
  /** Signing secret; shown once. */
  secret?: Maybe<Scalars['String']['output']>;
  /** The new webhook. */
  webhook?: Maybe<Webhook>;
};

/** A span of time, half open. */
export type DateTimeRange = {
  /** First instant included; absent = no lower bound. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** First instant excluded; absent = no upper bound. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Why a decision came out as it did. */
export type DecisionReason =
  /** The one-time token is used, expired, or for something else. */
  | 'ACTION_LINK_INVALID'
  /** Grants exist, their constraints do not hold. */
  | 'CONSTRAINT_FAILED'
  /** A grant allows it. */
  | 'GRANTED'
  /** The row is the subject's own. */
  | 'GRANTED_AS_OWNER'
  /** The one-time token allowed it and is used up. */
  | 'GRANTED_BY_ACTION_LINK'
  /** It does not work while impersonating. */
  | 'IMPERSONATING'
  /** The key does not carry it. */
  | 'NARROWED_BY_API_KEY'
  /** Only own rows are granted. */
  | 'NOT_OWNER'
  /** No group gives the permission. */
  | 'NO_GRANT'
  /** The grant holds in other organizations. */
  | 'OUT_OF_SCOPE'
  /** `admin:*` does not cover it. */
  | 'PROTECTED'
  /** The session must be raised first. */
  | 'STEP_UP_REQUIRED'
  /** The subject is locked, disabled or not yet active. */
  | 'SUBJECT_INACTIVE'
  /** The catalogue has no such action and resource. */
  | 'UNKNOWN_PERMISSION';

/** Input of deleteApiKey. */
export type DeleteApiKeyInput = {
  /** Key to remove from the list; ends it too. */
  id: Scalars['ID']['input'];
};

/** Answer of deleteApiKey. */
export type DeleteApiKeyPayload = {
  __typename?: 'DeleteApiKeyPayload';
  /** Former id. */
  deletedApiKeyId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of deleteGroup. */
export type DeleteGroupInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Group to delete. */
  id: Scalars['ID']['input'];
};

/** Answer of deleteGroup. */
export type DeleteGroupPayload = {
  __typename?: 'DeleteGroupPayload';
  /** Former id. */
  deletedGroupId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The group as it is now; set with VERSION_CONFLICT. */
  group?: Maybe<Group>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of deleteOrganization. */
export type DeleteOrganizationInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Organization to delete with all below; users stay. */
  id: Scalars['ID']['input'];
  /** Kept in the audit log, at most 500 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of deleteOrganization. */
export type DeleteOrganizationPayload = {
  __typename?: 'DeleteOrganizationPayload';
  /** Former ids, those below included; empty on errors. */
  deletedOrganizationIds: Array<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The organization as it is now; set with VERSION_CONFLICT. */
  organization?: Maybe<Organization>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of deleteOwnAccount. */
export type DeleteOwnAccountInput = {
  /** The account's own address or user name, typed again. */
  confirmation: Scalars['String']['input'];
  /** Present password; accounts without one must be confirmed. */
  currentPassword?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of deleteOwnAccount. */
export type DeleteOwnAccountPayload = {
  __typename?: 'DeleteOwnAccountPayload';
  /** The caller's former id. */
  deletedUserId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of deleteUsers. */
export type DeleteUsersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Users, at most 100; all or none. Cannot be undone. */
  ids: Array<Scalars['ID']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of deleteUsers. */
export type DeleteUsersPayload = {
  __typename?: 'DeleteUsersPayload';
  /** Former ids; empty on errors. */
  deletedUserIds: Array<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of deleteWebhook. */
export type DeleteWebhookInput = {
  /** Webhook to delete with its deliveries. */
  id: Scalars['ID']['input'];
};

/** Answer of deleteWebhook. */
export type DeleteWebhookPayload = {
  __typename?: 'DeleteWebhookPayload';
  /** Former id. */
  deletedWebhookId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** A device recognised across sessions. Own devices, or requires `view:sessions`. */
export type Device = Node & {
  __typename?: 'Device';
  /** First sign-in. */
  firstSeenAt: Scalars['DateTime']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Address last seen. */
  lastIpAddress: Scalars['String']['output'];
  /** Last use. */
  lastSeenAt: Scalars['DateTime']['output'];
  /** Name derived from the client, or given at sign-in. */
  name: Scalars['String']['output'];
  /** Active sessions on it. */
  sessionCount: Scalars['Int']['output'];
  /** The second factor is not asked for here. */
  trusted: Scalars['Boolean']['output'];
  /** End of the trust. */
  trustedUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Whose device it is. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
};

/** A page of Device. */
export type DeviceConnection = {
  __typename?: 'DeviceConnection';
  /** Items with their cursors. */
  edges: Array<DeviceEdge>;
  /** Items without cursors. */
  nodes: Array<Device>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a Device page. */
export type DeviceEdge = {
  __typename?: 'DeviceEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Device;
};

/** Input of disableDocuments. */
export type DisableDocumentsInput = {
  /** Documents that can no longer be run, at most 500; all or none. */
  ids: Array<Scalars['ID']['input']>;
};

/** Answer of disableDocuments. */
export type DisableDocumentsPayload = {
  __typename?: 'DisableDocumentsPayload';
  /** Documents after the change; empty on errors. */
  documents: Array<TrustedDocument>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of disableTotp. */
export type DisableTotpInput = {
  /** TOTP code; exactly one of code and recoveryCode. */
  code?: InputMaybe<Scalars['String']['input']>;
  /** Present password; accounts without one must be confirmed. */
  password?: InputMaybe<Scalars['String']['input']>;
  /** Recovery code; used up. */
  recoveryCode?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of disableTotp. */
export type DisableTotpPayload = {
  __typename?: 'DisableTotpPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Second factors now. */
  mfa?: Maybe<MfaState>;
};

/** Input of disableUsers. */
export type DisableUsersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Users, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
};

/** Answer of disableUsers. */
export type DisableUsersPayload = {
  __typename?: 'DisableUsersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** A grant that somebody has, and where it comes from. */
export type EffectivePermission = {
  __typename?: 'EffectivePermission';
  /** Groups that give it. */
  grantedBy: Array<Group>;
  /** The key that narrows it; null without. */
  narrowedBy?: Maybe<ApiKey>;
  /** The grant. */
  permission: Permission;
  /** Organizations where it holds. */
  scope: ResourceScope;
};

/** Input of enableUsers. */
export type EnableUsersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Users, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
};

/** Answer of enableUsers. */
export type EnableUsersPayload = {
  __typename?: 'EnableUsersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** Input of endImpersonation. */
export type EndImpersonationInput = {
  /** Impersonation of another person to end. */
  id: Scalars['ID']['input'];
  /** Kept in the audit log, at most 500 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of endImpersonation. */
export type EndImpersonationPayload = {
  __typename?: 'EndImpersonationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The impersonation that ended. */
  impersonation?: Maybe<Impersonation>;
};

/** Input of eraseUser. */
export type EraseUserInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Kept in the audit log, at most 500 characters. Must not name the person. */
  reason: Scalars['String']['input'];
  /** Who is deleted; personal values in the audit log go too, its chain stays whole. */
  userId: Scalars['ID']['input'];
};

/** Answer of eraseUser. */
export type EraseUserPayload = {
  __typename?: 'EraseUserPayload';
  /** Former id. */
  erasedUserId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of exchangeToken. */
export type ExchangeTokenInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** Issuer identifier, one of signInOptions. */
  issuer: Scalars['String']['input'];
  /** Access or ID token of the provider. */
  subjectToken: Scalars['String']['input'];
  /** What kind of token it is (RFC 8693). */
  subjectTokenType?: SubjectTokenType;
};

/** Answer of exchangeToken. */
export type ExchangeTokenPayload = SignInResult & {
  __typename?: 'ExchangeTokenPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** The account was made by this call. */
  created: Scalars['Boolean']['output'];
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** One step of an explanation. */
export type ExplanationStep = {
  __typename?: 'ExplanationStep';
  /** The constraint concerned. */
  constraint?: Maybe<PermissionConstraint>;
  /** The group concerned. */
  group?: Maybe<Group>;
  /** What was looked at. */
  kind: ExplanationStepKind;
  /** One English sentence. */
  message: Scalars['String']['output'];
  /** It allowed the decision. */
  passed: Scalars['Boolean']['output'];
  /** The grant concerned. */
  permission?: Maybe<Permission>;
};

/** What a step of an explanation looked at. */
export type ExplanationStepKind =
  /** The key's own permissions. */
  | 'API_KEY'
  /** Level and freshness of the session. */
  | 'ASSURANCE'
  /** A constraint of the grant. */
  | 'CONSTRAINT'
  /** Membership in a group. */
  | 'GROUP'
  /** Mode of the impersonation. */
  | 'IMPERSONATION'
  /** Owner of the row. */
  | 'OWNER'
  /** A grant of the group. */
  | 'PERMISSION'
  /** State of the user or key. */
  | 'SUBJECT';

/** Input of exportAuditEvents. */
export type ExportAuditEventsInput = {
  /** Which events; absent = all visible. */
  filter?: InputMaybe<AuditEventFilter>;
  /** Form of the file. */
  format?: ExportFormat;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of exportAuditEvents. */
export type ExportAuditEventsPayload = {
  __typename?: 'ExportAuditEventsPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The export in the background. */
  exportJob?: Maybe<ExportJob>;
};

/** Form of an export. */
export type ExportFormat =
  /** RFC 4180 with a heading; formula characters escaped. */
  | 'CSV'
  /** One JSON object per line. */
  | 'NDJSON';

/** An export made in the background. Visible to who asked for it. */
export type ExportJob = Node & {
  __typename?: 'ExportJob';
  /** When it was asked for. */
  createdAt: Scalars['DateTime']['output'];
  /** Address of the file, for the same session only; null before DONE and after `expiresAt`. */
  downloadUrl?: Maybe<Scalars['URL']['output']>;
  /** When the file is deleted. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why it failed, one English sentence. */
  failure?: Maybe<Scalars['String']['output']>;
  /** When it was done or failed. */
  finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Form of the file. */
  format: ExportFormat;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** What is exported. */
  kind: ExportKind;
  /** The failed job that this one repeats. */
  previous?: Maybe<ExportJob>;
  /** Part done, 0 to 1. */
  progress: Scalars['Float']['output'];
  /** Rows written so far. */
  rowCount: Scalars['Int']['output'];
  /** Bytes written so far, a whole number. */
  sizeBytes: Scalars['Float']['output'];
  /** Where it stands. */
  state: ExportState;
};

/** What is exported. */
export type ExportKind =
  /** Audit events. */
  | 'AUDIT_EVENTS'
  /** The personal data of one user. */
  | 'USER_DATA';

/** Where an export stands. */
export type ExportState =
  /** The file can be fetched. */
  | 'DONE'
  /** Ended without a file. */
  | 'FAILED'
  /** Not begun. */
  | 'QUEUED'
  /** Being written. */
  | 'RUNNING';

/** Input of exportUserData. */
export type ExportUserDataInput = {
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
  /** Whose data. */
  userId: Scalars['ID']['input'];
};

/** Answer of exportUserData. */
export type ExportUserDataPayload = {
  __typename?: 'ExportUserDataPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The export in the background. */
  exportJob?: Maybe<ExportJob>;
};

/** An account at an external issuer, linked to a user. */
export type ExternalIdentity = Node & {
  __typename?: 'ExternalIdentity';
  /** Address that the issuer names; not used for matching. */
  email?: Maybe<Scalars['EmailAddress']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Issuer identifier. */
  issuer: Scalars['URL']['output'];
  /** Last sign-in with it. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it was linked. */
  linkedAt: Scalars['DateTime']['output'];
  /** Name of the provider in the settings. */
  providerName: Scalars['String']['output'];
  /** Claim `sub` at the issuer. */
  subject: Scalars['String']['output'];
};

/** An OpenID Connect issuer that people can come from. */
export type ExternalProvider = {
  __typename?: 'ExternalProvider';
  /** Issuer identifier; input of exchangeToken. */
  issuer: Scalars['URL']['output'];
  /** Name for the button. */
  name: Scalars['String']['output'];
  /** Address that begins the redirect sign-in; null when only token exchange is on. */
  startUrl?: Maybe<Scalars['URL']['output']>;
};

/** What the rule tree says of one field. */
export type FieldVerdict = {
  __typename?: 'FieldVerdict';
  /** The rule passes. */
  allowed: Scalars['Boolean']['output'];
  /** Schema coordinate, Mutation.createUser. */
  coordinate: Scalars['String']['output'];
  /** Permissions, as action:resource, of which one would have sufficed. */
  missing: Array<Scalars['String']['output']>;
  /** Response path of the field, list positions left out. */
  path: Array<Scalars['String']['output']>;
  /** What the session must raise first. */
  required?: Maybe<StepUp>;
  /** What is decided per row, in words; null = nothing. */
  rowRule?: Maybe<Scalars['String']['output']>;
  /** The rule in words. */
  rule: Scalars['String']['output'];
};

/** Input of forgetDevice. */
export type ForgetDeviceInput = {
  /** Device to forget; its sessions end and its trust is gone. */
  id: Scalars['ID']['input'];
};

/** Answer of forgetDevice. */
export type ForgetDevicePayload = {
  __typename?: 'ForgetDevicePayload';
  /** The device that was forgotten. */
  deviceId?: Maybe<Scalars['ID']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** A set of grants and its members. */
export type Group = Node & {
  __typename?: 'Group';
  /** Where the grants hold, for members without an organization of their own. */
  allowedOrganizations: ResourceScope;
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** Who made it; null when seeded or deleted. Requires `view:users`. */
  createdBy?: Maybe<User>;
  /** What the group is for; may be empty. */
  description: Scalars['String']['output'];
  /** Id in the system the group comes from. */
  externalId?: Maybe<Scalars['String']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Number of members. Requires `view:groups`. */
  memberCount?: Maybe<Scalars['Int']['output']>;
  /** Members, newest first. Requires `view:groups`. */
  members?: Maybe<GroupMemberConnection>;
  /** Unique name, compared case-folded. */
  name: Scalars['String']['output'];
  /** Grants, at most 100. */
  permissions: Array<Permission>;
  /** Where the group comes from; null = made here. */
  source?: Maybe<Scalars['String']['output']>;
  /** Only its members can change. */
  systemManaged: Scalars['Boolean']['output'];
  /** Last change. */
  updatedAt: Scalars['DateTime']['output'];
  /** Grows by one with each change of grants, name or scope. */
  version: Scalars['Int']['output'];
};


/** A set of grants and its members. */
export type GroupMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};

/** A page of Group. */
export type GroupConnection = {
  __typename?: 'GroupConnection';
  /** Items with their cursors. */
  edges: Array<GroupEdge>;
  /** Items without cursors. */
  nodes: Array<Group>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a Group page. */
export type GroupEdge = {
  __typename?: 'GroupEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Group;
};

/** Which groups; conditions are and-ed. */
export type GroupFilter = {
  /** Having a grant of this permission, as action:resource; `admin:*` does not count for others. */
  permission?: InputMaybe<Scalars['String']['input']>;
  /** Part of name or description, 2 to 100 characters. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** True = managed by the system. */
  systemManaged?: InputMaybe<Scalars['Boolean']['input']>;
};

/** A page of GroupMember (nodes are User). */
export type GroupMemberConnection = {
  __typename?: 'GroupMemberConnection';
  /** Items with their cursors. */
  edges: Array<GroupMemberEdge>;
  /** Items without cursors. */
  nodes: Array<User>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a GroupMember page. */
export type GroupMemberEdge = {
  __typename?: 'GroupMemberEdge';
  /** Since when. */
  addedAt: Scalars['DateTime']['output'];
  /** Who added the member; null when seeded or deleted. Requires `view:users`. */
  addedBy?: Maybe<User>;
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: User;
  /** Where the membership holds; null = as the group's scope says. */
  organization?: Maybe<Organization>;
};

/** Order of groups. */
export type GroupOrder = {
  /** Direction. */
  direction?: OrderDirection;
  /** Order by this; ties by id. */
  field: GroupOrderField;
};

/** What groups are ordered by. */
export type GroupOrderField =
  /** Time of creation. */
  | 'CREATED_AT'
  /** Name, in the order of the database's collation. */
  | 'NAME';

/** Whether the server works. */
export type Health = {
  __typename?: 'Health';
  /** Its parts. Requires `view:health`. */
  checks?: Maybe<Array<HealthCheck>>;
  /** The worst of the parts that an answer needs. */
  status: HealthStatus;
  /** Version of the server. Requires `view:health`. */
  version?: Maybe<Scalars['String']['output']>;
};

/** One part of the server. */
export type HealthCheck = {
  __typename?: 'HealthCheck';
  /** Name, as in `/readyz`: database, migrations, redis, mail, kafka ... */
  component: Scalars['String']['output'];
  /** Time of the check, milliseconds; null = not measured. */
  latencyMs?: Maybe<Scalars['Float']['output']>;
  /** What is wrong, secrets left out. */
  message?: Maybe<Scalars['String']['output']>;
  /** Its state. */
  status: HealthStatus;
};

/** State of the server or a part. */
export type HealthStatus =
  /** Works with less; nothing is lost. */
  | 'DEGRADED'
  /** Does not work. */
  | 'DOWN'
  /** Works. */
  | 'OK';

/** What names an account. */
export type IdentifierKind =
  /** E-mail address. */
  | 'EMAIL'
  /** Phone number. */
  | 'PHONE'
  /** User name; has no channel for codes. */
  | 'USERNAME';

/** A person acting as another, after RFC 8693. As actor or target, or requires `view:impersonations`. */
export type Impersonation = Node & {
  __typename?: 'Impersonation';
  /** Who acts. Null when deleted or hidden. */
  actor?: Maybe<User>;
  /** When it ended; null while active. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Who ended it; null when it expired or ended with a session, and when hidden. */
  endedBy?: Maybe<User>;
  /** Audit events within it, its end included. */
  eventCount: Scalars['Int']['output'];
  /** When it ends by itself. */
  expiresAt: Scalars['DateTime']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** What is possible. */
  mode: ImpersonationMode;
  /** Why; kept in the audit log. */
  reason: Scalars['String']['output'];
  /** When it began. */
  startedAt: Scalars['DateTime']['output'];
  /** Who is acted as. Null when deleted or hidden. */
  target?: Maybe<User>;
  /** Reference in another system. */
  ticket?: Maybe<Scalars['String']['output']>;
};

/** A page of Impersonation. */
export type ImpersonationConnection = {
  __typename?: 'ImpersonationConnection';
  /** Items with their cursors. */
  edges: Array<ImpersonationEdge>;
  /** Items without cursors. */
  nodes: Array<Impersonation>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a Impersonation page. */
export type ImpersonationEdge = {
  __typename?: 'ImpersonationEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Impersonation;
};

/** Which impersonations; conditions are and-ed. */
export type ImpersonationFilter = {
  /** True = not ended, false = ended. */
  active?: InputMaybe<Scalars['Boolean']['input']>;
  /** Begun within. */
  startedAt?: InputMaybe<DateTimeRange>;
  /** With this user as actor or target. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** What is possible while impersonating. */
export type ImpersonationMode =
  /** What the target may do, protected permissions and credentials excepted. */
  | 'ACT'
  /** Queries only. */
  | 'READ_ONLY';

/** Whether a permission works while impersonating. */
export type ImpersonationUse =
  /** In mode ACT only. */
  | 'ACT'
  /** In both modes. */
  | 'ALWAYS'
  /** It does not. */
  | 'NEVER';

/** An invitation to an account, or into an organization. Sending it again makes a new one. */
export type Invitation = Node & {
  __typename?: 'Invitation';
  /** When it was accepted. */
  acceptedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** Invited address; null when the account had none and the link was handed over. */
  email?: Maybe<Scalars['EmailAddress']['output']>;
  /** End of the link, 7 days by default. */
  expiresAt: Scalars['DateTime']['output'];
  /** Groups that acceptance gives, at most 100. */
  groups: Array<Group>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Who invited; null when the person asked for the link again. Requires `view:users`. */
  invitedBy?: Maybe<User>;
  /** Delivery of its mail; null when the account had no address. */
  mail?: Maybe<MailDelivery>;
  /** Where membership is offered; null for an account alone. */
  organization?: Maybe<Organization>;
  /** The invitation that this one repeats. */
  previous?: Maybe<Invitation>;
  /** Whether it can still be accepted. */
  state: InvitationState;
};

/** A page of Invitation. */
export type InvitationConnection = {
  __typename?: 'InvitationConnection';
  /** Items with their cursors. */
  edges: Array<InvitationEdge>;
  /** Items without cursors. */
  nodes: Array<Invitation>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a Invitation page. */
export type InvitationEdge = {
  __typename?: 'InvitationEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Invitation;
};

/** State of an invitation. */
export type InvitationState =
  /** Was accepted. */
  | 'ACCEPTED'
  /** Past its life. */
  | 'EXPIRED'
  /** Can be accepted. */
  | 'PENDING'
  /** Was taken back. */
  | 'REVOKED'
  /** Was sent again; the newer one counts. */
  | 'SUPERSEDED';

/** Input of inviteToOrganization. */
export type InviteToOrganizationInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** Name for a new account. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Address to invite, known here or not. */
  email: Scalars['String']['input'];
  /** Groups within the organization, at least one. Requires `assign:groups`. */
  groupIds: Array<Scalars['ID']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Organization. */
  organizationId: Scalars['ID']['input'];
};

/** Answer of inviteToOrganization. */
export type InviteToOrganizationPayload = {
  __typename?: 'InviteToOrganizationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new invitation. */
  invitation?: Maybe<Invitation>;
  /** Delivery of its mail. */
  inviteEmail?: Maybe<MailDelivery>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Link of the invitation, shown once; only when `inviteEmail.state` is NOT_CONFIGURED and the account is new. */
  setupLink?: Maybe<Scalars['URL']['output']>;
};

/** Organizations at one level. */
export type LevelCount = {
  __typename?: 'LevelCount';
  /** Number of organizations. */
  count: Scalars['Int']['output'];
  /** The level. */
  level: OrganizationLevel;
};

/** Input of linkIdentity. */
export type LinkIdentityInput = {
  /** Issuer identifier, one of signInOptions. */
  issuer: Scalars['String']['input'];
  /** Access or ID token of the provider. */
  subjectToken: Scalars['String']['input'];
  /** What kind of token it is. */
  subjectTokenType?: SubjectTokenType;
};

/** Answer of linkIdentity. */
export type LinkIdentityPayload = {
  __typename?: 'LinkIdentityPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The linked identity. */
  identity?: Maybe<ExternalIdentity>;
};

/** Input of lockUsers. */
export type LockUsersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Users, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
  /** End of the lock; absent = until unlocked. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Answer of lockUsers. */
export type LockUsersPayload = {
  __typename?: 'LockUsersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** One message and what became of it. The text is never shown. */
export type MailDelivery = Node & {
  __typename?: 'MailDelivery';
  /** Tries so far. */
  attempts: Scalars['Int']['output'];
  /** When it was written. */
  createdAt: Scalars['DateTime']['output'];
  /** Answer of the mail server or the reason of the last failure, secrets left out. */
  failure?: Maybe<Scalars['String']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Next try; null = none. */
  nextAttemptAt?: Maybe<Scalars['DateTime']['output']>;
  /** The message that this one repeats. */
  previous?: Maybe<MailDelivery>;
  /** Address it goes to. */
  recipient: Scalars['EmailAddress']['output'];
  /** When the mail server took it. */
  sentAt?: Maybe<Scalars['DateTime']['output']>;
  /** Where it stands. */
  state: MailState;
  /** Kind of message: invite, reset, code. */
  template: Scalars['String']['output'];
  /** Account it is about. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
};

/** A page of MailDelivery. */
export type MailDeliveryConnection = {
  __typename?: 'MailDeliveryConnection';
  /** Items with their cursors. */
  edges: Array<MailDeliveryEdge>;
  /** Items without cursors. */
  nodes: Array<MailDelivery>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a MailDelivery page. */
export type MailDeliveryEdge = {
  __typename?: 'MailDeliveryEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: MailDelivery;
};

/** Which messages; conditions are and-ed. Always newest first. */
export type MailDeliveryFilter = {
  /** Written within. */
  createdAt?: InputMaybe<DateTimeRange>;
  /** In one of these states; empty list = none. */
  stateIn?: InputMaybe<Array<MailState>>;
  /** Of this kind. */
  template?: InputMaybe<Scalars['String']['input']>;
  /** About this account. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** Where a message stands. */
export type MailState =
  /** Given up; retryMail tries again. */
  | 'FAILED'
  /** No mail transport is configured. */
  | 'NOT_CONFIGURED'
  /** Waits for its first or next try. */
  | 'QUEUED'
  /** The mail server took it. */
  | 'SENT';

/** Second factors of active persons, now. */
export type MfaAdoption = {
  __typename?: 'MfaAdoption';
  /** Active persons. */
  persons: Scalars['Int']['output'];
  /** With any second factor. */
  withMfa: Scalars['Int']['output'];
  /** With at least one passkey. */
  withPasskey: Scalars['Int']['output'];
  /** With TOTP. */
  withTotp: Scalars['Int']['output'];
};

/** A second factor. */
export type MfaMethod =
  /** WebAuthn passkey. */
  | 'PASSKEY'
  /** One of ten single-use codes. */
  | 'RECOVERY_CODE'
  /** Time-based code, RFC 6238. */
  | 'TOTP';

/** Second factors of an account. */
export type MfaState = {
  __typename?: 'MfaState';
  /** A second factor is asked for at sign-in. */
  enabled: Scalars['Boolean']['output'];
  /** Registered passkeys, at most 20. */
  passkeys: Array<Passkey>;
  /** Unused recovery codes. */
  recoveryCodesLeft: Scalars['Int']['output'];
  /** When TOTP was confirmed; null = off. */
  totpEnabledAt?: Maybe<Scalars['DateTime']['output']>;
};

/** Input of moveOrganization. */
export type MoveOrganizationInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Organization to move with all below. */
  id: Scalars['ID']['input'];
  /** The new one above; null = becomes a root; absent = REQUIRED. */
  parentId?: InputMaybe<Scalars['ID']['input']>;
};

/** Answer of moveOrganization. */
export type MoveOrganizationPayload = {
  __typename?: 'MoveOrganizationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The organization after the move; with VERSION_CONFLICT as it is now. */
  organization?: Maybe<Organization>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Accepts an invitation and signs in. Open to anyone. */
  acceptInvitation?: Maybe<AcceptInvitationPayload>;
  /** Adds members; into groups with protected grants needs `grant-protected:groups`. Requires `assign:groups`. */
  addGroupMembers?: Maybe<AddGroupMembersPayload>;
  /** Claims an e-mail domain. Requires `update:organizations`. */
  addOrganizationDomain?: Maybe<AddOrganizationDomainPayload>;
  /** Adds members. Requires `assign:organizations`. */
  addOrganizationMembers?: Maybe<AddOrganizationMembersPayload>;
  /** Approves another person's request and carries it out. Requires `approve:requests`, a session, not impersonating, confirmed, aal2. */
  approveRequest?: Maybe<ApproveRequestPayload>;
  /** Takes back an own request. Requires a signed-in caller. */
  cancelRequest?: Maybe<CancelRequestPayload>;
  /** Changes the caller's password and ends their other sessions. Requires a session, not impersonating. */
  changePassword?: Maybe<ChangePasswordPayload>;
  /** Answers the challenge of MFA_REQUIRED with a second factor. Open to anyone. */
  completeMfa?: Maybe<CompleteMfaPayload>;
  /** Registers the passkey. Requires a session, not impersonating, confirmed. */
  completePasskeyRegistration?: Maybe<CompletePasskeyRegistrationPayload>;
  /** Signs in by passkey. Open to anyone. */
  completePasskeySignIn?: Maybe<CompletePasskeySignInPayload>;
  /** Makes the new address count. Open to anyone. */
  confirmEmailChange?: Maybe<ConfirmEmailChangePayload>;
  /** Proves the identity again and raises the session (step-up). Requires a session, not impersonating. */
  confirmIdentity?: Maybe<ConfirmIdentityPayload>;
  /** Switches TOTP on. Requires a session, not impersonating, confirmed. */
  confirmTotpEnrollment?: Maybe<ConfirmTotpEnrollmentPayload>;
  /** Makes one-time rights for recipients of mails; for own resources. Requires `register:resources`. */
  createActionLinks?: Maybe<CreateActionLinksPayload>;
  /** Makes a key: an own one by `create-own:api-keys`, with an owner by `create:api-keys`. Requires `create-own:api-keys`, a session, not impersonating, or `create:api-keys`, a session, not impersonating. */
  createApiKey?: Maybe<CreateApiKeyPayload>;
  /** Makes a group, with grants `grant:groups`. Requires `create:groups`. */
  createGroup?: Maybe<CreateGroupPayload>;
  /** Makes an organization. Requires `create:organizations`. */
  createOrganization?: Maybe<CreateOrganizationPayload>;
  /** Makes a service account. Requires `create:service-accounts`, a session, not impersonating. */
  createServiceAccount?: Maybe<CreateServiceAccountPayload>;
  /** Makes a user, by invitation when no password is given. Requires `create:users`. */
  createUser?: Maybe<CreateUserPayload>;
  /** Makes a webhook. Requires `create:webhooks`. */
  createWebhook?: Maybe<CreateWebhookPayload>;
  /** Ends a key and removes it; who may is as with revokeApiKey. Requires a signed-in caller. */
  deleteApiKey?: Maybe<DeleteApiKeyPayload>;
  /** Deletes a group. Requires `delete:groups`. */
  deleteGroup?: Maybe<DeleteGroupPayload>;
  /** Deletes an organization with all below. Requires `delete:organizations`, a session, not impersonating, confirmed, aal2. */
  deleteOrganization?: Maybe<DeleteOrganizationPayload>;
  /** Deletes the caller's account, where signInOptions allows it; the session must be confirmed where no password is given. Requires a session, not impersonating. */
  deleteOwnAccount?: Maybe<DeleteOwnAccountPayload>;
  /** Deletes users. Requires `delete:users`. */
  deleteUsers?: Maybe<DeleteUsersPayload>;
  /** Deletes a webhook. Requires `delete:webhooks`. */
  deleteWebhook?: Maybe<DeleteWebhookPayload>;
  /** Makes documents unusable. Requires `register:documents`. */
  disableDocuments?: Maybe<DisableDocumentsPayload>;
  /** Switches TOTP off; does nothing when off. The session must be confirmed where no password is given. Requires a session, not impersonating. */
  disableTotp?: Maybe<DisableTotpPayload>;
  /** Disables users and ends their sessions. Requires `disable:users`. */
  disableUsers?: Maybe<DisableUsersPayload>;
  /** Enables users. Requires `disable:users`. */
  enableUsers?: Maybe<EnableUsersPayload>;
  /** Ends another person's impersonation. Requires `end:impersonations`. */
  endImpersonation?: Maybe<EndImpersonationPayload>;
  /** Deletes a person and their personal values everywhere. Requires `erase:users`, a session, not impersonating, confirmed, aal2. */
  eraseUser?: Maybe<EraseUserPayload>;
  /** Signs in by a token of an external provider. Open to anyone. */
  exchangeToken?: Maybe<ExchangeTokenPayload>;
  /** Writes audit events to a file in the background. Requires `export:audit`, confirmed. */
  exportAuditEvents?: Maybe<ExportAuditEventsPayload>;
  /** Collects all data of one person. Requires `export:users`, a session, not impersonating, confirmed, aal2. */
  exportUserData?: Maybe<ExportUserDataPayload>;
  /** Forgets a device, one's own or another's. Requires `revoke:sessions`, or a session, not impersonating. */
  forgetDevice?: Maybe<ForgetDevicePayload>;
  /** Invites an address, known or not, into an organization. Requires `assign:organizations`. */
  inviteToOrganization?: Maybe<InviteToOrganizationPayload>;
  /** Links an external identity to the caller. Requires a session, not impersonating, confirmed. */
  linkIdentity?: Maybe<LinkIdentityPayload>;
  /** Locks users and ends their sessions. Requires `lock:users`. */
  lockUsers?: Maybe<LockUsersPayload>;
  /** Moves an organization with all below. Requires `move:organizations`. */
  moveOrganization?: Maybe<MoveOrganizationPayload>;
  /** Uses up a one-time right, if it fits action, row and recipient; for own resources. Requires `register:resources`. */
  redeemActionLink?: Maybe<RedeemActionLinkPayload>;
  /** Rotates the refresh token. Open to anyone. */
  refreshSession?: Maybe<RefreshSessionPayload>;
  /** Makes new recovery codes. Requires a session, not impersonating, confirmed. */
  regenerateRecoveryCodes?: Maybe<RegenerateRecoveryCodesPayload>;
  /** Registers documents. Requires `register:documents`. */
  registerDocuments?: Maybe<RegisterDocumentsPayload>;
  /** Declares an application's resources and system groups. Requires `register:resources`. */
  registerResources?: Maybe<RegisterResourcesPayload>;
  /** Rejects another person's request. Requires `approve:requests`, a session, not impersonating, confirmed, aal2. */
  rejectRequest?: Maybe<RejectRequestPayload>;
  /** Removes members. Requires `assign:groups`. */
  removeGroupMembers?: Maybe<RemoveGroupMembersPayload>;
  /** Gives a domain up. Requires `update:organizations`. */
  removeOrganizationDomain?: Maybe<RemoveOrganizationDomainPayload>;
  /** Removes members. Requires `assign:organizations`. */
  removeOrganizationMembers?: Maybe<RemoveOrganizationMembersPayload>;
  /** Removes an own passkey. Requires a session, not impersonating, confirmed. */
  removePasskey?: Maybe<RemovePasskeyPayload>;
  /** Renames an own passkey. Requires a session, not impersonating, confirmed. */
  renamePasskey?: Maybe<RenamePasskeyPayload>;
  /** Delivers events again. Requires `replay:webhooks`. */
  replayWebhookDeliveries?: Maybe<ReplayWebhookDeliveriesPayload>;
  /** Sends a link to a new address of the caller; the session must be confirmed where no password is given. Requires a session, not impersonating. */
  requestEmailChange?: Maybe<RequestEmailChangePayload>;
  /** Sends a reset link, or the set-up link of an invitation; always the same answer. Open to anyone. */
  requestPasswordReset?: Maybe<RequestPasswordResetPayload>;
  /** Sends a code or link to sign in; for STEP_UP a code to the signed-in caller. Open to anyone. */
  requestSignInCode?: Maybe<RequestSignInCodePayload>;
  /** Makes users choose a new password at the next sign-in. Requires `update:users`. */
  requirePasswordChange?: Maybe<RequirePasswordChangePayload>;
  /** Sends a code again. Open to anyone. */
  resendCode?: Maybe<ResendCodePayload>;
  /** Sends a new invitation; older links die. Requires `create:users`. */
  resendInvite?: Maybe<ResendInvitePayload>;
  /** Removes another person's second factors and ends their sessions. Requires `reset-mfa:users`, a session, not impersonating, confirmed, aal2. */
  resetUserMfa?: Maybe<ResetUserMfaPayload>;
  /** Sends a failed message again. Requires `retry:mail`. */
  retryMail?: Maybe<RetryMailPayload>;
  /** Ends a key at once: an own one from a session, a key by itself, others' by `revoke:api-keys`. Requires a signed-in caller. */
  revokeApiKey?: Maybe<RevokeApiKeyPayload>;
  /** Takes an invitation back. Requires `assign:organizations`, or `create:users`. */
  revokeInvitation?: Maybe<RevokeInvitationPayload>;
  /** Ends sessions, one's own or others'. Requires `revoke:sessions`, or a session, not impersonating. */
  revokeSessions?: Maybe<RevokeSessionsPayload>;
  /** Ends all sessions of a user. Requires `revoke:sessions`, or about oneself, a session, not impersonating. */
  revokeUserSessions?: Maybe<RevokeUserSessionsPayload>;
  /** Changes the secret of a key: of an own one by `create-own:api-keys`, of a service account's by `create:api-keys`. Requires `create-own:api-keys`, a session, not impersonating, or `create:api-keys`, a session, not impersonating. */
  rotateApiKey?: Maybe<RotateApiKeyPayload>;
  /** Makes another key sign access tokens, as soon as it was published for long enough; the old one verifies for a while. Requires `rotate:signing-keys`, a session, not impersonating, confirmed, aal2. */
  rotateSigningKey?: Maybe<RotateSigningKeyPayload>;
  /** Changes the secret of a webhook. Requires `update:webhooks`. */
  rotateWebhookSecret?: Maybe<RotateWebhookSecretPayload>;
  /** Replaces the grants of a group; protected ones need `grant-protected:groups`. Requires `grant:groups`. */
  setGroupPermissions?: Maybe<SetGroupPermissionsPayload>;
  /** Sets a password by a mailed or challenge token; ends all sessions, keeps MFA, activates an invited account. Open to anyone. */
  setPasswordWithToken?: Maybe<SetPasswordWithTokenPayload>;
  /** Makes the first administrator and signs in; only while none has ever existed. Open to anyone. */
  setUpFirstAdmin?: Maybe<SetUpFirstAdminPayload>;
  /** Signs in by password. Open to anyone. */
  signIn?: Maybe<SignInPayload>;
  /** Ends the present session. Requires a signed-in caller. */
  signOut?: Maybe<SignOutPayload>;
  /** Ends all sessions of the caller. Requires not impersonating. */
  signOutEverywhere?: Maybe<SignOutEverywherePayload>;
  /** Makes an account for oneself. Where addresses are proved first, a known address gets the same answer. Open to anyone. */
  signUp?: Maybe<SignUpPayload>;
  /** Begins to act as another person who holds nothing the caller lacks; as an administrator with `impersonate-admin:users`. Requires `impersonate:users`, a session, not impersonating, confirmed, aal2. */
  startImpersonation?: Maybe<StartImpersonationPayload>;
  /** Begins registering a passkey; a right password also confirms the session, which must be confirmed where none is given. Requires a session, not impersonating. */
  startPasskeyRegistration?: Maybe<StartPasskeyRegistrationPayload>;
  /** Begins a passkey sign-in or proof. Open to anyone. */
  startPasskeySignIn?: Maybe<StartPasskeySignInPayload>;
  /** Begins switching TOTP on; a right password also confirms the session, which must be confirmed where none is given. Requires a session, not impersonating. */
  startTotpEnrollment?: Maybe<StartTotpEnrollmentPayload>;
  /** Returns to the actor's own session. Requires a signed-in caller. */
  stopImpersonation?: Maybe<StopImpersonationPayload>;
  /** Changes the active organization. Requires a session. */
  switchOrganization?: Maybe<SwitchOrganizationPayload>;
  /** Sends a sample event now. Requires `update:webhooks`. */
  testWebhook?: Maybe<TestWebhookPayload>;
  /** Unlinks an external identity of the caller; sessions that began with it end, the present one excepted. Requires a session, not impersonating, confirmed. */
  unlinkIdentity?: Maybe<UnlinkIdentityPayload>;
  /** Unlocks users and forgets their failed sign-ins. Requires `lock:users`. */
  unlockUsers?: Maybe<UnlockUsersPayload>;
  /** Changes an own key; one of a service account's by `create:api-keys`. Requires a session, not impersonating. */
  updateApiKey?: Maybe<UpdateApiKeyPayload>;
  /** Changes name, description or reach. Requires `update:groups`. */
  updateGroup?: Maybe<UpdateGroupPayload>;
  /** Changes name, level or groups. Requires `update:organizations`. */
  updateOrganization?: Maybe<UpdateOrganizationPayload>;
  /** Changes the caller's own name or language. Requires a session, not impersonating. */
  updateProfile?: Maybe<UpdateProfilePayload>;
  /** Changes names, identifiers and groups. Requires `update:users`. */
  updateUser?: Maybe<UpdateUserPayload>;
  /** Changes a webhook. Requires `update:webhooks`. */
  updateWebhook?: Maybe<UpdateWebhookPayload>;
  /** Looks for the DNS record. Requires `update:organizations`. */
  verifyOrganizationDomain?: Maybe<VerifyOrganizationDomainPayload>;
  /** Signs in by code or link. Open to anyone. */
  verifySignInCode?: Maybe<VerifySignInCodePayload>;
  /** Completes a sign-up by the code that was sent, and signs in. Open to anyone. */
  verifySignUp?: Maybe<VerifySignUpPayload>;
};


export type MutationAcceptInvitationArgs = {
  input: AcceptInvitationInput;
};


export type MutationAddGroupMembersArgs = {
  input: AddGroupMembersInput;
};


export type MutationAddOrganizationDomainArgs = {
  input: AddOrganizationDomainInput;
};


export type MutationAddOrganizationMembersArgs = {
  input: AddOrganizationMembersInput;
};


export type MutationApproveRequestArgs = {
  input: ApproveRequestInput;
};


export type MutationCancelRequestArgs = {
  input: CancelRequestInput;
};


export type MutationChangePasswordArgs = {
  input: ChangePasswordInput;
};


export type MutationCompleteMfaArgs = {
  input: CompleteMfaInput;
};


export type MutationCompletePasskeyRegistrationArgs = {
  input: CompletePasskeyRegistrationInput;
};


export type MutationCompletePasskeySignInArgs = {
  input: CompletePasskeySignInInput;
};


export type MutationConfirmEmailChangeArgs = {
  input: ConfirmEmailChangeInput;
};


export type MutationConfirmIdentityArgs = {
  input: ConfirmIdentityInput;
};


export type MutationConfirmTotpEnrollmentArgs = {
  input: ConfirmTotpEnrollmentInput;
};


export type MutationCreateActionLinksArgs = {
  input: CreateActionLinksInput;
};


export type MutationCreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


export type MutationCreateGroupArgs = {
  input: CreateGroupInput;
};


export type MutationCreateOrganizationArgs = {
  input: CreateOrganizationInput;
};


export type MutationCreateServiceAccountArgs = {
  input: CreateServiceAccountInput;
};


export type MutationCreateUserArgs = {
  input: CreateUserInput;
};


export type MutationCreateWebhookArgs = {
  input: CreateWebhookInput;
};


export type MutationDeleteApiKeyArgs = {
  input: DeleteApiKeyInput;
};


export type MutationDeleteGroupArgs = {
  input: DeleteGroupInput;
};


export type MutationDeleteOrganizationArgs = {
  input: DeleteOrganizationInput;
};


export type MutationDeleteOwnAccountArgs = {
  input: DeleteOwnAccountInput;
};


export type MutationDeleteUsersArgs = {
  input: DeleteUsersInput;
};


export type MutationDeleteWebhookArgs = {
  input: DeleteWebhookInput;
};


export type MutationDisableDocumentsArgs = {
  input: DisableDocumentsInput;
};


export type MutationDisableTotpArgs = {
  input: DisableTotpInput;
};


export type MutationDisableUsersArgs = {
  input: DisableUsersInput;
};


export type MutationEnableUsersArgs = {
  input: EnableUsersInput;
};


export type MutationEndImpersonationArgs = {
  input: EndImpersonationInput;
};


export type MutationEraseUserArgs = {
  input: EraseUserInput;
};


export type MutationExchangeTokenArgs = {
  input: ExchangeTokenInput;
};


export type MutationExportAuditEventsArgs = {
  input: ExportAuditEventsInput;
};


export type MutationExportUserDataArgs = {
  input: ExportUserDataInput;
};


export type MutationForgetDeviceArgs = {
  input: ForgetDeviceInput;
};


export type MutationInviteToOrganizationArgs = {
  input: InviteToOrganizationInput;
};


export type MutationLinkIdentityArgs = {
  input: LinkIdentityInput;
};


export type MutationLockUsersArgs = {
  input: LockUsersInput;
};


export type MutationMoveOrganizationArgs = {
  input: MoveOrganizationInput;
};


export type MutationRedeemActionLinkArgs = {
  input: RedeemActionLinkInput;
};


export type MutationRefreshSessionArgs = {
  input: RefreshSessionInput;
};


export type MutationRegenerateRecoveryCodesArgs = {
  input: RegenerateRecoveryCodesInput;
};


export type MutationRegisterDocumentsArgs = {
  input: RegisterDocumentsInput;
};


export type MutationRegisterResourcesArgs = {
  input: RegisterResourcesInput;
};


export type MutationRejectRequestArgs = {
  input: RejectRequestInput;
};


export type MutationRemoveGroupMembersArgs = {
  input: RemoveGroupMembersInput;
};


export type MutationRemoveOrganizationDomainArgs = {
  input: RemoveOrganizationDomainInput;
};


export type MutationRemoveOrganizationMembersArgs = {
  input: RemoveOrganizationMembersInput;
};


export type MutationRemovePasskeyArgs = {
  input: RemovePasskeyInput;
};


export type MutationRenamePasskeyArgs = {
  input: RenamePasskeyInput;
};


export type MutationReplayWebhookDeliveriesArgs = {
  input: ReplayWebhookDeliveriesInput;
};


export type MutationRequestEmailChangeArgs = {
  input: RequestEmailChangeInput;
};


export type MutationRequestPasswordResetArgs = {
  input: RequestPasswordResetInput;
};


export type MutationRequestSignInCodeArgs = {
  input: RequestSignInCodeInput;
};


export type MutationRequirePasswordChangeArgs = {
  input: RequirePasswordChangeInput;
};


export type MutationResendCodeArgs = {
  input: ResendCodeInput;
};


export type MutationResendInviteArgs = {
  input: ResendInviteInput;
};


export type MutationResetUserMfaArgs = {
  input: ResetUserMfaInput;
};


export type MutationRetryMailArgs = {
  input: RetryMailInput;
};


export type MutationRevokeApiKeyArgs = {
  input: RevokeApiKeyInput;
};


export type MutationRevokeInvitationArgs = {
  input: RevokeInvitationInput;
};


export type MutationRevokeSessionsArgs = {
  input: RevokeSessionsInput;
};


export type MutationRevokeUserSessionsArgs = {
  input: RevokeUserSessionsInput;
};


export type MutationRotateApiKeyArgs = {
  input: RotateApiKeyInput;
};


export type MutationRotateSigningKeyArgs = {
  input: RotateSigningKeyInput;
};


export type MutationRotateWebhookSecretArgs = {
  input: RotateWebhookSecretInput;
};


export type MutationSetGroupPermissionsArgs = {
  input: SetGroupPermissionsInput;
};


export type MutationSetPasswordWithTokenArgs = {
  input: SetPasswordWithTokenInput;
};


export type MutationSetUpFirstAdminArgs = {
  input: SetUpFirstAdminInput;
};


export type MutationSignInArgs = {
  input: SignInInput;
};


export type MutationSignOutArgs = {
  input: SignOutInput;
};


export type MutationSignOutEverywhereArgs = {
  input: SignOutEverywhereInput;
};


export type MutationSignUpArgs = {
  input: SignUpInput;
};


export type MutationStartImpersonationArgs = {
  input: StartImpersonationInput;
};


export type MutationStartPasskeyRegistrationArgs = {
  input: StartPasskeyRegistrationInput;
};


export type MutationStartPasskeySignInArgs = {
  input: StartPasskeySignInInput;
};


export type MutationStartTotpEnrollmentArgs = {
  input: StartTotpEnrollmentInput;
};


export type MutationStopImpersonationArgs = {
  input: StopImpersonationInput;
};


export type MutationSwitchOrganizationArgs = {
  input: SwitchOrganizationInput;
};


export type MutationTestWebhookArgs = {
  input: TestWebhookInput;
};


export type MutationUnlinkIdentityArgs = {
  input: UnlinkIdentityInput;
};


export type MutationUnlockUsersArgs = {
  input: UnlockUsersInput;
};


export type MutationUpdateApiKeyArgs = {
  input: UpdateApiKeyInput;
};


export type MutationUpdateGroupArgs = {
  input: UpdateGroupInput;
};


export type MutationUpdateOrganizationArgs = {
  input: UpdateOrganizationInput;
};


export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
};


export type MutationUpdateUserArgs = {
  input: UpdateUserInput;
};


export type MutationUpdateWebhookArgs = {
  input: UpdateWebhookInput;
};


export type MutationVerifyOrganizationDomainArgs = {
  input: VerifyOrganizationDomainInput;
};


export type MutationVerifySignInCodeArgs = {
  input: VerifySignInCodeInput;
};


export type MutationVerifySignUpArgs = {
  input: VerifySignUpInput;
};

/** Something with an id of its own. There is no root field `node`. */
export type Node = {
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
};

/** Verdicts on a document that was not run. */
export type OperationExplanation = {
  __typename?: 'OperationExplanation';
  /** Every field is allowed; row rules are still to be asked. */
  allowed: Scalars['Boolean']['output'];
  /** Syntax and validation errors, or that the API key is bound to other documents; then there are no verdicts. */
  problems: Array<Scalars['String']['output']>;
  /** One per guarded field, in the order of the document. */
  verdicts: Array<FieldVerdict>;
};

/** What documents need at least. */
export type OperationPermissions = {
  __typename?: 'OperationPermissions';
  /** Smallest set of grants, unconstrained. */
  permissions: Array<Permission>;
  /** Syntax and validation errors. */
  problems: Array<Scalars['String']['output']>;
  /** Coordinates of fields that no API key can use. */
  sessionOnly: Array<Scalars['String']['output']>;
};

/** Direction of an order. */
export type OrderDirection =
  /** Smallest, oldest or first letter first. */
  | 'ASC'
  /** Largest, newest or last letter first. */
  | 'DESC';

/** A node of the organization tree. Members see theirs; others require `view:organizations`, by subtree. */
export type Organization = Node & {
  __typename?: 'Organization';
  /** Visible ones above, root first; at most the depth limit. */
  ancestors?: Maybe<Array<Organization>>;
  /** Visible ones directly below, by name. */
  children?: Maybe<OrganizationConnection>;
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** E-mail domains, at most 50. Requires `view:organizations`. */
  domains?: Maybe<Array<OrganizationDomain>>;
  /** Groups whose grants every member gets here and below, at most 100; for members, and holders of `view:groups` there. */
  groups?: Maybe<Array<Group>>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Invitations into it, newest first. Requires `view:organizations`. */
  invitations?: Maybe<InvitationConnection>;
  /** Its place in the hierarchy of levels. */
  level: OrganizationLevel;
  /** Members, newest first. Requires `view:organizations`. */
  members?: Maybe<OrganizationMemberConnection>;
  /** Name, unique among its siblings. */
  name: Scalars['String']['output'];
  /** The one above; null at the root or when not visible. */
  parent?: Maybe<Organization>;
  /** Last change. */
  updatedAt: Scalars['DateTime']['output'];
  /** Grows by one with each change of name, place or groups. */
  version: Scalars['Int']['output'];
};


/** A node of the organization tree. Members see theirs; others require `view:organizations`, by subtree. */
export type OrganizationChildrenArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A node of the organization tree. Members see theirs; others require `view:organizations`, by subtree. */
export type OrganizationInvitationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  stateIn?: InputMaybe<Array<InvitationState>>;
};


/** A node of the organization tree. Members see theirs; others require `view:organizations`, by subtree. */
export type OrganizationMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};

/** A page of Organization. */
export type OrganizationConnection = {
  __typename?: 'OrganizationConnection';
  /** Items with their cursors. */
  edges: Array<OrganizationEdge>;
  /** Items without cursors. */
  nodes: Array<Organization>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** Organizations, now. */
export type OrganizationCounts = {
  __typename?: 'OrganizationCounts';
  /** By level, top first. */
  byLevel: Array<LevelCount>;
  /** All. */
  total: Scalars['Int']['output'];
};

/** An e-mail domain that belongs to an organization once its DNS record was seen. */
export type OrganizationDomain = Node & {
  __typename?: 'OrganizationDomain';
  /** Value to publish as TXT record. */
  dnsRecord: Scalars['String']['output'];
  /** Name of the TXT record. */
  dnsRecordName: Scalars['String']['output'];
  /** Domain, in lower case, Punycode. */
  domain: Scalars['String']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Issuer that addresses of this domain sign in with; null = here. */
  issuer?: Maybe<Scalars['URL']['output']>;
  /** When the record was seen; null = not proved. */
  verifiedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** One item of a Organization page. */
export type OrganizationEdge = {
  __typename?: 'OrganizationEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Organization;
};

/** Which organizations; conditions are and-ed. */
export type OrganizationFilter = {
  /** At one of these level positions; empty list = none. */
  levelIn?: InputMaybe<Array<Scalars['Int']['input']>>;
  /** With this user as a member. */
  memberId?: InputMaybe<Scalars['ID']['input']>;
  /** Directly below this one. */
  parentId?: InputMaybe<Scalars['ID']['input']>;
  /** Part of the name, 2 to 100 characters. */
  search?: InputMaybe<Scalars['String']['input']>;
};

/** A level of the hierarchy, from the settings. */
export type OrganizationLevel = {
  __typename?: 'OrganizationLevel';
  /** Groups whose grants every member at this level gets. Requires `view:groups`. */
  groups?: Maybe<Array<Group>>;
  /** Name: Owner, Distributor, Reseller, Customer by default. */
  name: Scalars['String']['output'];
  /** Place from the top, beginning with 0. */
  position: Scalars['Int']['output'];
};

/** A page of OrganizationMember (nodes are User). */
export type OrganizationMemberConnection = {
  __typename?: 'OrganizationMemberConnection';
  /** Items with their cursors. */
  edges: Array<OrganizationMemberEdge>;
  /** Items without cursors. */
  nodes: Array<User>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a OrganizationMember page. */
export type OrganizationMemberEdge = {
  __typename?: 'OrganizationMemberEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** Groups the member holds within the organization. */
  groups: Array<Group>;
  /** Since when. */
  joinedAt: Scalars['DateTime']['output'];
  /** The item. */
  node: User;
};

/** Order of organizations. */
export type OrganizationOrder = {
  /** Direction. */
  direction?: OrderDirection;
  /** Order by this; ties by id. */
  field: OrganizationOrderField;
};

/** What organizations are ordered by. */
export type OrganizationOrderField =
  /** Time of creation. */
  | 'CREATED_AT'
  /** Name, in the order of the database's Unicode collation. */
  | 'NAME';

/** A part of the tree, depth first. */
export type OrganizationTree = {
  __typename?: 'OrganizationTree';
  /** Visible nodes, parents before children, at most 1,000. */
  nodes: Array<OrganizationTreeNode>;
  /** More nodes lie within the asked depth. */
  truncated: Scalars['Boolean']['output'];
};

/** One node of a tree answer. */
export type OrganizationTreeNode = {
  __typename?: 'OrganizationTreeNode';
  /** Visible organizations directly below. */
  childCount: Scalars['Int']['output'];
  /** Distance from the first, beginning with 0. */
  depth: Scalars['Int']['output'];
  /** The organization. */
  organization: Organization;
  /** The one above; null for the first. */
  parentId?: Maybe<Scalars['ID']['output']>;
};

/** Events between commit and publication. */
export type OutboxStatus = {
  __typename?: 'OutboxStatus';
  /** Age of the oldest one. */
  lagSeconds: Scalars['Float']['output'];
  /** Commit of the oldest one; null = none. */
  oldestPendingAt?: Maybe<Scalars['DateTime']['output']>;
  /** Events not yet published. */
  pending: Scalars['Int']['output'];
  /** Events published in the last minute. */
  publishedPerMinute: Scalars['Int']['output'];
  /** Replica that publishes; null = none at present. */
  relay?: Maybe<Scalars['String']['output']>;
  /** Where events go. */
  sinks: Array<SinkStatus>;
};

/** What "own" means for a resource. A row without a value belongs to nobody. */
export type OwnerRule = {
  __typename?: 'OwnerRule';
  /** Attribute that names the owner. */
  attribute: Scalars['String']['output'];
  /** What it names. */
  subject: OwnerSubject;
};

/** What "own" means for a resource. */
export type OwnerRuleInput = {
  /** Attribute that names the owner; a row without a value belongs to nobody. */
  attribute: Scalars['String']['input'];
  /** What it names. */
  subject?: OwnerSubject;
};

/** What an owner attribute names. */
export type OwnerSubject =
  /** The id of an organization. */
  | 'ORGANIZATION'
  /** The id of a user. */
  | 'USER';

/** Where a page lies in its list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** Cursor of the last item; null on an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Items follow this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Items precede this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** Cursor of the first item; null on an empty page. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** A WebAuthn credential. */
export type Passkey = Node & {
  __typename?: 'Passkey';
  /** Its provider keeps a copy. */
  backedUp: Scalars['Boolean']['output'];
  /** When it was registered. */
  createdAt: Scalars['DateTime']['output'];
  /** It cannot be synchronised to other devices. */
  deviceBound: Scalars['Boolean']['output'];
  /** UUIDv7; not the WebAuthn credential id. */
  id: Scalars['ID']['output'];
  /** Last use. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Name given by the person. */
  name: Scalars['String']['output'];
  /** WebAuthn transports: usb, nfc, ble, internal, hybrid. */
  transports: Array<Scalars['String']['output']>;
};

/** A passkey's proof. */
export type PasskeyAssertionInput = {
  /** Token of the challenge that was answered. */
  challengeToken: Scalars['String']['input'];
  /** The browser's AuthenticationResponseJSON. */
  response: Scalars['JSONObject']['input'];
};

/** What a password must meet. */
export type PasswordPolicy = {
  __typename?: 'PasswordPolicy';
  /** Common and leaked passwords are refused, by an offline list. */
  breachListChecked: Scalars['Boolean']['output'];
  /** Number of earlier passwords that are refused, besides the present one. */
  historySize: Scalars['Int']['output'];
  /** Most bytes in UTF-8. */
  maxBytes: Scalars['Int']['output'];
  /** Fewest Unicode code points. */
  minLength: Scalars['Int']['output'];
  /** Own names and addresses are refused. */
  personalDataChecked: Scalars['Boolean']['output'];
};

/** A rule of the password policy. */
export type PasswordRule =
  /** Common or leaked. */
  | 'BREACH_LIST'
  /** Used before. */
  | 'HISTORY'
  /** Too many bytes. */
  | 'MAX_BYTES'
  /** Too few characters. */
  | 'MIN_LENGTH'
  /** Contains the person's name or address. */
  | 'PERSONAL_DATA';

/** A grant: a permission held by a group, with its constraints. */
export type Permission = {
  __typename?: 'Permission';
  /** Verb from the catalogue; `admin` on `*` covers every unprotected permission. */
  action: Scalars['String']['output'];
  /** All must hold; empty = unconstrained. */
  constraints: Array<PermissionConstraint>;
  /** Resource from the catalogue, or `*`. */
  resource: Scalars['String']['output'];
};

/** One question. */
export type PermissionCheckInput = {
  /** Verb from the catalogue. */
  action: Scalars['String']['input'];
  /** Values of declared attributes, the owner's among them; a missing one fails its constraint. */
  attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Organization the row lies in; absent = in none. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  /** Resource from the catalogue. */
  resource: Scalars['String']['input'];
  /** Row concerned, in the application's own ids; given back. */
  rowId?: InputMaybe<Scalars['ID']['input']>;
};

/** One condition of a grant; `kind` says which fields are set. */
export type PermissionConstraint = {
  __typename?: 'PermissionConstraint';
  /** Attribute of the row; null for TIME_WINDOW, NETWORKS and MINIMUM_ASSURANCE. */
  attribute?: Maybe<Scalars['String']['output']>;
  /** What is compared. */
  kind: ConstraintKind;
  /** For MAX; largest allowed number. */
  max?: Maybe<Scalars['Float']['output']>;
  /** For MINIMUM_ASSURANCE. */
  minimumAssurance?: Maybe<AssuranceLevel>;
  /** For NETWORKS; address ranges in CIDR form. */
  networks?: Maybe<Array<Scalars['String']['output']>>;
  /** For PREFIX; exact beginning. */
  prefix?: Maybe<Scalars['String']['output']>;
  /** For TIME_WINDOW. */
  timeWindow?: Maybe<TimeWindow>;
  /** For IN and NOT_IN; ids or names, exact; IN with an empty list allows nothing. */
  values?: Maybe<Array<Scalars['String']['output']>>;
  /** For WITHIN; most seconds since the time in the attribute. */
  withinSeconds?: Maybe<Scalars['Int']['output']>;
};

/** One condition of a grant; set the fields that belong to `kind`, no others. */
export type PermissionConstraintInput = {
  /** Declared attribute of the resource; for IN, NOT_IN, PREFIX, MAX, WITHIN. */
  attribute?: InputMaybe<Scalars['String']['input']>;
  /** What is compared. */
  kind: ConstraintKind;
  /** For MAX. */
  max?: InputMaybe<Scalars['Float']['input']>;
  /** For MINIMUM_ASSURANCE. */
  minimumAssurance?: InputMaybe<AssuranceLevel>;
  /** For NETWORKS, at most 100 ranges in CIDR form. */
  networks?: InputMaybe<Array<Scalars['String']['input']>>;
  /** For PREFIX. */
  prefix?: InputMaybe<Scalars['String']['input']>;
  /** For TIME_WINDOW. */
  timeWindow?: InputMaybe<TimeWindowInput>;
  /** For IN and NOT_IN, at most 1,000; IN with an empty list allows nothing. */
  values?: InputMaybe<Array<Scalars['String']['input']>>;
  /** For WITHIN, 1 or more. */
  withinSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** The answer to one question. */
export type PermissionDecision = {
  __typename?: 'PermissionDecision';
  /** Verb asked for. */
  action: Scalars['String']['output'];
  /** The answer. */
  allowed: Scalars['Boolean']['output'];
  /** Permissions, as action:resource, of which one would have sufficed; empty for callers who may not know. */
  missing: Array<Scalars['String']['output']>;
  /** Why. */
  reason: DecisionReason;
  /** What the session must raise first; set with STEP_UP_REQUIRED. */
  required?: Maybe<StepUp>;
  /** Resource asked for. */
  resource: Scalars['String']['output'];
  /** Row asked for, as given. */
  rowId?: Maybe<Scalars['ID']['output']>;
};

/** Answers in the order of the questions. */
export type PermissionDecisions = {
  __typename?: 'PermissionDecisions';
  /** One per question. */
  decisions: Array<PermissionDecision>;
  /** Version of the subject's permissions; answers may be kept while it stays, but those that ask for a step-up or look at time, address or session. */
  permissionVersion: Scalars['String']['output'];
};

/** An entry of the catalogue. */
export type PermissionDefinition = {
  __typename?: 'PermissionDefinition';
  /** Verb. */
  action: Scalars['String']['output'];
  /** Permissions, as action:resource, that it is of little use without. */
  dependsOn: Array<Scalars['String']['output']>;
  /** What its holder may do. */
  description: Scalars['String']['output'];
  /** A key can hold it. */
  grantableToApiKey: Scalars['Boolean']['output'];
  /** Covered by `admin:*`. */
  impliedByAdmin: Scalars['Boolean']['output'];
  /** Covered by nothing but itself. */
  protected: Scalars['Boolean']['output'];
  /** Level that its use needs. */
  requiredAssurance: AssuranceLevel;
  /** Resource. */
  resource: Scalars['String']['output'];
  /** Its resource. */
  resourceDefinition: ResourceDefinition;
  /** Short name for lists. */
  title: Scalars['String']['output'];
  /** Whether it works while impersonating. */
  whileImpersonating: ImpersonationUse;
};

/** The whole chain behind one decision. */
export type PermissionExplanation = {
  __typename?: 'PermissionExplanation';
  /** The outcome. */
  decision: PermissionDecision;
  /** The constraint that came closest and failed. */
  failingConstraint?: Maybe<PermissionConstraint>;
  /** Groups whose grants allow it. */
  grantingGroups: Array<Group>;
  /** `admin:*` is held, but the permission is protected. */
  protectedCarveOut: Scalars['Boolean']['output'];
  /** Group, permission, constraint, key, impersonation, in the order of evaluation. */
  steps: Array<ExplanationStep>;
};

/** A grant to give. */
export type PermissionInput = {
  /** Verb from the catalogue. */
  action: Scalars['String']['input'];
  /** All must hold; empty = unconstrained. */
  constraints?: Array<PermissionConstraintInput>;
  /** Resource from the catalogue, or `*`. */
  resource: Scalars['String']['input'];
};

export type Query = {
  __typename?: 'Query';
  _entities: Array<Maybe<_Entity>>;
  _service: _Service;
  /** One API key. Requires a signed-in caller. */
  apiKey?: Maybe<ApiKey>;
  /** API keys, newest first; without `view:api-keys` only one's own, and by API key only that key. Requires a signed-in caller. */
  apiKeys?: Maybe<ApiKeyConnection>;
  /** Requests under the two-person rule, newest first. Requires a signed-in caller. */
  approvals?: Maybe<ApprovalRequestConnection>;
  /** One audit event, of those that the caller may see; without `view:audit` those about oneself. Requires a signed-in caller. */
  auditEvent?: Maybe<AuditEvent>;
  /** Audit events, newest first; without `view:audit` those about oneself. Requires a signed-in caller. */
  auditEvents?: Maybe<AuditEventConnection>;
  /** Decisions for other subgraphs, in one round trip. The caller's own; others' require `view:groups`. Requires a signed-in caller. */
  checkPermissions?: Maybe<PermissionDecisions>;
  /** Recognised devices, last used first; without `view:sessions` only one's own. Requires a signed-in caller. */
  devices?: Maybe<DeviceConnection>;
  /** What the rules say of each field of a document, without running it. About oneself; others require `view:groups`. Requires a signed-in caller. */
  explainOperation?: Maybe<OperationExplanation>;
  /** Why somebody may or may not do something. About oneself; others require `view:groups`. Requires a signed-in caller. */
  explainPermission?: Maybe<PermissionExplanation>;
  /** An export that the caller asked for. Requires a signed-in caller. */
  exportJob?: Maybe<ExportJob>;
  /** One group. Requires `view:groups`. */
  group?: Maybe<Group>;
  /** Groups. Requires `view:groups`. */
  groups?: Maybe<GroupConnection>;
  /** Whether the server works. Open to anyone. */
  health?: Maybe<Health>;
  /** Impersonations, newest first. Own ones as actor or target; others' require `view:impersonations`. Requires a signed-in caller. */
  impersonations?: Maybe<ImpersonationConnection>;
  /** Messages sent and waiting. Requires `view:mail`. */
  mailDeliveries?: Maybe<MailDeliveryConnection>;
  /** One organization, visible by subtree. Requires `view:organizations`. */
  organization?: Maybe<Organization>;
  /** A part of the tree, visible by subtree. Requires `view:organizations`. */
  organizationTree?: Maybe<OrganizationTree>;
  /** Organizations, visible by subtree. Requires `view:organizations`. */
  organizations?: Maybe<OrganizationConnection>;
  /** Events between commit and publication. Requires `view:health`. */
  outboxStatus?: Maybe<OutboxStatus>;
  /** The rules that a password must meet. Open to anyone. */
  passwordPolicy?: Maybe<PasswordPolicy>;
  /** Every permission there is, at most 2,000. Requires `view:groups`. */
  permissionCatalog?: Maybe<Array<PermissionDefinition>>;
  /** The smallest set of grants that documents need, for an API key. Requires a signed-in caller. */
  permissionsForOperations?: Maybe<OperationPermissions>;
  /** The SDL, cut down to what somebody can use. About oneself; others require `view:groups`. Requires a signed-in caller. */
  schemaFor?: Maybe<Scalars['String']['output']>;
  /** Sessions, newest first; without `view:sessions` only one's own. Requires a signed-in caller. */
  sessions?: Maybe<SessionConnection>;
  /** What a sign-in page has to offer. Open to anyone. */
  signInOptions?: Maybe<SignInOptions>;
  /** Public keys that verify access tokens, as in `/.well-known/jwks.json`. Open to anyone. */
  signingKeys?: Maybe<Array<SigningKey>>;
  /** Figures; counts what is visible. Requires `view:stats`. */
  stats?: Maybe<Stats>;
  /** What a mailed token is good for; does not consume it. Open to anyone. */
  tokenStatus?: Maybe<TokenStatus>;
  /** Documents that clients may run by id. Requires `view:documents`. */
  trustedDocuments?: Maybe<TrustedDocumentConnection>;
  /** One user. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
  /** Users in the caller's scope; without `view:users` only oneself. Requires a signed-in caller. */
  users?: Maybe<UserConnection>;
  /** Who is calling; null = not signed in. Open to anyone. */
  viewer?: Maybe<Viewer>;
  /** One webhook. Requires `view:webhooks`. */
  webhook?: Maybe<Webhook>;
  /** Deliveries to webhooks. Requires `view:webhooks`. */
  webhookDeliveries?: Maybe<WebhookDeliveryConnection>;
  /** Webhooks, newest first. Requires `view:webhooks`. */
  webhooks?: Maybe<WebhookConnection>;
};


export type Query_EntitiesArgs = {
  representations: Array<Scalars['_Any']['input']>;
};


export type QueryApiKeyArgs = {
  id: Scalars['ID']['input'];
};


export type QueryApiKeysArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ApiKeyFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryApprovalsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ApprovalFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryAuditEventArgs = {
  id: Scalars['ID']['input'];
};


export type QueryAuditEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<AuditEventFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryCheckPermissionsArgs = {
  checks: Array<PermissionCheckInput>;
  subject?: InputMaybe<SubjectInput>;
};


export type QueryDevicesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryExplainOperationArgs = {
  as?: InputMaybe<SubjectInput>;
  document: Scalars['String']['input'];
  operationName?: InputMaybe<Scalars['String']['input']>;
  variables?: InputMaybe<Scalars['JSONObject']['input']>;
};


export type QueryExplainPermissionArgs = {
  action: Scalars['String']['input'];
  apiKeyId?: InputMaybe<Scalars['ID']['input']>;
  attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  resource: Scalars['String']['input'];
  rowId?: InputMaybe<Scalars['ID']['input']>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryExportJobArgs = {
  id: Scalars['ID']['input'];
};


export type QueryGroupArgs = {
  id: Scalars['ID']['input'];
};


export type QueryGroupsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<GroupFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<GroupOrder>;
};


export type QueryImpersonationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ImpersonationFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryMailDeliveriesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<MailDeliveryFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryOrganizationArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOrganizationTreeArgs = {
  depth?: Scalars['Int']['input'];
  rootId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryOrganizationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OrganizationFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OrganizationOrder>;
};


export type QueryPermissionsForOperationsArgs = {
  documents: Array<Scalars['String']['input']>;
};


export type QuerySchemaForArgs = {
  as?: InputMaybe<SubjectInput>;
};


export type QuerySessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SessionFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QuerySignInOptionsArgs = {
  identifier?: InputMaybe<Scalars['String']['input']>;
};


export type QueryStatsArgs = {
  interval?: StatsInterval;
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  range?: InputMaybe<DateTimeRange>;
};


export type QueryTokenStatusArgs = {
  token: Scalars['String']['input'];
};


export type QueryTrustedDocumentsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<TrustedDocumentFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryUserArgs = {
  id: Scalars['ID']['input'];
};


export type QueryUsersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<UserFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<UserOrder>;
};


export type QueryWebhookArgs = {
  id: Scalars['ID']['input'];
};


export type QueryWebhookDeliveriesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<WebhookDeliveryFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryWebhooksArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** Input of redeemActionLink. */
export type RedeemActionLinkInput = {
  /** Verb asked for. */
  action: Scalars['String']['input'];
  /** Address of the recipient, as the application proved it. */
  recipient: Scalars['String']['input'];
  /** Resource asked for. */
  resource: Scalars['String']['input'];
  /** Row concerned. */
  rowId: Scalars['ID']['input'];
  /** One-time token from the link. */
  token: Scalars['String']['input'];
};

/** Answer of redeemActionLink. */
export type RedeemActionLinkPayload = {
  __typename?: 'RedeemActionLinkPayload';
  /** Whether the right held; it is used up when it did. */
  decision?: Maybe<PermissionDecision>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of refreshSession. */
export type RefreshSessionInput = {
  /** Present refresh token; cookie sessions need no refresh. */
  refreshToken: Scalars['String']['input'];
};

/** Answer of refreshSession. */
export type RefreshSessionPayload = {
  __typename?: 'RefreshSessionPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The successor pair; the same refresh token for parallel calls within 10 s. */
  tokens?: Maybe<SessionTokens>;
};

/** Input of regenerateRecoveryCodes. */
export type RegenerateRecoveryCodesInput = {
  /** TOTP code; recovery codes are refused. */
  totpCode: Scalars['String']['input'];
};

/** Answer of regenerateRecoveryCodes. */
export type RegenerateRecoveryCodesPayload = {
  __typename?: 'RegenerateRecoveryCodesPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Ten new recovery codes, shown once; the old ones are void; null on errors. */
  recoveryCodes?: Maybe<Array<Scalars['String']['output']>>;
};

/** Input of registerDocuments. */
export type RegisterDocumentsInput = {
  /** Client they belong to; absent = all. */
  clientName?: InputMaybe<Scalars['String']['input']>;
  /** Documents, 1 to 500; known ones are enabled again. */
  documents: Array<TrustedDocumentInput>;
};

/** Answer of registerDocuments. */
export type RegisterDocumentsPayload = {
  __typename?: 'RegisterDocumentsPayload';
  /** Documents as they stand; empty on errors. */
  documents: Array<TrustedDocument>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** How many were not known before. */
  newCount: Scalars['Int']['output'];
};

/** Input of registerResources. */
export type RegisterResourcesInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Namespace of the application, claimed by its first registration; absent = the one claimed by the calling key's owner, else its name. */
  namespace?: InputMaybe<Scalars['String']['input']>;
  /** Declarations, at most 100; those left out stay as they are. */
  resources: Array<ResourceInput>;
};

/** Answer of registerResources. */
export type RegisterResourcesPayload = {
  __typename?: 'RegisterResourcesPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Declarations as they stand; empty on errors. */
  resources: Array<ResourceDefinition>;
  /** Groups seeded; empty on errors. */
  systemGroups: Array<Group>;
};

/** Input of rejectRequest. */
export type RejectRequestInput = {
  /** Request to reject. */
  id: Scalars['ID']['input'];
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
};

/** Answer of rejectRequest. */
export type RejectRequestPayload = {
  __typename?: 'RejectRequestPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request after the decision. */
  request?: Maybe<ApprovalRequest>;
};

/** Input of removeGroupMembers. */
export type RemoveGroupMembersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Group. */
  groupId: Scalars['ID']['input'];
  /** Membership within this organization; absent = the one without. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  /** Users to remove, at most 100; all or none. */
  userIds: Array<Scalars['ID']['input']>;
};

/** Answer of removeGroupMembers. */
export type RemoveGroupMembersPayload = {
  __typename?: 'RemoveGroupMembersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The group after the change. */
  group?: Maybe<Group>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of removeOrganizationDomain. */
export type RemoveOrganizationDomainInput = {
  /** Domain to give up. */
  id: Scalars['ID']['input'];
};

/** Answer of removeOrganizationDomain. */
export type RemoveOrganizationDomainPayload = {
  __typename?: 'RemoveOrganizationDomainPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Former id. */
  removedDomainId?: Maybe<Scalars['ID']['output']>;
};

/** Input of removeOrganizationMembers. */
export type RemoveOrganizationMembersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Organization. */
  organizationId: Scalars['ID']['input'];
  /** Users to remove, with their groups within it, at most 100; all or none. */
  userIds: Array<Scalars['ID']['input']>;
};

/** Answer of removeOrganizationMembers. */
export type RemoveOrganizationMembersPayload = {
  __typename?: 'RemoveOrganizationMembersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The organization after the change. */
  organization?: Maybe<Organization>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of removePasskey. */
export type RemovePasskeyInput = {
  /** Passkey; the last way to sign in cannot be removed. */
  id: Scalars['ID']['input'];
};

/** Answer of removePasskey. */
export type RemovePasskeyPayload = {
  __typename?: 'RemovePasskeyPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Second factors now. */
  mfa?: Maybe<MfaState>;
  /** The passkey that was removed. */
  passkeyId?: Maybe<Scalars['ID']['output']>;
};

/** Input of renamePasskey. */
export type RenamePasskeyInput = {
  /** Passkey. */
  id: Scalars['ID']['input'];
  /** New name, at most 100 characters. */
  name: Scalars['String']['input'];
};

/** Answer of renamePasskey. */
export type RenamePasskeyPayload = {
  __typename?: 'RenamePasskeyPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The passkey after the change. */
  passkey?: Maybe<Passkey>;
};

/** Input of replayWebhookDeliveries. */
export type ReplayWebhookDeliveriesInput = {
  /** Deliveries to replay, at most 10,000. */
  filter?: InputMaybe<WebhookDeliveryFilter>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Deliveries to replay, at most 100; exactly one of ids and filter. */
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
};

/** Answer of replayWebhookDeliveries. */
export type ReplayWebhookDeliveriesPayload = {
  __typename?: 'ReplayWebhookDeliveriesPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Number of new deliveries. */
  replayedCount?: Maybe<Scalars['Int']['output']>;
};

/** Input of requestEmailChange. */
export type RequestEmailChangeInput = {
  /** Present password; accounts without one must be confirmed. */
  currentPassword?: InputMaybe<Scalars['String']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Address to prove. */
  newEmail: Scalars['String']['input'];
};

/** Answer of requestEmailChange. */
export type RequestEmailChangePayload = {
  __typename?: 'RequestEmailChangePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** End of the link. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Address that was written to; the same answer when it is in use. */
  pendingEmail?: Maybe<Scalars['EmailAddress']['output']>;
};

/** Input of requestPasswordReset. */
export type RequestPasswordResetInput = {
  /** Address of the account. */
  email: Scalars['String']['input'];
};

/** Answer of requestPasswordReset. */
export type RequestPasswordResetPayload = {
  __typename?: 'RequestPasswordResetPayload';
  /** The request was well-formed; says nothing about the account. */
  accepted: Scalars['Boolean']['output'];
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of requestSignInCode. */
export type RequestSignInCodeInput = {
  /** Code or link. */
  form?: CodeForm;
  /** E-mail address or phone number; needed for SIGN_IN, refused for STEP_UP. */
  identifier?: InputMaybe<Scalars['String']['input']>;
  /** What the code is for. */
  purpose?: CodePurpose;
};

/** Answer of requestSignInCode. */
export type RequestSignInCodePayload = {
  __typename?: 'RequestSignInCodePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Cooldown left when nothing was sent. */
  retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Looks the same for an unknown identifier. */
  verification?: Maybe<Verification>;
};

/** Input of requirePasswordChange. */
export type RequirePasswordChangeInput = {
  /** End their sessions at once. */
  endSessions?: Scalars['Boolean']['input'];
  /** Users, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
};

/** Answer of requirePasswordChange. */
export type RequirePasswordChangePayload = {
  __typename?: 'RequirePasswordChangePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** Input of resendCode. */
export type ResendCodeInput = {
  /** Token of the verification. */
  verificationToken: Scalars['String']['input'];
};

/** Answer of resendCode. */
export type ResendCodePayload = {
  __typename?: 'ResendCodePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Cooldown left when nothing was sent. */
  retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** The newest code, or the present one within the cooldown. */
  verification?: Maybe<Verification>;
};

/** Input of resendInvite. */
export type ResendInviteInput = {
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Invited user. */
  userId: Scalars['ID']['input'];
};

/** Answer of resendInvite. */
export type ResendInvitePayload = {
  __typename?: 'ResendInvitePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new invitation; older links no longer work. */
  invitation?: Maybe<Invitation>;
  /** Delivery of the invitation; null when the account has no address. */
  inviteEmail?: Maybe<MailDelivery>;
  /** Cooldown left when nothing was sent. */
  retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Set-up link, shown once; only when `inviteEmail.state` is NOT_CONFIGURED, or the account has no address. */
  setupLink?: Maybe<Scalars['URL']['output']>;
  /** The invited user. */
  user?: Maybe<User>;
};

/** Input of resetUserMfa. */
export type ResetUserMfaInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
  /** Whose second factors are removed, passkeys included. */
  userId: Scalars['ID']['input'];
};

/** Answer of resetUserMfa. */
export type ResetUserMfaPayload = {
  __typename?: 'ResetUserMfaPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** The user after the change. */
  user?: Maybe<User>;
};

/** A kind of object that permissions are about. */
export type ResourceDefinition = {
  __typename?: 'ResourceDefinition';
  /** What constraints can be about. */
  attributes: Array<AttributeDefinition>;
  /** Name in permissions; applications' own as namespace.name. */
  name: Scalars['String']['output'];
  /** Namespace of the application; null for Gatehouse's own. */
  namespace?: Maybe<Scalars['String']['output']>;
  /** What "own" means; null = the verbs ending in -own are not used. */
  ownerRule?: Maybe<OwnerRule>;
  /** The key that registered it; null for Gatehouse's own. Requires `view:api-keys`. */
  registeredBy?: Maybe<ApiKey>;
  /** Name for people. */
  title: Scalars['String']['output'];
  /** Grows by one with each registration that changes it. */
  version: Scalars['Int']['output'];
};

/** The declaration of one resource. */
export type ResourceInput = {
  /** Titles and settings of single verbs. */
  actionDetails?: Array<ActionDetailInput>;
  /** Unprotected verbs. */
  actions: Array<Scalars['String']['input']>;
  /** What constraints can be about. */
  attributes?: Array<AttributeInput>;
  /** Name without namespace, kebab-case. */
  name: Scalars['String']['input'];
  /** What "own" means; null = the verbs ending in -own are refused. */
  ownerRule?: InputMaybe<OwnerRuleInput>;
  /** Protected verbs, never covered by `admin:*`; none of `actions`. */
  protectedActions?: Array<Scalars['String']['input']>;
  /** Groups to seed, managed by the system. */
  systemGroups?: Array<SystemGroupInput>;
  /** Name for people. */
  title: Scalars['String']['input'];
};

/** Explicit reach over organizations; nothing means nothing. */
export type ResourceScope = {
  __typename?: 'ResourceScope';
  /** Everything, or what is listed. */
  mode: ScopeMode;
  /** For LISTED: these and all below them, as far as they are visible, at most 100; null with ALL. Requires `view:organizations`. */
  organizations?: Maybe<Array<Organization>>;
};

/** Explicit reach over organizations. */
export type ResourceScopeInput = {
  /** Everything, or what is listed. */
  mode: ScopeMode;
  /** For LISTED, at most 100; empty = none; absent = as before; refused with ALL. */
  organizationIds?: InputMaybe<Array<Scalars['ID']['input']>>;
};

/** Input of retryMail. */
export type RetryMailInput = {
  /** Message to send again. */
  id: Scalars['ID']['input'];
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of retryMail. */
export type RetryMailPayload = {
  __typename?: 'RetryMailPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new message; the failed one is kept as its `previous`. */
  mailDelivery?: Maybe<MailDelivery>;
};

/** Input of revokeApiKey. */
export type RevokeApiKeyInput = {
  /** Key to end; stays in the list. */
  id: Scalars['ID']['input'];
  /** Kept in the audit log, at most 500 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of revokeApiKey. */
export type RevokeApiKeyPayload = {
  __typename?: 'RevokeApiKeyPayload';
  /** The revoked key. */
  apiKey?: Maybe<ApiKey>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of revokeInvitation. */
export type RevokeInvitationInput = {
  /** Invitation to take back. */
  id: Scalars['ID']['input'];
};

/** Answer of revokeInvitation. */
export type RevokeInvitationPayload = {
  __typename?: 'RevokeInvitationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The invitation after the change. */
  invitation?: Maybe<Invitation>;
};

/** Input of revokeSessions. */
export type RevokeSessionsInput = {
  /** Sessions to end, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
};

/** Answer of revokeSessions. */
export type RevokeSessionsPayload = {
  __typename?: 'RevokeSessionsPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Sessions that ended; empty on errors. */
  sessions: Array<Session>;
};

/** Input of revokeUserSessions. */
export type RevokeUserSessionsInput = {
  /** Whose sessions end, all of them. */
  userId: Scalars['ID']['input'];
};

/** Answer of revokeUserSessions. */
export type RevokeUserSessionsPayload = {
  __typename?: 'RevokeUserSessionsPayload';
  /** Number of sessions that ended. */
  endedSessionCount?: Maybe<Scalars['Int']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of rotateApiKey. */
export type RotateApiKeyInput = {
  /** Key whose secret changes. */
  id: Scalars['ID']['input'];
  /** How long the old secret works on, 0 to 604,800. */
  overlapSeconds?: Scalars['Int']['input'];
};

/** Answer of rotateApiKey. */
export type RotateApiKeyPayload = {
  __typename?: 'RotateApiKeyPayload';
  /** The key after the change. */
  apiKey?: Maybe<ApiKey>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new key; shown once. */
  secret?: Maybe<Scalars['String']['output']>;
};

/** Input of rotateSigningKey. */
export type RotateSigningKeyInput = {
  /** Algorithm of the new key; absent = as the present one. */
  algorithm?: InputMaybe<SigningAlgorithm>;
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** How long the old key still verifies, from the life of an access token to 604800 (a week); absent = twice that life. */
  overlapSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** Answer of rotateSigningKey. */
export type RotateSigningKeyPayload = {
  __typename?: 'RotateSigningKeyPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** The key before it; ACTIVE until the new one signs. */
  retiringKey?: Maybe<SigningKey>;
  /** The new key; PUBLISHED until verifiers had the time to learn of it. */
  signingKey?: Maybe<SigningKey>;
};

/** Input of rotateWebhookSecret. */
export type RotateWebhookSecretInput = {
  /** Webhook whose secret changes. */
  id: Scalars['ID']['input'];
  /** How long the old secret signs too, 0 to 604,800. */
  overlapSeconds?: Scalars['Int']['input'];
};

/** Answer of rotateWebhookSecret. */
export type RotateWebhookSecretPayload = {
  __typename?: 'RotateWebhookSecretPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** New signing secret; shown once. */
  secret?: Maybe<Scalars['String']['output']>;
  /** The webhook after the change. */
  webhook?: Maybe<Webhook>;
};

/** Reach of a scope. */
export type ScopeMode =
  /** Every organization, and what belongs to none. */
  | 'ALL'
  /** Only the listed ones and those below. */
  | 'LISTED';

/** One signed-in client. Own sessions, or requires `view:sessions`. */
export type Session = Node & {
  __typename?: 'Session';
  /** Strength of the proof so far. */
  assuranceLevel: AssuranceLevel;
  /** Name that the client gave itself. */
  clientName?: Maybe<Scalars['String']['output']>;
  /** When it began. */
  createdAt: Scalars['DateTime']['output'];
  /** This very request runs in it. */
  current: Scalars['Boolean']['output'];
  /** The recognised device; null when none was recognised. */
  device?: Maybe<Device>;
  /** Why it ended. */
  endReason?: Maybe<SessionEndReason>;
  /** When it ended; null while active. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** End by idleness or by absolute limit, whichever comes first. */
  expiresAt: Scalars['DateTime']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** The person acting in it; set for impersonated sessions. */
  impersonator?: Maybe<User>;
  /** Address last seen, canonical text. */
  ipAddress: Scalars['String']['output'];
  /** Last use, exact to the minute. */
  lastSeenAt: Scalars['DateTime']['output'];
  /** Active organization; for members, and holders of `view:organizations` there. */
  organization?: Maybe<Organization>;
  /** First factor that began the session. */
  signInMethod: SignInMethod;
  /** Whose session it is. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
  /** User-Agent header last seen. */
  userAgent?: Maybe<Scalars['String']['output']>;
};

/** A page of Session. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  /** Items with their cursors. */
  edges: Array<SessionEdge>;
  /** Items without cursors. */
  nodes: Array<Session>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** Sessions, now. */
export type SessionCounts = {
  __typename?: 'SessionCounts';
  /** Not ended. */
  active: Scalars['Int']['output'];
  /** Users with at least one. */
  activeUsers: Scalars['Int']['output'];
};

/** One item of a Session page. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Session;
};

/** Why a session ended. */
export type SessionEndReason =
  /** The account was deleted or erased. */
  | 'ACCOUNT_DELETED'
  /** The account was disabled. */
  | 'ACCOUNT_DISABLED'
  /** An administrator locked the account. */
  | 'ACCOUNT_LOCKED'
  /** Password, address or second factor changed. */
  | 'CREDENTIALS_CHANGED'
  /** It reached its absolute limit. */
  | 'EXPIRED'
  /** It was not used for too long. */
  | 'IDLE'
  /** The impersonation ended. */
  | 'IMPERSONATION_ENDED'
  /** A rotated refresh token came back. */
  | 'REFRESH_TOKEN_REUSED'
  /** The person or an administrator revoked it. */
  | 'REVOKED'
  /** The person signed out. */
  | 'SIGNED_OUT';

/** Which sessions; conditions are and-ed. */
export type SessionFilter = {
  /** True = not ended, false = ended. */
  active?: InputMaybe<Scalars['Boolean']['input']>;
  /** Of this user; absent = all that the caller may see. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** What a client needs to go on; with COOKIE delivery the session is in the cookie alone. */
export type SessionTokens = {
  __typename?: 'SessionTokens';
  /** JWT (RFC 9068), 15 min by default; null with COOKIE. */
  accessToken?: Maybe<Scalars['String']['output']>;
  /** End of the access token; null with COOKIE. */
  accessTokenExpiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Value of the `x-csrf-token` header; null with BODY. */
  csrfToken?: Maybe<Scalars['String']['output']>;
  /** Recognises this device at the next sign-in; null with COOKIE, and for a device that presented its token. */
  deviceToken?: Maybe<Scalars['String']['output']>;
  /** Opaque, rotated at every use; null with COOKIE and while impersonating. */
  refreshToken?: Maybe<Scalars['String']['output']>;
  /** End of the refresh token; null where there is none. */
  refreshTokenExpiresAt?: Maybe<Scalars['DateTime']['output']>;
};

/** Input of setGroupPermissions. */
export type SetGroupPermissionsInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Group to change. */
  id: Scalars['ID']['input'];
  /** The whole new list, at most 100; empty = none. */
  permissions: Array<PermissionInput>;
};

/** Answer of setGroupPermissions. */
export type SetGroupPermissionsPayload = {
  __typename?: 'SetGroupPermissionsPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The group after the change; with VERSION_CONFLICT as it is now. */
  group?: Maybe<Group>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of setPasswordWithToken. */
export type SetPasswordWithTokenInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** Sign in at once and hand the session over this way; absent = do not sign in. Refused with a challenge token, whose sign-in goes on as it began. */
  delivery?: InputMaybe<TokenDelivery>;
  /** As passwordPolicy says. */
  newPassword: Scalars['String']['input'];
  /** Token of a reset or invitation mail, or of a PASSWORD_CHANGE_REQUIRED challenge. */
  token: Scalars['String']['input'];
};

/** Answer of setPasswordWithToken; when no sign-in was asked for, COMPLETE means that the password is set, without tokens. */
export type SetPasswordWithTokenPayload = SignInResult & {
  __typename?: 'SetPasswordWithTokenPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** Input of setUpFirstAdmin. */
export type SetUpFirstAdminInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** Name shown to others. */
  displayName: Scalars['String']['input'];
  /** Address of the first administrator. */
  email: Scalars['String']['input'];
  /** As passwordPolicy says. */
  password: Scalars['String']['input'];
  /** Token printed when the server started. */
  setupToken: Scalars['String']['input'];
};

/** Answer of setUpFirstAdmin. */
export type SetUpFirstAdminPayload = SignInResult & {
  __typename?: 'SetUpFirstAdminPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** What the next step of a sign-in needs. */
export type SignInChallenge = {
  __typename?: 'SignInChallenge';
  /** End of the challenge. */
  expiresAt: Scalars['DateTime']['output'];
  /** Second factors that the account can use; empty for a password change. */
  methods: Array<MfaMethod>;
  /** WebAuthn request options; null without passkeys. */
  passkeyOptions?: Maybe<Scalars['JSONObject']['output']>;
  /** Opaque; goes to completeMfa (MFA_REQUIRED) or setPasswordWithToken (PASSWORD_CHANGE_REQUIRED). */
  token: Scalars['String']['output'];
};

/** The device and program that sign in. */
export type SignInClientInput = {
  /** Name of the program, at most 100 characters. */
  clientName?: InputMaybe<Scalars['String']['input']>;
  /** Name shown in the list of devices, at most 100 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
  /** Token from an earlier sign-in on this device; with cookies not needed. */
  deviceToken?: InputMaybe<Scalars['String']['input']>;
};

/** Input of signIn. */
export type SignInInput = {
  /** Answer of the captcha, where signInOptions asks for one. */
  captchaToken?: InputMaybe<Scalars['String']['input']>;
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** E-mail address, phone number or user name. */
  identifier: Scalars['String']['input'];
  /** TOTP or recovery code, to save the second step. */
  mfaCode?: InputMaybe<Scalars['String']['input']>;
  /** Present password. */
  password: Scalars['String']['input'];
};

/** First factor of a session. */
export type SignInMethod =
  /** One-time code by mail or text message. */
  | 'CODE'
  /** OpenID Connect issuer. */
  | 'EXTERNAL_PROVIDER'
  /** Begun by somebody who acts as the person. */
  | 'IMPERSONATION'
  /** Accepted invitation or reset link. */
  | 'INVITATION'
  /** Mailed one-time link. */
  | 'LINK'
  /** WebAuthn passkey. */
  | 'PASSKEY'
  /** Identifier and password. */
  | 'PASSWORD'
  /** Completed sign-up or first set-up. */
  | 'SIGN_UP';

/** What a sign-in page has to offer. */
export type SignInOptions = {
  __typename?: 'SignInOptions';
  /** People may delete their own accounts. */
  accountDeletion: Scalars['Boolean']['output'];
  /** A captcha answer is needed from this network. */
  captchaRequired: Scalars['Boolean']['output'];
  /** Configured OpenID Connect issuers. */
  externalProviders: Array<ExternalProvider>;
  /** What people may sign up with. */
  identifierKinds: Array<IdentifierKind>;
  /** Ways to sign in that are switched on. */
  methods: Array<SignInMethod>;
  /** Issuer that the domain of the given identifier belongs to; null = sign in here. */
  routedIssuer?: Maybe<Scalars['URL']['output']>;
  /** There is no administrator yet. */
  setupRequired: Scalars['Boolean']['output'];
  /** Who can sign up. */
  signUpMode: SignUpMode;
  /** Devices can be trusted instead of a second factor. */
  trustedDevices: Scalars['Boolean']['output'];
  /** Whether a new address must be proved. */
  verificationMode: VerificationMode;
};

/** Answer of signIn. */
export type SignInPayload = SignInResult & {
  __typename?: 'SignInPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
  /** Code on its way; set with VERIFICATION_REQUIRED. */
  verification?: Maybe<Verification>;
};

/** The common part of every answer that can sign somebody in. */
export type SignInResult = {
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** The state of a sign-in. */
export type SignInStep =
  /** Signed in; tokens are set. */
  | 'COMPLETE'
  /** Not signed in; see errors. */
  | 'FAILED'
  /** A second factor is needed: completeMfa. */
  | 'MFA_REQUIRED'
  /** A new password must be set first: setPasswordWithToken. */
  | 'PASSWORD_CHANGE_REQUIRED'
  /** The address must be proved first: verifySignUp, resendCode. */
  | 'VERIFICATION_REQUIRED';

/** Input of signOutEverywhere. */
export type SignOutEverywhereInput = {
  /** Keep the session of this request. */
  exceptCurrent?: Scalars['Boolean']['input'];
};

/** Answer of signOutEverywhere. */
export type SignOutEverywherePayload = {
  __typename?: 'SignOutEverywherePayload';
  /** Number of sessions that ended. */
  endedSessionCount?: Maybe<Scalars['Int']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of signOut. */
export type SignOutInput = {
  /** Note for the audit log, at most 200 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of signOut. */
export type SignOutPayload = {
  __typename?: 'SignOutPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The session that ended. */
  sessionId?: Maybe<Scalars['ID']['output']>;
};

/** Input of signUp. */
export type SignUpInput = {
  /** Answer of the captcha, where signInOptions asks for one. */
  captchaToken?: InputMaybe<Scalars['String']['input']>;
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** Name shown to others, at most 100 characters. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** E-mail address; exactly one of email, phone, username. */
  email?: InputMaybe<Scalars['String']['input']>;
  /** Needed when the mode is INVITE_ONLY. */
  invitationToken?: InputMaybe<Scalars['String']['input']>;
  /** Language of mails, BCP 47. */
  locale?: InputMaybe<Scalars['String']['input']>;
  /** As passwordPolicy says. */
  password: Scalars['String']['input'];
  /** Phone number in international form. */
  phone?: InputMaybe<Scalars['String']['input']>;
  /** User name; such an account is active at once. */
  username?: InputMaybe<Scalars['String']['input']>;
};

/** Who can sign up. */
export type SignUpMode =
  /** Nobody. */
  | 'CLOSED'
  /** Invited addresses only. */
  | 'INVITE_ONLY'
  /** Anybody. */
  | 'OPEN';

/** Answer of signUp. */
export type SignUpPayload = SignInResult & {
  __typename?: 'SignUpPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
  /** Code on its way; set with VERIFICATION_REQUIRED, and where proving the address is optional. */
  verification?: Maybe<Verification>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** Algorithm of a signing key. */
export type SigningAlgorithm =
  /** Ed25519, RFC 8037; `EdDSA` in tokens. */
  | 'EDDSA'
  /** ECDSA on P-256 with SHA-256. */
  | 'ES256'
  /** RSA with SHA-256, 2,048 bits or more. */
  | 'RS256';

/** A key that signs access tokens; its public half. */
export type SigningKey = {
  __typename?: 'SigningKey';
  /** Algorithm it is used with. */
  algorithm: SigningAlgorithm;
  /** Public key as a JWK, RFC 7517. */
  jwk: Scalars['JSONObject']['output'];
  /** Key id in the header of tokens and in the JWKS. */
  kid: Scalars['String']['output'];
  /** From when it signs. */
  notBefore: Scalars['DateTime']['output'];
  /** Public key, SPKI in PEM. */
  publicKeyPem: Scalars['String']['output'];
  /** When it left the JWKS. */
  retiredAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether it signs or only verifies. */
  status: SigningKeyStatus;
};

/** State of a signing key. */
export type SigningKeyStatus =
  /** Signs. */
  | 'ACTIVE'
  /** In the JWKS ahead of its use. */
  | 'PUBLISHED'
  /** Out of the JWKS. */
  | 'RETIRED'
  /** Verifies what it signed before. */
  | 'RETIRING';

/** One sink of events. */
export type SinkStatus = {
  __typename?: 'SinkStatus';
  /** Events given up, at most 100,000 counted. */
  deadLetters: Scalars['Int']['output'];
  /** Reason of the last failure. */
  failure?: Maybe<Scalars['String']['output']>;
  /** The last try worked. */
  healthy: Scalars['Boolean']['output'];
  /** Last success. */
  lastPublishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Name: log, webhook, redis, kafka. */
  name: Scalars['String']['output'];
  /** Events it has not taken yet. */
  pending: Scalars['Int']['output'];
};

/** Input of startImpersonation. */
export type StartImpersonationInput = {
  /** How the session is handed over; absent = as the present one. */
  delivery?: InputMaybe<TokenDelivery>;
  /** How long, 1 to 60; the settings may end it sooner. */
  minutes?: Scalars['Int']['input'];
  /** What is to be possible. */
  mode?: ImpersonationMode;
  /** Why, 10 to 500 characters. */
  reason: Scalars['String']['input'];
  /** Reference in another system, at most 100 characters. */
  ticket?: InputMaybe<Scalars['String']['input']>;
  /** Whom to act as. */
  userId: Scalars['ID']['input'];
};

/** Answer of startImpersonation. */
export type StartImpersonationPayload = {
  __typename?: 'StartImpersonationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The new impersonation. */
  impersonation?: Maybe<Impersonation>;
  /** Its session; access only, no refresh. */
  tokens?: Maybe<SessionTokens>;
};

/** Input of startPasskeyRegistration. */
export type StartPasskeyRegistrationInput = {
  /** Present password; without it the caller must be confirmed. */
  password?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of startPasskeyRegistration. */
export type StartPasskeyRegistrationPayload = {
  __typename?: 'StartPasskeyRegistrationPayload';
  /** Handed back with the response. */
  challengeToken?: Maybe<Scalars['String']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** End of the challenge. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** WebAuthn PublicKeyCredentialCreationOptionsJSON. */
  options?: Maybe<Scalars['JSONObject']['output']>;
};

/** Input of startPasskeySignIn. */
export type StartPasskeySignInInput = {
  /** Whose passkeys; absent = any passkey of this site, or the signed-in caller's own. */
  identifier?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of startPasskeySignIn. */
export type StartPasskeySignInPayload = {
  __typename?: 'StartPasskeySignInPayload';
  /** Handed back with the proof. */
  challengeToken?: Maybe<Scalars['String']['output']>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** End of the challenge. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** WebAuthn PublicKeyCredentialRequestOptionsJSON. */
  options?: Maybe<Scalars['JSONObject']['output']>;
};

/** Input of startTotpEnrollment. */
export type StartTotpEnrollmentInput = {
  /** Present password; accounts without one must be confirmed. */
  password?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of startTotpEnrollment. */
export type StartTotpEnrollmentPayload = {
  __typename?: 'StartTotpEnrollmentPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** By when it must be confirmed. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The same as an otpauth URI, for a QR code. */
  otpauthUri?: Maybe<Scalars['String']['output']>;
  /** Shared secret, base32; shown once. */
  secret?: Maybe<Scalars['String']['output']>;
};

/** Figures over the visible users and organizations. Series have every bucket of the range, empty ones too. */
export type Stats = {
  __typename?: 'Stats';
  /** API keys. */
  apiKeys: ApiKeyCounts;
  /** When the figures were computed; the beginning of 1970: never yet. */
  computedAt: Scalars['DateTime']['output'];
  /** Failed sign-ins. */
  failures: Array<TimeBucket>;
  /** Impersonations begun. */
  impersonations: Array<TimeBucket>;
  /** Automatic and manual locks. */
  lockouts: Array<TimeBucket>;
  /** Second factors. */
  mfaAdoption: MfaAdoption;
  /** Organizations. */
  organizations: OrganizationCounts;
  /** Sessions. */
  sessions: SessionCounts;
  /** Completed sign-ins. */
  signIns: Array<TimeBucket>;
  /** Older than the refresh interval, 5 min by default. */
  stale: Scalars['Boolean']['output'];
  /** The server itself; null when limited to an organization. Requires `view:health`. */
  system?: Maybe<SystemMetrics>;
  /** Users by state. */
  users: UserCounts;
};

/** Width of a time bucket. */
export type StatsInterval =
  /** One day in UTC; ranges up to 366 days. */
  | 'DAY'
  /** One hour; ranges up to 31 days. */
  | 'HOUR'
  /** A calendar month in UTC; ranges up to ten years. */
  | 'MONTH'
  /** Seven days from Monday in UTC; ranges up to ten years. */
  | 'WEEK';

/** What a session needs before it may go on. */
export type StepUp = {
  __typename?: 'StepUp';
  /** Level to reach; null when the present one suffices. */
  assuranceLevel?: Maybe<AssuranceLevel>;
  /** Identity confirmed at most so many minutes ago; null when that does not matter. */
  withinMinutes?: Maybe<Scalars['Int']['output']>;
};

/** Input of stopImpersonation. */
export type StopImpersonationInput = {
  /** Note for the audit log, at most 200 characters. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of stopImpersonation. */
export type StopImpersonationPayload = {
  __typename?: 'StopImpersonationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The impersonation that ended. */
  impersonation?: Maybe<Impersonation>;
  /** The actor's own session again; null where the client still has its cookie. */
  tokens?: Maybe<SessionTokens>;
};

/** Whose permissions are asked about; exactly one field. */
export type SubjectInput = {
  /** True = nobody signed in. */
  anonymous?: InputMaybe<Scalars['Boolean']['input']>;
  /** An API key. */
  apiKeyId?: InputMaybe<Scalars['ID']['input']>;
  /** A user. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** Kind of a provider's token. */
export type SubjectTokenType =
  /** Access token, JWT or opaque. */
  | 'ACCESS_TOKEN'
  /** OpenID Connect ID token; each is taken once. */
  | 'ID_TOKEN';

/** Streams over `/graphql/ws`; rules are asked again for every event. */
export type Subscription = {
  __typename?: 'Subscription';
  /** New audit events; without `view:audit` those about oneself. Requires a signed-in caller. */
  auditEventAdded?: Maybe<AuditEvent>;
  /** Figures as they are computed, of the last 30 days; the present ones at once. Requires `view:stats`. */
  statsUpdated?: Maybe<Stats>;
  /** Changes of users, of those whom the caller may see at that moment. Requires `view:users`, or about oneself. */
  userChanged?: Maybe<UserChanged>;
  /** One message when the present session, or API key, is over; then the connection closes. Requires a signed-in caller. */
  viewerSessionEnded?: Maybe<ViewerSessionEnded>;
};


/** Streams over `/graphql/ws`; rules are asked again for every event. */
export type SubscriptionAuditEventAddedArgs = {
  filter?: InputMaybe<AuditEventFilter>;
};


/** Streams over `/graphql/ws`; rules are asked again for every event. */
export type SubscriptionStatsUpdatedArgs = {
  intervalSeconds?: Scalars['Int']['input'];
  organizationId?: InputMaybe<Scalars['ID']['input']>;
};


/** Streams over `/graphql/ws`; rules are asked again for every event. */
export type SubscriptionUserChangedArgs = {
  ids: Array<Scalars['ID']['input']>;
};

/** Input of switchOrganization. */
export type SwitchOrganizationInput = {
  /** Organization to act in; null = none. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
};

/** Answer of switchOrganization. */
export type SwitchOrganizationPayload = {
  __typename?: 'SwitchOrganizationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Organization that is active now; null = none. */
  organization?: Maybe<Organization>;
  /** New access token with the claim `org`; null with a cookie session. */
  tokens?: Maybe<SessionTokens>;
};

/** A group that an application seeds. */
export type SystemGroupInput = {
  /** What the group is for. */
  description?: Scalars['String']['input'];
  /** Fixed id, any UUID. */
  id: Scalars['ID']['input'];
  /** Unique name. */
  name: Scalars['String']['input'];
  /** Its grants, on the application's own resources only. */
  permissions: Array<PermissionInput>;
};

/** The server itself, now. */
export type SystemMetrics = {
  __typename?: 'SystemMetrics';
  /** Cache hits, 0 to 1, of the last 5 min; null without use. */
  cacheHitRatio?: Maybe<Scalars['Float']['output']>;
  /** Messages not yet sent. */
  mailQueued: Scalars['Int']['output'];
  /** Events not yet published. */
  outboxPending: Scalars['Int']['output'];
  /** Replicas seen within the last minute. */
  replicas: Scalars['Int']['output'];
};

/** Input of testWebhook. */
export type TestWebhookInput = {
  /** Type of the sample event; absent = the first it listens to. */
  eventType?: InputMaybe<Scalars['String']['input']>;
  /** Webhook to try. */
  id: Scalars['ID']['input'];
};

/** Answer of testWebhook. */
export type TestWebhookPayload = {
  __typename?: 'TestWebhookPayload';
  /** The attempt, with its outcome. */
  delivery?: Maybe<WebhookDelivery>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** A count over one interval. */
export type TimeBucket = {
  __typename?: 'TimeBucket';
  /** Number of events. */
  count: Scalars['Int']['output'];
  /** Beginning, included; UTC. */
  start: Scalars['DateTime']['output'];
};

/** Recurring hours in which a grant holds. */
export type TimeWindow = {
  __typename?: 'TimeWindow';
  /** Days on which it begins, at least one. */
  days: Array<Weekday>;
  /** Local time of day, HH:MM, excluded; earlier than `start` = the next day. */
  end: Scalars['String']['output'];
  /** Local time of day, HH:MM, included. */
  start: Scalars['String']['output'];
  /** IANA name, Europe/Rome. */
  timeZone: Scalars['String']['output'];
};

/** Recurring hours in which a grant holds. */
export type TimeWindowInput = {
  /** Days on which it begins, at least one. */
  days: Array<Weekday>;
  /** Local time of day, HH:MM, excluded; earlier than `start` = the next day. */
  end: Scalars['String']['input'];
  /** Local time of day, HH:MM, included. */
  start: Scalars['String']['input'];
  /** IANA name, Europe/Rome. */
  timeZone: Scalars['String']['input'];
};

/** How a session is handed to the client. */
export type TokenDelivery =
  /** As tokens in the answer; for other clients. */
  | 'BODY'
  /** In a `__Host-` cookie, HttpOnly; for browsers. */
  | 'COOKIE';

/** What a mailed token is for. */
export type TokenKind =
  /** Accepting an invitation. */
  | 'INVITE'
  /** Setting a new password. */
  | 'RESET';

/** Whether a mailed token works. */
export type TokenState =
  /** Past its life. */
  | 'EXPIRED'
  /** Used, replaced or unknown. */
  | 'USED'
  /** It works. */
  | 'VALID';

/** What a mailed token is good for. An unknown token looks like a used one. */
export type TokenStatus = {
  __typename?: 'TokenStatus';
  /** What it is for; null when used or unknown. */
  kind?: Maybe<TokenKind>;
  /** The address it was sent to, mostly hidden; null when used or unknown. */
  maskedEmail?: Maybe<Scalars['String']['output']>;
  /** A password has to be chosen; null when used or unknown. */
  passwordNeeded?: Maybe<Scalars['Boolean']['output']>;
  /** Whether it still works. */
  state: TokenState;
};

/** A GraphQL document that clients may run by its id. */
export type TrustedDocument = Node & {
  __typename?: 'TrustedDocument';
  /** Client it belongs to; null = all. */
  clientName?: Maybe<Scalars['String']['output']>;
  /** "sha256:" and the hash of the text, hexadecimal. */
  documentId: Scalars['String']['output'];
  /** It can be run. */
  enabled: Scalars['Boolean']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Last run. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Name of its operation. */
  operationName?: Maybe<Scalars['String']['output']>;
  /** When it was registered. */
  registeredAt: Scalars['DateTime']['output'];
  /** The document. */
  text: Scalars['String']['output'];
  /** Runs so far, a whole number, brought up to date every minute. */
  useCount: Scalars['Float']['output'];
};

/** A page of TrustedDocument. */
export type TrustedDocumentConnection = {
  __typename?: 'TrustedDocumentConnection';
  /** Items with their cursors. */
  edges: Array<TrustedDocumentEdge>;
  /** Items without cursors. */
  nodes: Array<TrustedDocument>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a TrustedDocument page. */
export type TrustedDocumentEdge = {
  __typename?: 'TrustedDocumentEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: TrustedDocument;
};

/** Which documents; conditions are and-ed. Always newest first. */
export type TrustedDocumentFilter = {
  /** Of this client. */
  clientName?: InputMaybe<Scalars['String']['input']>;
  /** True = can be run. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** Part of the operation name, or the beginning of the hash. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Not run since. */
  unusedSince?: InputMaybe<Scalars['DateTime']['input']>;
};

/** One document, as codegen's persistedDocuments lists it. */
export type TrustedDocumentInput = {
  /** "sha256:" and the hash, or the hash alone. */
  documentId: Scalars['String']['input'];
  /** The document. */
  text: Scalars['String']['input'];
};

/** Input of unlinkIdentity. */
export type UnlinkIdentityInput = {
  /** External identity; the last way to sign in cannot be removed. */
  id: Scalars['ID']['input'];
};

/** Answer of unlinkIdentity. */
export type UnlinkIdentityPayload = {
  __typename?: 'UnlinkIdentityPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The identity that was unlinked. */
  identityId?: Maybe<Scalars['ID']['output']>;
};

/** Input of unlockUsers. */
export type UnlockUsersInput = {
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Users, at most 100; all or none. */
  ids: Array<Scalars['ID']['input']>;
  /** Kept in the audit log, at most 500 characters. */
  reason: Scalars['String']['input'];
};

/** Answer of unlockUsers. */
export type UnlockUsersPayload = {
  __typename?: 'UnlockUsersPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** Input of updateApiKey. */
export type UpdateApiKeyInput = {
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** New end, never later than before; absent = keep. */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Key to change. */
  id: Scalars['ID']['input'];
  /** New name; absent = keep. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** New ranges; absent = keep; empty list = any. */
  networks?: InputMaybe<Array<Scalars['String']['input']>>;
  /** New grants, in place of the old ones and of `allMyPermissions`; absent = keep; empty list = none. */
  permissions?: InputMaybe<Array<PermissionInput>>;
  /** New limit; null = the server's; absent = keep. */
  rateLimitPerMinute?: InputMaybe<Scalars['Int']['input']>;
};

/** Answer of updateApiKey. */
export type UpdateApiKeyPayload = {
  __typename?: 'UpdateApiKeyPayload';
  /** The key after the change; with VERSION_CONFLICT as it is now. */
  apiKey?: Maybe<ApiKey>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of updateGroup. */
export type UpdateGroupInput = {
  /** New reach; absent = keep. Requires `grant:groups`. */
  allowedOrganizations?: InputMaybe<ResourceScopeInput>;
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** New description; null = empty; absent = keep. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Group to change. */
  id: Scalars['ID']['input'];
  /** New name; absent = keep. */
  name?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of updateGroup. */
export type UpdateGroupPayload = {
  __typename?: 'UpdateGroupPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The group after the change; with VERSION_CONFLICT as it is now. */
  group?: Maybe<Group>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of updateOrganization. */
export type UpdateOrganizationInput = {
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** New groups for all members; absent = keep; empty list = none. Requires `assign:groups`. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Organization to change. */
  id: Scalars['ID']['input'];
  /** New level position; absent = keep. */
  level?: InputMaybe<Scalars['Int']['input']>;
  /** New name; absent = keep. */
  name?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of updateOrganization. */
export type UpdateOrganizationPayload = {
  __typename?: 'UpdateOrganizationPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The organization after the change; with VERSION_CONFLICT as it is now. */
  organization?: Maybe<Organization>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
};

/** Input of updateProfile. */
export type UpdateProfileInput = {
  /** Own custom attributes to set; null = clear one; absent = keep. */
  attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  /** New name, at most 100 characters; absent = keep. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** New language, BCP 47; absent = keep. */
  locale?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of updateProfile. */
export type UpdateProfilePayload = {
  __typename?: 'UpdateProfilePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The caller after the change; with VERSION_CONFLICT as they are now. */
  user?: Maybe<User>;
};

/** Input of updateUser. */
export type UpdateUserInput = {
  /** Custom attributes to set; null = clear one; absent = keep. */
  attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Skips the two-person rule where the setting allows it; stored in the audit row. */
  breakGlassReason?: InputMaybe<Scalars['String']['input']>;
  /** New name; absent = keep. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** True changes nothing and answers `preview`. */
  dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** New address, taken as proved; null = none; absent = keep. */
  email?: InputMaybe<Scalars['String']['input']>;
  /** Version the change is based on; another one gives VERSION_CONFLICT with the current object. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** New set of groups, not empty; absent = keep. Beyond Members requires `assign:groups`. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** User to change. */
  id: Scalars['ID']['input'];
  /** New language, BCP 47; absent = keep. */
  locale?: InputMaybe<Scalars['String']['input']>;
  /** New number, taken as proved; null = none; absent = keep. */
  phone?: InputMaybe<Scalars['String']['input']>;
  /** New user name; null = none; absent = keep. */
  username?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of updateUser. */
export type UpdateUserPayload = {
  __typename?: 'UpdateUserPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The request that now waits for a second person; set with APPROVAL_REQUIRED. */
  pendingRequest?: Maybe<ApprovalRequest>;
  /** Who would gain or lose what; set when `dryRun` was true. */
  preview?: Maybe<AccessPreview>;
  /** The user after the change; with VERSION_CONFLICT as they are now. */
  user?: Maybe<User>;
};

/** Input of updateWebhook. */
export type UpdateWebhookInput = {
  /** Whether events are sent; absent = keep. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** New types, at least one; absent = keep. */
  eventTypes?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Webhook to change. */
  id: Scalars['ID']['input'];
  /** New name; absent = keep. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** New address; absent = keep. */
  url?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of updateWebhook. */
export type UpdateWebhookPayload = {
  __typename?: 'UpdateWebhookPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The webhook after the change. */
  webhook?: Maybe<Webhook>;
};

/** A person or a service account. */
export type User = Node & {
  __typename?: 'User';
  /** API keys owned, newest first. Requires `view:api-keys`, or about oneself. */
  apiKeys?: Maybe<ApiKeyConnection>;
  /** Values of declared custom attributes that the caller may see. */
  attributes: Scalars['JSONObject']['output'];
  /** What the user did and what was done to them, newest first. Requires `view:audit`, or about oneself. */
  auditEvents?: Maybe<AuditEventConnection>;
  /** When the account was made. */
  createdAt: Scalars['DateTime']['output'];
  /** Recognised devices, last used first. Requires `view:sessions`, or about oneself. */
  devices?: Maybe<DeviceConnection>;
  /** Name shown to others; may be empty. */
  displayName: Scalars['String']['output'];
  /** Address; null when the account has none. */
  email?: Maybe<Scalars['EmailAddress']['output']>;
  /** When the address was proved; null = not proved. */
  emailVerifiedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Id in the system the account comes from. Requires `view:users`. */
  externalId?: Maybe<Scalars['String']['output']>;
  /** Failed sign-ins since the last success. Requires `view:users`, or about oneself. */
  failedSignInCount?: Maybe<Scalars['Int']['output']>;
  /** Groups, at most 100; within organizations those of organizations that the caller sees. Requires `view:users`, or about oneself. */
  groups?: Maybe<Array<Group>>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Linked external identities, at most 20. Requires `view:users`, or about oneself. */
  identities?: Maybe<Array<ExternalIdentity>>;
  /** Latest invitation that made the account. Requires `view:users`. */
  invitation?: Maybe<Invitation>;
  /** Delivery of the latest invitation mail. Requires `view:users`. */
  inviteEmail?: Maybe<MailDelivery>;
  /** Person or service account. */
  kind: UserKind;
  /** Last completed sign-in. */
  lastSignInAt?: Maybe<Scalars['DateTime']['output']>;
  /** Language of mails, BCP 47. */
  locale: Scalars['String']['output'];
  /** End of the lock; null = not locked. */
  lockedUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Second factors. Requires `view:users`, or about oneself. */
  mfa?: Maybe<MfaState>;
  /** Organizations the user is a member of. Requires `view:organizations`, or about oneself. */
  organizations?: Maybe<OrganizationConnection>;
  /** The next sign-in must set a new password. */
  passwordChangeRequired: Scalars['Boolean']['output'];
  /** What the user may do and through which groups. Requires `view:groups`, or about oneself. */
  permissions?: Maybe<Array<EffectivePermission>>;
  /** Phone number. */
  phone?: Maybe<Scalars['PhoneNumber']['output']>;
  /** When the number was proved; null = not proved. */
  phoneVerifiedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Sessions, newest first. Requires `view:sessions`, or about oneself. */
  sessions?: Maybe<SessionConnection>;
  /** Where the account comes from: an issuer or an import; null = made here. Requires `view:users`. */
  source?: Maybe<Scalars['String']['output']>;
  /** State of the account. */
  status: UserStatus;
  /** Reason given when it was locked or disabled. Requires `view:users`. */
  statusReason?: Maybe<Scalars['String']['output']>;
  /** Last change. */
  updatedAt: Scalars['DateTime']['output'];
  /** User name as typed; compared case-folded. */
  username?: Maybe<Scalars['String']['output']>;
  /** Grows by one with each change. */
  version: Scalars['Int']['output'];
};


/** A person or a service account. */
export type UserApiKeysArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A person or a service account. */
export type UserAuditEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<AuditEventFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A person or a service account. */
export type UserDevicesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A person or a service account. */
export type UserOrganizationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A person or a service account. */
export type UserSessionsArgs = {
  active?: InputMaybe<Scalars['Boolean']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** What happened to a user. */
export type UserChangeKind =
  /** Groups or organizations changed. */
  | 'ACCESS_CHANGED'
  /** Deleted or erased. */
  | 'DELETED'
  /** Locked, unlocked, disabled, enabled or activated. */
  | 'STATUS_CHANGED'
  /** Profile, identifiers or second factors changed. */
  | 'UPDATED';

/** A change of a user that the caller may see. */
export type UserChanged = {
  __typename?: 'UserChanged';
  /** What happened. */
  change: UserChangeKind;
  /** The user as they are now; null when deleted. */
  user?: Maybe<User>;
  /** Who changed. */
  userId: Scalars['ID']['output'];
};

/** A page of User. */
export type UserConnection = {
  __typename?: 'UserConnection';
  /** Items with their cursors. */
  edges: Array<UserEdge>;
  /** Items without cursors. */
  nodes: Array<User>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** Users by state, now. */
export type UserCounts = {
  __typename?: 'UserCounts';
  /** In state ACTIVE. */
  active: Scalars['Int']['output'];
  /** Made within the range, those included that are gone again. */
  createdWithinRange: Scalars['Int']['output'];
  /** In state DISABLED. */
  disabled: Scalars['Int']['output'];
  /** In state INVITED. */
  invited: Scalars['Int']['output'];
  /** In state LOCKED. */
  locked: Scalars['Int']['output'];
  /** In state PENDING. */
  pending: Scalars['Int']['output'];
  /** Signed in at least once on the days of the range, whole days in UTC. */
  signedInWithinRange: Scalars['Int']['output'];
  /** All. */
  total: Scalars['Int']['output'];
};

/** One item of a User page. */
export type UserEdge = {
  __typename?: 'UserEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: User;
};

/** Something that the caller can correct; several may be given at once. */
export type UserError = {
  __typename?: 'UserError';
  /** What to branch on. */
  code: UserErrorCode;
  /** Path of the input field, without `input`; null when no single field is to blame. */
  field?: Maybe<Array<Scalars['String']['output']>>;
  /** One English sentence for a person; not stable. */
  message: Scalars['String']['output'];
  /** The one of several ids that is concerned. */
  targetId?: Maybe<Scalars['ID']['output']>;
};

/** Every outcome that a payload can report. Denials, limits and malformed requests are GraphQL errors instead. */
export type UserErrorCode =
  /** The provider knows the person, this server has no account and makes none. */
  | 'ACCOUNT_NOT_PROVISIONED'
  /** The user is a member already. */
  | 'ALREADY_MEMBER'
  /** The key is revoked or expired. */
  | 'API_KEY_INACTIVE'
  /** A second person must approve; see `pendingRequest`. */
  | 'APPROVAL_REQUIRED'
  /** The password is on the list of common or leaked passwords. */
  | 'BREACHED_PASSWORD'
  /** A captcha answer is missing or wrong. */
  | 'CAPTCHA_REQUIRED'
  /** Too many wrong tries; ask for a new code. */
  | 'CODE_ATTEMPTS_EXCEEDED'
  /** The code is past its life, or a newer one was sent. */
  | 'CODE_EXPIRED'
  /** The code is wrong. */
  | 'CODE_INVALID'
  /** The present password is wrong, or the account has none. */
  | 'CURRENT_PASSWORD_INCORRECT'
  /** An organization would lie below itself. */
  | 'CYCLE'
  /** The tree would become deeper than the settings allow. */
  | 'DEPTH_LIMIT'
  /** The settings of this server switch the operation off. */
  | 'DISABLED_BY_SETTING'
  /** The id is not the SHA-256 of the text. */
  | 'DOCUMENT_HASH_MISMATCH'
  /** The domain is proved by another organization. */
  | 'DOMAIN_IN_USE'
  /** The DNS record was not found. */
  | 'DOMAIN_NOT_VERIFIED'
  /** The address belongs to another account. */
  | 'EMAIL_IN_USE'
  /** The enrolment was not confirmed in time. */
  | 'ENROLLMENT_EXPIRED'
  /** Exactly one of several fields must be given. */
  | 'EXACTLY_ONE_REQUIRED'
  /** More would be given than the caller holds. */
  | 'EXCEEDS_OWN_PERMISSIONS'
  /** The expiry lies in the past. */
  | 'EXPIRY_IN_PAST'
  /** The expiry lies beyond the longest life the settings allow. */
  | 'EXPIRY_TOO_FAR'
  /** The external identity is linked to another account. */
  | 'IDENTITY_IN_USE'
  /** An impersonated session cannot start another impersonation. */
  | 'IMPERSONATION_CHAIN'
  /** The impersonation is over. */
  | 'IMPERSONATION_ENDED'
  /** A custom attribute is not declared, has the wrong type, or is too large. */
  | 'INVALID_ATTRIBUTE'
  /** The constraint names an undeclared attribute, or lacks or mistypes its values. */
  | 'INVALID_CONSTRAINT'
  /** Sign-in failed; one answer for every reason. */
  | 'INVALID_CREDENTIALS'
  /** Not a document that could be run here; the message says why. */
  | 'INVALID_DOCUMENT'
  /** Not an e-mail address. */
  | 'INVALID_EMAIL'
  /** Not a language the server offers. */
  | 'INVALID_LOCALE'
  /** Not an address range in CIDR form. */
  | 'INVALID_NETWORK'
  /** Not a phone number in international form. */
  | 'INVALID_PHONE'
  /** The declaration is incomplete or contradicts itself. */
  | 'INVALID_RESOURCE'
  /** The user name has forbidden characters or a wrong length. */
  | 'INVALID_USERNAME'
  /** The value is outside the allowed set, form or range. */
  | 'INVALID_VALUE'
  /** The invitation was accepted, revoked, or never made. */
  | 'INVITATION_NOT_PENDING'
  /** Signing up needs an invitation. */
  | 'INVITATION_REQUIRED'
  /** No active administrator would be left. */
  | 'LAST_ADMIN'
  /** The last way to sign in cannot be removed. */
  | 'LAST_SIGN_IN_METHOD'
  /** This level cannot stand below that parent. */
  | 'LEVEL_NOT_ALLOWED'
  /** The message was sent, still waits, was repeated already, or is past its life. */
  | 'MAIL_NOT_RETRYABLE'
  /** TOTP is on already. */
  | 'MFA_ALREADY_ENABLED'
  /** The proof of identity failed; one answer for every reason. */
  | 'MFA_AUTH_FAILED'
  /** The code or recovery code is wrong or was used before. */
  | 'MFA_CODE_INVALID'
  /** A code or a recovery code is needed. */
  | 'MFA_CODE_REQUIRED'
  /** No second factor is on. */
  | 'MFA_NOT_ENABLED'
  /** Another object of the kind has this name. */
  | 'NAME_IN_USE'
  /** The permission cannot be held by a key. */
  | 'NOT_GRANTABLE_TO_API_KEY'
  /** The person is inactive, an administrator, or holds what the actor lacks. */
  | 'NOT_IMPERSONABLE'
  /** The user is not a member. */
  | 'NOT_MEMBER'
  /** The operation is for other people's accounts only. */
  | 'NOT_ON_ONESELF'
  /** The delivery still waits, was a test, was replayed already, or its webhook is switched off. */
  | 'NOT_REPLAYABLE'
  /** No enrolment was started, or it is completed. */
  | 'NO_ENROLLMENT_IN_PROGRESS'
  /** A user would be left without any group. */
  | 'NO_GROUPS_LEFT'
  /** Keys for another owner are made for service accounts only. */
  | 'OWNER_NOT_SERVICE_ACCOUNT'
  /** Nobody decides their own request. */
  | 'OWN_REQUEST'
  /** This authenticator is registered already. */
  | 'PASSKEY_ALREADY_REGISTERED'
  /** The authenticator's answer failed verification. */
  | 'PASSKEY_INVALID'
  /** The phone number belongs to another account. */
  | 'PHONE_IN_USE'
  /** A protected permission is concerned; `grant-protected:groups` is needed. */
  | 'PROTECTED_PERMISSION'
  /** A rotated refresh token came back; its whole session has ended. */
  | 'REFRESH_TOKEN_REUSED'
  /** The request is decided, cancelled or expired. */
  | 'REQUEST_NOT_PENDING'
  /** What the request was made for has changed since; make it again. */
  | 'REQUEST_OUTDATED'
  /** A value is missing or blank. */
  | 'REQUIRED'
  /** The name belongs to Gatehouse or to another namespace. */
  | 'RESERVED_NAME'
  /** Another key registered this resource. */
  | 'RESOURCE_OWNED_BY_ANOTHER'
  /** The password is one of the last ones of this account. */
  | 'REUSED_PASSWORD'
  /** Name permissions, documents, or `allMyPermissions`, exactly one of them. */
  | 'SCOPES_REQUIRED'
  /** The caller would raise their own rights. */
  | 'SELF_ESCALATION'
  /** Nobody impersonates themselves. */
  | 'SELF_IMPERSONATION'
  /** An administrator has existed before. */
  | 'SETUP_ALREADY_DONE'
  /** Nobody can sign up here. */
  | 'SIGN_UP_CLOSED'
  /** The provider's token failed a check of signature, audience, issuer or time, or was used before. */
  | 'SUBJECT_TOKEN_INVALID'
  /** The group is managed by the system; only its members can change. */
  | 'SYSTEM_MANAGED'
  /** An id inside the input names nothing visible to the caller; see `targetId`. */
  | 'TARGET_NOT_FOUND'
  /** The token is past its life. */
  | 'TOKEN_EXPIRED'
  /** The token is malformed, unknown, or of another kind. */
  | 'TOKEN_INVALID'
  /** The token was used before or replaced by a newer one. */
  | 'TOKEN_USED'
  /** The text is longer than allowed. */
  | 'TOO_LONG'
  /** The owner holds the largest number of keys. */
  | 'TOO_MANY_API_KEYS'
  /** A user can be in at most 100 groups. */
  | 'TOO_MANY_GROUPS'
  /** The list is longer than allowed. */
  | 'TOO_MANY_ITEMS'
  /** The account holds the largest number of passkeys. */
  | 'TOO_MANY_PASSKEYS'
  /** A group or key can hold at most 100 grants. */
  | 'TOO_MANY_PERMISSIONS'
  /** The server holds the largest number of webhooks. */
  | 'TOO_MANY_WEBHOOKS'
  /** The event catalogue has no such type. */
  | 'UNKNOWN_EVENT_TYPE'
  /** The issuer is not configured. */
  | 'UNKNOWN_ISSUER'
  /** The catalogue has no such action and resource. */
  | 'UNKNOWN_PERMISSION'
  /** The address is not https, or leads to a private network. */
  | 'URL_NOT_ALLOWED'
  /** The user name can be mistaken for an existing one. */
  | 'USERNAME_CONFUSABLE'
  /** The user name belongs to another account. */
  | 'USERNAME_IN_USE'
  /** Nothing waits for a code here. */
  | 'VERIFICATION_NOT_PENDING'
  /** Somebody else changed the object; the payload holds its current state. */
  | 'VERSION_CONFLICT'
  /** The password breaks a rule of passwordPolicy; see `violations`. */
  | 'WEAK_PASSWORD';

/** Which users; conditions are and-ed. */
export type UserFilter = {
  /** All of these hold, at most 10. Requires `view:users`. */
  attributes?: InputMaybe<Array<AttributeFilter>>;
  /** Made within. */
  createdAt?: InputMaybe<DateTimeRange>;
  /** In at least one of these groups, at most 100; empty list = nobody. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Of one of these kinds; empty list = nobody. */
  kindIn?: InputMaybe<Array<UserKind>>;
  /** Last signed in within. */
  lastSignInAt?: InputMaybe<DateTimeRange>;
  /** True = with a second factor, false = without. */
  mfa?: InputMaybe<Scalars['Boolean']['input']>;
  /** Member of this organization or of one below it. Requires `view:organizations`. */
  organizationId?: InputMaybe<Scalars['ID']['input']>;
  /** Part of name, address, phone or user name; 2 to 100 characters. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** In one of these states; empty list = nobody. */
  statusIn?: InputMaybe<Array<UserStatus>>;
};

/** What stands behind an account. */
export type UserKind =
  /** A human being. */
  | 'PERSON'
  /** A program; signs in by API key only. */
  | 'SERVICE';

/** Order of users. */
export type UserOrder = {
  /** Direction. */
  direction?: OrderDirection;
  /** Order by this; ties by id. */
  field: UserOrderField;
};

/** What users are ordered by. */
export type UserOrderField =
  /** Time of creation. */
  | 'CREATED_AT'
  /** Name, in the order of the database's collation. */
  | 'DISPLAY_NAME'
  /** Address. */
  | 'EMAIL'
  /** Last sign-in; never = oldest. */
  | 'LAST_SIGN_IN_AT';

/** State of an account. */
export type UserStatus =
  /** Can sign in. */
  | 'ACTIVE'
  /** Cannot sign in until enabled. */
  | 'DISABLED'
  /** Made by an administrator; no password set yet. */
  | 'INVITED'
  /** Cannot sign in until `lockedUntil`. */
  | 'LOCKED'
  /** Signed up; address not proved yet. */
  | 'PENDING';

/** A code on its way. Looks the same whether or not the account exists. */
export type Verification = {
  __typename?: 'Verification';
  /** How it is sent. */
  channel: VerificationChannel;
  /** End of the code. */
  expiresAt: Scalars['DateTime']['output'];
  /** The address or number, mostly hidden. */
  maskedTarget: Scalars['String']['output'];
  /** From when resendCode sends again. */
  resendAt: Scalars['DateTime']['output'];
  /** Opaque; belongs to the code and is handed back with it. */
  token: Scalars['String']['output'];
};

/** How a code travels. */
export type VerificationChannel =
  /** By mail. */
  | 'EMAIL'
  /** By text message. */
  | 'SMS';

/** Whether a new address must be proved. */
export type VerificationMode =
  /** Never. */
  | 'NONE'
  /** Asked for, but not awaited. */
  | 'OPTIONAL'
  /** Before the first session. */
  | 'REQUIRED';

/** Input of verifyOrganizationDomain. */
export type VerifyOrganizationDomainInput = {
  /** Domain to look up now. */
  id: Scalars['ID']['input'];
};

/** Answer of verifyOrganizationDomain. */
export type VerifyOrganizationDomainPayload = {
  __typename?: 'VerifyOrganizationDomainPayload';
  /** The domain after the look-up. */
  domain?: Maybe<OrganizationDomain>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
};

/** Input of verifySignInCode. */
export type VerifySignInCodeInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** Code received. */
  code?: InputMaybe<Scalars['String']['input']>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** Token of the mailed link, instead of both. */
  linkToken?: InputMaybe<Scalars['String']['input']>;
  /** Token of the verification; with `code`. */
  verificationToken?: InputMaybe<Scalars['String']['input']>;
};

/** Answer of verifySignInCode. */
export type VerifySignInCodePayload = SignInResult & {
  __typename?: 'VerifySignInCodePayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** Input of verifySignUp. */
export type VerifySignUpInput = {
  /** Code received. The delivery chosen in signUp or signIn holds. */
  code: Scalars['String']['input'];
  /** Token of the verification. */
  verificationToken: Scalars['String']['input'];
};

/** Answer of verifySignUp. */
export type VerifySignUpPayload = SignInResult & {
  __typename?: 'VerifySignUpPayload';
  /** What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** Who is calling, and how the call was authenticated. */
export type Viewer = {
  __typename?: 'Viewer';
  /** The person who really acts; set while impersonating. */
  actor?: Maybe<User>;
  /** The key that authenticated the call; null with a session. */
  apiKey?: Maybe<ApiKey>;
  /** How strongly the caller's identity is proved. */
  assuranceLevel: AssuranceLevel;
  /** Value of the `x-csrf-token` header; null without a cookie session. */
  csrfToken?: Maybe<Scalars['String']['output']>;
  /** Until when the identity counts as confirmed; null when it does not. */
  freshUntil?: Maybe<Scalars['DateTime']['output']>;
  /** The impersonation in progress. */
  impersonation?: Maybe<Impersonation>;
  /** Until when a needed second factor may still be missing; null = nothing is missing. */
  mfaGraceUntil?: Maybe<Scalars['DateTime']['output']>;
  /** The active organization. */
  organization?: Maybe<Organization>;
  /** Changes whenever the caller's permissions may have changed; claim `pv`. */
  permissionVersion: Scalars['String']['output'];
  /** What the caller may do now. */
  permissions: Array<EffectivePermission>;
  /** The present session. */
  session?: Maybe<Session>;
  /** The person acted as. */
  user: User;
};

/** The last message of a session. */
export type ViewerSessionEnded = {
  __typename?: 'ViewerSessionEnded';
  /** When it ended. */
  endedAt: Scalars['DateTime']['output'];
  /** Why it ended. */
  reason: SessionEndReason;
};

/** An address that events are posted to, signed by HMAC-SHA-256 with a timestamp. */
export type Webhook = Node & {
  __typename?: 'Webhook';
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** Who made it; null when deleted. Requires `view:users`. */
  createdBy?: Maybe<User>;
  /** Events are sent. */
  enabled: Scalars['Boolean']['output'];
  /** Types from the event catalogue, at most 100. */
  eventTypes: Array<Scalars['String']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Latest delivery. */
  lastDelivery?: Maybe<WebhookDelivery>;
  /** Name for the list. */
  name: Scalars['String']['output'];
  /** Until when the secret before the last rotation signs too. */
  secretOverlapUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Last change. */
  updatedAt: Scalars['DateTime']['output'];
  /** Address. */
  url: Scalars['URL']['output'];
};

/** One try of a delivery. */
export type WebhookAttempt = {
  __typename?: 'WebhookAttempt';
  /** How long it took, milliseconds; null = it goes on, or was cut off. */
  durationMs?: Maybe<Scalars['Int']['output']>;
  /** Why it failed; null = it did not. */
  failure?: Maybe<Scalars['String']['output']>;
  /** Which try, from 1. */
  number: Scalars['Int']['output'];
  /** HTTP status of the answer; null = no answer. */
  responseStatus?: Maybe<Scalars['Int']['output']>;
  /** When it began. */
  startedAt: Scalars['DateTime']['output'];
};

/** A page of Webhook. */
export type WebhookConnection = {
  __typename?: 'WebhookConnection';
  /** Items with their cursors. */
  edges: Array<WebhookEdge>;
  /** Items without cursors. */
  nodes: Array<Webhook>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One event on its way to one webhook. */
export type WebhookDelivery = Node & {
  __typename?: 'WebhookDelivery';
  /** Tries so far. */
  attempts: Scalars['Int']['output'];
  /** When the event was handed over. */
  createdAt: Scalars['DateTime']['output'];
  /** When the receiver accepted it. */
  deliveredAt?: Maybe<Scalars['DateTime']['output']>;
  /** Time of the last try, milliseconds. */
  durationMs?: Maybe<Scalars['Int']['output']>;
  /** Event; the same for every try and replay. */
  eventId: Scalars['ID']['output'];
  /** Type from the event catalogue. */
  eventType: Scalars['String']['output'];
  /** Reason of the last failure. */
  failure?: Maybe<Scalars['String']['output']>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Why it is sent. */
  kind: WebhookDeliveryKind;
  /** Next try; null = none. */
  nextAttemptAt?: Maybe<Scalars['DateTime']['output']>;
  /** The delivery that this one replays. */
  previous?: Maybe<WebhookDelivery>;
  /** HTTP status of the last try; null = no answer. */
  responseStatus?: Maybe<Scalars['Int']['output']>;
  /** Where it stands. */
  state: WebhookDeliveryState;
  /** Every try, the first one first: eleven, and those that servers ended in the middle. */
  tries: Array<WebhookAttempt>;
  /** The webhook. */
  webhook: Webhook;
};

/** A page of WebhookDelivery. */
export type WebhookDeliveryConnection = {
  __typename?: 'WebhookDeliveryConnection';
  /** Items with their cursors. */
  edges: Array<WebhookDeliveryEdge>;
  /** Items without cursors. */
  nodes: Array<WebhookDelivery>;
  /** Where this page lies. */
  pageInfo: PageInfo;
  /** Number of visible items over all pages; computed only when asked. */
  totalCount: Scalars['Int']['output'];
};

/** One item of a WebhookDelivery page. */
export type WebhookDeliveryEdge = {
  __typename?: 'WebhookDeliveryEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: WebhookDelivery;
};

/** Which deliveries; conditions are and-ed. Always newest first. */
export type WebhookDeliveryFilter = {
  /** Handed over within. */
  createdAt?: InputMaybe<DateTimeRange>;
  /** Of one of these types; empty list = none. */
  eventTypeIn?: InputMaybe<Array<Scalars['String']['input']>>;
  /** In one of these states; empty list = none. */
  stateIn?: InputMaybe<Array<WebhookDeliveryState>>;
  /** Of this webhook. */
  webhookId?: InputMaybe<Scalars['ID']['input']>;
};

/** Why something is sent. */
export type WebhookDeliveryKind =
  /** It happened. */
  | 'EVENT'
  /** Somebody asked for it once more: replayWebhookDeliveries. */
  | 'REPLAY'
  /** A sample: testWebhook. */
  | 'TEST';

/** Where a delivery stands. */
export type WebhookDeliveryState =
  /** Given up; replayWebhookDeliveries tries again. */
  | 'DEAD'
  /** The receiver answered 2xx. */
  | 'DELIVERED'
  /** Waits for its first or next try. */
  | 'PENDING';

/** One item of a Webhook page. */
export type WebhookEdge = {
  __typename?: 'WebhookEdge';
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: Webhook;
};

/** Day of the week, ISO 8601 order. */
export type Weekday =
  /** Fifth day. */
  | 'FRIDAY'
  /** First day. */
  | 'MONDAY'
  /** Sixth day. */
  | 'SATURDAY'
  /** Seventh day. */
  | 'SUNDAY'
  /** Fourth day. */
  | 'THURSDAY'
  /** Second day. */
  | 'TUESDAY'
  /** Third day. */
  | 'WEDNESDAY';

export type _Entity = ApiKey | Group | Organization | User;

export type _Service = {
  __typename?: '_Service';
  sdl?: Maybe<Scalars['String']['output']>;
};

export type Link__Purpose =
  /** `EXECUTION` features provide metadata necessary for operation execution. */
  | 'EXECUTION'
  /** `SECURITY` features provide metadata necessary to securely resolve fields. */
  | 'SECURITY';
