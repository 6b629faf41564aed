/**
 * Ends sessions that go on, those of the ids `$3` or, `byUser`, of the users `$3` but for `$4`, and tells how they are marked. With `$5` the
 * links to another address that were asked for in them end as well: whoever is thrown out leaves none behind. Of a user that is every
 * one, for whoever asked may have signed out since. `$1` now, `$2` reason.
 */
export const endSessions = (byUser: boolean): string => `
with ended as (
  update sessions set ended_at = least(expires_at, $1::timestamptz), end_reason = case
    when expires_at > $1::timestamptz then $2 when expires_at >= absolute_expires_at then 'EXPIRED' else 'IDLE' end
  where ended_at is null and ${byUser ? 'user_id' : 'id'} = any($3::uuid[]) and id is distinct from $4::uuid
  returning id, end_reason
), withdrawn as (
  update one_time_tokens t set used_at = $1::timestamptz
  where $5::boolean and t.kind = 'EMAIL_CHANGE' and t.used_at is null and ${
    byUser
      ? `t.user_id = any($3::uuid[]) and t.context->>'sessionId' is distinct from $4::text`
      : `t.user_id in (select s.user_id from sessions s where s.id = any($3::uuid[]))
      and t.context->>'sessionId' = any($3::text[])`
  }
)
select id, end_reason from ended`;
