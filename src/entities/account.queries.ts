import { prepared } from '../database/prepared.ts';
import type { DeviceId } from '../ids.ts';
import { assignmentsColumn, type AssignmentsRow } from './assignment.queries.ts';
import { userColumns, type UserRow } from './user.queries.ts';

/** What a sign-in needs to know of an account, and of the device that it comes from. */
export interface SignInAccountRow extends UserRow, AssignmentsRow {
  readonly epoch: string;
  readonly mfa_enabled_at: string | null;
  /** The device that presented its secret; null when it presented none that fits this account. */
  readonly device_id: DeviceId | null;
  readonly device_trusted_until: string | null;
}

/** What a password sign-in needs beside that. */
export interface AccountRow extends SignInAccountRow {
  readonly password_hash: string | null;
  readonly credential_id: string | null;
  /** Grows with every new password, not with a new hash of the same one. */
  readonly password_version: number | null;
  /** This try was counted: the account is active, and neither it nor the known device was locked when the try began. */
  readonly counted: boolean;
  /** This try is the one too many: unless its password is right, the account or the known device is locked by it. */
  readonly locks: boolean;
  /** A sign-up that waits for the proof of its address; it stands beside the account that has the address, if there is one. */
  readonly is_pending: boolean;
}

/** A failure from now on: the count starts anew after a lock is over, and the `$4`th failure locks until `$5`. */
export const countedFailure = (table: string, count = 'failed_sign_in_count', lock = 'locked_until'): string => `
    ${count} = case when ${table}.${lock} is null then ${table}.${count} + 1 else 1 end,
    ${lock} = case
      when (case when ${table}.${lock} is null then ${table}.${count} + 1 else 1 end) >= $4::int
      then $5::timestamptz else null end`;

/** An administrator's lock: it has a reason, and it holds for every device. */
const openToSignIns = (table: string): string =>
  `${table}.status = 'ACTIVE' and (${table}.status_reason is null or ${table}.locked_until is null or ${table}.locked_until <= $3::timestamptz)`;

/** True; the transaction of this statement then commits without waiting for the disk. */
const unhurried = `set_config('synchronous_commit', 'off', true) = 'off'`;

const signInColumns = `${userColumns}, u.mfa_enabled_at, ${assignmentsColumn},
  (select epoch::text from permission_epoch) as epoch, d.id as device_id, d.trusted_until as device_trusted_until`;

/**
 * Finds the account of an identifier and counts the try before the password is looked at, in one statement: whoever sends
 * a hundred guesses at once has the first five looked at, not all of them. A right password takes the count back.
 * A device that presents its secret has a count of its own: strangers who guess lock strangers out, not the owner.
 * The count does not wait for the disk, which would tell known identifiers by their time; the line in the log that follows does,
 * and takes the count along.
 * `$1` kind, `$2` value, `$3` now, `$4` failures that lock, `$5` end of a lock that would begin now, `$6` selector and `$7`
 * hash of the device's secret, or null.
 * An unknown identifier costs the same statement. The newest sign-up that waits with the identifier is a second row.
 */
export const countSignInTry = prepared(`
with found as (
  select i.user_id from identifiers i where i.kind = $1 and i.value = $2 and i.exclusive
), pending as (
  select i.user_id from identifiers i join users w on w.id = i.user_id
  where i.kind = $1 and i.value = $2 and not i.exclusive and w.status = 'PENDING'
  order by i.created_at desc, i.id desc limit 1
), known as (
  select d.id, d.user_id from devices d
  where d.selector = $6 and d.secret_hash = $7::bytea and d.user_id = (select user_id from found)
), counted as (
  update users c set ${countedFailure('c')}, status_reason = null
  where c.id = (select user_id from found) and not exists (select from known) and c.status = 'ACTIVE'
    and (c.locked_until is null or c.locked_until <= $3::timestamptz) and ${unhurried}
  returning c.locked_until
), counted_on_device as (
  update devices k set ${countedFailure('k')}
  from users c
  where k.id = (select id from known) and c.id = k.user_id and ${openToSignIns('c')}
    and (k.locked_until is null or k.locked_until <= $3::timestamptz) and ${unhurried}
  returning k.locked_until
)
select ${signInColumns}, p.id as credential_id, p.secret as password_hash, p.version as password_version, c.is_pending,
  not c.is_pending and (exists (select from counted) or exists (select from counted_on_device)) as counted,
  not c.is_pending and exists (select from counted where locked_until is not null union all
    select from counted_on_device where locked_until is not null) as locks
from (select user_id, false as is_pending from found union all select user_id, true from pending) c
join users u on u.id = c.user_id
left join devices d on d.id = (select id from known) and d.user_id = u.id
left join credentials p on p.user_id = u.id and p.type = 'PASSWORD'`);

/**
 * The account that a first factor other than a password names, or an earlier step; no row when there is none.
 * `$1` user, `$2` selector and `$3` hash of the device's secret, or null, `$4` the device that presented its secret in the earlier step,
 * or null: a client need not present it twice.
 */
export const signInAccount = prepared(`
select ${signInColumns}
from users u left join devices d on d.user_id = u.id and d.id = coalesce(
  (select p.id from devices p where p.user_id = $1 and p.selector = $2 and p.secret_hash = $3::bytea), $4::uuid)
where u.id = $1`);

/**
 * Counts a wrong second factor after a right first one: on the device when it is known, else on the account, and locks as
 * wrong passwords do; gives a row when this one locks. `$1` user, `$2` device or null, `$3` now, `$4` failures that lock, `$5` end of a lock that would begin now.
 */
