import { EXAMPLE_ID, examplePayload } from '../events/event-example.ts';
import { eventMessage } from '../events/event-message.ts';
import type { PublishedEvent } from '../events/event-sink.ts';
import { type EventType, eventTypes } from '../events/event-types.ts';
import { newId, type OutboxEventId } from '../ids.ts';

/** Largest text that is posted. No event of ours comes near it. */
export const MAXIMUM_BODY_BYTES = 256 * 1024;

/** What is posted: the event in the form that every sink gives it. */
export const webhookBody = (event: PublishedEvent): string => eventMessage(event);

/** The same of an example: marked, so that a receiver does nothing for it. */
export const sampleBody = (event: PublishedEvent): string =>
  JSON.stringify({ ...(JSON.parse(eventMessage(event)) as object), test: true });

/** An example of a type, of the form of the catalogue and about nothing that exists: it is older than every event. */
export const sampleEvent = (type: EventType, at: Date): PublishedEvent => ({
  id: newId<OutboxEventId>(),
  sequence: '1',
  type,
  typeVersion: eventTypes[type].version,
  aggregateType: eventTypes[type].aggregate,
  aggregateId: EXAMPLE_ID,
  payload: examplePayload(type, at),
  occurredAt: at,
});
