import { positionColumn } from '../database/position.ts';
import { prepared } from '../database/prepared.ts';
import { instantOf } from '../database/sql.ts';
import type { ApiKeyId, UserId } from '../ids.ts';
import { grantFromStored } from '../permissions/grant-input.ts';
import type { Grant } from '../permissions/grants.ts';
import type { ApiKeyStatus, SessionEndReason, StoredUserStatus, UserKind } from '../vocabulary.ts';
import { assignmentsColumn, type AssignmentsRow } from './assignment.queries.ts';
import { LIFE_SIGNS } from './life-signs.ts';
import { mayActAt2, userColumns, type UserRow } from './user.queries.ts';

/** A key as reads hand it on; never its secret. */
export interface ApiKeyView {
  readonly id: ApiKeyId;
  readonly version: number;
  readonly ownerId: UserId;
  readonly name: string;
  /** Finds the row; visible as the beginning of the key. */
  readonly selector: string;
  readonly allMyPermissions: boolean;
  readonly permissions: readonly Grant[];
  readonly documentIds: readonly string[];
  readonly networks: readonly string[];
  readonly rateLimitPerMinute: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly lastUsedIp: string | null;
  readonly overlapUntil: Date | null;
  readonly revokedAt: Date | null;
}

/** A key as lists show it. */
export interface ListedApiKey extends ApiKeyView {
  readonly status: ApiKeyStatus;
}

export interface ApiKeyRow {
  readonly key_id: ApiKeyId;
  readonly key_version: number;
  readonly owner_id: UserId;
  readonly key_name: string;
  readonly selector: string;
  readonly all_my_permissions: boolean;
  readonly grants: readonly { readonly action: string; readonly resource: string; readonly constraints: unknown }[];
  readonly document_ids: readonly string[];
  readonly networks: readonly string[];
  readonly rate_limit_per_minute: number | null;
  readonly key_created_at: string;
  readonly key_expires_at: string | null;
  readonly last_used_at: string | null;
  readonly last_used_ip: string | null;
  readonly overlap_until: string | null;
  readonly revoked_at: string | null;
}

/** The columns behind `ApiKeyView`, of `api_keys` under the alias `k`. */
export const apiKeyColumns = `k.id as key_id, k.version as key_version, k.owner_id, k.name as key_name, k.selector, k.all_my_permissions,
  k.grants, k.document_ids, k.networks, k.rate_limit_per_minute, k.created_at as key_created_at, k.expires_at as key_expires_at,
  k.last_used_at, k.last_used_ip, k.overlap_until, k.revoked_at`;

export const apiKeyViewOf = (row: ApiKeyRow): ApiKeyView => ({
  id: row.key_id,
  version: row.key_version,
  ownerId: row.owner_id,
  name: row.key_name,
  selector: row.selector,
  allMyPermissions: row.all_my_permissions,
  permissions: row.grants.map((grant) => grantFromStored(grant.action, grant.resource, grant.constraints)),
  documentIds: row.document_ids,
  networks: row.networks,
  rateLimitPerMinute: row.rate_limit_per_minute,
  createdAt: instantOf(row.key_created_at),
  expiresAt: instantOf(row.key_expires_at),
  lastUsedAt: instantOf(row.last_used_at),
  lastUsedIp: row.last_used_ip,
  overlapUntil: instantOf(row.overlap_until),
  revokedAt: instantOf(row.revoked_at),
});

export interface ListedApiKeyRow extends ApiKeyRow {
  readonly owner_kind: UserKind;
  readonly owner_status: StoredUserStatus;
  readonly owner_locked_until: string | null;
  readonly owner_status_reason: string | null;
}

/** The columns behind `ListedApiKey`, of `api_keys` under the alias `k` and its owner `u`. */
export const listedApiKeyColumns = `${apiKeyColumns}, u.kind as owner_kind, u.status as owner_status,
  u.locked_until as owner_locked_until, u.status_reason as owner_status_reason`;

/** A key is over from the instant its time is; a lock that guesses brought about takes nothing away, one by an administrator does. */
export const listedApiKeyOf = (row: ListedApiKeyRow, now: Date): ListedApiKey => {
  const key = apiKeyViewOf(row);
  const lockedUntil = instantOf(row.owner_locked_until);
  const isLocked = row.owner_status_reason !== null && lockedUntil !== null && lockedUntil > now;
  const ownerActive = row.owner_status === 'ACTIVE' && !isLocked;
  return { ...key, status: statusOfKey(key, ownerActive, now) };
};

/** The key behind a call: one that calls works. */
export const workingKey = (apiKey: ApiKeyView): ListedApiKey => ({ ...apiKey, status: 'ACTIVE' });

const statusOfKey = (key: ApiKeyView, ownerActive: boolean, now: Date): ApiKeyStatus => {
  if (key.revokedAt !== null) return 'REVOKED';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'EXPIRED';
  return ownerActive ? 'ACTIVE' : 'OWNER_INACTIVE';
};

const UNREVOKED = 'k.revoked_at is null';
const LASTING = '(k.expires_at is null or k.expires_at > ?::timestamptz)';
const OWNER_ACTIVE = `(${mayActAt2.replaceAll('$2', '?')})`;

