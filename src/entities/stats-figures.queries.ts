import { EVERYBODY } from './stats-counting.queries.ts';
import { mayActAt2 } from './user.queries.ts';

/** The figures of the present, of everybody or of an organization with those below it. */
export interface PresentFigures {
  readonly users: number;
  readonly invited: number;
  readonly pending: number;
  readonly active: number;
  readonly locked: number;
  readonly disabled: number;
  readonly sessions: number;
  readonly sessionUsers: number;
  readonly activeKeys: number;
  readonly expiredKeys: number;
  readonly revokedKeys: number;
  /** Active persons; the next three are of them. */
  readonly persons: number;
  readonly withMfa: number;
  readonly withTotp: number;
  readonly withPasskey: number;
  /** Number of organizations by position of the level. */
  readonly levels: Readonly<Record<string, number>>;
}

/** `$1` is the present instant. */
const LOCKED = `(u.status = 'ACTIVE' and u.locked_until is not null and u.locked_until > $1::timestamptz)`;
const ACTIVE = `(u.status = 'ACTIVE' and not ${LOCKED})`;
const PERSON = `(${ACTIVE} and u.kind = 'PERSON')`;
const OPEN_KEY = '(k.revoked_at is null and (k.expires_at is null or k.expires_at > $1::timestamptz))';
const mayAct = mayActAt2.replaceAll('$2', '$1');

/** Each figure, as a sum over users `u` with what belongs to them. */
const SUMS: Readonly<Record<Exclude<keyof PresentFigures, 'levels'>, string>> = {
  users: 'count(*)',
  invited: `count(*) filter (where u.status = 'INVITED')`,
  pending: `count(*) filter (where u.status = 'PENDING')`,
  active: `count(*) filter (where ${ACTIVE})`,
  locked: `count(*) filter (where ${LOCKED})`,
  disabled: `count(*) filter (where u.status = 'DISABLED')`,
  sessions: 'coalesce(sum(s.count), 0)',
  sessionUsers: 'count(s.count)',
  activeKeys: `coalesce(sum(k.open) filter (where ${mayAct}), 0)`,
  expiredKeys: 'coalesce(sum(k.expired), 0)',
  revokedKeys: 'coalesce(sum(k.revoked), 0)',
  persons: `count(*) filter (where ${PERSON})`,
  withMfa: `count(*) filter (where ${PERSON} and (u.mfa_enabled_at is not null or y.user_id is not null))`,
  withTotp: `count(*) filter (where ${PERSON} and u.mfa_enabled_at is not null)`,
  withPasskey: `count(*) filter (where ${PERSON} and y.user_id is not null)`,
};

const names = Object.keys(SUMS) as (keyof typeof SUMS)[];
const column = (name: string): string => `"${name}"`;

/**
 * Computes the figures of the present at `$1` anew and writes those that changed. People are grouped by the organizations of which
 * they are members first: there are far fewer such groups than people, and each is then counted once for every organization above
 * any of them, so that nobody is counted twice who is a member in two places of a subtree.
 */
export const refreshFigures = `
with memberships_of as (
  select user_id, array_agg(organization_id order by organization_id) as places from organization_members group by user_id
), sessions_of as (
  select user_id, count(*) as count from sessions where ended_at is null and expires_at > $1::timestamptz group by user_id
), keys_of as (
  select k.owner_id, count(*) filter (where ${OPEN_KEY}) as open, count(*) filter (where k.revoked_at is not null) as revoked,
    count(*) filter (where k.revoked_at is null and not ${OPEN_KEY}) as expired
  from api_keys k group by k.owner_id
), passkeys_of as (
  select distinct user_id from credentials where type = 'PASSKEY'
), grouped as materialized (
  select m.places, ${names.map((name) => `${SUMS[name]} as ${column(name)}`).join(', ')}
  from users u left join memberships_of m on m.user_id = u.id left join sessions_of s on s.user_id = u.id
  left join keys_of k on k.owner_id = u.id left join passkeys_of y on y.user_id = u.id
  group by m.places
), spread as (
  select '${EVERYBODY}'::uuid as organization_id, g.* from grouped g
  union all
  select above.ancestor_id, g.* from grouped g cross join lateral (
    select distinct c.ancestor_id from organization_closure c where c.descendant_id = any(g.places)) above
), summed as (
  select organization_id, ${names.map((name) => `sum(${column(name)}) as ${column(name)}`).join(', ')}
  from spread group by organization_id
), levels as (
  select organization_id, jsonb_object_agg(level, count) as levels from (
    select '${EVERYBODY}'::uuid as organization_id, level, count(*) as count from organizations group by level
    union all
    select c.ancestor_id, o.level, count(*) from organization_closure c join organizations o on o.id = c.descendant_id group by 1, 2
  ) l group by organization_id
)
insert into stats_figures as f (organization_id, figures)
select organization_id, jsonb_build_object(${names.map((name) => `'${name}', coalesce(s.${column(name)}, 0)`).join(', ')},
  'levels', coalesce(l.levels, '{}'))
from summed s full join levels l using (organization_id)
on conflict (organization_id) do update set figures = excluded.figures where f.figures <> excluded.figures`;

/** Organizations with figures that are gone; `$1` how many. */
export const goneOrganizations = `
select f.organization_id from stats_figures f
where f.organization_id <> '${EVERYBODY}' and not exists (select from organizations o where o.id = f.organization_id) limit $1`;

/** Removes what was counted for organizations that are gone: `$1` their ids, `$2` how many rows. Gives one row for each removed one. */
export const removeHours = `
delete from stats_hours where ctid = any(array(select ctid from stats_hours where organization_id = any($1::uuid[]) limit $2))
returning 1 as gone`;

/** As `removeHours`. */
export const removeReturns = `
delete from stats_returns where ctid = any(array(select ctid from stats_returns where organization_id = any($1::uuid[]) limit $2))
returning 1 as gone`;

/** `$1` ids of organizations. */
export const removeFigures = 'delete from stats_figures where organization_id = any($1::uuid[])';

/** Events that wait for their position, and those that the slowest of the sinks in use has not taken yet; `$1` is the present instant. */
const OUTBOX_PENDING = `(select count(*) from outbox_events where published_at is null) + (
  select coalesce(greatest(max(o.last_position) - min(k.position), 0), 0)
  from outbox_order o cross join outbox_sinks k where k.served_at > $1::timestamptz - interval '1 day')`;

/** Writes that the figures of the instant `$1` are there; `$2` whether all events until then are counted. */
export const finishFigures = `
update stats_state set computed_at = $1::timestamptz, complete = $2,
  outbox_pending = ${OUTBOX_PENDING},
  mail_queued = (select count(*) from messages where state = 'QUEUED')
where id = 1`;

/** `$1` the present instant, `$2` for how many seconds figures are good. */
export const figuresDue = `select from stats_state where not complete or computed_at <= $1::timestamptz - make_interval(secs => $2)`;
