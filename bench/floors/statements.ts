/*
 * The SQL of the floors, written by hand: as few statements as the work needs, nothing but what the answer shows. They run on
 * the tables of Gatehouse, on the very same rows; only their sessions are a small table of their own.
 */

/** The table of the floors' sessions; made by the loader. */
export const floorSessions = `create table floor_sessions (
  id uuid primary key, user_id uuid not null references users (id), refresh_hash bytea not null unique,
  expires_at timestamptz not null)`;

/** `$1` address. */
export const accountByEmail = `
select u.id, c.secret from identifiers i
join users u on u.id = i.user_id
join credentials c on c.user_id = u.id and c.type = 'PASSWORD'
where i.kind = 'EMAIL' and i.value = $1 and i.exclusive and u.status = 'ACTIVE'`;

/** `$1` session, `$2` user, `$3` hash of the refresh token, `$4` end. */
export const startSession = `insert into floor_sessions (id, user_id, refresh_hash, expires_at) values ($1, $2, $3, $4)`;

/** `$1` hash of the presented token, `$2` hash of its successor, `$3` end, `$4` now. */
export const rotateSession = `
update floor_sessions set refresh_hash = $2, expires_at = $3 where refresh_hash = $1 and expires_at > $4
returning id, user_id`;

/** The caller with the names of their groups; `$1` session, `$2` now. */
export const viewerBySession = `
select u.id, u.email, u.display_name, u.status,
  array(select g.name from memberships m join groups g on g.id = m.group_id where m.user_id = u.id order by g.name) as groups
from floor_sessions s join users u on u.id = s.user_id
where s.id = $1 and s.expires_at > $2 and u.status = 'ACTIVE'`;

/** Users with groups and permissions, as objects; `$1` number of users. Each group is put together once. */
export const listWithGroups = `
with page as materialized (
  select u.id, u.email, u.display_name, u.status, u.created_at from users u order by u.created_at, u.id limit $1
), definitions as materialized (
  select g.id, g.name, jsonb_build_object('id', g.id, 'name', g.name, 'permissions', coalesce(
    (select jsonb_agg(jsonb_build_object('action', p.action, 'resource', p.resource) order by p.position)
     from group_grants p where p.group_id = g.id), '[]')) as definition
  from groups g
), belonging as materialized (
  select m.user_id, jsonb_agg(d.definition order by d.name) as groups
  from memberships m join definitions d on d.id = m.group_id
  where m.user_id in (select id from page) group by m.user_id
)
select p.id, p.email, p.display_name as "displayName", p.status, b.groups
from page p left join belonging b on b.user_id = p.id order by p.created_at, p.id`;

/** `$1` user, `$2` name, `$3` address, `$4` now, `$5` identifier, `$6` membership, `$7` group. */
export const createUser = `
with made as (
  insert into users (id, display_name, email, status, created_at, updated_at) values ($1, $2, $3, 'INVITED', $4, $4)
  returning id, email, display_name, status
), named as (
  insert into identifiers (id, user_id, kind, value, exclusive, created_at) values ($5, $1, 'EMAIL', $3, true, $4)
), joined as (
  insert into memberships (id, user_id, group_id, added_at) values ($6, $1, $7, $4)
)
select id, email, display_name, status from made`;
