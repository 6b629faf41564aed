import { instantOf } from '../database/sql.ts';
import type { CredentialId, UserId } from '../ids.ts';

/** A passkey as reads hand it on: without the key. */
export interface PasskeyView {
  readonly id: CredentialId;
  readonly userId: UserId;
  readonly name: string;
  /** It cannot be synchronised to other devices (backup eligibility, WebAuthn section 6.1.3). */
  readonly deviceBound: boolean;
  readonly backedUp: boolean;
  readonly transports: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** What `credentials.details` holds of a passkey. */
export interface PasskeyDetails {
  readonly deviceBound: boolean;
  readonly backedUp: boolean;
  readonly transports: readonly string[];
}

export interface PasskeyRow {
  readonly id: CredentialId;
  readonly user_id: UserId;
  readonly external_id: string;
  readonly label: string;
  readonly details: PasskeyDetails;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

/** A passkey with what a signature is checked against. */
export interface PasskeyKeyRow {
  readonly id: CredentialId;
  readonly user_id: UserId;
  /** COSE key, base64url. */
  readonly secret: string;
}

/** How a browser recognises a passkey. */
export interface PasskeyDescriptorRow {
  readonly external_id: string;
  readonly transports: readonly string[];
}

const passkeyColumns = `c.id, c.user_id, c.external_id, c.label, c.details, c.created_at, c.last_used_at`;
const descriptorColumns = `c.external_id, c.details->'transports' as transports`;

export const passkeyViewOf = (row: PasskeyRow): PasskeyView => ({
  id: row.id,
  userId: row.user_id,
  name: row.label,
  deviceBound: row.details.deviceBound,
  backedUp: row.details.backedUp,
  transports: row.details.transports,
  createdAt: instantOf(row.created_at),
  lastUsedAt: instantOf(row.last_used_at),
});

/** `$1` users. Oldest first. */
export const passkeysOfUsers = `
select ${passkeyColumns} from credentials c where c.user_id = any($1::uuid[]) and c.type = 'PASSKEY' order by c.id`;

/** One of somebody's own, as a browser recognises it, with when it was made. */
export interface OwnPasskeyRow extends PasskeyDescriptorRow {
  readonly created_at: string;
}

/** `$1` user. */
export const passkeyDescriptors = `
select ${descriptorColumns}, c.created_at from credentials c where c.user_id = $1 and c.type = 'PASSKEY' order by c.id`;

/**
 * The account that an identifier names and its passkeys: a row with nulls for an account without any, no row for nobody. One
 * statement in either case. `$1` kind, `$2` value.
 */
export const passkeyDescriptorsOfIdentifier = `
select i.user_id, ${descriptorColumns} from identifiers i
left join credentials c on c.user_id = i.user_id and c.type = 'PASSKEY'
where i.kind = $1 and i.value = $2 and i.exclusive order by c.id`;

/** `$1` WebAuthn credential id, base64url. */
export const passkeyByCredentialId = `
select c.id, c.user_id, c.secret from credentials c where c.external_id = $1 and c.type = 'PASSKEY'`;

/**
 * Marks a passkey as used if its counter went on; an authenticator that never counts says 0 each time. No row when the counter
 * stood still or went back, which is what a copy of the key looks like (WebAuthn section 6.1.1), or when the passkey is gone.
 * `$1` passkey, `$2` counter, `$3` now, `$4` whether its provider keeps a copy now.
 */
export const usePasskey = `
update credentials c set counter = $2::bigint, last_used_at = $3::timestamptz,
  details = c.details || jsonb_build_object('backedUp', $4::boolean), version = c.version + 1
where c.id = $1 and c.type = 'PASSKEY' and (c.counter < $2::bigint or (c.counter = 0 and $2::bigint = 0))
returning c.id`;

/**
 * Registers a passkey; no row when its credential id is known, to whichever account. `$1` id, `$2` user, `$3` key, `$4`
 * credential id, `$5` name, `$6` details, `$7` counter, `$8` now.
 */
export const insertPasskey = `
insert into credentials as c (id, user_id, type, secret, external_id, label, details, counter, created_at, updated_at)
values ($1, $2, 'PASSKEY', $3, $4, $5, $6::jsonb, $7::bigint, $8::timestamptz, $8::timestamptz)
on conflict (external_id) where type = 'PASSKEY' do nothing
returning ${passkeyColumns}`;

/** Renames a passkey and tells the former name. `$1` passkey, `$2` its user, `$3` name, `$4` now. */
export const renamePasskey = `
with former as (
  select c.id, c.label from credentials c where c.id = $1 and c.user_id = $2 and c.type = 'PASSKEY' for update
)
update credentials c set label = $3, updated_at = $4::timestamptz, version = c.version + 1
from former where c.id = former.id
returning ${passkeyColumns}, former.label as former_label`;

/** `$1` passkey, `$2` its user. */
export const deletePasskey = `
delete from credentials c where c.id = $1 and c.user_id = $2 and c.type = 'PASSKEY' returning ${passkeyColumns}`;

/** Sessions in which a passkey was proved, those that are over and one that asks left aside. `$1` user, `$2` passkey, `$3` session. */
export const sessionsProvedByPasskey = `
select s.id from sessions s
where s.user_id = $1 and s.ended_at is null and s.id <> $3::uuid
  and s.factors @> jsonb_build_array(jsonb_build_object('credentialId', $2::text))`;
