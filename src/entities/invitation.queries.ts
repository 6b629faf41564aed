import { instantOf } from '../database/sql.ts';
import type { GroupId, InvitationId, MessageId, OrganizationId, UserId } from '../ids.ts';
import type { InvitationState } from '../vocabulary.ts';
import { messageColumns } from './message.queries.ts';

/** An invitation as reads hand it on, its state computed. */
export interface InvitationView {
  readonly id: InvitationId;
  readonly userId: UserId;
  /** The organization invited into; null for an account alone. */
  readonly organizationId: OrganizationId | null;
  /** Groups that acceptance gives within the organization. */
  readonly groupIds: readonly GroupId[];
  readonly state: InvitationState;
  readonly email: string | null;
  readonly invitedById: UserId | null;
  readonly messageId: MessageId | null;
  readonly previousId: InvitationId | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly acceptedAt: Date | null;
}

/** The columns behind `InvitationView`, of `invitations` under the alias `i`. */
export const invitationColumns = `i.id, i.user_id, i.organization_id, i.group_ids::text[] as group_ids, i.email, i.invited_by_id, i.message_id, i.previous_id, i.created_at,
  i.expires_at, i.accepted_at, i.revoked_at,
  exists (select from invitations newer where newer.previous_id = i.id) as superseded`;

export interface InvitationRow {
  readonly id: InvitationId;
  readonly user_id: UserId;
  readonly organization_id: OrganizationId | null;
  readonly group_ids: readonly GroupId[];
  readonly email: string | null;
  readonly invited_by_id: UserId | null;
  readonly message_id: MessageId | null;
  readonly previous_id: InvitationId | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly accepted_at: string | null;
  readonly revoked_at: string | null;
  readonly superseded: boolean;
}

export const invitationViewOf = (row: InvitationRow, now: Date): InvitationView => ({
  id: row.id,
  userId: row.user_id,
  organizationId: row.organization_id,
  groupIds: row.group_ids,
  state: stateOf(row, now),
  email: row.email,
  invitedById: row.invited_by_id,
  messageId: row.message_id,
  previousId: row.previous_id,
  createdAt: instantOf(row.created_at),
  expiresAt: instantOf(row.expires_at),
  acceptedAt: instantOf(row.accepted_at),
});

/** What was done to it comes before what time did: one that was sent again is not said to have run out. */
const stateOf = (row: InvitationRow, now: Date): InvitationState => {
  if (row.accepted_at !== null) return 'ACCEPTED';
  if (row.superseded) return 'SUPERSEDED';
  if (row.revoked_at !== null) return 'REVOKED';
  return instantOf(row.expires_at) <= now ? 'EXPIRED' : 'PENDING';
};

/**
 * Makes an invitation, the successor of the user's latest one to the account, or into the same organization. Call it while the user's row is held, or new: two successors of
 * one invitation would both count. `$1` id, `$2` user, `$3` address or null, `$4` who invited or null, `$5` token, `$6` message or
 * null, `$7` now, `$8` end, `$9` organization or null, `$10` groups within it.
 */
export const insertInvitation = `
insert into invitations (id, user_id, email, invited_by_id, token_id, message_id, previous_id, created_at, expires_at,
  organization_id, group_ids)
values ($1, $2, $3, $4, $5, $6,
  (select i.id from invitations i where i.user_id = $2 and i.organization_id is not distinct from $9::uuid
   and not exists (select from invitations newer where newer.previous_id = i.id) order by i.created_at desc, i.id desc limit 1),
  $7::timestamptz, $8::timestamptz, $9::uuid, $10::uuid[])
returning id, user_id, organization_id, group_ids::text[] as group_ids, email, invited_by_id, message_id, previous_id, created_at, expires_at, accepted_at, revoked_at,
  false as superseded`;

/**
 * Part of a statement: the first invitation to an account that another part makes, if there is one at all. `$1` id or null, `$2`
 * user, `$3` address or null, `$4` who invited or null, `$5` token, `$6` message or null, `$7` now, `$8` end.
 */
export const firstInvitation = `invited as (
  insert into invitations (id, user_id, email, invited_by_id, token_id, message_id, created_at, expires_at, group_ids)
  select $1::uuid, $2::uuid, $3, $4::uuid, $5::uuid, $6::uuid, $7::timestamptz, $8::timestamptz, '{}'
  where $1::uuid is not null
)`;

export const NO_INVITATION: readonly null[] = Array.from({ length: 8 }, () => null);

/**
 * Notes that an invitation was accepted. A row when its link was mailed and handed to nobody else, so that whoever has it reads the
 * mail of that address. `$1` token, `$2` now.
 */
export const acceptInvitation = `
with accepted as (
  update invitations set accepted_at = $2::timestamptz where token_id = $1 and accepted_at is null returning message_id
)
select from accepted a join messages m on m.id = a.message_id where m.state <> 'NOT_CONFIGURED'`;

/** Notes that the account somebody was invited to is in use, by an invitation into an organization. `$1` user, `$2` now. */
export const acceptAccountInvitation = `
update invitations i set accepted_at = $2::timestamptz
where i.user_id = $1 and i.organization_id is null and i.accepted_at is null and i.revoked_at is null
  and not exists (select from invitations newer where newer.previous_id = i.id)`;

/** Ends every open token of users, and with them the invitations that wait for one. `$1` users, `$2` now. */
export const endTokensOfUsers = `
with ended as (
  update one_time_tokens set used_at = $2::timestamptz where user_id = any($1::uuid[]) and used_at is null
)
update invitations i set revoked_at = $2::timestamptz
where i.user_id = any($1::uuid[]) and i.accepted_at is null and i.revoked_at is null
  and not exists (select from invitations newer where newer.previous_id = i.id)`;

/** An invitation by its id. `$1` id. */
export const invitationById = `select ${invitationColumns} from invitations i where i.id = $1`;

/** The latest invitation to the account of each of several users `u`, to be completed by a condition on them. `$1` users. */
export const latestInvitations = `
select latest.* from users u cross join lateral (
  select ${invitationColumns} from invitations i
  where i.user_id = u.id and i.organization_id is null and not exists (select from invitations newer where newer.previous_id = i.id)
  order by i.created_at desc, i.id desc limit 1) latest
where u.id = any($1::uuid[])`;

/** The latest mail of several invitations: the one they were sent by, or its last repetition. `$1` invitations. */
export const mailsOfInvitations = `
with recursive chain as (
  select i.id as invitation_id, i.message_id, 1 as step from invitations i
  where i.id = any($1::uuid[]) and i.message_id is not null
  union all
  select c.invitation_id, newer.id, c.step + 1 from chain c join messages newer on newer.previous_id = c.message_id
)
select distinct on (c.invitation_id) c.invitation_id, ${messageColumns}
from chain c join messages m on m.id = c.message_id order by c.invitation_id, c.step desc`;

/** The latest mail with an invitation to a user. `$1` user. */
export const latestInviteMail = `
select ${messageColumns} from messages m where m.user_id = $1 and m.template = 'invite' and m.channel = 'EMAIL'
order by m.created_at desc, m.id desc limit 1`;
