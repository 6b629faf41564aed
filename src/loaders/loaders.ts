import DataLoader from 'dataloader';
import type { PageRequest } from '../services/connection.ts';
import { type Assignment, memberGroupIds } from '../entities/assignment.queries.ts';
import type { ListedApiKey } from '../entities/api-key.queries.ts';
import type { ApprovalRequestView } from '../entities/approval-request.queries.ts';
import type { AuditEventView } from '../entities/audit.queries.ts';
import type { DeviceView } from '../entities/device.queries.ts';
import type { ExternalIdentityView } from '../entities/external-identity.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { InvitationView } from '../entities/invitation.queries.ts';
import type { MessageView } from '../entities/message.queries.ts';
import type { OrganizationDomainView } from '../entities/organization-domain.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { PasskeyView } from '../entities/passkey.queries.ts';
import type { ListedSession } from '../entities/session-list.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type {
  ApiKeyId,
  ApprovalRequestId,
  DeviceId,
  GroupId,
  InvitationId,
  MessageId,
  OrganizationId,
  SessionId,
  UserId,
} from '../ids.ts';
import type { ApiKeyReader } from '../services/api-key-reader.ts';
import type { ApprovalReader } from '../services/approval-reader.ts';
import type { AuditReader, AuditRequest } from '../services/audit-reader.ts';
import type { SignedInCaller } from '../services/caller.ts';
import type { Connection } from '../services/connection.ts';
import type { DeviceReader, DeviceRequest } from '../services/device-reader.ts';
import type { ExternalIdentityReader } from '../services/external-identity-reader.ts';
import type { ImpersonationReader } from '../services/impersonation-reader.ts';
import type { GroupReader, MemberRequest } from '../services/group-reader.ts';
import type { InvitationReader, OrganizationInvitationRequest } from '../services/invitation-reader.ts';
import type { MessageReader } from '../services/message-reader.ts';
import type { MfaReader, MfaView } from '../services/mfa-reader.ts';
import type { OrganizationDomainReader } from '../services/organization-domain-reader.ts';
import type { OrganizationMemberReader, OrganizationMemberRequest } from '../services/organization-member-reader.ts';
import type { OrganizationReader } from '../services/organization-reader.ts';
import type { PasskeyReader } from '../services/passkey-reader.ts';
import type { SessionReader, SessionRequest } from '../services/session-reader.ts';
import type { UserReader } from '../services/user-reader.ts';
import type { WebhookReader } from '../services/webhook-reader.ts';
import { createImpersonationLoaders, type ImpersonationLoaders } from './impersonation-loaders.ts';
import { createWebhookLoaders, type WebhookLoaders } from './webhook-loaders.ts';

