import { instantOf } from '../database/sql.ts';
import type { ApprovalRequestId, UserId } from '../ids.ts';
import type { ApprovalState } from '../vocabulary.ts';

/** A request under the two-person rule as reads hand it on, its state computed. */
export interface ApprovalRequestView {
  readonly id: ApprovalRequestId;
  readonly mutation: string;
  readonly permission: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly preview: Readonly<Record<string, unknown>> | null;
  readonly state: ApprovalState;
  readonly requestedById: UserId | null;
  readonly reason: string | null;
  readonly decidedById: UserId | null;
  readonly decisionReason: string | null;
  readonly previousId: ApprovalRequestId | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedAt: Date | null;
}

export interface ApprovalRequestRow {
  readonly id: ApprovalRequestId;
  readonly mutation: string;
  readonly permission: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly preview: Readonly<Record<string, unknown>> | null;
  readonly state: ApprovalState;
  readonly requested_by_id: UserId | null;
  readonly reason: string | null;
  readonly decided_by_id: UserId | null;
  readonly decision_reason: string | null;
  readonly previous_id: ApprovalRequestId | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly decided_at: string | null;
}

/** The columns behind `ApprovalRequestView`, of `approval_requests` under the alias `a`. */
export const approvalRequestColumns = `a.id, a.mutation, a.permission, a.input, a.preview, a.state, a.requested_by_id, a.reason,
  a.decided_by_id, a.decision_reason, a.previous_id, a.created_at, a.expires_at, a.decided_at`;

export const approvalRequestViewOf = (row: ApprovalRequestRow, now: Date): ApprovalRequestView => {
  const expiresAt = instantOf(row.expires_at);
  return {
    id: row.id,
    mutation: row.mutation,
    permission: row.permission,
    input: row.input,
    preview: row.preview,
    state: row.state === 'PENDING' && expiresAt <= now ? 'EXPIRED' : row.state,
    requestedById: row.requested_by_id,
    reason: row.reason,
    decidedById: row.decided_by_id,
    decisionReason: row.decision_reason,
    previousId: row.previous_id,
    createdAt: instantOf(row.created_at),
    expiresAt,
    decidedAt: instantOf(row.decided_at),
  };
};

/**
 * The stored states and the time that together are one of the states in `$1`, on `approval_requests` `a`; `$2` is now. EXPIRED is
 * what still stands as PENDING after its time.
 */
export const stateIsIn = `(case when a.state = 'PENDING' and a.expires_at <= $2::timestamptz then 'EXPIRED' else a.state end) = any($1::text[])`;
