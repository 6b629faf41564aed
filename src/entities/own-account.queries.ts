import { assignmentsColumn } from './assignment.queries.ts';
import { mayActAt2, userColumns, type UserRow } from './user.queries.ts';

export interface OwnAccountRow extends UserRow {
  /** The address was proved, or given by an administrator: what is sent there reaches the person. */
  readonly email_is_own: boolean;
}

/** Holds the row of a user until the transaction ends. `$1` user. */
export const heldAccount = 'select from users where id = $1 for update';

/**
 * Holds the rows of a user and of a session of theirs until the transaction ends; no row when the account is shut out, or the session is over.
 * One statement does, as both are locked: of a row that was waited for its new version is looked at. `$1` user, `$2` now, `$3` session.
 */
export const heldInSession = `
select from users u join sessions s on s.user_id = u.id
where u.id = $1 and s.id = $3::uuid and s.ended_at is null and ${mayActAt2}
for update of u for share of s`;

/**
 * Parts of a statement that changes something without the lock of access changes: what its caller has as it ends, as `asking`, no row when
 * they are shut out; and as `present` their session, if it goes on. Both are held, so that whoever shuts them out is waited for and
 * looked at. `$1` user, `$2` now, `$3` session or null.
 */
export const askingCaller = `asking as materialized (
  select u.id, ${assignmentsColumn} from users u where u.id = $1 and ${mayActAt2} for share of u
), present as materialized (
  select s.id from asking a join sessions s on s.user_id = a.id
  where s.id = $3::uuid and s.ended_at is null for share of s
)`;

/** The columns behind `AskingCallerRow`, after `askingCaller`. */
export const askingCallerColumns = `(select assignments from asking) as caller_assignments,
  (select epoch::text from permission_epoch) as caller_epoch, exists (select from present) as caller_present`;

/** An account that is not shut out, while the session goes on. `$1` user, `$2` now, `$3` session, or null where none is needed. */
export const ownAccount = `
select ${userColumns},
  exists (select from identifiers i where i.user_id = u.id and i.kind = 'EMAIL' and i.exclusive) as email_is_own
from users u
where u.id = $1 and ${mayActAt2}
  and ($3::uuid is null
    or exists (select from sessions s where s.id = $3 and s.user_id = u.id and s.ended_at is null))`;

/** Stores what a person says of themselves. `$1` user, `$2` now, `$3` name, `$4` language, `$5` custom attributes (JSON). */
export const storeProfile = `
update users u set display_name = $3, locale = $4, attributes = $5::jsonb, updated_at = $2::timestamptz,
  version = u.version + 1
where u.id = $1 returning ${userColumns}`;

/** What a wish for another address has to know, once the account is held. `$1` user, `$2` normalised address. */
export const emailChangeFacts = `
select exists (select from identifiers i
    where i.kind = 'EMAIL' and i.value = $2 and i.exclusive and i.user_id <> $1) as taken,
  (select max(t.created_at) from one_time_tokens t where t.user_id = $1 and t.kind = 'EMAIL_CHANGE') as last_requested_at`;

export interface EmailChangeFactsRow {
  /** The address belongs to somebody else. */
  readonly taken: boolean;
  readonly last_requested_at: string | null;
}

/** Ends every open code of a user: it went to an address that does not count any more. `$1` user, `$2` now. */
export const endOpenCodes = `
update verifications set used_at = $2::timestamptz where user_id = $1 and used_at is null`;
