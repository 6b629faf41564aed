import * as z from 'zod';
import { newId, type OutboxEventId } from '../ids.ts';
import type { PublishedEvent } from './event-sink.ts';
import { type EventType, eventTypes } from './event-types.ts';

/** The id in every example: of the form of ours, and of nothing that exists. */
export const EXAMPLE_ID = '00000000-0000-7000-8000-000000000000';

/** The part of JSON Schema that payloads are described with. */
interface Described {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Described[];
  readonly items?: Described;
  readonly properties?: Readonly<Record<string, Described>>;
}

const textOf = ({ format }: Described, at: Date): string => {
  if (format === 'uuid') return EXAMPLE_ID;
  return format === 'date-time' ? at.toISOString() : 'example';
};

const exampleOf = (described: Described, at: Date): unknown => {
  const { anyOf, items, properties } = described;
  // What can be null is shown as what it is otherwise.
  const [kind] = [described.type].flat();
  if (described.enum !== undefined) return described.enum[0];
  if (anyOf?.[0] !== undefined) return exampleOf(anyOf[0], at);
  if (items !== undefined) return [exampleOf(items, at)];
  if (properties !== undefined) return objectOf(properties, at);
  if (kind === 'string') return textOf(described, at);
  return kind === 'boolean' ? true : 1;
};

const objectOf = (properties: Readonly<Record<string, Described>>, at: Date): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(properties).map(([name, described]) => [name, exampleOf(described, at)]));

/**
 * An event of this type with every field that it can have, in the form of the catalogue and about nothing that exists. Its place is
 * that of the very first event.
 */
export const exampleEvent = (type: EventType, at: Date): PublishedEvent => {
  const { version, aggregate, payload } = eventTypes[type];
  return {
    id: newId<OutboxEventId>(),
    sequence: '1',
    type,
    typeVersion: version,
    aggregateType: aggregate,
    aggregateId: EXAMPLE_ID,
    payload: objectOf((z.toJSONSchema(payload) as Described).properties ?? {}, at),
    occurredAt: at,
  };
};
