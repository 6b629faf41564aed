import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { joining, withinFrame } from '../database/transaction-frame.ts';
import {
  approvalRequestColumns,
  type ApprovalRequestRow,
  type ApprovalRequestView,
  approvalRequestViewOf,
} from '../entities/approval-request.queries.ts';
import { assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { type UserRow, userColumns, userViewOf } from '../entities/user.queries.ts';
import { Failure, Rejection, reject } from '../errors.ts';
import { withNotes } from '../events/change-notes.ts';
import type { Recorder } from '../events/recorder.ts';
import { type ApprovalRequestId, parseId, type UserId } from '../ids.ts';
import { aal2, and, can, freshly, notImpersonating, viaSession } from '../permissions/rules.ts';
import type { AccessChanges } from './access-changes.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import { readText } from './text.ts';

interface Parts {
  readonly database: Database;
  readonly guard: AccessGuard;
  readonly directory: GroupDirectory;
  readonly accessChanges: AccessChanges;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** The same as in the tree: asked again when the lock of access changes is held. */
const APPROVES = and(can('approve:requests'), viaSession, notImpersonating, freshly(10), aal2);

const REASON = { field: ['reason'], maximum: 500 } as const;

/** What the log says of a decision. */
const DECIDED = {
  APPROVED: 'approval.approved',
  REJECTED: 'approval.rejected',
  CANCELLED: 'approval.cancelled',
} as const;

/** Decides about changes that wait for a second person: never about one's own, and each once. */
export class ApprovalService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Approves a request and carries it out as whoever asked for it, with what they may do now, in one transaction with the decision.
   * Errors: TARGET_NOT_FOUND, REQUEST_NOT_PENDING, OWN_REQUEST; REQUEST_OUTDATED when it cannot be done any more, and then it waits on.
   */
  async approve(
    caller: SignedInCaller,
    input: { readonly id: string; readonly reason: string | null },
  ): Promise<ApprovalRequestView> {
    const reason = readReason(input.reason);
    return this.#parts.database.transaction(async (em) => {
      await this.#parts.guard.lock(em, caller, APPROVES);
      const request = await this.#pending(em, input.id);
      if (request.requestedById === caller.principal.userId) return reject('OWN_REQUEST', { field: ['id'] });
      const decided = await this.#decide(em, caller, request, { state: 'APPROVED', reason });
      await this.#carryOut(em, caller, request);
      return decided;
    });
  }

  /** Refuses a request. Errors: TARGET_NOT_FOUND, REQUEST_NOT_PENDING, OWN_REQUEST, REQUIRED, TOO_LONG. */
  async reject(
    caller: SignedInCaller,
    input: { readonly id: string; readonly reason: string },
  ): Promise<ApprovalRequestView> {
    const reason = readReason(input.reason);
    return this.#parts.database.transaction(async (em) => {
      await this.#parts.guard.lock(em, caller, APPROVES);
      const request = await this.#pending(em, input.id);
      if (request.requestedById === caller.principal.userId) return reject('OWN_REQUEST', { field: ['id'] });
      return this.#decide(em, caller, request, { state: 'REJECTED', reason });
    });
  }

  /** Takes an own request back. Errors: TARGET_NOT_FOUND, which others' requests give, too; REQUEST_NOT_PENDING. */
  async cancel(caller: SignedInCaller, input: { readonly id: string }): Promise<ApprovalRequestView> {
    return this.#parts.database.transaction(async (em) => {
      const request = await this.#find(em, input.id, caller.principal.userId);
      requirePending(request);
      return this.#decide(em, caller, request, { state: 'CANCELLED', reason: null });
    });
  }

  async #pending(em: EntityManager, text: string): Promise<ApprovalRequestView> {
    const request = await this.#find(em, text, null);
    requirePending(request);
    return request;
  }

  /** The row is held: of several decisions at once the first one counts. */
  async #find(em: EntityManager, text: string, requestedById: UserId | null): Promise<ApprovalRequestView> {
    const id = parseId<ApprovalRequestId>(text);
    const [row] =
      id === null
        ? []
        : await sql<ApprovalRequestRow>(
            em,
            `select ${approvalRequestColumns} from approval_requests a
             where a.id = $1 and ($2::uuid is null or a.requested_by_id = $2::uuid) for update of a`,
            [id, requestedById],
          );
    if (row === undefined) return reject('TARGET_NOT_FOUND', { field: ['id'], targetId: text.slice(0, 100) });
    return approvalRequestViewOf(row, this.#parts.clock.now());
  }

  async #decide(
    em: EntityManager,
    caller: SignedInCaller,
    request: ApprovalRequestView,
    decision: { readonly state: keyof typeof DECIDED; readonly reason: string | null },
  ): Promise<ApprovalRequestView> {
    const { clock, recorder } = this.#parts;
    const now = clock.now();
    const [row] = await sql<ApprovalRequestRow>(
      em,
      `update approval_requests a set state = $2, decided_by_id = $3, decision_reason = $4, decided_at = $5
       where a.id = $1 returning ${approvalRequestColumns}`,
      [request.id, decision.state, caller.principal.userId, decision.reason, now.toISOString()],
    );
    if (row === undefined) throw new Error('The request that was decided is not there.');
    await recorder.record(em, originOf(caller), [
      {
        action: DECIDED[decision.state],
        target: { type: 'ApprovalRequest', id: request.id, label: request.mutation },
        metadata: {
          mutation: request.mutation,
          permission: request.permission,
          requestedById: request.requestedById,
          reason: decision.reason,
        },
        event: {
          type: 'ApprovalDecided',
          payload: { requestId: request.id, mutation: request.mutation, state: decision.state },
        },
      },
    ]);
    return approvalRequestViewOf(row, now);
  }

  async #carryOut(em: EntityManager, caller: SignedInCaller, request: ApprovalRequestView): Promise<void> {
    const { accessChanges } = this.#parts;
    const requester = await this.#requester(em, caller, request.requestedById);
    const notes = { approvalRequestId: request.id, approvedById: caller.principal.userId };
    try {
      await withNotes(notes, () =>
        withinFrame(joining(em), () => accessChanges.carryOutApproved(requester, request.mutation, request.input)),
      );
    } catch (error) {
      if (error instanceof Rejection || error instanceof Failure) return reject('REQUEST_OUTDATED', { field: ['id'] });
      throw error;
    }
  }

  /**
   * Whoever asked, as a caller: with what they may do at this moment. That their session was confirmed and strong was asked for when
   * the request was filed; the session of the decision stands for it now. Somebody shut out or gone asks for nothing any more.
   */
  async #requester(em: EntityManager, caller: SignedInCaller, id: UserId | null): Promise<SignedInCaller> {
    const { clock, directory } = this.#parts;
    const now = clock.now();
    const [row] = await sql<UserRow & AssignmentsRow & { readonly epoch: string }>(
      em,
      `select ${userColumns}, ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch from users u
       where u.id = $1::uuid and u.status = 'ACTIVE'
         and (u.locked_until is null or u.locked_until <= $2::timestamptz or u.status_reason is null)`,
      [id, now.toISOString()],
    );
    const { principal } = caller;
    if (row === undefined || principal.via !== 'session') return reject('REQUEST_OUTDATED', { field: ['id'] });
    await directory.reachWithin(em, row.epoch);
    return {
      ...caller,
      account: userViewOf(row, now),
      principal: {
        ...principal,
        actorId: null,
        impersonationId: null,
        impersonationMode: null,
        userId: row.user_id,
        organizationId: null,
        grants: directory.grantsOf(row.assignments),
        permissionVersion: permissionVersionOf(row.epoch, row.assignments),
      },
    };
  }
}

const requirePending = ({ state }: ApprovalRequestView): void => {
  if (state !== 'PENDING') throw new Rejection([{ code: 'REQUEST_NOT_PENDING', field: ['id'] }]);
};

const readReason = (text: string | null): string | null => {
  if (text === null) return null;
  const read = readText(text, REASON);
  if ('problem' in read) throw new Rejection([read.problem]);
  return read.text;
};
