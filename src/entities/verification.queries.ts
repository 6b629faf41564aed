import type { SessionId, UserId, VerificationId } from '../ids.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';

/**
 * Part of a statement: a code for an address, as `issued` with its id; no row while the present one may not be sent again, or
 * when too many were sent within the hour. The unique index decides, so that of parallel requests exactly one sends.
 * `$1` id, `$2` purpose, `$3` channel, `$4` user or null for a decoy, `$5` session or null, `$6` target, `$7` selector, `$8` hash
 * of the token, `$9` hash of the code, `$10` version of its key, `$11` context (JSON), `$12` now, `$13` when it may be sent
 * again, `$14` its end, `$15` most codes within an hour.
 */
export const issuedVerification = `issued as (
  insert into verifications (id, purpose, channel, user_id, session_id, target, selector, secret_hash, code_hash, key_version,
    context, attempts, sends, created_at, resend_at, expires_at)
  values ($1::uuid, $2, $3, $4::uuid, $5::uuid, $6, $7, $8::bytea, $9::bytea, $10::int, $11::jsonb, 0, 1,
    $12::timestamptz, $13::timestamptz, $14::timestamptz)
  on conflict (target, purpose, user_id) where used_at is null do update set
    id = excluded.id, channel = excluded.channel, session_id = excluded.session_id, selector = excluded.selector,
    secret_hash = excluded.secret_hash, code_hash = excluded.code_hash, key_version = excluded.key_version,
    context = excluded.context, attempts = 0, resend_at = excluded.resend_at, expires_at = excluded.expires_at,
    sends = case when verifications.created_at <= $12::timestamptz - interval '1 hour' then 1 else verifications.sends + 1 end,
    created_at = case when verifications.created_at <= $12::timestamptz - interval '1 hour' then $12::timestamptz
      else verifications.created_at end
  where verifications.resend_at <= $12::timestamptz
    and (verifications.created_at <= $12::timestamptz - interval '1 hour' or verifications.sends < $15::int)
  returning id
)`;

/**
 * Part of a statement: a new code under the same token, as `resent`; no row when it may not be sent again.
 * `$1` selector, `$2` hash of the token, `$3` hash of the code, `$4` version of its key, `$5` now, `$6` when it may be sent
 * again, `$7` its end, `$8` most codes within an hour.
 */
export const resentVerification = `resent as (
  update verifications set code_hash = $3::bytea, key_version = $4::int, attempts = 0, resend_at = $6::timestamptz,
    expires_at = $7::timestamptz,
    sends = case when created_at <= $5::timestamptz - interval '1 hour' then 1 else sends + 1 end,
    created_at = case when created_at <= $5::timestamptz - interval '1 hour' then $5::timestamptz else created_at end
  where selector = $1 and secret_hash = $2::bytea and used_at is null and resend_at <= $5::timestamptz
    and (created_at <= $5::timestamptz - interval '1 hour' or sends < $8::int)
  returning id
)`;

/** A code on its way, as its token finds it. */
export interface VerificationRow {
  readonly id: VerificationId;
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly user_id: UserId | null;
  readonly session_id: SessionId | null;
  readonly target: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly attempts: number;
  readonly resend_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
}

const columns = `id, purpose, channel, user_id, session_id, target, context, attempts, resend_at, expires_at, used_at`;

/** `$1` selector, `$2` hash of the token. */
export const verificationByToken = `
select ${columns} from verifications where selector = $1 and secret_hash = $2::bytea`;

/** The open code of an address. `$1` target, `$2` purpose, `$3` user or null. */
export const openVerification = `
select ${columns} from verifications
where target = $1 and purpose = $2 and user_id is not distinct from $3::uuid and used_at is null`;

/**
 * Tries a code: the try is counted, and a right code used up, in one statement, so that of parallel tries with one code exactly
 * one is right and no more than `$7` are looked at. No row when there is nothing to try.
 * `$1` selector, `$2` hash of the token, `$3` purpose, `$4` session or null, `$5` hashes that the code may have, `$6` now,
 * `$7` most tries.
 */
export const tryVerification = `
update verifications set attempts = attempts + 1,
  used_at = case when code_hash = any($5::bytea[]) and user_id is not null then $6::timestamptz end
where selector = $1 and secret_hash = $2::bytea and purpose = $3 and session_id is not distinct from $4::uuid
  and used_at is null and expires_at > $6::timestamptz and attempts < $7::int
returning ${columns}`;
