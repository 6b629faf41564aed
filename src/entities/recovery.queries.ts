import { userColumns, type UserRow } from './user.queries.ts';

export type RecoverableRow = UserRow;

/**
 * The account of an address that may get a link to a password: active and not locked by an administrator, or invited. Its row
 * is held until the transaction ends. `$1` normalised address, `$2` now.
 */
export const recoverableAccount = `
select ${userColumns} from identifiers i join users u on u.id = i.user_id
where i.kind = 'EMAIL' and i.value = $1 and i.exclusive and u.status in ('ACTIVE', 'INVITED')
  and (u.status_reason is null or u.locked_until is null or u.locked_until <= $2::timestamptz)
for update of u`;

/** Whether a link to a password went out lately. `$1` user, or null for nobody, `$2` since when. */
export const resetLinkSentSince = `
select from messages
where user_id = $1::uuid and template in ('reset', 'invite') and created_at > $2::timestamptz limit 1`;
