import type { Database } from '../../src/database/database.ts';
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
