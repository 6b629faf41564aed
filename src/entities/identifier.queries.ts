import { prepared } from '../database/prepared.ts';
import type { ApiKeyId, DeviceId, ExternalIdentityId, SessionId } from '../ids.ts';
import { userColumns, type UserRow } from './user.queries.ts';
import type { CodeRecipientRow } from './verification.queries.ts';

/**
 * Marks an address of an account as proved. No row when the account does not (any more) have it as its own; `fresh` when it was
 * never proved before, of parallel proofs for exactly one; `first` when no other address of the account was, either.
 * `$1` user, `$2` kind, `$3` value or null for whatever the account has, `$4` now.
 */
export const markAddressProved = `
with known as (
  select i.id, (case $2 when 'EMAIL' then u.email_verified_at when 'PHONE' then u.phone_verified_at end) is null as fresh,
    u.email_verified_at is null and u.phone_verified_at is null as first
  from identifiers i join users u on u.id = i.user_id
  where i.user_id = $1 and i.kind = $2 and i.exclusive and ($3::text is null or i.value = $3)
), marked as (
  update identifiers i set verified_at = $4::timestamptz from known k
  where i.id = k.id and i.verified_at is null returning k.fresh, k.first
), shown as (
  update users set email_verified_at = case when $2 = 'EMAIL' then $4::timestamptz else email_verified_at end,
    phone_verified_at = case when $2 = 'PHONE' then $4::timestamptz else phone_verified_at end,
    updated_at = $4::timestamptz, version = version + 1
  where id = $1 and exists (select from marked where fresh)
)
select exists (select from marked where fresh) as fresh, exists (select from marked where first) as first from known`;

/** What `markAddressProved` says of the proof. */
export interface MarkedProof {
  readonly fresh: boolean;
  readonly first: boolean;
}

/**
 * Removes everything by which somebody could get into an account: what was set before its address was proved may be a
 * stranger's. Sessions are ended, API keys revoked, tokens and codes under way used up; but invitations into organizations, which count
 * for whoever reads the mail of the address, stay.
 * `$1` user, `$2` now, `$3` the present password stays, because whoever proved the address has just set it.
 */
export const dropWaysIn = `
with credential as (
  delete from credentials where user_id = $1 and not ($3 and type = 'PASSWORD') returning type
), linked as (
  delete from external_identities where user_id = $1 returning id, issuer
), device as (
  delete from devices where user_id = $1 returning id
), token as (
  update one_time_tokens set used_at = $2::timestamptz
  where user_id = $1 and used_at is null and kind <> 'ORGANIZATION_INVITE'
), code as (
  update verifications set used_at = $2::timestamptz where user_id = $1 and used_at is null
), key as (
  update api_keys k set revoked_at = $2::timestamptz, version = version + 1, previous_selector = null,
    previous_secret_hash = null, overlap_until = null
  where k.owner_id = $1 and k.revoked_at is null returning k.id, k.name, k.expires_at
), ended as (
  update sessions set ended_at = least(expires_at, $2::timestamptz), end_reason = 'CREDENTIALS_CHANGED'
  where user_id = $1 and ended_at is null returning id
), unmarked as (
  update users set mfa_enabled_at = null, source = null, external_id = null, failed_sign_in_count = 0,
    password_change_required = false,
    locked_until = case when status_reason is null then null else locked_until end, version = version + 1
  where id = $1
)
select array(select type from credential) as credentials, array(select id::text from ended) as sessions,
  (select count(*)::int from device) as devices,
  coalesce((select jsonb_agg(jsonb_build_object('id', id, 'issuer', issuer)) from linked), '[]') as identities,
  coalesce((select jsonb_agg(jsonb_build_object('id', id, 'name', name) order by id) from key
    where expires_at is null or expires_at > $2::timestamptz), '[]') as keys`;

export interface DroppedWaysIn {
  readonly credentials: readonly string[];
  readonly sessions: readonly SessionId[];
  readonly devices: number;
  readonly identities: readonly { readonly id: ExternalIdentityId; readonly issuer: string }[];
  /** API keys that worked until now. */
  readonly keys: readonly { readonly id: ApiKeyId; readonly name: string }[];
}

/**
 * Whom a code to sign in goes to, and the device of the account that presented its secret; no row unless the account is active.
 * `$1` kind, `$2` value, `$3` selector and `$4` hash of the device's secret, or null.
 */
export const codeAccount = prepared(`
select u.id as user_id, u.display_name, u.locale, d.id as device_id
from identifiers i join users u on u.id = i.user_id
left join devices d on d.user_id = u.id and d.selector = $3 and d.secret_hash = $4::bytea
where i.kind = $1 and i.value = $2 and i.exclusive and u.status = 'ACTIVE' and u.kind = 'PERSON'`);

export interface CodeAccountRow extends CodeRecipientRow {
  readonly device_id: DeviceId | null;
}

/** An account with whether this address of it was proved; no row when it has another one. `$1` user, `$2` kind, `$3` value. */
export const addressOfUser = prepared(`
select ${userColumns}, i.verified_at is not null as is_proved
from identifiers i join users u on u.id = i.user_id
where i.user_id = $1 and i.kind = $2 and i.value = $3 and i.exclusive`);

export interface AddressRow extends UserRow {
  readonly is_proved: boolean;
}
