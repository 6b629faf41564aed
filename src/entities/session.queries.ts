import { positionColumn } from '../database/position.ts';
import { prepared } from '../database/prepared.ts';
import { instantOf } from '../database/sql.ts';
import type { ImpersonationId, OrganizationId, SessionId, UserId } from '../ids.ts';
import type { Session } from './session.entity.ts';
import type { ProvedFactor } from '../factors.ts';
import type {
  AssuranceLevel,
  ImpersonationMode,
  SessionEndReason,
  SignInMethod,
  TokenDelivery,
} from '../vocabulary.ts';
import { type Assignment, assignmentsColumn, type AssignmentsRow, lineageColumn } from './assignment.queries.ts';
import { LIFE_SIGNS } from './life-signs.ts';
import { mayActAt2, userColumns, type UserRow } from './user.queries.ts';

/** A session as reads hand it on. */
export interface SessionView {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly signInMethod: SignInMethod;
  readonly assuranceLevel: AssuranceLevel;
  readonly factors: readonly ProvedFactor[];
  readonly delivery: TokenDelivery;
  readonly authenticatedAt: Date;
  readonly ipAddress: string;
  readonly userAgent: string | null;
  readonly clientName: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** Active organization. */
  readonly organizationId: OrganizationId | null;
  /** The active organization with those above it, the root first; null without one. */
  readonly organizationLineage: readonly OrganizationId[] | null;
  /** Who acts in it; null unless impersonated. */
  readonly impersonatorId: UserId | null;
}

/** What one statement tells about a caller: the session, its user, the user's groups and the epoch of their definitions. */
export interface AuthenticationRow extends UserRow, AssignmentsRow {
  readonly session_id: SessionId;
  readonly sign_in_method: SignInMethod;
  readonly assurance_level: AssuranceLevel;
  readonly factors: readonly ProvedFactor[];
  readonly delivery: TokenDelivery;
  readonly authenticated_at: string;
  readonly ip_address: string;
  readonly user_agent: string | null;
  readonly client_name: string | null;
  readonly session_created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly organization_id: OrganizationId | null;
  /** The active organization with those above it, the root first; null without one. */
  readonly organization_lineage: readonly OrganizationId[] | null;
  readonly cookie_selector: string | null;
  readonly cookie_hash: Buffer | null;
  readonly epoch: string;
  /** Only where it was asked for: `presentPosition`. */
  readonly position?: string | null;
  readonly impersonation_id: ImpersonationId | null;
  readonly impersonator_id: UserId | null;
  /** How the impersonator is called in the log. */
  readonly impersonator_label: string | null;
  readonly impersonation_mode: ImpersonationMode | null;
  /** What the impersonator has; null unless impersonated. */
  readonly impersonator_assignments: readonly Assignment[] | null;
}

const sessionColumns = `s.id as session_id, s.sign_in_method, s.assurance_level, s.factors, s.delivery, s.authenticated_at, s.ip_address,
  s.user_agent, s.client_name, s.created_at as session_created_at, s.last_seen_at, s.expires_at, s.organization_id,
  case when s.organization_id is not null then ${lineageColumn('s.organization_id')} end as organization_lineage`;

/** Who acts in an impersonated session `s`, with the row `i` of the impersonation; nulls in any other. */
const impersonatorColumns = `i.id as impersonation_id, i.actor_id as impersonator_id, i.mode as impersonation_mode,
  case when i.id is not null then (select coalesce(email, username, phone, display_name) from users where id = i.actor_id) end
    as impersonator_label,
  case when i.id is not null then (select ${assignmentsColumn} from users u where u.id = i.actor_id) end as impersonator_assignments`;

/** The same columns for sessions that nobody can be impersonated in: those that are refreshed. */
const noImpersonator = `null::uuid as impersonation_id, null::uuid as impersonator_id, null as impersonation_mode,
  null as impersonator_label,   null::text[] as impersonator_assignments`;

/**
 * The session is alive: not ended, not expired at `$2`, and its user may act. The one condition behind bearer tokens, cookies
 * and refreshing, so that no way of calling forgets a part of it.
 */
const aliveAt2 = `s.ended_at is null and s.expires_at > $2::timestamptz and ${mayActAt2}`;

/**
 * The session `s` is nobody's but its user's, or the impersonation `i` goes on: it was not ended, and the session from which the actor
 * began it is itself alive, by the same condition.
 */
