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
  SigningKeyRotated: 'Another key signs access tokens from now on.',
} as const;

export type EventType = keyof typeof eventTypes;
