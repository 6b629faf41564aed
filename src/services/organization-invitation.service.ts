import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  insertInvitation,
  invitationById,
  type InvitationRow,
  type InvitationView,
  invitationViewOf,
  mailsOfInvitations,
} from '../entities/invitation.queries.ts';
import { type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { visibleUsers } from '../entities/user.visibility.ts';
import { userViewOf, type UserView } from '../entities/user.queries.ts';
import { reject, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type GroupId, type InvitationId, newId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { MessageWorker } from '../messages/message-worker.ts';
import { can } from '../permissions/rules.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { newUserHappenings } from './new-member.ts';
import { type Identifiers, readIdentifiers, refusingTakenIdentifiers, saveNewUser } from './new-user.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import { demandJoining, groupsWith } from './organization-joining.ts';
import { loadTarget } from './organization-targets.ts';
import { repeatedOrganization } from './repeated-requests.ts';
import { Reading } from './text.ts';
import { MAXIMUM_GROUPS, readGroupIds } from './user.service.ts';
import { demandOtherThanActedAs, targetColumns, type TargetRow } from './user-targets.ts';

interface OrganizationInviteInput {
  readonly organizationId: string;
  readonly email: string;
  readonly displayName?: string | null | undefined;
  readonly groupIds: readonly string[];
  readonly idempotencyKey?: string | null | undefined;
}

/** An invitation with what became of its mail. */
interface InvitedToOrganization {
  readonly invitation: InvitationView;
  readonly inviteEmail: MessageView | null;
  /** Set only when nothing can be mailed and the account was made by this very call. */
  readonly setupLink: string | null;
}

interface Checked {
  readonly identifiers: Identifiers;
  readonly displayName: string;
  readonly groupIds: readonly GroupId[];
}

interface Invitee {
  readonly user: UserView;
  /** Made by this call: whoever made it may hand its link over. */
  readonly isNew: boolean;
}

type Written = InvitedToOrganization & { readonly link: string | null; readonly isNew: boolean };

type KnownRow = TargetRow & { readonly visible: boolean; readonly member: boolean };

interface Parts {
  readonly database: Database;
  readonly directory: GroupDirectory;
  readonly guard: AccessGuard;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly messages: MessageOutbox;
  readonly messageWorker: MessageWorker;
  readonly idempotency: IdempotencyService;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

const PERMISSION = 'assign:organizations';

/** Invites people into organizations by their address, known here or not; who accepts becomes a member. */
export class OrganizationInvitationService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Invites an address with groups within the organization, where the caller holds `assign:organizations` and could add members with
   * these groups. An unknown address takes `create:users` there, as does an account out of sight: without, both are the same FORBIDDEN.
   * An open invitation of the same person into the organization is replaced. Where nothing can be mailed, the link is given only for an
   * account that this call made: any other would let the caller in as somebody else. Errors: those of the fields, NO_GROUPS_LEFT,
   * TOO_MANY_GROUPS, TARGET_NOT_FOUND, ALREADY_MEMBER, EMAIL_IN_USE for an account that is closed, SELF_ESCALATION,
   * EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION; throws FORBIDDEN, IDEMPOTENCY_KEY_REUSED.
   */
  async invite(caller: SignedInCaller, input: OrganizationInviteInput): Promise<InvitedToOrganization> {
    const checked = readInput(input);
    const { database, idempotency, messageWorker } = this.#parts;
    const request = idempotentRequest(caller, input);
    const read = database.query.bind(database);
    const written = await refusingTakenIdentifiers(read, checked.identifiers, () =>
      database.transaction(async (em): Promise<Written> => {
        const earlier = await idempotency.claim<{ invitationId: InvitationId }>(em, request);
        if (earlier !== null) return this.#earlier(em, caller, earlier.invitationId);
        const made = await this.#write(em, caller, input, checked);
        await idempotency.keep(em, request, { invitationId: made.invitation.id });
        return made;
      }),
    );
    const { invitation, link, isNew } = written;
    if (link === null || invitation.messageId === null) return written;
    const [inviteEmail = null] = await messageWorker.deliver([invitation.messageId]);
    return { invitation, inviteEmail, setupLink: isNew && inviteEmail?.state === 'NOT_CONFIGURED' ? link : null };
  }

  async #write(
    em: EntityManager,
    caller: SignedInCaller,
    input: OrganizationInviteInput,
    checked: Checked,
  ): Promise<Written> {
    const { clock, directory, guard, recorder } = this.#parts;
    const now = clock.now();
    const authority = await guard.lock(em, caller, can(PERMISSION));
    const target = { id: input.organizationId, field: 'organizationId', permission: PERMISSION } as const;
    const organization = await loadTarget(em, authority, now, target);
    const { groupIds } = checked;
    const known = await this.#known(em, authority, organization, checked);
    if (known?.visible !== true) authority.demandAt('create:users', organization.lineage);
    const userIds = known === null ? [] : [known.user_id];
    await demandJoining(em, directory, authority, { organization, userIds, groupIds, field: 'email' });
    if (known !== null) requireJoinable(known, groupIds);
    const invitee = await this.#invitee(em, caller, known, checked);
    const made = await this.#issue(em, caller, { organization, groupIds, invitee });
    const invited: Happening = {
      action: 'invitation.sent',
      target: { type: 'Invitation', id: made.invitation.id, label: organization.name },
      metadata: { organizationId: organization.id, userId: invitee.user.id, groupIds },
    };
    const created = invitee.isNew ? newUserHappenings(invitee.user, [MEMBERS_GROUP_ID], null, true) : [];
    await recorder.record(em, originOf(caller), [...created, invited]);
    return made;
  }

  /** The account that has the address; its row is held. */
  async #known(
    em: EntityManager,
    { principal }: Authority,
    { id }: OrganizationView,
    { identifiers }: Checked,
  ): Promise<KnownRow | null> {
    const visible = visibleUsers({ principal, now: this.#parts.clock.now() }, 3);
    const [row] = await sql<KnownRow>(
      em,
      `select ${targetColumns}, ${visible.condition} as visible,
         exists (select from organization_members om where om.organization_id = $2 and om.user_id = u.id) as member
       from identifiers i join users u on u.id = i.user_id
       where i.kind = 'EMAIL' and i.value = $1 and i.exclusive for update of u`,
      [identifiers[0]?.value, id, ...visible.values],
    );
    if (row === undefined) return null;
    demandOtherThanActedAs(principal, [row.user_id]);
    return row;
  }

  async #invitee(
    em: EntityManager,
    caller: SignedInCaller,
    known: TargetRow | null,
    { identifiers, displayName }: Checked,
  ): Promise<Invitee> {
    const now = this.#parts.clock.now();
    if (known !== null) return { user: userViewOf(known, now), isNew: false };
    const user = await saveNewUser(em, {
      identifiers,
      displayName,
      locale: 'en',
      status: 'INVITED',
      verifiedAt: null,
      passwordHash: null,
      passwordChangeRequired: false,
      groupIds: [MEMBERS_GROUP_ID],
      addedById: caller.principal.userId,
      now,
    });
    return { user, isNew: true };
  }

  /** Ends the open invitation of the same person into the organization, and writes the next one with its mail. */
  async #issue(
    em: EntityManager,
    caller: SignedInCaller,
    {
      organization,
      groupIds,
      invitee,
    }: { readonly organization: OrganizationView; readonly groupIds: readonly GroupId[]; readonly invitee: Invitee },
  ): Promise<Written> {
    const { clock, config, directory, messages, oneTimeTokens } = this.#parts;
    const { user, isNew } = invitee;
    const { email } = user;
    if (email === null) throw new Error('Whoever was found by an address has one.');
    const now = clock.now();
    const expiresAt = secondsAfter(now, config.tokens.inviteTtlSeconds);
    await sql(
      em,
      `update one_time_tokens set used_at = $3 where used_at is null
       and id in (select token_id from invitations where user_id = $1 and organization_id = $2)`,
      [user.id, organization.id, now.toISOString()],
    );
    const { identifiers } = readIdentifiers({ email });
    const context = { address: identifiers[0]?.value };
    const token = { kind: 'ORGANIZATION_INVITE', userId: user.id, expiresAt, context } as const;
    const issued = await oneTimeTokens.issue(em, token, false);
    const link = `${config.server.baseUrl}/account/invite#token=${issued.token.reveal()}`;
    const messageId = await messages.enqueue(em, {
      template: 'organization-invite',
      recipient: email,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: {
        link,
        expiresAt: expiresAt.toISOString(),
        organizationName: organization.name,
        groupNames: directory
          .list(groupIds)
          .map(({ name }) => name)
          .join(', '),
      },
      expiresAt,
    });
    const [row] = await sql<InvitationRow>(em, insertInvitation, [
      newId<InvitationId>(),
      user.id,
      email,
      caller.principal.userId,
      issued.id,
      messageId,
      now.toISOString(),
      expiresAt.toISOString(),
      organization.id,
      groupIds,
    ]);
    if (row === undefined) throw new Error('The new invitation is not there.');
    return { invitation: invitationViewOf(row, now), inviteEmail: null, setupLink: null, link, isNew };
  }

  /** The answer to a request that is repeated, as it stands now: no secret is shown again. */
  async #earlier(em: EntityManager, { principal }: SignedInCaller, id: InvitationId): Promise<Written> {
    const [row] = await sql<InvitationRow>(em, invitationById, [id]);
    if (row?.organization_id == null) return reject('TARGET_NOT_FOUND', { targetId: id });
    const viewer = { principal, now: this.#parts.clock.now() };
    await repeatedOrganization(em, viewer, row.organization_id, { permission: PERMISSION });
    const [mail] = await sql<MessageRow>(em, mailsOfInvitations, [[id]]);
    const inviteEmail = mail === undefined ? null : messageViewOf(mail);
    const invitation = invitationViewOf(row, this.#parts.clock.now());
    return { invitation, inviteEmail, setupLink: null, link: null, isNew: false };
  }
}

const readInput = (input: OrganizationInviteInput): Checked => {
  const reading = new Reading();
  const { identifiers, problems } = readIdentifiers({ email: input.email });
  const name = reading.optionalText(input.displayName, { field: ['displayName'], maximum: 100 });
  const groups = readGroupIds(input.groupIds);
  rejectAny([...problems, ...reading.problems, ...groups.problems]);
  const shown = identifiers[0]?.shown ?? '';
  return { identifiers, displayName: name ?? shown.slice(0, shown.lastIndexOf('@')), groupIds: groups.ids };
};

const requireJoinable = (known: KnownRow, groupIds: readonly GroupId[]): void => {
  const at = { field: ['email'] };
  if (known.member) reject('ALREADY_MEMBER', at);
  if (known.kind !== 'PERSON' || (known.status !== 'ACTIVE' && known.status !== 'INVITED')) reject('EMAIL_IN_USE', at);
  if (groupsWith(known, groupIds) > MAXIMUM_GROUPS) reject('TOO_MANY_GROUPS', at);
};

const idempotentRequest = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: OrganizationInviteInput,
): IdempotentRequest | null =>
  idempotencyKey == null
    ? null
    : { actorId: caller.principal.userId, mutation: 'inviteToOrganization', key: idempotencyKey, input };