const actorAliveAt2 = `(s.impersonation_id is null or (i.ended_at is null and i.expires_at > $2::timestamptz and exists (
  select from sessions s join users u on u.id = s.user_id
  where s.id = i.actor_session_id and s.user_id = i.actor_id and s.impersonation_id is null and ${aliveAt2})))`;

const authentication = (key: string, further = ''): string => `
select ${sessionColumns}, s.cookie_selector, s.cookie_hash, ${userColumns}, ${assignmentsColumn}, ${impersonatorColumns},
  (select epoch::text from permission_epoch) as epoch${further}
from sessions s join users u on u.id = s.user_id left join impersonations i on i.id = s.impersonation_id
where ${key} and ${aliveAt2} and ${actorAliveAt2}`;

export const authenticationBySessionId = prepared(authentication('s.id = $1'));
export const authenticationByCookieSelector = prepared(authentication('s.cookie_selector = $1'));
/** The same, with the position of the primary. */
export const positionedBySessionId = prepared(authentication('s.id = $1', positionColumn));
export const positionedByCookieSelector = prepared(authentication('s.cookie_selector = $1', positionColumn));
/** The same for several sessions, `$1`. */
export const authenticationBySessionIds = prepared(authentication('s.id = any($1::uuid[])'));

/** What one statement says of several sessions. */
export interface LivingSessionsRow {
  /** One of `LIFE_SIGNS` for each, in their order; null without any. */
  readonly signs: string | null;
}

/**
 * Whether each of the sessions `$1`, handed over by the selector of a cookie in `$3` or by none, lives at `$2`: one sign of `LIFE_SIGNS`
 * for each, in their order. Asked all the time for whoever is connected, so that nothing more is read, and no row made for any of them.
 */
export const livingSessions = prepared(`
select string_agg(case when found.id is null then '${LIFE_SIGNS.over}' else '${LIFE_SIGNS.lives}' end, '' order by presented.place) as signs
from unnest($1::uuid[], $3::text[]) with ordinality as presented(id, cookie_selector, place)
left join lateral (
  select s.id from sessions s join users u on u.id = s.user_id left join impersonations i on i.id = s.impersonation_id
  where s.id = presented.id and s.cookie_selector is not distinct from presented.cookie_selector and ${aliveAt2} and ${actorAliveAt2}
  limit 1) found on true`);

/** How a session ended, as far as its row still says. */
export interface EndedSession {
  readonly id: SessionId;
  readonly end_reason: SessionEndReason;
  readonly ended_at: string;
}

/**
 * Why the sessions `$1` are over at `$2`: what was noted when they were ended, or what else stands in their rows. Those whose row is gone
 * have none here.
 */
export const endsOfSessions = `
select s.id, coalesce(s.ended_at, least(s.expires_at, $2::timestamptz))::text as ended_at,
  case when s.ended_at is not null then coalesce(s.end_reason, 'REVOKED')
    when s.absolute_expires_at <= $2::timestamptz then case when s.impersonation_id is null then 'EXPIRED' else 'IMPERSONATION_ENDED' end
    when s.expires_at <= $2::timestamptz then 'IDLE'
    when u.status <> 'ACTIVE' then 'ACCOUNT_DISABLED'
    when u.locked_until > $2::timestamptz and u.status_reason is not null then 'ACCOUNT_LOCKED'
    when s.impersonation_id is not null then 'IMPERSONATION_ENDED'
    else 'REVOKED' end as end_reason
from sessions s join users u on u.id = s.user_id where s.id = any($1::uuid[])`;

export const sessionViewOf = (row: AuthenticationRow): SessionView => ({
  id: row.session_id,
  userId: row.user_id,
  signInMethod: row.sign_in_method,
  assuranceLevel: row.assurance_level,
  factors: row.factors,
  delivery: row.delivery,
  authenticatedAt: instantOf(row.authenticated_at),
  ipAddress: row.ip_address,
  userAgent: row.user_agent,
  clientName: row.client_name,
  createdAt: instantOf(row.session_created_at),
  lastSeenAt: instantOf(row.last_seen_at),
  expiresAt: instantOf(row.expires_at),
  organizationId: row.organization_id,
  organizationLineage: row.organization_lineage,
  impersonatorId: row.impersonator_id,
});

