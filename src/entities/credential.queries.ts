import { prepared } from '../database/prepared.ts';
import type { CredentialId, UserId } from '../ids.ts';
import type { MfaMethod } from '../vocabulary.ts';
import { countedFailure } from './account.queries.ts';

/**
 * Counts a try of a signed-in person's own password or code before it is looked at, as signing in does, and gives what it is
 * compared with. It is counted where only somebody with a living session can count: on the device that the session runs on, or
 * on the session if it runs on none. So strangers who guess at the account keep nobody from proving to be its owner, and whoever
 * stole a session is stopped all the same. `counted` is false, and nothing was counted, while that device or session is locked, the
 * account is not active, or an administrator locked it. `$1` user, `$2` session, `$3` now, `$4` failures that lock, `$5` end of a
 * lock that would begin now.
 */
export const countOwnTry = prepared(`
with place as (
  select s.id, s.device_id from sessions s join users u on u.id = s.user_id
  where s.id = $2 and u.id = $1 and s.ended_at is null and u.status = 'ACTIVE'
    and (u.status_reason is null or u.locked_until is null or u.locked_until <= $3::timestamptz)
), on_device as (
  update devices d set ${countedFailure('d')}
  from place where d.id = place.device_id and (d.locked_until is null or d.locked_until <= $3::timestamptz)
  returning d.id
), on_session as (
  update sessions t set ${countedFailure('t', 'failed_proof_count', 'proof_locked_until')}
  from place where t.id = place.id and place.device_id is null
    and (t.proof_locked_until is null or t.proof_locked_until <= $3::timestamptz)
  returning t.id
)
select p.id as credential_id, p.secret as password_hash,
  exists (select from on_device union all select from on_session) as counted
from users u left join credentials p on p.user_id = u.id and p.type = 'PASSWORD'
where u.id = $1`);

export interface OwnTryRow {
  readonly credential_id: string | null;
  readonly password_hash: string | null;
  readonly counted: boolean;
}

/**
 * Part of a statement: takes tries back from the device of a session. The count of strangers stays: who proves to be the owner here
 * buys them no further guesses. `$1` session, `$2` how many; null = all.
 */
export const forgottenOnDevice = `forgotten as (
  update devices d set failed_sign_in_count = greatest(d.failed_sign_in_count - coalesce($2::int, d.failed_sign_in_count), 0),
    locked_until = case when $2::int = 0 then d.locked_until end
  from sessions s where s.id = $1::uuid and d.id = s.device_id and d.failed_sign_in_count > 0
)`;

/** Takes tries back from where `countOwnTry` counted them. `$1` session, `$2` how many; null = all. */
export const forgetTries = `
with ${forgottenOnDevice}
update sessions t set failed_proof_count = greatest(t.failed_proof_count - coalesce($2::int, t.failed_proof_count), 0),
  proof_locked_until = case when $2::int = 0 then t.proof_locked_until end
where t.id = $1::uuid and t.failed_proof_count > 0`;

/** The TOTP secret of a user. `$1` user. */
export const totpOf = `select id, secret from credentials where user_id = $1 and type = 'TOTP'`;

export interface SealedRow {
  readonly id: CredentialId;
  readonly secret: string;
}

/**
 * Accepts a time step, once: it must be later than every one before, so that of parallel tries with one code exactly one gets
 * a row. `$1` credential, `$2` time step, `$3` now.
 */
export const acceptTimeStep = prepared(`
update credentials set counter = $2::bigint, last_used_at = $3::timestamptz
where id = $1 and type = 'TOTP' and (counter is null or counter < $2::bigint)
returning id`);

/**
 * Uses a recovery code up: its row is gone for good, and of parallel tries exactly one gets a row.
 * `$1` user, `$2` hashes that the code may have.
 */
export const consumeRecoveryCode = prepared(`
delete from credentials where user_id = $1 and type = 'RECOVERY_CODE' and secret = any($2::text[])
returning id`);

/** Which second factors a user holds. `$1` user. */
export const methodsOfUser = prepared(`
select distinct type as method from credentials
where user_id = $1 and type in ('TOTP', 'RECOVERY_CODE', 'PASSKEY')`);

export interface MethodRow {
  readonly method: MfaMethod;
}

/** The second factors of several users. `$1` users. */
export const mfaStates = prepared(`
select u.id as user_id, u.mfa_enabled_at,
  (select count(*)::int from credentials c where c.user_id = u.id and c.type = 'RECOVERY_CODE') as recovery_codes_left
from users u where u.id = any($1::uuid[])`);