/** Batches what the fields of one request ask for. Everything is read through what the caller may see. */
export interface Loaders {
  /** null for users that do not exist or are hidden. */
  readonly user: DataLoader<UserId, UserView | null>;
  /** null for groups that do not exist or are hidden. */
  readonly group: DataLoader<GroupId, GroupView | null>;
  readonly groupsOfUser: DataLoader<UserId, readonly GroupView[]>;
  /** How a user has groups, as far as the caller may see it. */
  readonly shownAssignmentsOfUser: DataLoader<UserId, readonly Assignment[]>;
  /** All that gives a user grants, for decisions; not to be shown. */
  readonly assignmentsOfUser: DataLoader<UserId, readonly Assignment[]>;
  readonly mfa: DataLoader<UserId, MfaView>;
  readonly passkeysOfUser: DataLoader<UserId, readonly PasskeyView[]>;
  readonly identitiesOfUser: DataLoader<UserId, readonly ExternalIdentityView[]>;
  readonly memberCount: DataLoader<GroupId, number>;
  /** The members of a group; one loader per set of arguments, so that a page of groups costs one statement. */
  readonly members: (request: MemberRequest) => DataLoader<GroupId, Connection<UserView>>;
  readonly sessionsOfUser: (request: SessionRequest) => DataLoader<UserId, Connection<ListedSession>>;
  readonly auditEventsOfUser: (request: AuditRequest) => DataLoader<UserId, Connection<AuditEventView>>;
  readonly devicesOfUser: (request: DeviceRequest) => DataLoader<UserId, Connection<DeviceView>>;
  /** null for sessions on no device that is known. */
  readonly deviceOfSession: DataLoader<SessionId, DeviceView | null>;
  /** null for mails that do not exist or are hidden. */
  readonly mail: DataLoader<MessageId, MessageView | null>;
  /** null for requests that do not exist or are hidden. */
  readonly approvalRequest: DataLoader<ApprovalRequestId, ApprovalRequestView | null>;
  /** null for those who were never invited. */
  readonly invitationOfUser: DataLoader<UserId, InvitationView | null>;
  readonly inviteEmailOfUser: DataLoader<UserId, MessageView | null>;
  /** null for invitations that do not exist or are hidden. */
  readonly invitation: DataLoader<InvitationId, InvitationView | null>;
  readonly mailOfInvitation: DataLoader<InvitationId, MessageView | null>;
  readonly impersonations: ImpersonationLoaders;
  readonly webhooks: WebhookLoaders;
  /** Number of sessions on a device that are not over. */
  readonly sessionCount: DataLoader<DeviceId, number>;
  /** null for API keys that do not exist or are hidden. */
  readonly apiKey: DataLoader<ApiKeyId, ListedApiKey | null>;
  readonly apiKeysOfUser: (request: PageRequest) => DataLoader<UserId, Connection<ListedApiKey>>;
  /** null for organizations that do not exist or are hidden. */
  readonly organization: DataLoader<OrganizationId, OrganizationView | null>;
  readonly groupsOfOrganization: DataLoader<OrganizationId, readonly GroupView[]>;
  readonly invitationsOfOrganization: (
    request: OrganizationInvitationRequest,
  ) => DataLoader<OrganizationId, Connection<InvitationView>>;
  readonly domainsOfOrganization: DataLoader<OrganizationId, readonly OrganizationDomainView[]>;
  readonly childrenOfOrganization: (request: PageRequest) => DataLoader<OrganizationId, Connection<OrganizationView>>;
  readonly membersOfOrganization: (
    request: OrganizationMemberRequest,
  ) => DataLoader<OrganizationId, Connection<UserView>>;
  readonly organizationsOfUser: (request: PageRequest) => DataLoader<UserId, Connection<OrganizationView>>;
}

interface Readers {
  readonly users: UserReader;
  readonly groups: GroupReader;
  readonly mfa: MfaReader;
  readonly passkeys: PasskeyReader;
  readonly sessions: SessionReader;
  readonly devices: DeviceReader;
  readonly messages: MessageReader;
  readonly invitations: InvitationReader;
  readonly identities: ExternalIdentityReader;
  readonly audit: AuditReader;
  readonly impersonations: ImpersonationReader;
  readonly organizations: OrganizationReader;
  readonly organizationMembers: OrganizationMemberReader;
  readonly organizationDomains: OrganizationDomainReader;
  readonly apiKeys: ApiKeyReader;
  readonly webhooks: WebhookReader;
  readonly approvals: ApprovalReader;
}

