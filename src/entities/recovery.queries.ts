import { groupIdsColumn, type GroupIdsRow, userColumns, type UserRow } from './user.queries.ts';

export type RecoverableRow = UserRow & GroupIdsRow;

/**
 * The account of an address that may get a link to a password: active and not locked by an administrator, or invited. Its row
 * is held until the transaction ends. `$1` normalised address, `$2` now.
 */
export const recoverableAccount = `
select ${userColumns}, ${groupIdsColumn} from identifiers i join users u on u.id = i.user_id
where i.kind = 'EMAIL' and i.value = $1 and i.exclusive and u.status in ('ACTIVE', 'INVITED')
  and (u.status_reason is null or u.locked_until is null or u.locked_until <= $2::timestamptz)
for update of u`;

/** Whether a link to a password went out lately. `$1` user, or null for nobody, `$2` since when. */
export const resetLinkSentSince = `
select from messages
where user_id = $1::uuid and template in ('reset', 'invite') and created_at > $2::timestamptz limit 1`;

/** The account of a token, while somebody may get into it. `$1` user. */
export const ownerOfToken = `select ${userColumns} from users u where u.id = $1 and u.status in ('ACTIVE', 'INVITED')`;

/**
 * Marks an account whose password is set by a token: active, no other password is asked for, failed sign-ins and the automatic lock
 * that they led to are forgotten; a lock by an administrator stays. Where there is a second factor the count stays, or whoever reads
 * the mail would buy guesses of it with every link; the lock is taken off all the same. No row when it is in another state by now, or
 * the password that the token came about by is not the present one any more.
 * `$1` user, `$2` now, `$3` state, `$4` version of that password, or null where the token rests on none.
 */
export const markPasswordSet = `
update users u set status = 'ACTIVE', password_change_required = false,
  failed_sign_in_count = case when u.mfa_enabled_at is null then 0 else u.failed_sign_in_count end,
  locked_until = case when u.status_reason is null then null else u.locked_until end,
  updated_at = $2::timestamptz, version = u.version + 1
where u.id = $1 and u.status = $3 and ($4::int is null or exists (
  select from credentials c where c.user_id = u.id and c.type = 'PASSWORD' and c.version = $4))
returning ${userColumns}`;
