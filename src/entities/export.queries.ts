import { instantOf } from '../database/sql.ts';
import type { ExportJobId, UserId } from '../ids.ts';
import type { ExportFormat, ExportKind, ExportState } from '../vocabulary.ts';
import type { AuditConditions } from './audit.queries.ts';
import type { AuditReach } from './audit.visibility.ts';

/** What an export is made of, fixed when it is asked for. */
export type ExportScope =
  | { readonly kind: 'AUDIT_EVENTS'; readonly filter: AuditConditions; readonly reach: AuditReach }
  | { readonly kind: 'USER_DATA'; readonly userId: UserId };

export interface ExportJobView {
  readonly id: ExportJobId;
  readonly kind: ExportKind;
  readonly format: ExportFormat;
  readonly state: ExportState;
  readonly accessId: string;
  readonly scope: ExportScope;
  readonly progress: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  readonly failure: string | null;
  readonly previousId: ExportJobId | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date | null;
}

/** The columns behind `ExportJobView`, of `export_jobs` under the alias `j`. */
export const exportJobColumns = `j.id, j.kind, j.format, j.state, j.access_id, j.scope, j.progress, j.row_count, j.size_bytes::text as size_bytes,
  j.chunk_count, j.failure, j.previous_id, j.created_at, j.finished_at, j.expires_at`;

export interface ExportJobRow {
  readonly id: ExportJobId;
  readonly kind: ExportKind;
  readonly format: ExportFormat;
  readonly state: ExportState;
  readonly access_id: string;
  readonly scope: ExportScope;
  readonly progress: number;
  readonly row_count: number;
  readonly size_bytes: string;
  readonly chunk_count: number;
  readonly failure: string | null;
  readonly previous_id: ExportJobId | null;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly expires_at: string | null;
}

export const exportJobOf = (row: ExportJobRow): ExportJobView => ({
  id: row.id,
  kind: row.kind,
  format: row.format,
  state: row.state,
  accessId: row.access_id,
  scope: row.scope,
  progress: row.progress,
  rowCount: row.row_count,
  sizeBytes: Number(row.size_bytes),
  chunkCount: row.chunk_count,
  failure: row.failure,
  previousId: row.previous_id,
  createdAt: instantOf(row.created_at),
  finishedAt: instantOf(row.finished_at),
  expiresAt: instantOf(row.expires_at),
});

/** Tries of a job that end with an error or without a word before it is given up. */
export const MAXIMUM_FAILURES = 3;

/** `$1` id, `$2` kind, `$3` format, `$4` owner, `$5` session or key, `$6` scope, `$7` now. A failed job that asked for the same is its previous one. */
export const addExportJob = `
insert into export_jobs as j (id, kind, format, state, owner_id, access_id, scope, place, progress, row_count, size_bytes, chunk_count,
  fencing, failures, previous_id, created_at)
select $1, $2, $3, 'QUEUED', $4, $5, $6::jsonb, null, 0, 0, 0, 0, 0, 0,
  (select latest.id from (select id, state from export_jobs where owner_id = $4 and kind = $2 and format = $3 and scope = $6::jsonb
    order by created_at desc, id desc limit 1) latest where latest.state = 'FAILED'), $7::timestamptz
returning ${exportJobColumns}`;

/** What the worker works on. */
export interface ClaimedJob {
  readonly id: ExportJobId;
  readonly format: ExportFormat;
  readonly scope: ExportScope;
  readonly place: Readonly<Record<string, unknown>> | null;
  readonly created_at: string;
  readonly fencing: string;
  readonly failures: number;
}

/** Takes the oldest job that nobody works on, or whose worker was not heard of in time. `$1` now, `$2` until. */
export const claimExportJob = `
update export_jobs set state = 'RUNNING', fencing = fencing + 1, claimed_until = $2::timestamptz,
  failures = failures + case when state = 'RUNNING' then 1 else 0 end
where id = (select id from export_jobs where state in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until <= $1::timestamptz)
  order by created_at, id limit 1 for update skip locked)
returning id, format, scope, place, created_at::text as created_at, fencing::text as fencing, failures`;

/**
 * Stores a chunk and where the next one begins, if the claim still holds; with no next one the file is done. `$1` id, `$2` fencing,
 * `$3` content, `$4` rows, `$5` next place, `$6` progress, `$7` end of the claim, `$8` now, `$9` end of the file.
 */
export const addExportChunk = `
with job as (
  update export_jobs set place = $5::jsonb, progress = greatest(progress, $6), row_count = row_count + $4,
    size_bytes = size_bytes + octet_length($3::bytea), chunk_count = chunk_count + 1,
    state = case when $5::jsonb is null then 'DONE' else state end,
    finished_at = case when $5::jsonb is null then $8::timestamptz end,
    expires_at = case when $5::jsonb is null then $9::timestamptz end,
    claimed_until = case when $5::jsonb is null then null else $7::timestamptz end
  where id = $1 and fencing = $2 and state = 'RUNNING' returning id, chunk_count)
insert into export_chunks (job_id, position, content) select id, chunk_count - 1, $3::bytea from job returning position`;

/** Gives the job back: for anybody (`$3` null) or from a time on, with one more failure where `$4` is 1. `$1` id, `$2` fencing. */
export const returnExportJob = `
update export_jobs set state = 'QUEUED', claimed_until = $3::timestamptz, failures = failures + $4::int
where id = $1 and fencing = $2 and state = 'RUNNING' returning id`;

/** Gives a job up; what was written goes. `$1` id, `$2` fencing, `$3` now, `$4` reason. */
export const failExportJob = `
with job as (
  update export_jobs set state = 'FAILED', finished_at = $3, failure = $4, claimed_until = null, row_count = 0, size_bytes = 0, chunk_count = 0
  where id = $1 and fencing = $2 and state = 'RUNNING' returning id)
delete from export_chunks where job_id in (select id from job)`;

/**
 * Takes the files away that may hold values of somebody who is erased: those about them, and every one of the audit log. `$1` user,
 * `$2` now, `$3` reason.
 */
export const withdrawExports = `
with job as (
  update export_jobs set state = 'FAILED', finished_at = $2::timestamptz, failure = $3, claimed_until = null, expires_at = null,
    row_count = 0, size_bytes = 0, chunk_count = 0, fencing = fencing + 1
  where state <> 'FAILED' and (kind = 'AUDIT_EVENTS' or scope->>'userId' = $1::text) returning id)
delete from export_chunks where job_id in (select id from job)`;
