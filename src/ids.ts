import { randomUUID, randomUUIDv7 } from 'node:crypto';

/** A UUID that names one kind of thing; ids of different kinds do not mix by accident. */
export type Id<Kind extends string> = string & { readonly __id: Kind };

export type UserId = Id<'User'>;
export type IdentifierId = Id<'Identifier'>;
export type CredentialId = Id<'Credential'>;
export type GroupId = Id<'Group'>;
export type MembershipId = Id<'Membership'>;
export type SessionId = Id<'Session'>;
export type OneTimeTokenId = Id<'OneTimeToken'>;
export type DeviceId = Id<'Device'>;
export type VerificationId = Id<'Verification'>;
export type ExternalIdentityId = Id<'ExternalIdentity'>;
export type MessageId = Id<'Message'>;
export type ResetRequestId = Id<'ResetRequest'>;
export type InvitationId = Id<'Invitation'>;
export type SigningKeyId = Id<'SigningKey'>;
export type AuditEventId = Id<'AuditEvent'>;
export type ExportJobId = Id<'ExportJob'>;
export type OutboxEventId = Id<'OutboxEvent'>;
export type OrganizationId = Id<'Organization'>;
export type OrganizationDomainId = Id<'OrganizationDomain'>;
export type ApiKeyId = Id<'ApiKey'>;
export type ImpersonationId = Id<'Impersonation'>;
export type ActionLinkId = Id<'ActionLink'>;
export type ApprovalRequestId = Id<'ApprovalRequest'>;
export type WebhookId = Id<'Webhook'>;
export type WebhookDeliveryId = Id<'WebhookDelivery'>;
export type TrustedDocumentId = Id<'TrustedDocument'>;
export type ReplicaId = Id<'Replica'>;
export type UserImportId = Id<'UserImport'>;

/**
 * A new UUIDv7 (RFC 9562 section 5.7): made here and not by the database, because PostgreSQL 15 to 17 have no `uuidv7()`,
 * and ordered by time, so that primary keys are appended to their index.
 */
export const newId = <T extends Id<string>>(): T => randomUUIDv7() as T;

/** A random UUID (version 4) for things whose time of birth is nobody's business. */
export const randomId = (): string => randomUUID();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Any UUID in its canonical text, upper case accepted; null for everything else, so that it never reaches SQL. */
export const parseId = <T extends Id<string>>(text: string): T | null => {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as T) : null;
};