export interface MfaStateRow {
  readonly user_id: UserId;
  readonly mfa_enabled_at: string | null;
  readonly recovery_codes_left: number;
}

/**
 * What stands in the way of an enrolment: TOTP that is on, and passkeys that were there before the session. `$1` user, `$2` when the
 * session began.
 */
export const enrollmentFacts = `
select exists (select from credentials where user_id = $1 and type = 'TOTP') as enrolled,
  exists (select from credentials where user_id = $1 and type = 'PASSKEY' and created_at < $2::timestamptz) as has_passkey`;

export interface EnrollmentFactsRow {
  readonly enrolled: boolean;
  readonly has_passkey: boolean;
}

/**
 * Begins an enrolment; an earlier one that was not confirmed is replaced with its row, so that what was sealed for that row
 * opens nowhere. `$1` id, `$2` user, `$3` sealed secret, `$4` end, `$5` now.
 */
export const beginEnrollment = `
insert into credentials (id, version, user_id, type, secret, counter, expires_at, created_at, updated_at)
values ($1, 1, $2, 'TOTP_PENDING', $3, 0, $4::timestamptz, $5::timestamptz, $5::timestamptz)
on conflict (user_id, type) where type in ('TOTP', 'TOTP_PENDING')
do update set id = excluded.id, secret = excluded.secret, counter = 0, expires_at = excluded.expires_at,
  created_at = excluded.created_at, updated_at = excluded.updated_at`;

/**
 * Counts a try to confirm an enrolment, in the column that later holds the time step, and gives the secret it is tried
 * against. No row when there is none, or when `$2` tries were made: then only a new enrolment helps. `$1` user, `$2` most tries.
 */
export const countEnrollmentTry = `
update credentials set counter = counter + 1
where user_id = $1 and type = 'TOTP_PENDING' and counter < $2::bigint
returning id, secret, expires_at`;

export interface EnrollmentRow extends SealedRow {
  readonly expires_at: string;
}

/**
 * Makes a confirmed enrolment the TOTP of its user; the code that confirmed it is used up by that. No row when it was
 * confirmed or replaced meanwhile. `$1` credential, `$2` user, `$3` time step, `$4` now.
 */
export const completeEnrollment = `
update credentials set type = 'TOTP', counter = $3::bigint, expires_at = null, last_used_at = $4::timestamptz,
  created_at = $4::timestamptz, updated_at = $4::timestamptz, version = version + 1
where id = $1 and user_id = $2 and type = 'TOTP_PENDING'
returning id`;

/** Makes recovery codes, in place of all that there were. `$1` user, `$2` ids, `$3` hashes, `$4` now. */
export const replaceRecoveryCodes = `
with gone as (delete from credentials where user_id = $1 and type = 'RECOVERY_CODE')
insert into credentials (id, version, user_id, type, secret, created_at, updated_at)
select c.id, 1, $1, 'RECOVERY_CODE', c.hash, $4::timestamptz, $4::timestamptz
from unnest($2::uuid[], $3::text[]) as c(id, hash)`;

/**
 * Removes credentials of these types, and with them what rested on a second factor: the mark of the account and the trust in
 * devices that spared the question. Gives the removed. `$1` user, `$2` types, `$3` now.
 */
export const removeSecondFactors = `
with gone as (
  delete from credentials where user_id = $1 and type = any($2::text[]) returning type
), unmarked as (
  update users set mfa_enabled_at = null, updated_at = $3::timestamptz, version = version + 1 where id = $1
), untrusted as (
  update devices set trusted_until = null where user_id = $1 and trusted_until is not null
)
select type from gone`;

/**
 * Ends the sign-ins and proofs under way that rest on second factors; one that waits for a new password has proved its second
 * factor already. `$1` user, `$2` now.
 */
export const endOpenChallenges = `
update one_time_tokens set used_at = $2::timestamptz
where user_id = $1 and used_at is null
  and kind in ('MFA', 'PASSWORD_CHANGE', 'PASSKEY_REGISTRATION', 'PASSKEY_ASSERTION')`;

/** The factors of a session, its row held until the transaction ends. `$1` session. */
export const sessionFactors = 'select factors from sessions where id = $1 for update';

/** Stores what was proved in a session, and the level that follows from it. `$1` session, `$2` factors (JSON), `$3` level. */
export const storeSessionFactors = `
update sessions set factors = $2::jsonb, assurance_level = $3 where id = $1`;
