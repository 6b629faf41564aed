import { ActionLink } from './action-link.entity.ts';
import { ApiKey } from './api-key.entity.ts';
import { ApprovalRequest } from './approval-request.entity.ts';
import { AuditChain, AuditCheckpoint } from './audit-chain.entity.ts';
import { AuditEvent, AuditPersonalValues } from './audit-event.entity.ts';
import { Credential } from './credential.entity.ts';
import { Device } from './device.entity.ts';
import { ExportChunk, ExportJob } from './export-job.entity.ts';
import { ExternalIdentity } from './external-identity.entity.ts';
import { Group, GroupGrant } from './group.entity.ts';
import { IdempotencyKey } from './idempotency-key.entity.ts';
import { Identifier } from './identifier.entity.ts';
import { Impersonation } from './impersonation.entity.ts';
import { Invitation } from './invitation.entity.ts';
import { Lease } from './lease.entity.ts';
import { Membership } from './membership.entity.ts';
import { Message } from './message.entity.ts';
import { OneTimeToken } from './one-time-token.entity.ts';
import { OrganizationDomain } from './organization-domain.entity.ts';
import {
  GroupOrganization,
  Organization,
  OrganizationClosure,
  OrganizationGroup,
  OrganizationMember,
} from './organization.entity.ts';
import { OutboxEvent } from './outbox-event.entity.ts';
import { OutboxOrder, OutboxSink } from './outbox-sink.entity.ts';
import { PermissionEpoch } from './permission-epoch.entity.ts';
import { RegisteredResource, ResourceNamespace } from './registered-resource.entity.ts';
import { Replica } from './replica.entity.ts';
import { ResetRequest } from './reset-request.entity.ts';
import { Session } from './session.entity.ts';
import { SigningKey } from './signing-key.entity.ts';
import { StatsFigures, StatsHour, StatsPresence, StatsReturn, StatsState } from './stats.entity.ts';
import { User } from './user.entity.ts';
import { TrustedDocument } from './trusted-document.entity.ts';
import { UserImport } from './user-import.entity.ts';
import { Verification } from './verification.entity.ts';
import { WebhookAttempt, WebhookDelivery } from './webhook-delivery.entity.ts';
import { Webhook } from './webhook.entity.ts';

/** Every table, for the ORM. */
export const entities = [
  ActionLink,
  ApiKey,
  ApprovalRequest,
  AuditChain,
  AuditCheckpoint,
  AuditEvent,
  AuditPersonalValues,
  Credential,
  Device,
  ExportChunk,
  ExportJob,
  ExternalIdentity,
  Group,
  GroupGrant,
  GroupOrganization,
  IdempotencyKey,
  Identifier,
  Impersonation,
  Invitation,
  Lease,
  Membership,
  Message,
  OneTimeToken,
  Organization,
  OrganizationClosure,
  OrganizationDomain,
  OrganizationGroup,
  OrganizationMember,
  OutboxEvent,
  OutboxOrder,
  OutboxSink,
  PermissionEpoch,
  RegisteredResource,
  Replica,
  ResetRequest,
  ResourceNamespace,
  Session,
  SigningKey,
  StatsFigures,
  StatsHour,
  StatsPresence,
  StatsReturn,
  StatsState,
  TrustedDocument,
  User,
  UserImport,
  Verification,
  Webhook,
  WebhookAttempt,
  WebhookDelivery,
];
