import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  approvalRequestColumns,
  type ApprovalRequestRow,
  type ApprovalRequestView,
  approvalRequestViewOf,
} from '../entities/approval-request.queries.ts';
import type { Recorder } from '../events/recorder.ts';
import { type ApprovalRequestId, newId } from '../ids.ts';
import type { AccessPreview } from './access-preview.ts';
import { originOf, type SignedInCaller } from './caller.ts';

interface NewRequest {
  readonly mutation: string;
  /** The protected permission concerned. */
  readonly permission: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly preview: AccessPreview;
}

/** No field of these names is ever kept: what it holds is for the one who sent it. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'idempotencyKey']);

/** An equal request of the same person that still waits is the same request; one that ended otherwise than carried out is its previous one. */
const FILE = `
with pending as (
  select a.id from approval_requests a
  where a.requested_by_id = $5 and a.mutation = $2 and a.input = $4::jsonb and a.state = 'PENDING' and a.expires_at > $7::timestamptz
  limit 1
), latest as (
  select a.id, a.state from approval_requests a
  where a.requested_by_id = $5 and a.mutation = $2 and a.input = $4::jsonb order by a.id desc limit 1
), filed as (
  insert into approval_requests as a (id, mutation, permission, input, requested_by_id, reason, created_at, expires_at, preview, previous_id)
  select $1::uuid, $2, $3, $4::jsonb, $5::uuid, $6, $7::timestamptz, $8::timestamptz, $9::jsonb,
    (select id from latest where state <> 'APPROVED') where not exists (select from pending)
  returning ${approvalRequestColumns}, true as is_new
)
select * from filed
union all
select ${approvalRequestColumns}, false as is_new from approval_requests a join pending on pending.id = a.id`;

/** Files changes that wait for a second person. */
export class ApprovalRequestService {
  readonly #database: Database;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #lifeSeconds: number;

  constructor(parts: { database: Database; recorder: Recorder; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#lifeSeconds = parts.config.approvals.lifeSeconds;
  }

  /** Keeps the request with what it would do, without secrets: a user who was to get a password is invited instead. */
  async file(caller: SignedInCaller, request: NewRequest): Promise<ApprovalRequestView> {
    const now = this.#clock.now();
    const input = Object.fromEntries(
      Object.entries(request.input).filter(([name, value]) => !SECRETS.has(name) && value !== undefined),
    );
    const { userId } = caller.principal;
    return this.#database.transaction(async (em) => {
      // Equal requests that come at once wait for each other here.
      await sql(em, 'select id from users where id = $1 for no key update', [userId]);
      const [row] = await sql<ApprovalRequestRow & { is_new: boolean }>(em, FILE, [
        newId<ApprovalRequestId>(),
        request.mutation,
        request.permission,
        JSON.stringify(input),
        userId,
        typeof input['reason'] === 'string' ? input['reason'] : null,
        now.toISOString(),
        secondsAfter(now, this.#lifeSeconds).toISOString(),
        JSON.stringify(storedPreview(request.preview)),
      ]);
      if (row === undefined) throw new Error('The request was not kept.');
      const view = approvalRequestViewOf(row, now);
      if (!row.is_new) return view;
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'approval.requested',
          target: { type: 'ApprovalRequest', id: view.id, label: view.mutation },
          metadata: { mutation: view.mutation, permission: view.permission },
          event: { type: 'ApprovalRequested', payload: { requestId: view.id, mutation: view.mutation } },
        },
      ]);
      return view;
    });
  }
}

/** Groups by their ids: their definitions are looked up when somebody reads it. */
const storedPreview = ({ changes, affectedCount, verdicts }: AccessPreview): object => ({
  affectedCount,
  verdicts,
  changes: changes.map(({ userId, gained, lost }) => ({ userId, gained: gained.map(stored), lost: lost.map(stored) })),
});

const stored = ({ permission, grantedBy, scope }: AccessPreview['changes'][number]['gained'][number]): object => ({
  permission,
  scope,
  grantedBy: grantedBy.map(({ id }) => id),
});
