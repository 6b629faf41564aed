import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { visibleAuditEvents } from '../entities/audit.visibility.ts';
import {
  addExportJob,
  exportJobColumns,
  exportJobOf,
  type ExportJobRow,
  type ExportJobView,
  type ExportScope,
} from '../entities/export.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, reject, Rejection } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type ExportJobId, newId, parseId } from '../ids.ts';
import { may } from '../permissions/may.ts';
import type { ExportFormat } from '../vocabulary.ts';
import { type AuditFilter, readAuditFilter } from './audit-filter.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { ExportWorker } from './export-worker.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { readText } from './text.ts';
import { lockTargets, readUserIds } from './user-targets.ts';

/** Jobs of one person that are not done yet. */
const MAXIMUM_OPEN = 5;

interface Parts {
  readonly database: Database;
  readonly idempotency: IdempotencyService;
  readonly exportWorker: ExportWorker;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** A file that can be fetched: what it is, and its content piece by piece. */
export interface ExportFile {
  readonly job: ExportJobView;
  readonly chunks: () => AsyncGenerator<Buffer>;
}

/** Files that are made in the background for whoever asked for them. */
export class ExportService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Asks for a file of the audit events that the filter describes, of those that the caller may see now. Throws BAD_USER_INPUT for
   * the filter, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED with five jobs under way.
   */
  async ofAuditEvents(
    caller: SignedInCaller,
    input: {
      readonly filter: AuditFilter | null;
      readonly format: ExportFormat;
      readonly idempotencyKey: string | null;
    },
  ): Promise<ExportJobView> {
    const { format, idempotencyKey } = input;
    const filter = readAuditFilter(input.filter);
    const reach = visibleAuditEvents({ principal: caller.principal, now: this.#parts.clock.now() });
    const request = requestOf(caller, 'exportAuditEvents', idempotencyKey, { filter, format });
    return this.#ask(caller, { request, scope: { kind: 'AUDIT_EVENTS', filter, reach }, format }, async (_em, job) => ({
      action: 'audit.exported',
      target: { type: 'ExportJob', id: job.id, label: null },
      // A filter can name an address, so it stands where it can be erased.
      changes: [{ field: 'filter', before: null, after: JSON.stringify(filter) }],
      metadata: { format, all: reach === 'ALL' },
    }));
  }

  /**
   * Asks for a file of everything that is kept about somebody. Errors: REQUIRED, TOO_LONG, INVALID_VALUE, TARGET_NOT_FOUND; throws
   * FORBIDDEN where `export:users` does not reach, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED.
   */
  async ofUserData(
    caller: SignedInCaller,
    input: { readonly userId: string; readonly reason: string; readonly idempotencyKey: string | null },
  ): Promise<ExportJobView> {
    const read = readText(input.reason, { field: ['reason'], maximum: 500 });
    if ('problem' in read) throw new Rejection([read.problem]);
    const [userId] = readUserIds([input.userId], 'userId');
    if (userId === undefined) return reject('TARGET_NOT_FOUND', { field: ['userId'] });
    const request = requestOf(caller, 'exportUserData', input.idempotencyKey, { userId, reason: read.text });
    const asked = { request, scope: { kind: 'USER_DATA', userId }, format: 'NDJSON' } as const;
    return this.#ask(caller, asked, async (em, job) => {
      const viewer = { principal: caller.principal, now: this.#parts.clock.now() };
      const need = { field: 'userId', permission: 'export:users', account: true } as const;
      const [row] = await lockTargets(em, viewer, [userId], need);
      if (row === undefined) return reject('TARGET_NOT_FOUND', { field: ['userId'] });
      return {
        action: 'user.exported',
        target: userReference(userViewOf(row, viewer.now)),
        metadata: { reason: read.text, exportJobId: job.id },
      };
    });
  }

  /** A job of the caller; null when there is none, or when it is somebody else's. One statement. */
  async find(caller: SignedInCaller, text: string): Promise<ExportJobView | null> {
    const id = parseId<ExportJobId>(text);
    if (id === null) return null;
    const [row] = await this.#parts.database.query<ExportJobRow>(
      `select ${exportJobColumns} from export_jobs j where j.id = $1 and j.owner_id = $2`,
      [id, caller.principal.userId],
    );
    return row === undefined ? null : exportJobOf(row);
  }

  /** Where the caller fetches the file; null while there is none, once it is over, and in any other session than the one that asked. */
  urlOf(caller: SignedInCaller, job: ExportJobView): string | null {
    return this.#isOpen(caller, job) ? `${this.#parts.config.server.baseUrl}/exports/${job.id}` : null;
  }

  /**
   * Opens a file for the session or key that asked for it, while its owner still holds what it took to ask. Writes the audit line.
   * Throws NOT_FOUND for everybody else, as if there were none.
   */
  async open(caller: SignedInCaller, text: string): Promise<ExportFile> {
    const { database, recorder } = this.#parts;
    const job = await this.find(caller, text);
    if (job === null || !this.#isOpen(caller, job) || !this.#mayStill(caller, job.scope))
      throw new Failure('NOT_FOUND');
    await recorder.recordAlone(database, originOf(caller), [
      {
        action: 'export.downloaded',
        target: { type: 'ExportJob', id: job.id, label: null },
        metadata: { kind: job.kind, rowCount: job.rowCount, sizeBytes: job.sizeBytes },
      },
    ]);
    return { job, chunks: () => chunksOf(database, job) };
  }

  #isOpen({ principal }: SignedInCaller, job: ExportJobView): boolean {
    const isOver = job.expiresAt === null || job.expiresAt <= this.#parts.clock.now();
    return job.state === 'DONE' && !isOver && job.accessId === (principal.sessionId ?? principal.apiKeyId);
  }

  #mayStill({ principal }: SignedInCaller, scope: ExportScope): boolean {
    const now = this.#parts.clock.now();
    if (principal.actorId !== null) return false;
    if (scope.kind === 'USER_DATA') return may(principal, 'export:users', now);
    return may(principal, 'export:audit', now) && (scope.reach !== 'ALL' || may(principal, 'view:audit', now));
  }

  async #ask(
    caller: SignedInCaller,
    asked: { request: IdempotentRequest | null; scope: ExportScope; format: ExportFormat },
    told: (em: EntityManager, job: ExportJobView) => Promise<Happening>,
  ): Promise<ExportJobView> {
    const { database, idempotency, recorder, exportWorker } = this.#parts;
    const job = await database.transaction(async (em) => {
      const earlier = await idempotency.claim<{ id: ExportJobId }>(em, asked.request);
      if (earlier !== null) return earlier.id;
      const made = await this.#add(em, caller, asked);
      await recorder.record(em, originOf(caller), [await told(em, made)]);
      await idempotency.keep(em, asked.request, { id: made.id });
      return made;
    });
    exportWorker.wake();
    if (typeof job !== 'string') return job;
    return (await this.find(caller, job)) ?? reject('INVALID_VALUE', { field: ['idempotencyKey'] });
  }

  async #add(
    em: EntityManager,
    { principal }: SignedInCaller,
    { scope, format }: { scope: ExportScope; format: ExportFormat },
  ): Promise<ExportJobView> {
    const [open] = await sql<{ count: number }>(
      em,
      `select count(*)::int as count from export_jobs where owner_id = $1 and state in ('QUEUED', 'RUNNING')`,
      [principal.userId],
    );
    if ((open?.count ?? 0) >= MAXIMUM_OPEN) {
      throw new Failure('RATE_LIMITED', 'Too many exports are under way; wait for one to be done.', {
        retryAfterSeconds: 60,
      });
    }
    const [row] = await sql<ExportJobRow>(em, addExportJob, [
      newId<ExportJobId>(),
      scope.kind,
      format,
      principal.userId,
      principal.sessionId ?? principal.apiKeyId,
      JSON.stringify(scope),
      this.#parts.clock.now().toISOString(),
    ]);
    if (row === undefined) throw new Error('The export was not stored.');
    return exportJobOf(row);
  }
}

