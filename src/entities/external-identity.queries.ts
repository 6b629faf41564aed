import { instantOf } from '../database/sql.ts';
import type { ExternalIdentityId, UserId } from '../ids.ts';

/** A linked account at an issuer, as reads hand it on. */
export interface ExternalIdentityView {
  readonly id: ExternalIdentityId;
  readonly userId: UserId;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly linkedAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface ExternalIdentityRow {
  readonly id: ExternalIdentityId;
  readonly user_id: UserId;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly linked_at: string;
  readonly last_used_at: string | null;
}

const columns = 'id, user_id, issuer, subject, email, linked_at, last_used_at';

/** The identity of `$1` issuer and `$2` subject: the one way in which an account is ever found for a provider's token. */
export const identityBySubject = `select ${columns} from external_identities where issuer = $1 and subject = $2`;

/** The identities of the users `$1`, oldest first. */
export const identitiesOfUsers = `
select ${columns} from external_identities where user_id = any($1::uuid[]) order by user_id, id`;

/** Links, unless the identity belongs to somebody: then no row. `$1` id, `$2` user, `$3` issuer, `$4` subject, `$5` e-mail, `$6` now, `$7` last use. */
export const insertIdentity = `
insert into external_identities (id, user_id, issuer, subject, email, linked_at, last_used_at)
values ($1, $2, $3, $4, $5, $6::timestamptz, $7::timestamptz)
on conflict (issuer, subject) do nothing returning ${columns}`;

/** A sign-in with the identity `$1` at `$2`; `$3` the address that the issuer names now. No row when it was unlinked meanwhile. */
export const markIdentityUsed = `
update external_identities set last_used_at = $2::timestamptz, email = $3 where id = $1 returning ${columns}`;

/** Unlinks the identity `$1` of the user `$2`. */
export const deleteIdentity = `delete from external_identities where id = $1 and user_id = $2 returning ${columns}`;

/**
 * Remembers a token that is good once, in the table of one-time tokens as one that is used already; no row when it is known.
 * Its selector is none that a token of ours can have. `$1` id, `$2` selector, `$3` hash, `$4` context, `$5` now, `$6` until when.
 */
export const rememberSingleUse = `
insert into one_time_tokens (id, kind, user_id, selector, secret_hash, context, created_at, expires_at, used_at)
values ($1, 'PROVIDER_SIGN_IN', null, $2, $3, $4::jsonb, $5::timestamptz, $6::timestamptz, $5::timestamptz)
on conflict (selector) do nothing returning id`;

export const identityViewOf = (row: ExternalIdentityRow): ExternalIdentityView => ({
  id: row.id,
  userId: row.user_id,
  issuer: row.issuer,
  subject: row.subject,
  email: row.email,
  linkedAt: instantOf(row.linked_at),
  lastUsedAt: instantOf(row.last_used_at),
});
