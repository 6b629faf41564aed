import type { Database } from '../../src/database/database.ts';
import { auditActions } from '../../src/events/audit-actions.ts';
import { eventTypes, isEventType } from '../../src/events/event-types.ts';

interface EventRow {
  readonly type: string;
  readonly type_version: number;
  readonly aggregate_type: string;
  readonly payload: unknown;
}

/** What is wrong with an event that was written; null when it is as the catalogue says, without a field more. */
const problemOf = ({ type, type_version: version, aggregate_type: about, payload }: EventRow): string | null => {
  if (!isEventType(type)) return `${type}: is not in the catalogue`;
  const declared = eventTypes[type];
  if (version !== declared.version) return `${type}: has version ${version}`;
  if (about !== declared.aggregate) return `${type}: is about ${about}`;
  const { error } = declared.payload.safeParse(payload);
  return error === undefined ? null : `${type}: ${error.message} in ${JSON.stringify(payload)}`;
};

/** Every event that is in the outbox is as the catalogue says. A database that does not answer any more is passed over. */
export const expectCataloguedEvents = async (database: Database): Promise<void> => {
  const rows = await database
    .query<EventRow>('select type, type_version, aggregate_type, payload from outbox_events limit 10000')
    .catch(() => []);
  const problems = new Set(rows.flatMap((row) => problemOf(row) ?? []));
  if (problems.size > 0)
    throw new Error(`Events are not as src/events/event-types.ts says:\n${[...problems].join('\n')}`);
};

/** What a line can carry whatever its action: how it came to be done. */
const EVERYWHERE = new Set(['impersonationId', 'approvalRequestId', 'approvedById', 'breakGlassReason']);

/** No line of the audit log has metadata that the catalogue does not name. Actions that tests make up are passed over. */
export const expectCataloguedLines = async (database: Database): Promise<void> => {
  const rows = await database
    .query<{ action: string; keys: readonly string[] }>(
      `select action, array(select distinct key from audit_events k, jsonb_object_keys(k.metadata) as key where k.action = e.action)
         as keys from audit_events e group by action`,
    )
    .catch(() => []);
  const problems = rows.flatMap(({ action, keys }) => {
    const declared = auditActions[action];
    return keys
      .filter((key) => declared?.metadata.includes(key) === false && !EVERYWHERE.has(key))
      .map((key) => `${action}: has ${key}`);
  });
  if (problems.length > 0)
    throw new Error(`Lines of the log are not as src/events/audit-actions.ts says:\n${problems.join('\n')}`);
};
