import type { Mutation, Query } from '../../generated/schema-types.ts';
import type { Rule } from './rules.ts';
import { aal2, about, and, anyone, can, freshly, notImpersonating, or, self, signedIn, viaSession } from './rules.ts';

/*
 * Who may do what: the whole of it, one operation per line.
 *
 * How to read it. A line says what the caller must be or hold before anything of the operation runs. Whatever is not listed
 * is denied; an operation without a line, or a line without an operation, does not compile. The words are data (rules.ts):
 * the server enforces them (shield.ts), and the schema's descriptions, its federation directives, docs/permissions.md and
 * the permission matrix are made of them. A line looks at the caller and the arguments only. Which rows the caller may do it
 * to, and what else the service asks, is said once, in the service that the comment names.
 *
 * `anyone` = no session needed; such operations are limited by document and by account.
 * `freshly(10)` = the identity was confirmed within ten minutes; `aal2` = two factors, where they are enforced.
 */
type Fields<T> = Exclude<keyof T, '__typename'>;

export const tree = {
  Query: {
    viewer: anyone, // null = not signed in
    signInOptions: anyone,
    passwordPolicy: anyone,
    tokenStatus: anyone,
    user: or(can('view:users'), self('id')), // hidden users are NOT_FOUND: user.visibility.ts
    users: signedIn, // rows by user.visibility.ts: without view:users only oneself
    group: can('view:groups'),
    groups: can('view:groups'),
    permissionCatalog: can('view:groups'),
    signingKeys: anyone,
    health: anyone,
    _service: anyone,
    _entities: signedIn, // rows by the predicate of each type: federation.ts
  },
  Mutation: {
    signIn: anyone,
    setUpFirstAdmin: anyone, // possession of the printed token, once: setup.service.ts
    setPasswordWithToken: anyone, // possession of the token: password-token.service.ts
    refreshSession: anyone, // possession of the refresh token: refresh.service.ts
    signOut: signedIn,
    signOutEverywhere: and(signedIn, notImpersonating),
    confirmIdentity: and(viaSession, notImpersonating),
    createUser: can('create:users'), // groups by assign:groups: user.service.ts
    resendInvite: can('create:users'), // never for somebody with more rights: invitation.service.ts
    updateUser: can('update:users'), // reach, groups, guards: user-change.service.ts
    requirePasswordChange: can('update:users'), // reach and guards of these six: user-status.service.ts
    lockUsers: can('lock:users'),
    unlockUsers: can('lock:users'),
    disableUsers: can('disable:users'),
    enableUsers: can('disable:users'),
    deleteUsers: can('delete:users'),
    createGroup: can('create:groups'), // grants by grant:groups: group.service.ts
    updateGroup: can('update:groups'),
    setGroupPermissions: can('grant:groups'), // at most what one holds: authority.ts
    deleteGroup: can('delete:groups'),
    addGroupMembers: can('assign:groups'), // groups whose grants one holds: group-member.service.ts
    removeGroupMembers: can('assign:groups'),
    rotateSigningKey: and(can('rotate:signing-keys'), viaSession, notImpersonating, freshly(10), aal2),
  },
  User: {
    externalId: can('view:users'),
    source: can('view:users'),
    statusReason: can('view:users'),
    failedSignInCount: or(can('view:users'), about('id')),
    groups: or(can('view:users'), about('id')),
    permissions: or(can('view:groups'), about('id')),
  },
  Group: {
    members: can('view:groups'), // of them those that the caller may see: group-reader.ts
    memberCount: can('view:groups'),
    createdBy: can('view:users'),
  },
  Health: {
    checks: can('view:health'),
    version: can('view:health'),
  },
} as const satisfies {
  readonly Query: Readonly<Record<Fields<Query>, Rule>>;
  readonly Mutation: Readonly<Record<Fields<Mutation>, Rule>>;
} & Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/** Fields that check a password, code or token: at most one of them in an operation, so that aliases cannot try a thousand. */
export const credentialFields = [
  'Mutation.signIn',
  'Mutation.setUpFirstAdmin',
  'Mutation.setPasswordWithToken',
  'Mutation.refreshSession',
  'Mutation.confirmIdentity',
  'Query.tokenStatus',
] as const;
