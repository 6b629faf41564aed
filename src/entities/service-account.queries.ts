import { userColumns } from './user.queries.ts';

/**
 * Makes a service account with its memberships, as one statement; it has neither identifiers nor credentials.
 * `$1` id, `$2` name, `$3` now, `$4` ids of the memberships, `$5` their groups, `$6` who makes it, `$7` organization or null, `$8`
 * where each membership holds: an organization, or null for wherever its group reaches.
 */
export const insertServiceAccount = `
with joined as (
  insert into memberships (id, user_id, group_id, organization_id, added_by_id, added_at)
  select m.id, $1, m.group_id, m.organization_id, $6::uuid, $3::timestamptz
  from unnest($4::uuid[], $5::uuid[], $8::uuid[]) as m(id, group_id, organization_id)
), placed as (
  insert into organization_members (user_id, organization_id, added_by_id, joined_at)
  select $1, $7::uuid, $6::uuid, $3::timestamptz where $7::uuid is not null
)
insert into users as u (id, kind, display_name, locale, status, failed_sign_in_count, password_change_required, created_at,
  updated_at, attributes)
values ($1, 'SERVICE', $2, 'en', 'ACTIVE', 0, false, $3::timestamptz, $3::timestamptz, '{}')
returning ${userColumns}`;
