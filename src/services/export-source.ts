import { instant } from '../clock.ts';
import { instantOf, type StatementRunner } from '../database/sql.ts';
import {
  auditEventOf,
  auditPage,
  type AuditConditions,
  type AuditEventView,
  type AuditRow,
} from '../entities/audit.queries.ts';
import type { AuditReach } from '../entities/audit.visibility.ts';
import type { ClaimedJob } from '../entities/export.queries.ts';
import { userDataPage, userDataSections } from '../entities/user-data.queries.ts';
import type { UserId } from '../ids.ts';
import type { ExportFormat } from '../vocabulary.ts';
import { csvLines, ndjsonLines } from './export-format.ts';

/** Rows of one chunk: what is held in memory at once. */
const BATCH = 500;

/** A part of the file, and where the next one begins; null: that was the last. */
export interface ExportBatch {
  readonly text: string;
  readonly rows: number;
  readonly next: Readonly<Record<string, unknown>> | null;
  /** 0 to 1. */
  readonly progress: number;
}

/** Where an export of audit events stands: behind this event, on the way from `newest` to `oldest` (milliseconds). */
interface AuditPlace {
  readonly at: string;
  readonly id: string;
  readonly oldest: number;
}

/** Where an export of a person's data stands. */
interface DataPlace {
  readonly section: number;
  readonly key: string | null;
  readonly audit: AuditPlace | null;
}

/** The conditions under which the events about one person are theirs to have. */
const EVERYTHING: AuditConditions = {
  actorId: null,
  targetId: null,
  actions: null,
  results: null,
  network: null,
  isRange: false,
  from: null,
  until: null,
};

/** What a file is made of, and how far it is. */
export type ExportTask = Pick<ClaimedJob, 'scope' | 'format' | 'place' | 'created_at'>;

/** Reads the next batch of a job. */
export const nextBatch = (database: StatementRunner, job: ExportTask): Promise<ExportBatch> => {
  const { scope } = job;
  if (scope.kind === 'USER_DATA') return userDataBatch(database, scope.userId, job);
  const place = job.place === null ? null : (job.place as unknown as AuditPlace);
  const write = job.format === 'CSV' ? csvLines : ndjsonLines;
  return auditBatch(database, { ...scope, createdAt: job.created_at, place }, write);
};

interface AuditPart {
  readonly filter: AuditConditions;
  readonly reach: AuditReach;
  /** Later events are not part of the file. */
  readonly createdAt: string;
  readonly place: AuditPlace | null;
}

const auditBatch = async (
  database: StatementRunner,
  { filter, reach, createdAt, place }: AuditPart,
  write: (events: readonly AuditEventView[]) => string,
): Promise<ExportBatch> => {
  const values: unknown[] = [reach === 'ALL' ? null : reach, createdAt];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const me = reach === 'ALL' ? null : '$1::uuid';
  const behind =
    place === null
      ? ''
      : `and e.at <= ${bind(place.at)}::timestamptz and (e.at, e.id) < ($${values.length}::timestamptz, ${bind(place.id)}::uuid)`;
  const condition = `($1::uuid is null or true) and e.at <= $2::timestamptz ${behind}`;
  const rows = await database.query<AuditRow>(
    auditPage(filter, { subject: me, viewer: me }, { condition, orderBy: 'e.at desc, e.id desc', limit: BATCH }, bind),
    values,
  );
  const oldest = place?.oldest ?? (await oldestOf(database, filter));
  const last = rows.at(-1);
  const isLast = rows.length < BATCH || last === undefined;
  return {
    text: write(rows.map(auditEventOf)),
    rows: rows.length,
    next: isLast ? null : { at: last.at, id: last.id, oldest },
    progress: isLast ? 1 : progressAt(instantOf(last.at).getTime(), instantOf(createdAt).getTime(), oldest),
  };
};

const oldestOf = async (database: StatementRunner, { from }: AuditConditions): Promise<number> => {
  const [row] = await database.query<{ at: string | null }>('select min(at)::text as at from audit_events');
  const first = row?.at == null ? 0 : instantOf(row.at).getTime();
  return from === null ? first : Math.max(first, instant(from).getTime());
};

const progressAt = (at: number, newest: number, oldest: number): number =>
  newest <= oldest ? 0 : Math.min(0.99, Math.max(0, (newest - at) / (newest - oldest)));

/** One section after the other, the events about the person last: of what others did, without their circumstances. */
const userDataBatch = async (database: StatementRunner, userId: UserId, job: ExportTask): Promise<ExportBatch> => {
  const place = (job.place as unknown as DataPlace | null) ?? { section: 0, key: null, audit: null };
  const section = userDataSections[place.section];
  const parts = userDataSections.length + 1;
  if (section === undefined) {
    const part = { filter: EVERYTHING, reach: userId, createdAt: job.created_at, place: place.audit };
    const batch = await auditBatch(database, part, (events) =>
      ndjsonLines(events.map((event) => ({ type: 'AuditEvent', ...event }))),
    );
    const next = batch.next === null ? null : { section: place.section, key: null, audit: batch.next };
    return { ...batch, next, progress: (parts - 1 + batch.progress) / parts };
  }
  const rows = await database.query<{ key: string; data: object }>(userDataPage(section), [userId, place.key, BATCH]);
  const isLast = rows.length < BATCH;
  return {
    text: ndjsonLines(rows.map(({ data }) => ({ type: section.type, ...data }))),
    rows: rows.length,
    next: isLast
      ? { section: place.section + 1, key: null, audit: null }
      : { section: place.section, key: rows.at(-1)?.key ?? null, audit: null },
    progress: (place.section + 1) / parts,
  };
};

/** The type that a file of a format is served as. */
export const mediaTypeOf = (format: ExportFormat): string =>
  format === 'CSV' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson; charset=utf-8';