const requestOf = (
  { principal }: SignedInCaller,
  mutation: string,
  key: string | null,
  input: object,
): IdempotentRequest | null => (key === null ? null : { actorId: principal.userId, mutation, key, input });

/** One chunk in memory at a time. Throws when the file is taken away meanwhile, which cuts the answer off. */
async function* chunksOf(database: Database, { id, chunkCount }: ExportJobView): AsyncGenerator<Buffer> {
  for (let position = 0; position < chunkCount; position += 1) {
    const [chunk] = await database.query<{ content: Buffer }>(
      'select content from export_chunks where job_id = $1 and position = $2',
      [id, position],
    );
    if (chunk === undefined) throw new Failure('NOT_FOUND');
    yield chunk.content;
  }
}

/** Deletes what can no longer be fetched, and failed jobs after as long; run by housekeeping, in batches. Gives how many were deleted. */
export const deleteExpiredExports = async (database: Database, at: Date, batch: number): Promise<number> => {
  const gone = await database.query(
    `delete from export_jobs where id = any(array(select id from export_jobs where expires_at <= $1::timestamptz
       or (state = 'FAILED' and finished_at <= $1::timestamptz - interval '30 days') limit $2)) returning 1 as gone`,
    [at.toISOString(), batch],
  );
  return gone.length;
};
