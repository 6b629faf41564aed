import type { AuditEventView } from '../entities/audit.queries.ts';
import type { ExportFormat } from '../vocabulary.ts';
import { csvLine } from './csv-line.ts';

const columns: Readonly<Record<string, (event: AuditEventView) => string | null>> = {
  id: ({ id }) => id,
  at: ({ at }) => at.toISOString(),
  action: ({ action }) => action,
  result: ({ result }) => result,
  actorType: ({ actor }) => actor?.type ?? null,
  actorId: ({ actor }) => actor?.id ?? null,
  actorLabel: ({ actor }) => actor?.label ?? null,
  onBehalfOfId: ({ onBehalfOf }) => onBehalfOf?.id ?? null,
  targetType: ({ target }) => target?.type ?? null,
  targetId: ({ target }) => target?.id ?? null,
  targetLabel: ({ target }) => target?.label ?? null,
  ipAddress: ({ ipAddress }) => ipAddress,
  userAgent: ({ userAgent }) => userAgent,
  requestId: ({ requestId }) => requestId,
  changes: ({ changes }) => (changes.length === 0 ? null : JSON.stringify(changes)),
  metadata: ({ metadata }) => (Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata)),
};

/** The first line of a file; NDJSON has none. */
export const heading = (format: ExportFormat): string => (format === 'CSV' ? csvLine(Object.keys(columns)) : '');

/** Events as lines of CSV. */
export const csvLines = (events: readonly AuditEventView[]): string =>
  events.map((event) => csvLine(Object.values(columns).map((read) => read(event)))).join('');

/** One JSON object a line. */
export const ndjsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
