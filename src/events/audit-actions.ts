/** What a line of the audit log of one action says. */
export interface AuditAction {
  /** When it is written. */
  readonly when: string;
  /** Kind of `target`; null: none. */
  readonly target: string | null;
  /** Keys that `metadata` can have. Texts that people typed are `reason` and `ticket` alone. */
  readonly metadata: readonly string[];
}

const line = (when: string, target: string | null, ...metadata: readonly string[]): AuditAction => ({
  when,
  target,
  metadata,
});

/** Every action of the log. A test compares it with the sources: one that is written is here, one that is here is written. */
export const auditActions: Readonly<Record<string, AuditAction>> = {
  'action-link.created': line('A link that does one thing was made.', 'ActionLink', 'action', 'resource', 'rowId', 'expiresAt'),
  'action-link.redeemed': line('Such a link was used, or tried.', 'ActionLink', 'action', 'resource', 'rowId', 'reason'),
  'address.proved': line('An address or number was proved for the first time; what was set before the proof went.', 'User', 'kind', 'credentials', 'identities', 'devices'),
  'approval.requested': line('A change began to wait for a second person.', 'ApprovalRequest', 'mutation', 'permission'),
  'audit.exported': line('A file of audit events was asked for; the filter is among the changes.', 'ExportJob', 'format', 'all'),
  'audit.retention-applied': line('A month of the log was dropped.', null, 'month', 'rows'),
  'device.forgotten': line('A device was forgotten and its sessions ended.', 'User', 'deviceId', 'endedSessions'),
  'email-change.requested': line('Somebody asked for another e-mail address.', 'User', 'reason'),
  'email.changed': line('An e-mail address was replaced by a proved one.', 'User', 'reason'),
  'export.downloaded': line('The file of an export was fetched.', 'ExportJob', 'kind', 'rowCount', 'sizeBytes'),
  'group.created': line('A group was made.', 'Group', 'grants'),
  'group.deleted': line('A group was deleted.', 'Group', 'members', 'grants'),
  'group.permissions-changed': line('The grants of a group changed.', 'Group', 'added', 'removed', 'grants'),
  'group.updated': line('Name, description or reach of a group changed.', 'Group'),
  'identity.confirmed': line('Somebody proved their identity again, or failed to.', 'User', 'method', 'assuranceLevel', 'reason'),
  'identity.linked': line('An account at an issuer was linked, or could not be.', 'ExternalIdentity', 'issuer', 'reason'),
  'identity.unlinked': line('An account at an issuer was unlinked.', 'ExternalIdentity', 'issuer'),
  'impersonation.ended': line('Acting as another person ended.', 'Impersonation', 'actorId', 'targetId', 'how', 'reason'),
  'impersonation.started': line('Somebody began to act as another person.', 'Impersonation', 'targetId', 'reason', 'ticket', 'mode', 'expiresAt'),
  'invitation.resent': line('An invitation was mailed again.', 'User'),
  'mail.retried': line('A failed mail was sent again.', 'Message', 'template', 'previousId', 'userId'),
  'master-keys.resealed': line('Sealed values were brought under the newest master key; counts by kind.', 'System', 'version'),
  'mfa.disabled': line('TOTP was switched off.', 'User'),
  'mfa.enabled': line('TOTP was switched on.', 'User'),
  'mfa.enrollment-started': line('Switching TOTP on began, or was refused.', 'User', 'reason'),
  'mfa.recovery-codes-replaced': line('New recovery codes were made.', 'User'),
  'mfa.required': line('A sign-in waits for the second factor.', 'User', 'method'),
  'mfa.reset': line('The second factors of a person were removed.', 'User', 'reason', 'totp', 'passkeys'),
  'operation.denied': line('Somebody signed in asked for a mutation that they may not do; at most ten lines in ten minutes.', null, 'operation', 'missing', 'suppressed'),
  'organization.created': line('An organization was made.', 'Organization'),
  'organization.deleted': line('An organization was deleted with all below it.', 'Organization'),
  'organization.members-changed': line('Members of an organization came or went.', 'Organization'),
  'organization.moved': line('An organization was moved with all below it.', 'Organization'),
  'organization.updated': line('Name, level or groups of an organization changed.', 'Organization'),
  'passkey.added': line('A passkey was registered.', 'User'),
  'passkey.copy-suspected': line('A passkey answered with a counter that went back.', 'User', 'passkeyId', 'counter'),
  'passkey.removed': line('A passkey was removed.', 'User'),
  'passkey.renamed': line('A passkey was renamed.', 'User'),
  'password-change.required': line('A sign-in waits for a new password.', 'User', 'method'),
  'password-reset.requested': line('A link for a new password was asked for.', 'User', 'reason'),
  'password.changed': line('A new password was set, or the present one was wrong.', 'User', 'by', 'reason'),
  'refresh-token.reused': line('A refresh token came back after its successor was used: the session ended.', 'Session', 'userId', 'deviceId'),
  'resources.registered': line('An application declared resources.', 'Resource'),
  'session.ended': line('A session ended before its time.', 'Session', 'reason', 'userId'),
  'session.organization-switched': line('Another organization became the active one of a session.', 'Session', 'organizationName'),
  'session.started': line('Somebody signed in, or tried to.', 'Session', 'method', 'issuer', 'reason', 'userId'),
  'sign-up.completed': line('A sign-up was completed.', 'User', 'groupIds', 'invited'),
  'sign-up.removed': line('A sign-up that nobody proved was removed: somebody else proved its address.', 'User', 'reason'),
  'sign-up.started': line('Somebody signed up.', 'User', 'kind', 'groupIds'),
  'signing-key.rotated': line('Another key signs from now on.', 'SigningKey', 'algorithm', 'overlapSeconds'),
  'user.created': line('An account was made by an administrator, a provider, an import, the set-up or the seed.', 'User', 'invited', 'groupIds', 'administrator', 'imported', 'issuer', 'kind'),
  'user.deleted': line('An account was deleted, or its owner tried and failed.', 'User', 'reason', 'byOwner'),
  'user.disabled': line('An account was disabled.', 'User', 'reason'),
  'user.enabled': line('An account was enabled.', 'User', 'reason'),
  'user.erased': line('A person was deleted with their personal values everywhere; without a label.', 'User', 'reason', 'erasedEvents'),
  'user.exported': line('A file of everything that is kept about a person was asked for.', 'User', 'reason', 'exportJobId'),
  'user.groups-changed': line('The groups of a user changed.', 'User', 'added', 'removed', 'groupName', 'issuer'),
  'user.locked': line('An account was locked.', 'User', 'reason'),
  'user.organization-joined': line('Somebody became a member of an organization.', 'User', 'organizationName'),
  'user.organization-left': line('Somebody left an organization.', 'User', 'organizationName'),
  'user.password-change-required': line('The next sign-in must set a new password.', 'User'),
  'user.unlocked': line('A lock was taken off.', 'User', 'reason'),
  'user.updated': line('Names, language, identifiers or attributes changed.', 'User'),
  'verification.required': line('A sign-up waits for its code.', 'User'),
};