/** A session just rotated, with what its new access token states. */
export type RotatedRow = AuthenticationRow;

/**
 * Moves a living family on by one, if the presented secret is its present one; no row otherwise.
 * `$1` selector, `$2` now, `$3` hash of the presented secret, `$4` hash of its successor, `$5` version of the key that
 * derived it, `$6` new end by idleness, `$7` address, `$8` user agent.
 */
export const rotateFamily = prepared(`
update sessions s set refresh_parent_hash = s.refresh_hash, refresh_hash = $4, refresh_rotated_at = $2::timestamptz,
  refresh_generation = s.refresh_generation + 1, last_seen_at = $2::timestamptz,
  expires_at = least($6::timestamptz, s.absolute_expires_at), ip_address = $7, user_agent = $8
from users u
where s.refresh_selector = $1 and s.refresh_hash = $3 and s.refresh_key_version = $5 and u.id = s.user_id and ${aliveAt2}
returning ${sessionColumns}, s.cookie_selector, s.cookie_hash, ${userColumns}, ${assignmentsColumn}, ${noImpersonator},
  (select epoch::text from permission_epoch) as epoch`);

/** A refresh-token family, alive or not. */
export interface FamilyRow extends AuthenticationRow {
  readonly device_name: string | null;
  readonly refresh_hash: Buffer;
  readonly refresh_parent_hash: Buffer | null;
  readonly refresh_rotated_at: string | null;
  readonly refresh_generation: number;
  readonly refresh_key_version: number;
  readonly alive: boolean;
}

export const familyBySelector = prepared(`
select ${sessionColumns}, s.cookie_selector, s.cookie_hash, s.device_name, s.refresh_hash, s.refresh_parent_hash, s.refresh_rotated_at,
  s.refresh_generation, s.refresh_key_version, (${aliveAt2}) as alive,
  ${userColumns}, ${assignmentsColumn}, ${noImpersonator}, (select epoch::text from permission_epoch) as epoch
from sessions s join users u on u.id = s.user_id
where s.refresh_selector = $1`);

/** A new session, flat because each sign-in pays for it; takes the values of `newSessionValues`. */
const newSession = (device: string): string => `
insert into sessions (id, user_id, sign_in_method, assurance_level, delivery, authenticated_at, ip_address, user_agent,
  client_name, device_name, created_at, last_seen_at, expires_at, absolute_expires_at, cookie_selector, cookie_hash,
  refresh_selector, refresh_hash, refresh_generation, refresh_key_version, factors, device_id)
select $1::uuid, $2::uuid, $3, $4, $5, $6::timestamptz, $7, $8, $9, $10, $6::timestamptz, $6::timestamptz,
  $11::timestamptz, $12::timestamptz, $13, $14::bytea, $15, $16::bytea, 0, $17::int, $18::jsonb, ${device}`;

/**
 * Part of a statement: saves a new session if `guard` has a row, on the device that the part `device` gives; takes the values
 * of `newSessionValues`.
 */
export const startedSession = (guard: string, device: string): string =>
  `started as (${newSession(`(select id from ${device})`)} from ${guard})`;

export const newSessionValues = (session: Session): readonly unknown[] => [
  session.id,
  session.userId,
  session.signInMethod,
  session.assuranceLevel,
  session.delivery,
  session.createdAt.toISOString(),
  session.ipAddress,
  session.userAgent,
  session.clientName,
  session.deviceName,
  session.expiresAt.toISOString(),
  session.absoluteExpiresAt.toISOString(),
  session.cookieSelector,
  session.cookieHash,
  session.refreshSelector,
  session.refreshHash,
  session.refreshKeyVersion,
  JSON.stringify(session.factors),
];

/**
 * Part of a statement: the identity behind a session was proved again. `$1` session, `$2` now, `$3` what was checked so far,
 * `$4` the level that follows from it, `$5` how many tries in it are taken back; null = all.
 */
export const confirmedSession = `confirmed as (
  update sessions set authenticated_at = $2::timestamptz, factors = $3::jsonb, assurance_level = $4,
    failed_proof_count = greatest(failed_proof_count - coalesce($5::int, failed_proof_count), 0),
    proof_locked_until = case when $5::int = 0 then proof_locked_until end
  where id = $1 returning user_id
)`;
