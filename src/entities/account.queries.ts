import { groupIdsColumn, type GroupIdsRow, userColumns, type UserRow } from './user.queries.ts';

/** What a password sign-in needs to know of an account. */
export interface AccountRow extends UserRow, GroupIdsRow {
  readonly epoch: string;
  readonly password_hash: string | null;
  readonly credential_id: string | null;
  /** This try was counted: the account is active and was not locked when the try began. */
  readonly counted: boolean;
}

/**
 * Finds the account of an identifier and counts the try before the password is looked at, in one statement: whoever sends
 * a hundred guesses at once has the first five looked at, not all of them. A right password takes the count back.
 * `$1` kind, `$2` value, `$3` now, `$4` failures that lock, `$5` end of a lock that would begin now.
 * The count starts anew after a lock is over. An unknown identifier costs the same statement.
 */
export const countSignInTry = `
with found as (
  select i.user_id from identifiers i where i.kind = $1 and i.value = $2 and i.exclusive
), counted as (
  update users c set
    failed_sign_in_count = case when c.locked_until is null then c.failed_sign_in_count + 1 else 1 end,
    locked_until = case
      when (case when c.locked_until is null then c.failed_sign_in_count + 1 else 1 end) >= $4::int then $5::timestamptz
      else null end,
    status_reason = null
  where c.id = (select user_id from found) and c.status = 'ACTIVE'
    and (c.locked_until is null or c.locked_until <= $3::timestamptz)
  returning c.id
)
select ${userColumns}, ${groupIdsColumn}, (select epoch::text from permission_epoch) as epoch,
  p.id as credential_id, p.secret as password_hash, exists (select from counted) as counted
from found join users u on u.id = found.user_id
left join credentials p on p.user_id = u.id and p.type = 'PASSWORD'`;

/**
 * Takes the count back after a right password, and marks the sign-in; no row when the account may no longer sign in.
 * `$1` user, `$2` now.
 */
export const completeSignIn = `
update users set failed_sign_in_count = 0, locked_until = null, last_sign_in_at = $2::timestamptz
where id = $1 and status = 'ACTIVE' and (status_reason is null or locked_until is null or locked_until <= $2::timestamptz)
returning id`;

/**
 * Makes an account with everything that belongs to it from the start, as one statement.
 * `$1` id, `$2` display name, `$3` locale, `$4` status, `$5` e-mail, `$6` phone and `$7` user name as typed, `$8` when the
 * addresses were proved, `$9` a new password is asked for at the first sign-in, `$10` now, `$11` last sign-in,
 * `$12` normalised identifiers (JSON: id, kind, value), `$13` id of the credential, `$14` hash of the password or null,
 * `$15` ids of the memberships, `$16` their groups, `$17` who adds them.
 */
export const insertAccount = `
with names as (
  insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
  select i.id, $1, i.kind, i.value, true, $8::timestamptz, $10::timestamptz
  from jsonb_to_recordset($12::jsonb) as i(id uuid, kind text, value text)
), password as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select $13::uuid, $1, 'PASSWORD', $14::text, $10::timestamptz, $10::timestamptz where $14::text is not null
), joined as (
  insert into memberships (id, user_id, group_id, added_by_id, added_at)
  select m.id, $1, m.group_id, $17::uuid, $10::timestamptz from unnest($15::uuid[], $16::uuid[]) as m(id, group_id)
)
insert into users as u (id, kind, display_name, locale, status, email, email_verified_at, phone, phone_verified_at, username,
  failed_sign_in_count, password_change_required, last_sign_in_at, created_at, updated_at)
values ($1, 'PERSON', $2, $3, $4, $5, case when $5::text is not null then $8::timestamptz end,
  $6, case when $6::text is not null then $8::timestamptz end, $7, 0, $9, $11::timestamptz, $10::timestamptz, $10::timestamptz)
returning ${userColumns}`;