export const countSecondFactorFailure = prepared(`
with counted_on_device as (
  update devices k set ${countedFailure('k')} where k.id = $2::uuid and k.user_id = $1
    and (k.locked_until is null or k.locked_until <= $3::timestamptz)
  returning k.locked_until
), counted as (
  update users c set ${countedFailure('c')}
  where c.id = $1 and $2::uuid is null and c.status_reason is null
    and (c.locked_until is null or c.locked_until <= $3::timestamptz)
  returning c.locked_until
)
select from counted_on_device where locked_until is not null union all select from counted where locked_until is not null`);

const tryBack = (condition = ''): string =>
  prepared(`
with taken_from_device as (
  update devices set failed_sign_in_count = greatest(failed_sign_in_count - 1, 0), locked_until = null
  where id = $2::uuid${condition}
)
update users set failed_sign_in_count = greatest(failed_sign_in_count - 1, 0), locked_until = null
where id = $1::uuid and $2::uuid is null and status_reason is null${condition}`);

/**
 * Takes one try back after a right password whose sign-in is not complete: guesses of the second factor add up over several
 * challenges. `$1` user, `$2` device or null.
 */
export const takeTryBack = tryBack();

/**
 * The same for a try whose password could not be looked at, without waiting for the disk, as it was counted. `$1` user, or null where
 * nothing was counted, which costs the same statement, `$2` device or null.
 */
export const takeUnseenTryBack = tryBack(` and ${unhurried}`);

/**
 * Part of a statement: takes the count back after a right password, and marks the sign-in; no row when the account may no
 * longer sign in or is none of a person, or when something that was proved does not stand any more: a password changed, a passkey or an identity removed,
 * an address given up since it was looked at. Whoever takes it away holds the row of the user first, as this does, and ends the sessions that there are
 * then: so no sign-in slips through in between. The count of strangers stays when the device is known.
 * `$1` user, `$2` now, `$3` known device or null, `$4` ids of the credentials and identities that were proved, `$5` version of the
 * password among them or null, `$6` kind and `$7` value of the address by which one was proved, or null.
 */
export const completedSignIn = `holder as materialized (
  select id from users where id = $1 for no key update
), standing as materialized (
  select c.id from holder h join credentials c on c.user_id = h.id
  where c.id = any($4::uuid[]) and (c.type <> 'PASSWORD' or $5::int is null or c.version = $5::int) for share of c
), vouching as materialized (
  select e.id from holder h join external_identities e on e.user_id = h.id where e.id = any($4::uuid[]) for share of e
), addressed as materialized (
  select i.id from holder h join identifiers i on i.user_id = h.id
  where i.kind = $6::text and i.value = $7::text and i.exclusive for share of i
), completed as (
  update users set last_sign_in_at = $2::timestamptz,
    failed_sign_in_count = case when $3::uuid is null then 0 else failed_sign_in_count end,
    locked_until = case when $3::uuid is null then null else locked_until end
  where id = $1 and status = 'ACTIVE' and kind = 'PERSON'
    and (status_reason is null or locked_until is null or locked_until <= $2::timestamptz)
    and (select count(*) from standing) + (select count(*) from vouching) = cardinality($4::uuid[])
    and ($7::text is null or exists (select from addressed))
  returning id
)`;

/**
 * Stores the hash of the same password by other parameters, if nobody changed the password meanwhile; its version stays, for it is
 * no other password. `$1` credential, `$2` new hash (null: nothing happens), `$3` now, `$4` old hash.
 */
export const replacePasswordHash = prepared(`
  update credentials set secret = $2::text, updated_at = $3::timestamptz
  where $2::text is not null and id = $1::uuid and secret = $4::text`);

/** Part of a statement: the same, if `guard` has a row. */
export const replacedPasswordHash = (guard: string): string =>
  `rehashed as (${replacePasswordHash} and exists (select from ${guard}))`;

/**
 * Part of a statement: makes an account with everything that belongs to it from the start, as `account`.
 * `$1` id, `$2` display name, `$3` locale, `$4` status, `$5` e-mail, `$6` phone and `$7` user name as typed, `$8` when the
 * addresses were proved, `$9` a new password is asked for at the first sign-in, `$10` now, `$11` last sign-in,
 * `$12` normalised identifiers (JSON: id, kind, value, skeleton), `$13` id of the credential, `$14` hash of the password or null,
 * `$15` ids of the memberships, `$16` their groups, `$17` who adds them, `$18` nobody else can have the identifiers, `$19` custom
 * attributes (JSON).
 */
export const newAccount = `names as (
  insert into identifiers (id, user_id, kind, value, skeleton, exclusive, verified_at, created_at)
  select i.id, $1, i.kind, i.value, i.skeleton, $18, $8::timestamptz, $10::timestamptz
  from jsonb_to_recordset($12::jsonb) as i(id uuid, kind text, value text, skeleton text)
), password as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select $13::uuid, $1, 'PASSWORD', $14::text, $10::timestamptz, $10::timestamptz where $14::text is not null
), joined as (
  insert into memberships (id, user_id, group_id, added_by_id, added_at)
  select m.id, $1, m.group_id, $17::uuid, $10::timestamptz from unnest($15::uuid[], $16::uuid[]) as m(id, group_id)
), account as (
insert into users as u (id, kind, display_name, locale, status, email, email_verified_at, phone, phone_verified_at, username,
  failed_sign_in_count, password_change_required, last_sign_in_at, created_at, updated_at, attributes)
values ($1, 'PERSON', $2, $3, $4, $5, case when $5::text is not null then $8::timestamptz end,
  $6, case when $6::text is not null then $8::timestamptz end, $7, 0, $9, $11::timestamptz, $10::timestamptz, $10::timestamptz,
  $19::jsonb)
returning ${userColumns})`;
