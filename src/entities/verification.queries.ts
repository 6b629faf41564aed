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
 * Lets codes for one address, or changes of who has it, be decided one after another until the transaction ends. A statement of its
 * own: one that waits for a lock does not see what it waited for. `$1` channel, `$2` address.
 */
export const lockAddress = `
select pg_advisory_xact_lock(hashtextextended('address:' || $1::text || ':' || $2::text, 0))`;

/** Every open code `v` for one address and purpose, whoever asked for it. */
const ofSameAddress = (target: string, purpose: string): string =>
  `v.target = ${target} and v.purpose = ${purpose} and v.used_at is null`;

/**
 * Part of a statement: a code for somebody who signs up, as `issued` with whether it is sent. Everybody who signs up with an address
 * has a code of their own, so the limits of sending look at the address: while it has to wait, the code is made and not sent. Call it
 * after `lockAddress`. Values as of `issuedVerification`.
 */
export const issuedSignUpVerification = `issued as (
  insert into verifications (id, purpose, channel, user_id, session_id, target, selector, secret_hash, code_hash, key_version,
    context, attempts, sends, created_at, resend_at, expires_at)
  select $1::uuid, $2, $3, $4::uuid, $5::uuid, $6, $7, $8::bytea, $9::bytea, $10::int, $11::jsonb, 0,
    case when free then 1 else 0 end, $12::timestamptz,
    case when free then $13::timestamptz else waiting end, $14::timestamptz
  from (
    select coalesce(max(v.resend_at) <= $12::timestamptz, true) and coalesce(sum(v.sends) filter (
        where v.created_at > $12::timestamptz - interval '1 hour'), 0) < $15::int as free,
      case when max(v.resend_at) > $12::timestamptz then max(v.resend_at) else $13::timestamptz end as waiting
    from verifications v where ${ofSameAddress('$6', '$2')}
  ) limits
  returning id, sends > 0 as sent, resend_at
)`;

/**
 * A new secret for the token of an open code; the code stays as it is. For somebody who lost the token and proved otherwise
 * to be who asked for the code. `$1` user, `$2` purpose, `$3` target, `$4` hash of the new secret, `$5` context (JSON).
 */
export const renewToken = `
update verifications set secret_hash = $4::bytea, context = $5::jsonb
where user_id = $1 and purpose = $2 and target = $3 and used_at is null
returning selector, expires_at, resend_at`;

/**
 * Part of a statement: a new code under the same token, as `resent`; no row when it may not be sent again, because of other
 * codes for the same address too. Call it after `lockAddress`.
 * `$1` selector, `$2` hash of the token, `$3` hash of the code, `$4` version of its key, `$5` now, `$6` when it may be sent
 * again, `$7` its end, `$8` most codes within an hour.
 */
export const resentVerification = `resent as (
  update verifications r set code_hash = $3::bytea, key_version = $4::int, attempts = 0, resend_at = $6::timestamptz,
    expires_at = $7::timestamptz,
    sends = case when created_at <= $5::timestamptz - interval '1 hour' then 1 else sends + 1 end,
    created_at = case when created_at <= $5::timestamptz - interval '1 hour' then $5::timestamptz else created_at end
  where selector = $1 and secret_hash = $2::bytea and used_at is null and (
    select max(v.resend_at) <= $5::timestamptz and coalesce(sum(v.sends) filter (
      where v.created_at > $5::timestamptz - interval '1 hour'), 0) < $8::int
    from verifications v where ${ofSameAddress('r.target', 'r.purpose')})
  returning id, user_id, resend_at
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

/**
 * Whom a code goes to when it is sent again; no row when the address is not theirs any more, or belongs to somebody else by now.
 * `$1` user or null, `$2` kind of the address, `$3` address, `$4` purpose.
 */
export const codeRecipient = `
select u.id as user_id, u.display_name, u.locale
from users u join identifiers i on i.user_id = u.id and i.kind = $2 and i.value = $3
where u.id = $1::uuid and case
  when $4 = 'SIGN_UP' then u.status in ('PENDING', 'ACTIVE') and not exists (
    select from identifiers o where o.kind = $2 and o.value = $3 and o.exclusive and o.user_id <> u.id)
  else u.status = 'ACTIVE' and i.exclusive end`;

export interface CodeRecipientRow {
  readonly user_id: UserId;
  readonly display_name: string;
  readonly locale: string;
}

/**
 * Part of a statement: a link that signs in, if `guard` has a row; older ones of the user stop working.
 * `$1` id (null: nothing happens), `$2` user, `$3` selector, `$4` hash of the secret, `$5` context (JSON), `$6` now, `$7` its end.
 */
export const issuedSignInLink = (guard: string): string => `replaced as (
  update one_time_tokens set used_at = $6::timestamptz
  where $1::uuid is not null and user_id = $2::uuid and kind = 'SIGN_IN_LINK' and used_at is null
    and exists (select from ${guard})
), linked as (
  insert into one_time_tokens (id, kind, user_id, selector, secret_hash, context, attempts, created_at, expires_at)
  select $1::uuid, 'SIGN_IN_LINK', $2::uuid, $3, $4::bytea, $5::jsonb, 0, $6::timestamptz, $7::timestamptz
  from ${guard} where $1::uuid is not null
)`;

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
