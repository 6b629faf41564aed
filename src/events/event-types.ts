/** What the outbox can publish: name and what it tells. Names are past tense and never change their meaning. */
const eventTypes = {
  UserRegistered: 'A user was made, by an administrator or by the first set-up.',
  UserUpdated: 'Name, language or identifiers of a user changed.',
  UserStatusChanged: 'A user was locked, unlocked, disabled, enabled or activated.',
  UserDeleted: 'A user was deleted.',
  UserGroupsChanged: 'The groups of a user changed.',
  PasswordChanged: 'A user has a new password; the event never holds it.',
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
