import * as z from 'zod';
import {
  ApprovalState,
  ImpersonationMode,
  SessionEndReason,
  SignInMethod,
  SigningAlgorithm,
  UserKind,
  UserStatus,
} from '../vocabulary.ts';

const id = z.guid();
const ids = z.array(id);
/** Permissions as `action:resource`, without their constraints. */
const grants = z.array(z.string());
const count = z.int().nonnegative();
const domainChanges = ['CLAIMED', 'PROVED', 'GIVEN_UP'] as const;
const impersonationEnds = ['STOPPED', 'SIGNED_OUT', 'ENDED_BY_ANOTHER', 'OVERDUE'] as const;
const mfaChanges = [
  'TOTP_ENABLED',
  'TOTP_DISABLED',
  'RECOVERY_CODES_REPLACED',
  'RESET_BY_ADMINISTRATOR',
  'RESET_BY_PROOF',
  'PASSKEY_ADDED',
  'PASSKEY_RENAMED',
  'PASSKEY_REMOVED',
] as const;

const event = <const Aggregate extends string, Shape extends z.ZodRawShape>(
  aggregate: Aggregate,
  description: string,
  shape: Shape,
) => ({ version: 1, aggregate, description, payload: z.strictObject(shape) });

const group = { groupId: id, namespace: z.string().optional() };
const identity = { userId: id, identityId: id, issuer: z.string() };
const session = { sessionId: id, userId: id };
const apiKey = { apiKeyId: id, ownerId: id };
/** Somebody who was erased meanwhile is null. */
const impersonation = { impersonationId: id, actorId: id.nullable(), targetId: id.nullable() };
const organization = { organizationId: id };

/**
 * What the outbox can publish: about what, what it tells, and its payload. Names are past tense and never change their meaning.
 * A payload holds ids and words of closed sets: no secret, and nothing that names a person. A field may be added to a version; whoever
 * removes one or changes its meaning makes a new version, and both are published until the old one is given up.
 */
