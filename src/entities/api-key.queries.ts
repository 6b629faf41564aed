import { instantOf } from '../database/sql.ts';
import type { ApiKeyId, UserId } from '../ids.ts';
import { grantFromStored } from '../permissions/grant-input.ts';
import type { Grant } from '../permissions/grants.ts';
import { assignmentsColumn, type AssignmentsRow } from './assignment.queries.ts';
import { userColumns, type UserRow } from './user.queries.ts';

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

/** What one statement tells about the caller behind a key: the key, its owner, what gives the owner grants, and the epoch. */
export interface ApiKeyAuthenticationRow extends ApiKeyRow, UserRow, AssignmentsRow {
  /** The hash of the secret that belongs to the presented selector. */
  readonly secret_hash: Buffer;
  readonly epoch: string;
}

/**
 * The key of a selector, if it works at `$2`: neither revoked nor expired, its owner active and not locked by an administrator. The
 * selector of before a rotation works until the overlap is over. `$1` selector.
 */
export const authenticationByApiKey = `
select ${apiKeyColumns}, case when k.selector = $1 then k.secret_hash else k.previous_secret_hash end as secret_hash,
  ${userColumns}, ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch
from api_keys k join users u on u.id = k.owner_id
where (k.selector = $1 or (k.previous_selector = $1 and k.overlap_until > $2::timestamptz))
  and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2::timestamptz) and u.status = 'ACTIVE'
  and (u.locked_until is null or u.locked_until <= $2::timestamptz or u.status_reason is null)`;
