export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** Instant in RFC 3339 form, UTC, milliseconds: 2026-01-31T09:30:00.000Z. */
  DateTime: { input: string; output: string; }
  /** E-mail address; output only, inputs take String. */
  EmailAddress: { input: string; output: string; }
  /** A JSON object; output only. */
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

/** Input of addGroupMembers. */
export type AddGroupMembersInput = {
  /** Group. */
  groupId: Scalars['ID']['input'];
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
};

/** Authentication assurance, after NIST SP 800-63B. */
export type AssuranceLevel =
  /** One factor. */
  | 'AAL1'
  /** Two factors, or a passkey with user verification. */
  | 'AAL2';

/** Input of confirmIdentity. */
export type ConfirmIdentityInput = {
  /** Present password. */
  password: Scalars['String']['input'];
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

/** Input of createGroup. */
export type CreateGroupInput = {
  /** Where the grants hold; absent = LISTED, none. */
  allowedOrganizations?: InputMaybe<ResourceScopeInput>;
  /** What the group is for, at most 1,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
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
};

/** Input of createUser. */
export type CreateUserInput = {
  /** Name shown to others, at most 100 characters. */
  displayName: Scalars['String']['input'];
  /** Address; at least one of email, phone, username. */
  email?: InputMaybe<Scalars['String']['input']>;
  /** Groups, at least one. Beyond Members requires `assign:groups`. */
  groupIds: Array<Scalars['ID']['input']>;
  /** Repeating the same input with the same key within 24 h answers as the first time. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Language of mails, BCP 47; absent = the server's. */
  locale?: InputMaybe<Scalars['String']['input']>;
  /** Initial password; absent = invite by link. */
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
  /** Delivery of the invitation; null when a password was given. */
  inviteEmail?: Maybe<MailDelivery>;
  /** Set-up link, shown once; only when `inviteEmail.state` is NOT_CONFIGURED. */
  setupLink?: Maybe<Scalars['URL']['output']>;
  /** The new user. */
  user?: Maybe<User>;
  /** Password rules that were broken; empty otherwise. */
  violations: Array<PasswordRule>;
};

/** A span of time, half open. */
export type DateTimeRange = {
  /** First instant included; absent = no lower bound. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** First instant excluded; absent = no upper bound. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Input of deleteGroup. */
export type DeleteGroupInput = {
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
};

/** Input of deleteUsers. */
export type DeleteUsersInput = {
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
};

/** Input of disableUsers. */
export type DisableUsersInput = {
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
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** A grant that somebody has, and where it comes from. */
export type EffectivePermission = {
  __typename?: 'EffectivePermission';
  /** Groups that give it. */
  grantedBy: Array<Group>;
  /** The grant. */
  permission: Permission;
  /** Organizations where it holds. */
  scope: ResourceScope;
};

/** Input of enableUsers. */
export type EnableUsersInput = {
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
  /** Users after the change; empty on errors. */
  users: Array<User>;
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
  /** Opaque position of this item. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: User;
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
  /** Name: database, migrations, signing-keys. */
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

/** Whether a permission works while impersonating. */
export type ImpersonationUse =
  /** In mode ACT only. */
  | 'ACT'
  /** In both modes. */
  | 'ALWAYS'
  /** It does not. */
  | 'NEVER';

/** Input of lockUsers. */
export type LockUsersInput = {
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
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** One message and what became of it. The text is never shown. */
export type MailDelivery = {
  __typename?: 'MailDelivery';
  /** Where it stands. */
  state: MailState;
};

/** Where a message stands. */
export type MailState =
  /** No mail transport is configured. */
  | 'NOT_CONFIGURED';

export type Mutation = {
  __typename?: 'Mutation';
  /** Adds members; into groups with protected grants needs `grant-protected:groups`. Requires `assign:groups`. */
  addGroupMembers?: Maybe<AddGroupMembersPayload>;
  /** Proves the identity again and raises the session (step-up). Requires a session, not impersonating. */
  confirmIdentity?: Maybe<ConfirmIdentityPayload>;
  /** Makes a group, with grants `grant:groups`. Requires `create:groups`. */
  createGroup?: Maybe<CreateGroupPayload>;
  /** Makes a user, by invitation when no password is given. Requires `create:users`. */
  createUser?: Maybe<CreateUserPayload>;
  /** Deletes a group. Requires `delete:groups`. */
  deleteGroup?: Maybe<DeleteGroupPayload>;
  /** Deletes users. Requires `delete:users`. */
  deleteUsers?: Maybe<DeleteUsersPayload>;
  /** Disables users and ends their sessions. Requires `disable:users`. */
  disableUsers?: Maybe<DisableUsersPayload>;
  /** Enables users. Requires `disable:users`. */
  enableUsers?: Maybe<EnableUsersPayload>;
  /** Locks users and ends their sessions. Requires `lock:users`. */
  lockUsers?: Maybe<LockUsersPayload>;
  /** Rotates the refresh token. Open to anyone. */
  refreshSession?: Maybe<RefreshSessionPayload>;
  /** Removes members. Requires `assign:groups`. */
  removeGroupMembers?: Maybe<RemoveGroupMembersPayload>;
  /** Makes users choose a new password at the next sign-in. Requires `update:users`. */
  requirePasswordChange?: Maybe<RequirePasswordChangePayload>;
  /** Makes a new set-up link; older links die. Requires `create:users`. */
  resendInvite?: Maybe<ResendInvitePayload>;
  /** Makes another key sign access tokens; the old one verifies for a while. Requires `rotate:signing-keys`, a session, not impersonating, confirmed, aal2. */
  rotateSigningKey?: Maybe<RotateSigningKeyPayload>;
  /** Replaces the grants of a group; protected ones need `grant-protected:groups`. Requires `grant:groups`. */
  setGroupPermissions?: Maybe<SetGroupPermissionsPayload>;
  /** Sets the password of the account that a token names, and ends its sessions. Open to anyone. */
  setPasswordWithToken?: Maybe<SetPasswordWithTokenPayload>;
  /** Makes the first administrator and signs in; only while none has ever existed. Open to anyone. */
  setUpFirstAdmin?: Maybe<SetUpFirstAdminPayload>;
  /** Signs in by password. Open to anyone. */
  signIn?: Maybe<SignInPayload>;
  /** Ends the present session. Requires a signed-in caller. */
  signOut?: Maybe<SignOutPayload>;
  /** Ends all sessions of the caller. Requires not impersonating. */
  signOutEverywhere?: Maybe<SignOutEverywherePayload>;
  /** Unlocks users and forgets their failed sign-ins. Requires `lock:users`. */
  unlockUsers?: Maybe<UnlockUsersPayload>;
  /** Changes name, description or reach. Requires `update:groups`. */
  updateGroup?: Maybe<UpdateGroupPayload>;
  /** Changes names, identifiers and groups. Requires `update:users`. */
  updateUser?: Maybe<UpdateUserPayload>;
};


export type MutationAddGroupMembersArgs = {
  input: AddGroupMembersInput;
};


export type MutationConfirmIdentityArgs = {
  input: ConfirmIdentityInput;
};


export type MutationCreateGroupArgs = {
  input: CreateGroupInput;
};


export type MutationCreateUserArgs = {
  input: CreateUserInput;
};


export type MutationDeleteGroupArgs = {
  input: DeleteGroupInput;
};


export type MutationDeleteUsersArgs = {
  input: DeleteUsersInput;
};


export type MutationDisableUsersArgs = {
  input: DisableUsersInput;
};


export type MutationEnableUsersArgs = {
  input: EnableUsersInput;
};


export type MutationLockUsersArgs = {
  input: LockUsersInput;
};


export type MutationRefreshSessionArgs = {
  input: RefreshSessionInput;
};


export type MutationRemoveGroupMembersArgs = {
  input: RemoveGroupMembersInput;
};


export type MutationRequirePasswordChangeArgs = {
  input: RequirePasswordChangeInput;
};


export type MutationResendInviteArgs = {
  input: ResendInviteInput;
};


export type MutationRotateSigningKeyArgs = {
  input: RotateSigningKeyInput;
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


export type MutationUnlockUsersArgs = {
  input: UnlockUsersInput;
};


export type MutationUpdateGroupArgs = {
  input: UpdateGroupInput;
};


export type MutationUpdateUserArgs = {
  input: UpdateUserInput;
};

/** Something with an id of its own. There is no root field `node`. */
export type Node = {
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
};

/** Direction of an order. */
export type OrderDirection =
  /** Smallest, oldest or first letter first. */
  | 'ASC'
  /** Largest, newest or last letter first. */
  | 'DESC';

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

/** What a password must meet. */
export type PasswordPolicy = {
  __typename?: 'PasswordPolicy';
  /** Most bytes in UTF-8. */
  maxBytes: Scalars['Int']['output'];
  /** Fewest Unicode code points. */
  minLength: Scalars['Int']['output'];
  /** Own names and addresses are refused. */
  personalDataChecked: Scalars['Boolean']['output'];
};

/** A rule of the password policy. */
export type PasswordRule =
  /** A common pattern. */
  | 'BREACH_LIST'
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
  /** Short name for lists. */
  title: Scalars['String']['output'];
  /** Whether it works while impersonating. */
  whileImpersonating: ImpersonationUse;
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
  /** One group. Requires `view:groups`. */
  group?: Maybe<Group>;
  /** Groups. Requires `view:groups`. */
  groups?: Maybe<GroupConnection>;
  /** Whether the server works. Open to anyone. */
  health?: Maybe<Health>;
  /** The rules that a password must meet. Open to anyone. */
  passwordPolicy?: Maybe<PasswordPolicy>;
  /** Every permission there is, at most 2,000. Requires `view:groups`. */
  permissionCatalog?: Maybe<Array<PermissionDefinition>>;
  /** What a sign-in page has to offer. Open to anyone. */
  signInOptions?: Maybe<SignInOptions>;
  /** Public keys that verify access tokens, as in `/.well-known/jwks.json`. Open to anyone. */
  signingKeys?: Maybe<Array<SigningKey>>;
  /** What a mailed token is good for; does not consume it. Open to anyone. */
  tokenStatus?: Maybe<TokenStatus>;
  /** One user. Requires `view:users`, or about oneself. */
  user?: Maybe<User>;
  /** Users in the caller's scope; without `view:users` only oneself. Requires a signed-in caller. */
  users?: Maybe<UserConnection>;
  /** Who is calling; null = not signed in. Open to anyone. */
  viewer?: Maybe<Viewer>;
};


export type Query_EntitiesArgs = {
  representations: Array<Scalars['_Any']['input']>;
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


export type QueryTokenStatusArgs = {
  token: Scalars['String']['input'];
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

/** Input of removeGroupMembers. */
export type RemoveGroupMembersInput = {
  /** Group. */
  groupId: Scalars['ID']['input'];
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

/** Input of resendInvite. */
export type ResendInviteInput = {
  /** Invited user. */
  userId: Scalars['ID']['input'];
};

/** Answer of resendInvite. */
export type ResendInvitePayload = {
  __typename?: 'ResendInvitePayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** Delivery of the invitation. */
  inviteEmail?: Maybe<MailDelivery>;
  /** Set-up link, shown once; only when `inviteEmail.state` is NOT_CONFIGURED. */
  setupLink?: Maybe<Scalars['URL']['output']>;
  /** The invited user. */
  user?: Maybe<User>;
};

/** Explicit reach over organizations; nothing means nothing. */
export type ResourceScope = {
  __typename?: 'ResourceScope';
  /** Everything, or what is listed. */
  mode: ScopeMode;
};

/** Explicit reach over organizations. */
export type ResourceScopeInput = {
  /** Everything, or what is listed. */
  mode: ScopeMode;
};

/** Input of rotateSigningKey. */
export type RotateSigningKeyInput = {
  /** Algorithm of the new key; absent = as the present one. */
  algorithm?: InputMaybe<SigningAlgorithm>;
  /** How long the old key still verifies, at least the life of an access token; absent = twice that. */
  overlapSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** Answer of rotateSigningKey. */
export type RotateSigningKeyPayload = {
  __typename?: 'RotateSigningKeyPayload';
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** The key before. */
  retiringKey?: Maybe<SigningKey>;
  /** The new key. */
  signingKey?: Maybe<SigningKey>;
};

/** Reach of a scope. */
export type ScopeMode =
  /** Every organization, and what belongs to none. */
  | 'ALL'
  /** Only the listed ones and those below. */
  | 'LISTED';

/** One signed-in client. */
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
  /** End by idleness or by absolute limit, whichever comes first. */
  expiresAt: Scalars['DateTime']['output'];
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Address last seen, canonical text. */
  ipAddress: Scalars['String']['output'];
  /** Last use, exact to the minute. */
  lastSeenAt: Scalars['DateTime']['output'];
  /** First factor that began the session. */
  signInMethod: SignInMethod;
  /** User-Agent header last seen. */
  userAgent?: Maybe<Scalars['String']['output']>;
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
  /** Opaque, rotated at every use; null with COOKIE. */
  refreshToken?: Maybe<Scalars['String']['output']>;
  /** End of the refresh token; null where there is none. */
  refreshTokenExpiresAt?: Maybe<Scalars['DateTime']['output']>;
};

/** Input of setGroupPermissions. */
export type SetGroupPermissionsInput = {
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
};

/** Input of setPasswordWithToken. */
export type SetPasswordWithTokenInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** Sign in at once and hand the session over this way; absent = do not sign in. Refused with a challenge token, whose sign-in goes on as it began. */
  delivery?: InputMaybe<TokenDelivery>;
  /** As passwordPolicy says. */
  newPassword: Scalars['String']['input'];
  /** Token of an invitation, or of a PASSWORD_CHANGE_REQUIRED challenge. */
  token: Scalars['String']['input'];
};

/** Answer of setPasswordWithToken; when no sign-in was asked for, COMPLETE means that the password is set, without tokens. */
export type SetPasswordWithTokenPayload = SignInResult & {
  __typename?: 'SetPasswordWithTokenPayload';
  /** What the next step needs; set with PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
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
  /** What the next step needs; set with PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
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
  /** Opaque; goes to setPasswordWithToken (PASSWORD_CHANGE_REQUIRED). */
  token: Scalars['String']['output'];
};

/** The device and program that sign in. */
export type SignInClientInput = {
  /** Name of the program, at most 100 characters. */
  clientName?: InputMaybe<Scalars['String']['input']>;
  /** Name shown in the list of devices, at most 100 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
};

/** Input of signIn. */
export type SignInInput = {
  /** Device and program that sign in. */
  client?: InputMaybe<SignInClientInput>;
  /** How the session is handed over. */
  delivery?: TokenDelivery;
  /** E-mail address, phone number or user name. */
  identifier: Scalars['String']['input'];
  /** Present password. */
  password: Scalars['String']['input'];
};

/** First factor of a session. */
export type SignInMethod =
  /** Accepted invitation or reset link. */
  | 'INVITATION'
  /** Identifier and password. */
  | 'PASSWORD'
  /** Completed sign-up or first set-up. */
  | 'SIGN_UP';

/** What a sign-in page has to offer. */
export type SignInOptions = {
  __typename?: 'SignInOptions';
  /** What people may sign in with. */
  identifierKinds: Array<IdentifierKind>;
  /** There is no administrator yet. */
  setupRequired: Scalars['Boolean']['output'];
};

/** Answer of signIn. */
export type SignInPayload = SignInResult & {
  __typename?: 'SignInPayload';
  /** What the next step needs; set with PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
  /** What has to happen next. */
  step: SignInStep;
  /** The new session; set with COMPLETE. */
  tokens?: Maybe<SessionTokens>;
  /** The person signed in; set with COMPLETE. */
  user?: Maybe<User>;
};

/** The common part of every answer that can sign somebody in. */
export type SignInResult = {
  /** What the next step needs; set with PASSWORD_CHANGE_REQUIRED. */
  challenge?: Maybe<SignInChallenge>;
  /** What the caller can correct; empty on success. */
  errors: Array<UserError>;
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
  /** A new password must be set first: setPasswordWithToken. */
  | 'PASSWORD_CHANGE_REQUIRED';

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
  | 'INVITE';

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

/** Input of unlockUsers. */
export type UnlockUsersInput = {
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
  /** Users after the change; empty on errors. */
  users: Array<User>;
};

/** Input of updateGroup. */
export type UpdateGroupInput = {
  /** New reach; absent = keep. Requires `grant:groups`. */
  allowedOrganizations?: InputMaybe<ResourceScopeInput>;
  /** New description; null = empty; absent = keep. */
  description?: InputMaybe<Scalars['String']['input']>;
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
};

/** Input of updateUser. */
export type UpdateUserInput = {
  /** New name; absent = keep. */
  displayName?: InputMaybe<Scalars['String']['input']>;
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
  /** The user after the change; with VERSION_CONFLICT as they are now. */
  user?: Maybe<User>;
};

/** A person or a service account. */
export type User = Node & {
  __typename?: 'User';
  /** When the account was made. */
  createdAt: Scalars['DateTime']['output'];
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
  /** Groups, at most 100. Requires `view:users`, or about oneself. */
  groups?: Maybe<Array<Group>>;
  /** UUIDv7 text, never reused. */
  id: Scalars['ID']['output'];
  /** Person or service account. */
  kind: UserKind;
  /** Last completed sign-in. */
  lastSignInAt?: Maybe<Scalars['DateTime']['output']>;
  /** Language of mails, BCP 47. */
  locale: Scalars['String']['output'];
  /** End of the lock; null = not locked. */
  lockedUntil?: Maybe<Scalars['DateTime']['output']>;
  /** The next sign-in must set a new password. */
  passwordChangeRequired: Scalars['Boolean']['output'];
  /** What the user may do and through which groups. Requires `view:groups`, or about oneself. */
  permissions?: Maybe<Array<EffectivePermission>>;
  /** Phone number. */
  phone?: Maybe<Scalars['PhoneNumber']['output']>;
  /** When the number was proved; null = not proved. */
  phoneVerifiedAt?: Maybe<Scalars['DateTime']['output']>;
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
  /** The user is a member already. */
  | 'ALREADY_MEMBER'
  /** The present password is wrong, or the account has none. */
  | 'CURRENT_PASSWORD_INCORRECT'
  /** The address belongs to another account. */
  | 'EMAIL_IN_USE'
  /** Exactly one of several fields must be given. */
  | 'EXACTLY_ONE_REQUIRED'
  /** More would be given than the caller holds. */
  | 'EXCEEDS_OWN_PERMISSIONS'
  /** The expiry lies in the past. */
  | 'EXPIRY_IN_PAST'
  /** The constraint names an undeclared attribute, or lacks or mistypes its values. */
  | 'INVALID_CONSTRAINT'
  /** Sign-in failed; one answer for every reason. */
  | 'INVALID_CREDENTIALS'
  /** Not an e-mail address. */
  | 'INVALID_EMAIL'
  /** Not a language the server offers. */
  | 'INVALID_LOCALE'
  /** Not a phone number in international form. */
  | 'INVALID_PHONE'
  /** The user name has forbidden characters or a wrong length. */
  | 'INVALID_USERNAME'
  /** The value is outside the allowed set, form or range. */
  | 'INVALID_VALUE'
  /** The invitation was accepted, revoked, or never made. */
  | 'INVITATION_NOT_PENDING'
  /** No active administrator would be left. */
  | 'LAST_ADMIN'
  /** Another object of the kind has this name. */
  | 'NAME_IN_USE'
  /** The user is not a member. */
  | 'NOT_MEMBER'
  /** The operation is for other people's accounts only. */
  | 'NOT_ON_ONESELF'
  /** A user would be left without any group. */
  | 'NO_GROUPS_LEFT'
  /** The phone number belongs to another account. */
  | 'PHONE_IN_USE'
  /** A protected permission is concerned; `grant-protected:groups` is needed. */
  | 'PROTECTED_PERMISSION'
  /** A rotated refresh token came back; its whole session has ended. */
  | 'REFRESH_TOKEN_REUSED'
  /** A value is missing or blank. */
  | 'REQUIRED'
  /** The caller would raise their own rights. */
  | 'SELF_ESCALATION'
  /** An administrator has existed before. */
  | 'SETUP_ALREADY_DONE'
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
  /** A user can be in at most 100 groups. */
  | 'TOO_MANY_GROUPS'
  /** The list is longer than allowed. */
  | 'TOO_MANY_ITEMS'
  /** A group or key can hold at most 100 grants. */
  | 'TOO_MANY_PERMISSIONS'
  /** The catalogue has no such action and resource. */
  | 'UNKNOWN_PERMISSION'
  /** The user name belongs to another account. */
  | 'USERNAME_IN_USE'
  /** Somebody else changed the object; the payload holds its current state. */
  | 'VERSION_CONFLICT'
  /** The password breaks a rule of passwordPolicy; see `violations`. */
  | 'WEAK_PASSWORD';

/** Which users; conditions are and-ed. */
export type UserFilter = {
  /** Made within. */
  createdAt?: InputMaybe<DateTimeRange>;
  /** In at least one of these groups, at most 100; empty list = nobody. */
  groupIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Of one of these kinds; empty list = nobody. */
  kindIn?: InputMaybe<Array<UserKind>>;
  /** Last signed in within. */
  lastSignInAt?: InputMaybe<DateTimeRange>;
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

/** Who is calling, and how the call was authenticated. */
export type Viewer = {
  __typename?: 'Viewer';
  /** How strongly the caller's identity is proved. */
  assuranceLevel: AssuranceLevel;
  /** Value of the `x-csrf-token` header; null without a cookie session. */
  csrfToken?: Maybe<Scalars['String']['output']>;
  /** Until when the identity counts as confirmed; null when it does not. */
  freshUntil?: Maybe<Scalars['DateTime']['output']>;
  /** Changes whenever the caller's permissions may have changed; claim `pv`. */
  permissionVersion: Scalars['String']['output'];
  /** What the caller may do now. */
  permissions: Array<EffectivePermission>;
  /** The present session. */
  session?: Maybe<Session>;
  /** The person acted as. */
  user: User;
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

export type _Entity = Group | User;

export type _Service = {
  __typename?: '_Service';
  sdl?: Maybe<Scalars['String']['output']>;
};

export type Link__Purpose =
  /** `EXECUTION` features provide metadata necessary for operation execution. */
  | 'EXECUTION'
  /** `SECURITY` features provide metadata necessary to securely resolve fields. */
  | 'SECURITY';
