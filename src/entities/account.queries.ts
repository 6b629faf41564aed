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
