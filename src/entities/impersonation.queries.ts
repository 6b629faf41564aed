import { instantOf } from '../database/sql.ts';
import type { ImpersonationId, SessionId, UserId } from '../ids.ts';
import type { ImpersonationMode } from '../vocabulary.ts';

/** An impersonation as reads hand it on. */
export interface ImpersonationView {
  readonly id: ImpersonationId;
  /** null when deleted. */
  readonly actorId: UserId | null;
  /** null when deleted. */
  readonly targetId: UserId | null;
  readonly mode: ImpersonationMode;
  readonly reason: string;
  readonly ticket: string | null;
  readonly startedAt: Date;
  readonly expiresAt: Date;
  /** null while it goes on. */
  readonly endedAt: Date | null;
  /** null while it goes on, and when it expired or ended with a session. */
  readonly endedById: UserId | null;
}

export interface ImpersonationRow {
  readonly impersonation_id: ImpersonationId;
  readonly actor_id: UserId | null;
  readonly target_id: UserId | null;
  readonly mode: ImpersonationMode;
  readonly reason: string;
  readonly ticket: string | null;
  readonly started_at: string;
  readonly expires_at: string;
  readonly over_at: string | null;
  readonly ended_by_id: UserId | null;
}

/**
 * When the impersonation `i` was over, as of the parameter `now`; null while it goes on. It ends when somebody ends it, at its time, and
 * with its own session or the actor's: nothing has to be written for that, as in `actorAliveAt2` of session.queries.ts.
 */
const overAt = (now: string): string => `coalesce(i.ended_at, least(
  case when i.expires_at <= ${now}::timestamptz then i.expires_at end,
  (select least(own.ended_at, own.expires_at) from sessions own
   where own.impersonation_id = i.id and (own.ended_at is not null or own.expires_at <= ${now}::timestamptz)),
  (select least(a.ended_at, a.expires_at) from sessions a
   where a.id = i.actor_session_id and (a.ended_at is not null or a.expires_at <= ${now}::timestamptz))))`;

/** The columns behind `ImpersonationView`, of `impersonations` under the alias `i`; `now` is a parameter. */
export const impersonationColumns = (
  now: string,
): string => `i.id as impersonation_id, i.actor_id, i.target_id, i.mode, i.reason,
  i.ticket, i.started_at, i.expires_at, ${overAt(now)} as over_at, i.ended_by_id`;

/** Impersonations `i` that go on at the parameter `now`. */
export const goesOn = (now: string): string => `(i.ended_at is null and ${overAt(now)} is null)`;

/** Impersonations `i` that are over at the parameter `now`. */
export const isOver = (now: string): string => `(i.ended_at is not null or ${overAt(now)} is not null)`;

export const impersonationViewOf = (row: ImpersonationRow): ImpersonationView => ({
  id: row.impersonation_id,
  actorId: row.actor_id,
  targetId: row.target_id,
  mode: row.mode,
  reason: row.reason,
  ticket: row.ticket,
  startedAt: instantOf(row.started_at),
  expiresAt: instantOf(row.expires_at),
  endedAt: instantOf(row.over_at),
  endedById: row.ended_by_id,
});

/** Whether an impersonation goes on that was begun from a session. `$1` the session, `$2` now. */
export const goesOnFromSession = `select exists (
  select from impersonations i where i.actor_session_id = $1 and ${goesOn('$2')}) as "goesOn"`;

/** What ends with an impersonation, and how it is called in the log. */
export interface EndedImpersonationRow extends ImpersonationRow {
  readonly actor_session_id: SessionId;
  readonly target_label: string | null;
}

const TARGET_LABEL = `(select coalesce(t.email, t.username, t.phone, t.display_name) from users t where t.id = i.target_id)
  as target_label`;

/** Ends an impersonation that goes on, once; no row otherwise. `$1` id, `$2` now, `$3` who ends it. */
export const endImpersonation = `
update impersonations i set ended_at = $2::timestamptz, ended_by_id = $3::uuid where i.id = $1 and ${goesOn('$2')}
returning ${impersonationColumns('$2')}, i.actor_session_id, ${TARGET_LABEL}`;

/**
 * Marks impersonations as ended that are over without anybody having ended them: expired, or with one of the two sessions gone.
 * `$1` how many at most, `$2` now.
 */
export const endOverdueImpersonations = `
update impersonations i set ended_at = coalesce(over.at, $2::timestamptz)
from (
  select i.id, ${overAt('$2')} as at from impersonations i
  where i.ended_at is null and (${overAt('$2')} is not null
    or not exists (select from sessions own where own.impersonation_id = i.id)
    or not exists (select from sessions a where a.id = i.actor_session_id))
  limit $1 for update of i skip locked
) over
where i.id = over.id
returning ${impersonationColumns('$2')}, i.actor_session_id, ${TARGET_LABEL}`;

/**
 * How many lines of the audit log each of the impersonations `$1` left, its end included. The index on the actor and the time leads to
 * the few lines that can be meant; what they say of the impersonation decides.
 */
export const eventCounts = `
select i.id as impersonation_id, count(e.id)::int as count from impersonations i
left join audit_events e on e.at >= i.started_at and e.at <= coalesce(i.ended_at, i.expires_at) + interval '5 minutes'
  and (i.actor_id is null or e.actor_id = i.actor_id) and e.metadata ->> 'impersonationId' = i.id::text
where i.id = any($1::uuid[]) group by i.id`;
