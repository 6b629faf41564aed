/*
 * What a person leaves behind, table by table. With the row of `users` go, by foreign keys: identifiers, credentials,
 * external_identities, memberships, organization_members, sessions, devices, one_time_tokens, verifications, invitations, messages,
 * api_keys, action_links and export_jobs with their chunks. Rows of others that name who made them forget the id. The statements
 * here take away the rest. outbox_events, webhook_deliveries, leases, counters and the tables of groups, organizations and resources hold ids only.
 */

/** Ids of what belongs to the user `$1` with the addresses `$2`: the log has lines about these as well. */
export const belongings = `
select id::text as id from sessions where user_id = $1 union all select id::text from devices where user_id = $1
union all select id::text from messages where user_id = $1 union all select id::text from invitations where user_id = $1
union all select id::text from api_keys where owner_id = $1 union all select id::text from external_identities where user_id = $1
union all select id::text from credentials where user_id = $1 union all select id::text from impersonations where $1 in (actor_id, target_id)
union all select id::text from action_links where recipient = any($2::text[])
union all select id::text from export_jobs where owner_id = $1 or scope->>'userId' = $1::text`;

/** Messages and codes to addresses of the person that were about no account. `$1` addresses. */
export const forgetMessages = `
with asked as (delete from reset_requests where address = any($1::text[])), coded as (delete from verifications where target = any($1::text[])), linked as (delete from action_links where recipient = any($1::text[]))
delete from messages where recipient = any($1::text[])`;

/**
 * What was kept of requests: answers by key, changes that waited for a second person and name the user. Names of fields are no names
 * of people. `$1` user, `$2` `naming` what names the person.
 */
export const forgetRequests = `
with answered as (delete from idempotency_keys where actor_id = $1::uuid)
delete from approval_requests r where requested_by_id = $1::uuid or r.decision_reason ~* any($2::text[]) or exists (
  select from jsonb_path_query(r.input, '$.** ? (@.type() == "string")') as said(value) where said.value #>> '{}' ~* any($2::text[]))`;

/**
 * A regular expression that finds an address, a user name or an id as such, and no longer one that it is a part of: `anna` in "lock
 * Anna.", but neither in `joanna` nor in `anna@x.example`.
 */
export const naming = (text: string): string =>
  `(?<![[:alnum:]_.+-])${text.replaceAll(/[^\p{L}\p{M}\p{N}]/gu, String.raw`\$&`)}(?![[:alnum:]_@-]|[.][[:alnum:]])`;

/** Reasons and tickets of impersonations, which can name people. `$1` user. */
export const forgetImpersonations = `
update impersonations set reason = '', ticket = null where actor_id = $1::uuid or target_id = $1::uuid`;

/** Personal values of the log, and with the salt the way to guess them. `$1` user, `$2` belongings. */
export const eraseAuditValues = 'select erase_audit_personal_values($1::uuid, $2::text[]) as erased';

/**
 * Until the end of the transaction nobody asks for a file and none grows: one that was asked for before is withdrawn by it, one that is
 * asked for later is made of what it leaves. Taken before any row of a person, which whoever asks for a file locks later, too.
 */
export const holdExports = 'lock table export_jobs in share row exclusive mode';
