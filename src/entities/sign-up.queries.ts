import type { GroupId, UserId } from '../ids.ts';
import { userColumns, type UserRow } from './user.queries.ts';

/**
 * What a sign-up needs to know: who has the identifier already, and the groups that new people are in. Always one row.
 * `$1` kind, `$2` value, `$3` names of groups in lower case, or their ids.
 */
export const signUpFacts = `
select o.user_id as owner_id, u.display_name as owner_name, u.locale as owner_locale,
  array(select g.id::text from groups g where g.name_key = any($3::text[]) or g.id::text = any($3::text[]) order by g.id)
    as group_ids,
  (select epoch::text from permission_epoch) as epoch
from (values (1)) one(row)
left join identifiers o on o.kind = $1 and o.value = $2 and o.exclusive
left join users u on u.id = o.user_id`;

export interface SignUpFactsRow {
  readonly owner_id: UserId | null;
  readonly owner_name: string | null;
  readonly owner_locale: string | null;
  readonly group_ids: readonly GroupId[];
  readonly epoch: string;
}

/**
 * Completes a sign-up whose address was proved: from now on the address is this account's alone. The unique index refuses it
 * when another account was faster. No row when the account waits for nothing.
 * `$1` user, `$2` kind of the address, `$3` address, `$4` now.
 */
export const completeSignUp = `
with before as (
  select id, status from users where id = $1 and status in ('PENDING', 'ACTIVE') for update
), claimed as (
  update identifiers i set exclusive = true, verified_at = coalesce(i.verified_at, $4::timestamptz)
  from before b where i.user_id = b.id and i.kind = $2 and i.value = $3
  returning i.user_id
)
update users u set status = 'ACTIVE',
  email_verified_at = case when $2 = 'EMAIL' then coalesce(u.email_verified_at, $4::timestamptz) else u.email_verified_at end,
  phone_verified_at = case when $2 = 'PHONE' then coalesce(u.phone_verified_at, $4::timestamptz) else u.phone_verified_at end,
  updated_at = $4::timestamptz, version = u.version + 1
from before b where u.id = b.id and exists (select from claimed)
returning ${userColumns}, b.status = 'PENDING' as was_pending,
  array(select m.group_id::text from memberships m where m.user_id = u.id order by m.group_id) as group_ids,
  (select c.id from credentials c where c.user_id = u.id and c.type = 'PASSWORD') as credential_id`;

export interface CompletedSignUpRow extends UserRow {
  readonly was_pending: boolean;
  readonly group_ids: readonly GroupId[];
  readonly credential_id: string | null;
}

/** Removes the sign-ups of others that wait for the same address. `$1` user who has it, `$2` kind, `$3` value. */
export const removeRivalSignUps = `
delete from users u using identifiers i
where i.user_id = u.id and i.kind = $2 and i.value = $3 and not i.exclusive and u.status = 'PENDING' and u.id <> $1
returning u.id`;