/** The loaders of one request; they must not outlive it, or one caller would get what another may see. */
export const createLoaders = (
  {
    users,
    groups,
    mfa,
    passkeys,
    sessions,
    devices,
    messages,
    invitations,
    identities,
    audit,
    organizations,
    organizationMembers,
    organizationDomains,
    apiKeys,
    impersonations,
    webhooks,
    approvals,
  }: Readers,
  caller: SignedInCaller,
  assignments: readonly Assignment[],
): Loaders => ({
  user: new DataLoader((ids) => users.byIds(caller, ids)),
  group: new DataLoader((ids) => groups.byIds(caller, memberGroupIds(assignments), ids)),
  ...loadersOfAssignments(groups, caller, assignments),
  mfa: new DataLoader((ids) => mfa.ofUsers(ids)),
  passkeysOfUser: new DataLoader((ids) => passkeys.ofUsers(ids)),
  identitiesOfUser: new DataLoader((ids) => identities.ofUsers(ids)),
  memberCount: new DataLoader((ids) => groups.memberCounts(caller, ids)),
  members: perRequest((ids: readonly GroupId[], request: MemberRequest) => groups.members(caller, ids, request)),
  sessionsOfUser: perRequest((ids: readonly UserId[], request: SessionRequest) =>
    sessions.ofUsers(caller, ids, request),
  ),
  devicesOfUser: perRequest((ids: readonly UserId[], request: DeviceRequest) => devices.ofUsers(caller, ids, request)),
  auditEventsOfUser: perRequest((ids: readonly UserId[], request: AuditRequest) => audit.ofUsers(caller, ids, request)),
  deviceOfSession: new DataLoader((ids) => devices.ofSessions(caller, ids)),
  approvalRequest: new DataLoader((ids) => approvals.byIds(caller, ids)),
  ...loadersOfMails(invitations, messages, caller),
  impersonations: createImpersonationLoaders(impersonations, caller),
  webhooks: createWebhookLoaders(webhooks),
  sessionCount: new DataLoader((ids) => devices.sessionCounts(ids)),
  apiKey: new DataLoader((ids) => apiKeys.byIds(caller, ids)),
  apiKeysOfUser: perRequest((ids: readonly UserId[], request: PageRequest) => apiKeys.ofUsers(caller, ids, request)),
  organization: new DataLoader((ids) => organizations.byIds(caller, ids)),
  groupsOfOrganization: new DataLoader((ids) => organizations.groupsOf(ids)),
  invitationsOfOrganization: perRequest((ids: readonly OrganizationId[], request: OrganizationInvitationRequest) =>
    invitations.ofOrganizations(ids, request),
  ),
  domainsOfOrganization: new DataLoader((ids) => organizationDomains.ofOrganizations(ids)),
  childrenOfOrganization: perRequest((ids: readonly OrganizationId[], request: PageRequest) =>
    organizations.children(caller, ids, request),
  ),
  membersOfOrganization: perRequest((ids: readonly OrganizationId[], request: OrganizationMemberRequest) =>
    organizationMembers.members(caller, ids, request),
  ),
  organizationsOfUser: perRequest((ids: readonly UserId[], request: PageRequest) =>
    organizations.ofUsers(caller, ids, request),
  ),
});

const loadersOfMails = (
  invitations: InvitationReader,
  messages: MessageReader,
  caller: SignedInCaller,
): Pick<Loaders, 'mail' | 'invitationOfUser' | 'inviteEmailOfUser' | 'invitation' | 'mailOfInvitation'> => ({
  mail: new DataLoader((ids) => messages.byIds(caller, ids)),
  invitationOfUser: new DataLoader((ids) => invitations.latestOfUsers(caller, ids)),
  inviteEmailOfUser: new DataLoader((ids) => messages.latestInvites(caller, ids)),
  invitation: new DataLoader((ids) => invitations.byIds(caller, ids)),
  mailOfInvitation: new DataLoader((ids) => invitations.mailsOf(ids)),
});

/** Groups and permissions of a user come from the same rows; those of the caller authentication has read already. */
const loadersOfAssignments = (
  groups: GroupReader,
  caller: SignedInCaller,
  own: readonly Assignment[],
): Pick<Loaders, 'assignmentsOfUser' | 'shownAssignmentsOfUser' | 'groupsOfUser'> => {
  const assignmentsOfUser = new DataLoader<UserId, readonly Assignment[]>((ids) => groups.assignmentsOf(ids)).prime(
    caller.principal.userId,
    own,
  );
  /** Those that the caller may see, each read as something else. */
  const shownAs = <T>(read: (assignments: readonly Assignment[]) => T): DataLoader<UserId, T> =>
    new DataLoader(async (ids) => {
      const found = await assignmentsOfUser.loadMany(ids);
      const shown = groups.shownAssignments(caller, own);
      return ids.map((id, index) => {
        const one = found[index] ?? [];
        return one instanceof Error ? one : read(shown(id, one));
      });
    });
  return {
    assignmentsOfUser,
    shownAssignmentsOfUser: shownAs((assignments) => assignments),
    groupsOfUser: shownAs((assignments) => groups.definitions(memberGroupIds(assignments))),
  };
};

/** One loader per set of arguments: a field asked for with the same arguments in every row costs one statement. */
const perRequest = <Key, Value, Request extends PageRequest>(
  load: (keys: readonly Key[], request: Request) => Promise<readonly Value[]>,
): ((request: Request) => DataLoader<Key, Value>) => {
  const loaders = new Map<string, DataLoader<Key, Value>>();
  return (request) => {
    const key = JSON.stringify(Object.entries(request).toSorted(([left], [right]) => (left < right ? -1 : 1)));
    const known = loaders.get(key);
    if (known !== undefined) return known;
    const made = new DataLoader<Key, Value>((keys) => load(keys, request));
    loaders.set(key, made);
    return made;
  };
};
