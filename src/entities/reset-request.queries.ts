import type { ResetRequestId } from '../ids.ts';

/** Keeps a request; whatever the address is, this is all that its answer waits for. `$1` id, `$2` address, `$3` origin (JSON), `$4` now. */
export const keepResetRequest = `
insert into reset_requests (id, address, origin, attempts, next_attempt_at, created_at)
values ($1, $2, $3::jsonb, 0, $4::timestamptz, $4::timestamptz)`;

/**
 * Takes the requests whose time has come, oldest first, and moves their next one on: a process that dies with one loses nothing.
 * `$1` now, `$2` when they are due again, `$3` at most so many.
 */
export const takeResetRequests = `
with due as (
  select id from reset_requests where next_attempt_at <= $1::timestamptz
  order by next_attempt_at, id limit $3 for update skip locked
)
update reset_requests r set attempts = r.attempts + 1, next_attempt_at = $2::timestamptz
from due where r.id = due.id returning r.id, r.address, r.origin, r.attempts`;

export interface ResetRequestRow {
  readonly id: ResetRequestId;
  readonly address: string;
  readonly origin: Readonly<Record<string, unknown>>;
  readonly attempts: number;
}

/** Takes a request out, in the transaction that does it; no row when somebody else did. `$1` id. */
export const finishResetRequest = 'delete from reset_requests where id = $1 returning id';
