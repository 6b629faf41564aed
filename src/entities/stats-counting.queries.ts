import type { OrganizationId } from '../ids.ts';
import type { StatsSubject } from '../vocabulary.ts';

/** In the place of an organization: the figures of everybody, also of events that name nobody. */
export const EVERYBODY = '00000000-0000-0000-0000-000000000000' as OrganizationId;

/**
 * Takes the right to count, until the end of the transaction; no row once a later holder of the lease has counted. `$1` the fencing
 * number of the lease. Gives the place of the last counted event, and that of the last sealed one.
 */
export const beginCounting = `
update stats_state set fencing = $1::bigint where id = 1 and fencing <= $1::bigint
returning position::text as position, (select sequence::text from audit_chain) as sealed`;

/** `$1` place of the last counted event. */
export const moveCounting = 'update stats_state set position = $1::bigint where id = 1';

/** Sealed events behind the place `$1` up to `$2`. */
const BETWEEN = 'e.chain_sequence > $1::bigint and e.chain_sequence <= $2::bigint';

/** Somebody signed in themselves: an impersonation also begins a session. */
const SIGNED_IN = `e.action = 'session.started' and e.result = 'SUCCESS' and e.metadata->>'method' is distinct from 'IMPERSONATION'`;

const TARGET = `case when e.target_type = 'User' then e.target_id end`;

/** Each kind: when an event is of it, and whom it is about. One event can be of two: a wrong password that locks. */
const KINDS = `
  ('SIGN_IN', ${SIGNED_IN}, e.actor_id::text),
  ('FAILURE', e.action = 'session.started' and e.result <> 'SUCCESS', ${TARGET}),
  ('LOCKOUT', (e.action = 'user.locked' and e.result = 'SUCCESS') or (e.action = 'session.started' and e.metadata->'locked' = 'true'), ${TARGET}),
  ('IMPERSONATION', e.action = 'impersonation.started' and e.result = 'SUCCESS', e.metadata->>'targetId'),
  ('CREATION', e.result = 'SUCCESS' and (e.action = 'user.created'
    or (e.action = 'sign-up.completed' and e.metadata->'invited' is distinct from 'true')), ${TARGET})`;

/**
 * Adds the events behind the place `$1` up to `$2` to the hours of everybody, and of each organization, once, of which the person is
 * a member, there or below, at this moment.
 */
export const countHours = `
with happened as materialized (
  select k.kind, date_trunc('hour', e.at, 'UTC') as hour, k.person::uuid as person, count(*)::int as count
  from audit_events e cross join lateral (values ${KINDS}) as k(kind, holds, person)
  where ${BETWEEN} and k.holds group by 1, 2, 3
), people as (
  select distinct person from happened where person is not null
), places as materialized (
  select distinct p.person, c.ancestor_id from people p
  join organization_members m on m.user_id = p.person join organization_closure c on c.descendant_id = m.organization_id
)
insert into stats_hours as s (organization_id, kind, hour, count)
select '${EVERYBODY}'::uuid, kind, hour, sum(count) from happened group by kind, hour
union all
select l.ancestor_id, h.kind, h.hour, sum(h.count) from happened h join places l on l.person = h.person group by 1, 2, 3
on conflict (organization_id, kind, hour) do update set count = s.count + excluded.count`;

/**
 * Adds days of activity to the pairs of days, and remembers them. `active` is SQL that gives `user_id`, `subject_id` and `day`; the
 * people must still be there, and are held until the end of the transaction.
 *
 * What is known of a subject (its last two days) and what is new are put into one row of days; each of them is paired with the one
 * before. The difference to the pairs of before is added. So it does not matter in which order days come, as long as no day is
 * older than the last but one: such a day is left out.
 */
const countReturns = (subject: StatsSubject, active: string): string => `
with active as materialized (${active}
), alive as materialized (
  select id as user_id from users where id in (select user_id from active) order by id for key share
), placed as materialized (
  select a.user_id, a.subject_id, '${EVERYBODY}'::uuid as organization_id, a.day from active a join alive using (user_id)
  union
  select a.user_id, a.subject_id, c.ancestor_id, a.day from active a join alive using (user_id)
  join organization_members m on m.user_id = a.user_id join organization_closure c on c.descendant_id = m.organization_id
), known as materialized (
  select p.* from (select distinct user_id, subject_id, organization_id from placed) n
  join stats_presence p using (user_id, subject_id, organization_id)
), days as (
  select user_id, subject_id, organization_id, day from known
  union select user_id, subject_id, organization_id, previous_day from known where previous_day is not null
  union select n.user_id, n.subject_id, n.organization_id, n.day
  from placed n left join known k using (user_id, subject_id, organization_id)
  where k.previous_day is null or n.day > k.previous_day
), paired as materialized (
  select user_id, subject_id, organization_id, day,
    lag(day) over (partition by user_id, subject_id, organization_id order by day) as previous_day
  from days
), changes as (
  select n.organization_id, n.day, n.previous_day, 1 as count
  from paired n left join known k using (user_id, subject_id, organization_id)
  where n.day is distinct from k.previous_day
  union all
  select organization_id, day, previous_day, -1 from known
), added as (
  insert into stats_returns as r (organization_id, subject, day, previous_day, count)
  select organization_id, '${subject}', day, coalesce(previous_day, '-infinity'), sum(count)
  from changes group by 1, 3, 4 having sum(count) <> 0
  on conflict (organization_id, subject, day, previous_day) do update set count = r.count + excluded.count
)
insert into stats_presence as p (user_id, subject_id, organization_id, day, previous_day)
select distinct on (user_id, subject_id, organization_id) user_id, subject_id, organization_id, day, previous_day
from paired order by user_id, subject_id, organization_id, day desc
on conflict (user_id, subject_id, organization_id) do update set day = excluded.day, previous_day = excluded.previous_day
where (p.day, p.previous_day) is distinct from (excluded.day, excluded.previous_day)`;

/** The sign-ins behind the place `$1` up to `$2`. */
export const countPeople = countReturns(
  'PERSON',
  `
  select distinct e.actor_id as user_id, e.actor_id as subject_id, date_trunc('day', e.at, 'UTC') as day
  from audit_events e where ${BETWEEN} and ${SIGNED_IN} and e.actor_id is not null`,
);

/** The API keys that were used last at `$1` or later: what is already known of them changes nothing. */
export const countApiKeys = countReturns(
  'API_KEY',
  `
  select k.owner_id as user_id, k.id as subject_id, date_trunc('day', k.last_used_at, 'UTC') as day
  from api_keys k where k.last_used_at >= $1::timestamptz`,
);
