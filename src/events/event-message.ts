import type { PublishedEvent } from './event-sink.ts';

/** An event as JSON, the form of docs/events: what a stream holds and a receiver reads. */
export const eventMessage = (event: PublishedEvent): string =>
  JSON.stringify({
    id: event.id,
    sequence: event.sequence,
    type: event.type,
    typeVersion: event.typeVersion,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    occurredAt: event.occurredAt.toISOString(),
    payload: event.payload,
  });
