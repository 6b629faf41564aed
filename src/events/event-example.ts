import * as z from 'zod';
import { eventTypes, type EventType } from './event-types.ts';

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
  if (format === 'uuid' || format === 'guid') return EXAMPLE_ID;
  return format === 'date-time' ? at.toISOString() : 'example';
};

const exampleOf = (described: Described, at: Date): unknown => {
  const { anyOf, items, properties } = described;
  // What can be absent, too, is shown.
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

/** A payload of this type with every field that it can have, about nothing that exists. */
export const examplePayload = (type: EventType, at: Date): Readonly<Record<string, unknown>> =>
  objectOf((z.toJSONSchema(eventTypes[type].payload) as Described).properties ?? {}, at);
