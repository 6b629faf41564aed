import { prepared } from '../database/prepared.ts';
import type { SessionId, UserId, VerificationId } from '../ids.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import { userColumns } from './user.queries.ts';

/**
 * Lets codes for one address, or changes of who has it, be decided one after another until the transaction ends. A statement of its
 * own: one that waits for a lock does not see what it waited for. `$1` channel, `$2` address.
 */
export const lockAddress = `
select pg_advisory_xact_lock(hashtextextended('address:' || $1::text || ':' || $2::text, 0))`;

/** Requesters that anybody can be: they share what one address is sent and what is tried of its codes. */
const isStranger = (requester: string): string => `${requester} like 'network:%'`;

/**
 * Whether one more code may be sent to an address, as `free`, and from when on the requester may ask again, as `waiting`. Everybody
 * has a cooldown and an hourly share of their own, so that nobody uses up another's. All networks, of which one person can have many,
 * share one limit beside that, or a mailbox could be flooded; sessions and known devices, which only the owner has, stand outside of it.
 */
const sendingLimits = (given: {
  readonly target: string;
  readonly purpose: string;
  readonly requester: string;
  readonly now: string;
  readonly perRequester: string;
  readonly perAddress: string;
}): string => {
  const { target, purpose, requester, now, perRequester, perAddress } = given;
  const sent = (whose: string): string =>
    `coalesce(sum(v.sends) filter (where ${whose} and v.created_at > ${now}::timestamptz - interval '1 hour'), 0)`;
  return `select coalesce(max(v.resend_at) filter (where v.requester = ${requester}) <= ${now}::timestamptz, true)
      and ${sent(`v.requester = ${requester}`)} < ${perRequester}::int
      and (not ${isStranger(requester)} or ${sent(isStranger('v.requester'))} < ${perAddress}::int) as free,
    max(v.resend_at) filter (where v.requester = ${requester}) as waiting
  from verifications v where v.target = ${target} and v.purpose = ${purpose} and v.used_at is null`;
};

const limitsOfIssue = sendingLimits({
  target: '$6',
  purpose: '$2',
  requester: '$15',
  now: '$12',
  perRequester: '$16',
  perAddress: '$17',
});

const insertion = (sends: string, resendAt: string): string => `
  insert into verifications (id, purpose, channel, user_id, session_id, target, selector, secret_hash, code_hash, key_version,
    context, attempts, tries, sends, created_at, resend_at, expires_at, requester)
  select $1::uuid, $2, $3, $4::uuid, $5::uuid, $6, $7, $8::bytea, $9::bytea, $10::int, $11::jsonb, 0, 0, ${sends},
    $12::timestamptz, ${resendAt}, $14::timestamptz, $15`;

/**
 * Part of a statement: a code for an address, as `issued` with its id; no row while none may be sent, of which `limits` says how long
 * that is. Codes before it stay good, each for who holds its token: a stranger who asks makes nobody's void. Call it after `lockAddress`.
 * `$1` id, `$2` purpose, `$3` channel, `$4` user or null for a decoy, `$5` session or null, `$6` target, `$7` selector, `$8` hash
 * of the token, `$9` hash of the code, `$10` version of its key, `$11` context (JSON), `$12` now, `$13` when it may be sent
 * again, `$14` its end, `$15` who asks, `$16` most codes of one requester and `$17` of all strangers within an hour.
 */
export const issuedVerification = `limits as materialized (
  ${limitsOfIssue}
), issued as (${insertion('1', '$13::timestamptz')}
  from limits where free
  returning id
)`;

/**
 * Part of a statement: a code for somebody who signs up, as `issued` with whether it is sent. The account is made in any case; while
 * it has to wait, its code is made and not sent. Call it after `lockAddress`. Values as of `issuedVerification`.
 */
