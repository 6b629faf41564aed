import type { CredentialId, GroupId, IdentifierId, MembershipId, UserId } from '../ids.ts';
import type { IdentifierKind, StoredUserStatus } from '../vocabulary.ts';

/** An account among many that are made by one statement; the keys are those of `newAccounts`. */
export interface NewAccountRow {
  readonly id: UserId;
  readonly name: string;
  readonly locale: string;
  readonly status: StoredUserStatus;
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
  readonly verified: boolean;
  readonly change: boolean;
  readonly credential: CredentialId;
  readonly hash: string | null;
  readonly identifiers: readonly {
    readonly id: IdentifierId;
    readonly kind: IdentifierKind;
    readonly value: string;
    readonly skeleton: string | null;
  }[];
  readonly memberships: readonly { readonly id: MembershipId; readonly group: GroupId }[];
}

/**
 * Makes accounts with their exclusive identifiers, passwords and memberships, all or none: what `newAccount` does for one. `$1` the
 * accounts (JSON of `NewAccountRow`), `$2` now.
 */
export const newAccounts = `
with given as materialized (
  select * from jsonb_to_recordset($1::jsonb) as g(id uuid, name text, locale text, status text, email text, phone text, username text,
    verified boolean, change boolean, credential uuid, hash text, identifiers jsonb, memberships jsonb)
), names as (
  insert into identifiers (id, user_id, kind, value, skeleton, exclusive, verified_at, created_at)
  select i.id, g.id, i.kind, i.value, i.skeleton, true, case when g.verified then $2::timestamptz end, $2::timestamptz
  from given g, jsonb_to_recordset(g.identifiers) as i(id uuid, kind text, value text, skeleton text)
), passwords as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select credential, id, 'PASSWORD', hash, $2::timestamptz, $2::timestamptz from given where hash is not null
), joined as (
  insert into memberships (id, user_id, group_id, added_at)
  select m.id, g.id, m."group", $2::timestamptz from given g, jsonb_to_recordset(g.memberships) as m(id uuid, "group" uuid)
)
insert into users (id, kind, display_name, locale, status, email, email_verified_at, phone, phone_verified_at, username,
  failed_sign_in_count, password_change_required, created_at, updated_at)
select id, 'PERSON', name, locale, status, email, case when verified and email is not null then $2::timestamptz end,
  phone, case when verified and phone is not null then $2::timestamptz end, username, 0, change, $2::timestamptz, $2::timestamptz
from given`;

/**
 * Which of the identifiers `$1` (kinds) `$2` (values) `$3` (skeletons) belong to somebody, or look like a user name of somebody. Each
 * is looked up by its index, of which the planner knows that there is one at most only by the limit: it would read the whole table.
 */
export const takenIdentifiers = `
select given.kind, given.value, null as skeleton from unnest($1::text[], $2::text[]) as given(kind, value)
cross join lateral (
  select from identifiers i where i.kind = given.kind and i.value = given.value and i.exclusive limit 1) as taken
union all
select 'USERNAME', null, given.skeleton from unnest($3::text[]) as given(skeleton)
cross join lateral (
  select from identifiers i where i.skeleton = given.skeleton and i.exclusive and i.kind = 'USERNAME' limit 1) as alike`;
