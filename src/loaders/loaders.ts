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
import { lazily, type Makers } from './lazily.ts';
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

/** In whose name is read. */
interface Reading {
  readonly caller: SignedInCaller;
  readonly assignments: readonly Assignment[];
  /** They were read before a change that may have made others of them. */
  readonly isPast: boolean;
}

/**
 * How the loaders of one request are made: each when it is first asked for. They must not outlive the request, or one caller would get
 * what another may see.
 */
export const loadersFrom = (
  readers: Readers,
): ((caller: SignedInCaller, assignments: readonly Assignment[], isPast?: boolean) => Loaders) => {
  const make = lazily<Loaders, Reading>({
    user: ({ caller }) => new DataLoader((ids) => readers.users.byIds(caller, ids)),
    group: ({ caller, assignments }) =>
      new DataLoader((ids) => readers.groups.byIds(caller, memberGroupIds(assignments), ids)),
    ...makersOfAssignments(readers.groups),
    mfa: () => new DataLoader((ids) => readers.mfa.ofUsers(ids)),
    passkeysOfUser: () => new DataLoader((ids) => readers.passkeys.ofUsers(ids)),
    identitiesOfUser: () => new DataLoader((ids) => readers.identities.ofUsers(ids)),
    memberCount: ({ caller }) => new DataLoader((ids) => readers.groups.memberCounts(caller, ids)),
    members: ({ caller }) => perRequest((ids, request) => readers.groups.members(caller, ids, request)),
    sessionsOfUser: ({ caller }) => perRequest((ids, request) => readers.sessions.ofUsers(caller, ids, request)),
    devicesOfUser: ({ caller }) => perRequest((ids, request) => readers.devices.ofUsers(caller, ids, request)),
    auditEventsOfUser: ({ caller }) => perRequest((ids, request) => readers.audit.ofUsers(caller, ids, request)),
    deviceOfSession: ({ caller }) => new DataLoader((ids) => readers.devices.ofSessions(caller, ids)),
    approvalRequest: ({ caller }) => new DataLoader((ids) => readers.approvals.byIds(caller, ids)),
    ...makersOfMails(readers),
    impersonations: ({ caller }) => createImpersonationLoaders(readers.impersonations, caller),
    webhooks: () => createWebhookLoaders(readers.webhooks),
    sessionCount: () => new DataLoader((ids) => readers.devices.sessionCounts(ids)),
    apiKey: ({ caller }) => new DataLoader((ids) => readers.apiKeys.byIds(caller, ids)),
    apiKeysOfUser: ({ caller }) => perRequest((ids, request) => readers.apiKeys.ofUsers(caller, ids, request)),
    ...makersOfOrganizations(readers),
  });
  return (caller, assignments, isPast = false) => make({ caller, assignments, isPast });
};

const makersOfMails = ({
  invitations,
  messages,
}: Readers): Pick<
  Makers<Loaders, Reading>,
  'mail' | 'invitationOfUser' | 'inviteEmailOfUser' | 'invitation' | 'mailOfInvitation'
> => ({
  mail: ({ caller }) => new DataLoader((ids) => messages.byIds(caller, ids)),
  invitationOfUser: ({ caller }) => new DataLoader((ids) => invitations.latestOfUsers(caller, ids)),
  inviteEmailOfUser: ({ caller }) => new DataLoader((ids) => messages.latestInvites(caller, ids)),
  invitation: ({ caller }) => new DataLoader((ids) => invitations.byIds(caller, ids)),
  mailOfInvitation: () => new DataLoader((ids) => invitations.mailsOf(ids)),
});

const makersOfOrganizations = ({
  organizations,
  organizationDomains,
  organizationMembers,
  invitations,
}: Readers): Pick<
  Makers<Loaders, Reading>,
  | 'organization'
  | 'groupsOfOrganization'
  | 'invitationsOfOrganization'
  | 'domainsOfOrganization'
  | 'childrenOfOrganization'
  | 'membersOfOrganization'
  | 'organizationsOfUser'
> => ({
  organization: ({ caller }) => new DataLoader((ids) => organizations.byIds(caller, ids)),
  groupsOfOrganization: () => new DataLoader((ids) => organizations.groupsOf(ids)),
  invitationsOfOrganization: () => perRequest((ids, request) => invitations.ofOrganizations(ids, request)),
  domainsOfOrganization: () => new DataLoader((ids) => organizationDomains.ofOrganizations(ids)),
  childrenOfOrganization: ({ caller }) => perRequest((ids, request) => organizations.children(caller, ids, request)),
  membersOfOrganization: ({ caller }) =>
    perRequest((ids, request) => organizationMembers.members(caller, ids, request)),
  organizationsOfUser: ({ caller }) => perRequest((ids, request) => organizations.ofUsers(caller, ids, request)),
});

/** Groups and permissions of a user come from the same rows; those of the caller authentication has read already. */
const makersOfAssignments = (
  groups: GroupReader,
): Pick<Makers<Loaders, Reading>, 'assignmentsOfUser' | 'shownAssignmentsOfUser' | 'groupsOfUser'> => {
  /** Those that the caller may see, each read as something else. */
  const shownAs =
    <T>(read: (assignments: readonly Assignment[]) => T) =>
    ({ caller, assignments }: Reading, { assignmentsOfUser }: Loaders): DataLoader<UserId, T> =>
      new DataLoader(async (ids) => {
        const found = await assignmentsOfUser.loadMany(ids);
        const shown = groups.shownAssignments(caller, assignments);
        return ids.map((id, index) => {
          const one = found[index] ?? [];
          return one instanceof Error ? one : read(shown(id, one));
        });
      });
  return {
    assignmentsOfUser: ({ caller, assignments, isPast }) => {
      const loader = new DataLoader<UserId, readonly Assignment[]>((ids) => groups.assignmentsOf(ids));
      return isPast ? loader : loader.prime(caller.principal.userId, assignments);
    },
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
