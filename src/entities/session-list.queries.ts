import { instantOf } from '../database/sql.ts';
import type { OrganizationId, SessionId, UserId } from '../ids.ts';
import type { AssuranceLevel, SessionEndReason, SignInMethod } from '../vocabulary.ts';

/** A session as lists show it, over or not. */
export interface ListedSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly signInMethod: SignInMethod;
  readonly assuranceLevel: AssuranceLevel;
  readonly ipAddress: string;
  readonly userAgent: string | null;
  readonly clientName: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly endReason: SessionEndReason | null;
  /** Who acts in it; null unless impersonated. */
  readonly impersonatorId: UserId | null;
  /** Active organization. */
  readonly organizationId: OrganizationId | null;
}

/** The columns behind `ListedSession`, of `sessions` under the alias `s`. */
export const listedSessionColumns = `s.id as session_id, s.user_id, s.sign_in_method, s.assurance_level, s.ip_address,
  s.user_agent, s.client_name, s.created_at as session_created_at, s.last_seen_at, s.expires_at, s.absolute_expires_at,
  s.ended_at, s.end_reason, s.organization_id,
  case when s.impersonation_id is not null then (select i.actor_id from impersonations i where i.id = s.impersonation_id) end
    as impersonator_id`;

export interface ListedSessionRow {
  readonly session_id: SessionId;
  readonly user_id: UserId;
  readonly sign_in_method: SignInMethod;
  readonly assurance_level: AssuranceLevel;
  readonly ip_address: string;
  readonly user_agent: string | null;
  readonly client_name: string | null;
  readonly session_created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly absolute_expires_at: string;
  readonly ended_at: string | null;
  readonly end_reason: SessionEndReason | null;
  readonly impersonator_id: UserId | null;
  readonly organization_id: OrganizationId | null;
}

/** Sessions `s` that are not over, by the `?` now. Whether one lets somebody in is for `aliveAt2` to say, not for a list. */
export const NOT_OVER = '(s.ended_at is null and s.expires_at > ?::timestamptz)';

/** Sessions `s` that are over at the `?` now: ended, or out of time. */
export const OVER = '(s.ended_at is not null or s.expires_at <= ?::timestamptz)';

/** A session is over from the instant its time is, whether or not housekeeping has marked it already. */
export const listedSessionOf = (row: ListedSessionRow, now: Date): ListedSession => {
  const expiresAt = instantOf(row.expires_at);
  const ranOut = row.ended_at === null && expiresAt <= now;
  const ranOutFor = expiresAt >= instantOf(row.absolute_expires_at) ? 'EXPIRED' : 'IDLE';
  return {
    id: row.session_id,
    userId: row.user_id,
    signInMethod: row.sign_in_method,
    assuranceLevel: row.assurance_level,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
    clientName: row.client_name,
    createdAt: instantOf(row.session_created_at),
    lastSeenAt: instantOf(row.last_seen_at),
    expiresAt,
    endedAt: ranOut ? expiresAt : instantOf(row.ended_at),
    endReason: ranOut ? ranOutFor : row.end_reason,
    impersonatorId: row.impersonator_id,
    organizationId: row.organization_id,
  };
};