export const eventTypes = {
  UserRegistered: event(
    'User',
    'A user was made, by an administrator or by the first set-up, or completed a sign-up.',
    { userId: id, kind: z.enum(UserKind), groupIds: ids.optional(), organizationId: id.optional() },
  ),
  UserUpdated: event('User', 'Name, language or identifiers of a user changed.', { userId: id }),
  UserStatusChanged: event('User', 'A user was locked, unlocked, disabled, enabled or activated.', {
    userId: id,
    status: z.enum(UserStatus),
  }),
  UserDeleted: event('User', 'A user was deleted.', { userId: id, endedSessions: count }),
  UserGroupsChanged: event('User', 'The groups of a user changed.', {
    userId: id,
    added: ids,
    removed: ids,
    organizationId: id.optional(),
  }),
  MfaChanged: event(
    'User',
    'Second factors of a user were switched on or off, reset, or have new recovery codes; or passkeys were added, renamed or removed.',
    { userId: id, change: z.enum(mfaChanges) },
  ),
  PasswordChanged: event('User', 'A user has a new password; the event never holds it.', { userId: id }),
  IdentityLinked: event('ExternalIdentity', 'An account at an external issuer was linked to a user.', identity),
  IdentityUnlinked: event('ExternalIdentity', 'An account at an external issuer was unlinked from a user.', identity),
  SessionStarted: event('Session', 'Somebody signed in.', { ...session, method: z.enum(SignInMethod) }),
  SessionRevoked: event('Session', 'A session ended before its time.', {
    ...session,
    reason: z.enum(SessionEndReason),
  }),
  RefreshTokenReused: event('Session', 'A rotated refresh token came back; its session has ended.', session),
  GroupCreated: event('Group', 'A group was made.', { ...group, grants }),
  GroupUpdated: event('Group', 'Name, description or reach of a group changed.', group),
  GroupPermissionsChanged: event('Group', 'The grants of a group changed.', {
    ...group,
    before: grants,
    after: grants,
    /** Those of both that have other constraints now; absent: none has. */
    constraintsChanged: grants.optional(),
  }),
  GroupDeleted: event('Group', 'A group was deleted.', group),
  ApiKeyCreated: event('ApiKey', 'An API key was made; the event never holds it.', {
    ...apiKey,
    prefix: z.string(),
    allMyPermissions: z.boolean(),
    permissions: grants,
    expiresAt: z.iso.datetime(),
  }),
  ApiKeyChanged: event('ApiKey', 'Name, grants, networks, limit, end or secret of an API key changed.', {
    ...apiKey,
    fields: z.array(z.string()).optional(),
    prefix: z.string().optional(),
    overlapSeconds: count.optional(),
  }),
  ApiKeyRevoked: event('ApiKey', 'An API key was revoked or deleted.', {
    ...apiKey,
    withOwner: z.boolean().optional(),
  }),
  ImpersonationStarted: event('Impersonation', 'Somebody began to act as another person.', {
    ...impersonation,
    mode: z.enum(ImpersonationMode),
    expiresAt: z.iso.datetime(),
    sessionId: id,
  }),
  ImpersonationEnded: event('Impersonation', 'Somebody stopped acting as another person, or was stopped.', {
    ...impersonation,
    endedById: id.nullable(),
    how: z.enum(impersonationEnds),
  }),
  OrganizationCreated: event('Organization', 'An organization was made.', {
    ...organization,
    parentId: id.nullable(),
    level: count,
    groupIds: ids,
  }),
  OrganizationUpdated: event('Organization', 'Name, level or groups of an organization changed.', {
    ...organization,
    level: count.optional(),
    groupsAdded: ids.optional(),
    groupsRemoved: ids.optional(),
  }),
  OrganizationMoved: event('Organization', 'An organization was moved, with all below it.', {
    ...organization,
    fromParentId: id.nullable(),
    toParentId: id.nullable(),
  }),
  OrganizationDeleted: event('Organization', 'An organization was deleted, with all below it.', {
    ...organization,
    rootId: id,
  }),
  OrganizationMembersChanged: event(
    'Organization',
    'Members of an organization came or went, or their groups within it changed.',
    { ...organization, added: ids, removed: ids },
  ),
  OrganizationDomainChanged: event(
    'OrganizationDomain',
    'An e-mail domain was claimed, proved or given up by an organization.',
    { ...organization, domainId: id, domain: z.string(), issuer: z.string().nullable(), change: z.enum(domainChanges) },
  ),
  ResourcesRegistered: event('Resource', 'An application declared resources.', {
    namespace: z.string(),
    resources: z.array(z.string()),
    systemGroups: ids,
  }),
  ApprovalRequested: event('ApprovalRequest', 'A change waits for a second person.', {
    requestId: id,
    mutation: z.string(),
  }),
  ApprovalDecided: event(
    'ApprovalRequest',
    'A change that waited for a second person was approved, rejected or taken back.',
    { requestId: id, mutation: z.string(), state: z.enum(ApprovalState) },
  ),
  UserErased: event('User', 'A person was deleted, with their personal values everywhere.', { userId: id }),
  SigningKeyRotated: event('SigningKey', 'Another key signs access tokens from now on.', {
    kid: z.string(),
    algorithm: z.enum(SigningAlgorithm),
  }),
} as const;

export type EventType = keyof typeof eventTypes;

export const isEventType = (text: string): text is EventType => Object.hasOwn(eventTypes, text);

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** What an event of this type tells. */
export type EventPayload<Type extends EventType> = Frozen<z.infer<(typeof eventTypes)[Type]['payload']>>;

/** An event of one of these types, as it is recorded. */
export type EventOf<Type extends EventType> = {
  [One in Type]: { readonly type: One; readonly payload: EventPayload<One> };
}[Type];