/** Keys `k` of the owner `u` in a status; every `?` is the present instant. */
export const inApiKeyStatus: Readonly<Record<ApiKeyStatus, string>> = {
  ACTIVE: `(${UNREVOKED} and ${LASTING} and ${OWNER_ACTIVE})`,
  EXPIRED: `(${UNREVOKED} and not ${LASTING})`,
  REVOKED: 'k.revoked_at is not null',
  OWNER_INACTIVE: `(${UNREVOKED} and ${LASTING} and not ${OWNER_ACTIVE})`,
};

/** What one statement tells about the caller behind a key: the key, its owner, what gives the owner grants, and the epoch. */
export interface ApiKeyAuthenticationRow extends ApiKeyRow, UserRow, AssignmentsRow {
  /** The hash of the secret that belongs to the presented selector. */
  readonly secret_hash: Buffer;
  readonly epoch: string;
  /** Only where it was asked for: `presentPosition`. */
  readonly position?: string | null;
}

/** The key `k` of the owner `u` works at `$2`: neither revoked nor expired, its owner active and not locked by an administrator. */
export const keyWorksAt2 = `k.revoked_at is null and (k.expires_at is null or k.expires_at > $2::timestamptz) and ${mayActAt2}`;

/**
 * The key of a selector, if it works at `$2`. The selector of before a rotation works until the overlap is over. `$1` selector.
 */
const authentication = (further = ''): string =>
  prepared(`
select ${apiKeyColumns}, case when k.selector = $1 then k.secret_hash else k.previous_secret_hash end as secret_hash,
  ${userColumns}, ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch${further}
from api_keys k join users u on u.id = k.owner_id
where (k.selector = $1 or (k.previous_selector = $1 and k.overlap_until > $2::timestamptz))
  and ${keyWorksAt2}`);

export const authenticationByApiKey = authentication();
/** The same, with the position of the primary. */
export const positionedByApiKey = authentication(positionColumn);

/** What is said of a key that goes with its owner. */
export interface DeletedKey {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly ownerId: UserId;
}

/** The keys that work, apart from the state of their owners `$1`, at `$2`. */
export const deletedKeys = `
select k.id, k.name, k.owner_id as "ownerId" from api_keys k
where k.owner_id = any($1::uuid[]) and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2::timestamptz) order by k.id`;

/** The key `k` belongs to a presented selector at `$2`: the one it has, or that of before a rotation until the overlap is over. */
const isPresentedAt2 = `(k.selector = presented.selector or (k.previous_selector = presented.selector and k.overlap_until > $2::timestamptz))`;

/** The same for several presented selectors, `$1`; `presented_selector` says for which. */
export const authenticationByApiKeys = prepared(`
select presented.selector as presented_selector, ${apiKeyColumns},
  case when k.selector = presented.selector then k.secret_hash else k.previous_secret_hash end as secret_hash,
  ${userColumns}, ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch
from unnest($1::text[]) as presented(selector) join api_keys k on ${isPresentedAt2} join users u on u.id = k.owner_id
where ${keyWorksAt2}`);

/** What one statement says of several keys. */
export interface WorkingKeysRow {
  /** One of `LIFE_SIGNS` for each, in their order; null without any. */
  readonly signs: string | null;
  /** Of those that work within networks only, these, by their place from 1; null when there are none. */
  readonly networks: Readonly<Record<string, readonly string[]>> | null;
}

/**
 * Which of the presented selectors `$1` have keys that work at `$2`. Asked all the time for whoever is connected, so that nothing more is
 * read, and no row made for any of them; the secret was compared when they connected, and no selector is given a second one.
 */
export const workingKeys = prepared(`
select string_agg(case when found.networks is null then '${LIFE_SIGNS.over}' when found.networks = '{}' then '${LIFE_SIGNS.lives}'
    else '${LIFE_SIGNS.withinNetworks}' end, '' order by presented.place) as signs,
  json_object_agg(presented.place, found.networks) filter (where found.networks <> '{}') as networks
from unnest($1::text[]) with ordinality as presented(selector, place)
left join lateral (
  select k.networks from api_keys k join users u on u.id = k.owner_id where ${isPresentedAt2} and ${keyWorksAt2} limit 1) found on true`);

/** How a key ceased to work, as far as its row still says. */
export interface EndedApiKey {
  readonly selector: string;
  readonly end_reason: SessionEndReason;
  readonly ended_at: string;
}

/** Why the keys of the selectors `$1` do not work at `$2`. Those whose row is gone have none here. */
export const endsOfApiKeys = `
select presented.selector, coalesce(k.revoked_at, case when k.selector <> presented.selector then k.overlap_until end,
    least(k.expires_at, $2::timestamptz))::text as ended_at,
  case when k.revoked_at is not null or k.selector <> presented.selector then 'REVOKED'
    when k.expires_at <= $2::timestamptz then 'EXPIRED'
    when u.status <> 'ACTIVE' then 'ACCOUNT_DISABLED'
    when u.locked_until > $2::timestamptz and u.status_reason is not null then 'ACCOUNT_LOCKED'
    else 'REVOKED' end as end_reason
from unnest($1::text[]) as presented(selector)
join api_keys k on k.selector = presented.selector or k.previous_selector = presented.selector
join users u on u.id = k.owner_id`;
