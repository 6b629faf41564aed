/** What the outbox can publish: name and what it tells. Names are past tense and never change their meaning. */
const eventTypes = {
  UserRegistered: 'A user was made, by an administrator or by the first set-up, or completed a sign-up.',
  UserUpdated: 'Name, language or identifiers of a user changed.',
  UserStatusChanged: 'A user was locked, unlocked, disabled, enabled or activated.',
  UserDeleted: 'A user was deleted.',
  UserGroupsChanged: 'The groups of a user changed.',
  MfaChanged:
    'Second factors of a user were switched on or off, reset, or have new recovery codes; or passkeys were added, renamed or removed.',
  PasswordChanged: 'A user has a new password; the event never holds it.',
  IdentityLinked: 'An account at an external issuer was linked to a user.',
  IdentityUnlinked: 'An account at an external issuer was unlinked from a user.',
  SessionStarted: 'Somebody signed in.',
  SessionRevoked: 'A session ended before its time.',
  RefreshTokenReused: 'A rotated refresh token came back; its session has ended.',
  GroupCreated: 'A group was made.',
  GroupUpdated: 'Name, description or reach of a group changed.',
  GroupPermissionsChanged: 'The grants of a group changed.',
  GroupDeleted: 'A group was deleted.',
  ApiKeyCreated: 'An API key was made; the event never holds it.',
  ApiKeyChanged: 'Name, grants, networks, limit, end or secret of an API key changed.',
  ApiKeyRevoked: 'An API key was revoked or deleted.',
  ImpersonationStarted: 'Somebody began to act as another person.',
  ImpersonationEnded: 'Somebody stopped acting as another person, or was stopped.',
  OrganizationCreated: 'An organization was made.',
  OrganizationUpdated: 'Name, level or groups of an organization changed.',
  OrganizationMoved: 'An organization was moved, with all below it.',
  OrganizationDeleted: 'An organization was deleted, with all below it.',
  OrganizationMembersChanged: 'Members of an organization came or went, or their groups within it changed.',
  OrganizationDomainChanged: 'An e-mail domain was claimed, proved or given up by an organization.',
  ResourcesRegistered: 'An application declared resources.',
  ApprovalRequested: 'A change waits for a second person.',
  ApprovalDecided: 'A change that waited for a second person was approved, rejected or taken back.',
  UserErased: 'A person was deleted, with their personal values everywhere.',
  SigningKeyRotated: 'Another key signs access tokens from now on.',
} as const;

export type EventType = keyof typeof eventTypes;

export const isEventType = (text: string): text is EventType => Object.hasOwn(eventTypes, text);