export const issuedSignUpVerification = `limits as materialized (
  ${limitsOfIssue}
), issued as (${insertion('case when free then 1 else 0 end', 'case when not free and waiting > $12::timestamptz then waiting else $13::timestamptz end')}
  from limits
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
 * Part of a statement: a new code under the same token, as `resent`; no row when it may not be sent again, for whoever asked for the
 * first one. Call it after `lockAddress`.
 * `$1` selector, `$2` hash of the token, `$3` hash of the code, `$4` version of its key, `$5` now, `$6` when it may be sent
 * again, `$7` its end, `$8` most codes of one requester and `$9` of all strangers within an hour.
 */
export const resentVerification = `resent as (
  update verifications r set code_hash = $3::bytea, key_version = $4::int, attempts = 0, resend_at = $6::timestamptz,
    expires_at = $7::timestamptz,
    sends = case when r.created_at <= $5::timestamptz - interval '1 hour' then 1 else r.sends + 1 end,
    tries = case when r.created_at <= $5::timestamptz - interval '1 hour' then 0 else r.tries end,
    created_at = case when r.created_at <= $5::timestamptz - interval '1 hour' then $5::timestamptz else r.created_at end
  where selector = $1 and secret_hash = $2::bytea and used_at is null and (select free from (
    ${sendingLimits({
      target: 'r.target',
      purpose: 'r.purpose',
      requester: 'r.requester',
      now: '$5',
      perRequester: '$8',
      perAddress: '$9',
    })}) limits)
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
export const verificationByToken = prepared(`
select ${columns} from verifications where selector = $1 and secret_hash = $2::bytea`);

/** Whose code a token goes with; no row for a decoy. `$1` selector, `$2` hash of the token. */
export const ownerOfVerification = `
select ${userColumns} from verifications v join users u on u.id = v.user_id where v.selector = $1 and v.secret_hash = $2::bytea`;

/** Whom a mailed link signs in. `$1` selector, `$2` hash of the secret. */
export const ownerOfLink = `
select ${userColumns} from one_time_tokens t join users u on u.id = t.user_id
where t.kind = 'SIGN_IN_LINK' and t.selector = $1 and t.secret_hash = $2::bytea`;

/**
 * Whom a code goes to when it is sent again; no row when the address is not theirs any more, or belongs to somebody else by now.
 * `$1` user or null, `$2` kind of the address, `$3` address, `$4` purpose.
 */
export const codeRecipient = prepared(`
select u.id as user_id, u.display_name, u.locale
from users u join identifiers i on i.user_id = u.id and i.kind = $2 and i.value = $3
where u.id = $1::uuid and case
  when $4 = 'SIGN_UP' then u.status in ('PENDING', 'ACTIVE') and not exists (
    select from identifiers o where o.kind = $2 and o.value = $3 and o.exclusive and o.user_id <> u.id)
  else u.status = 'ACTIVE' and i.exclusive end`);

export interface CodeRecipientRow {
  readonly user_id: UserId;
  readonly display_name: string;
  readonly locale: string;
}

/**
 * Part of a statement: a link that signs in, if `guard` has a row; those before it stay good, or anybody who asks would make the one
 * void that its owner is about to follow.
 * `$1` id (null: nothing happens), `$2` user, `$3` selector, `$4` hash of the secret, `$5` context (JSON), `$6` now, `$7` its end.
 */
export const issuedSignInLink = (guard: string): string => `linked as (
  insert into one_time_tokens (id, kind, user_id, selector, secret_hash, context, attempts, created_at, expires_at)
  select $1::uuid, 'SIGN_IN_LINK', $2::uuid, $3, $4::bytea, $5::jsonb, 0, $6::timestamptz, $7::timestamptz
  from ${guard} where $1::uuid is not null
)`;

/** Ends the other links that sign a user in: one of them was followed. `$1` user, `$2` now. */
export const endSignInLinks = `
update one_time_tokens set used_at = $2::timestamptz where user_id = $1 and kind = 'SIGN_IN_LINK' and used_at is null`;

/**
 * Tries a code: the try is counted, and a right code used up, in one statement, so that of parallel tries with one code exactly
 * one is right and no more than `$7` are looked at. Whoever asks for many codes tries no more of them: all open codes for the address
 * count, those of one requester and those of all strangers together. Call it after `lockAddress`, or parallel tries of several codes
 * would not see each other. No row when there is nothing to try.
 * `$1` selector, `$2` hash of the token, `$3` purpose, `$4` session or null, `$5` hashes that the code may have, `$6` now,
 * `$7` most tries of a code, `$8` of one requester and `$9` of all strangers within an hour.
 */
export const tryVerification = prepared(`
update verifications r set attempts = r.attempts + 1, tries = r.tries + 1,
  used_at = case when r.code_hash = any($5::bytea[]) and r.user_id is not null then $6::timestamptz end
where selector = $1 and secret_hash = $2::bytea and purpose = $3 and session_id is not distinct from $4::uuid
  and used_at is null and expires_at > $6::timestamptz and attempts < $7::int and (
    select coalesce(sum(v.tries) filter (where v.requester = r.requester), 0) < $8::int
      and (not ${isStranger('r.requester')} or coalesce(sum(v.tries) filter (where ${isStranger('v.requester')}), 0) < $9::int)
    from verifications v where v.target = r.target and v.purpose = r.purpose and v.used_at is null
      and v.created_at > $6::timestamptz - interval '1 hour')
returning ${columns}`);
