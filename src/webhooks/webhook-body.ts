import { eventMessage } from '../events/event-message.ts';
import type { PublishedEvent } from '../events/event-sink.ts';

/** Largest text that is posted. No event of ours comes near it. */
export const MAXIMUM_BODY_BYTES = 256 * 1024;

/** What is posted: the event in the form that every sink gives it. */
export const webhookBody = (event: PublishedEvent): string => eventMessage(event);

/** The same of an example: marked, so that a receiver does nothing for it. */
export const sampleBody = (event: PublishedEvent): string =>
  JSON.stringify({ ...(JSON.parse(eventMessage(event)) as object), test: true });
