import { prepared } from '../database/prepared.ts';
import { userColumns } from './user.queries.ts';

/** The present password of an account and its newest earlier ones. `$1` user, `$2` how many earlier ones. */
export const passwordsOf = prepared(`
select type, secret from credentials where user_id = $1 and type = 'PASSWORD'
union all
(select type, secret from credentials where user_id = $1 and type = 'PASSWORD_HISTORY'
  order by created_at desc, id desc limit $2::int)`);

/**
 * Puts a password into the place of the present one, which goes to the history; a row when that happened. It does not when the
 * present one is another than `$3` by now: of parallel changes one wins.
 * `$1` user, `$2` new hash, `$3` present hash or null for none, `$4` now, `$5` id of the credential if it is the first one,
 * `$6` id of the row in the history, `$7` earlier ones to keep. Rows of the history bear the time at which they became history.
 */
export const replacePassword = `
with replaced as (
  update credentials set secret = $2, updated_at = $4::timestamptz, version = version + 1
  where user_id = $1 and type = 'PASSWORD' and secret = $3::text returning id
), added as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select $5::uuid, $1, 'PASSWORD', $2, $4::timestamptz, $4::timestamptz where $3::text is null
  on conflict (user_id) where type = 'PASSWORD' do nothing returning id
), kept as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select $6::uuid, $1, 'PASSWORD_HISTORY', $3, $4::timestamptz, $4::timestamptz from replaced where $7::int > 0
), pruned as (
  delete from credentials where exists (select from replaced) and id in (
    select id from credentials where user_id = $1 and type = 'PASSWORD_HISTORY'
    order by created_at desc, id desc offset greatest($7::int - 1, 0))
)
select id from replaced union all select id from added`;

/**
 * Marks the account whose own session changes its password: no other one is asked for at the next sign-in. No row when the account
 * or the session is shut out by now. `$1` user, `$2` now, `$3` session.
 */
export const markPasswordChanged = `
update users u set password_change_required = false, updated_at = $2::timestamptz, version = u.version + 1
where u.id = $1 and u.status = 'ACTIVE'
  and (u.locked_until is null or u.locked_until <= $2::timestamptz or u.status_reason is null)
  and exists (select from sessions s where s.id = $3 and s.user_id = u.id and s.ended_at is null)
returning ${userColumns}`;
