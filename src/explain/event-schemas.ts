import * as z from 'zod';
import { type EventType, eventTypes } from '../events/event-types.ts';
import { markdownTable } from './markdown-table.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (2020-12) of a published event. Consumers must take fields that they do not know: a version may get more of them.
 */
const eventSchema = (type: EventType): JsonSchema => {
  const { version, aggregate, description, payload } = eventTypes[type];
  const properties = {
    id: { type: 'string', format: 'uuid', description: 'The same for every try and every sink.' },
    sequence: { type: 'string', pattern: '^[1-9][0-9]*$', description: 'Place in the order of publication.' },
    type: { const: type },
    typeVersion: { const: version },
    aggregateType: { const: aggregate, description: 'Kind of what the event is about.' },
    aggregateId: { type: 'string', description: 'What the event is about; its events are published in order.' },
    occurredAt: { type: 'string', format: 'date-time' },
    payload: payloadSchema(payload),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:gatehouse:event:${type}:${version}`,
    title: type,
    description,
    type: 'object',
    required: Object.keys(properties),
    properties,
  };
};

const payloadSchema = (payload: z.ZodType): JsonSchema => {
  const made: Record<string, unknown> = z.toJSONSchema(payload, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
      // The format says it, in a word that validators know.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  delete made['$schema'];
  return made;
};

const fileOf = (type: EventType): string => `${type}.v${eventTypes[type].version}.json`;
const names = Object.keys(eventTypes) as EventType[];

const TEXT = `# Event catalogue

This page and the schemas beside it are generated from \`src/events/event-types.ts\`; run \`npm run docs:emit\` after a change. How
events leave and what consumers can rely on stands in [../events.md](../events.md).

A payload holds ids and words of closed sets: no secret, and nothing that names a person. A field may be added to a version; whoever
removes one or changes its meaning makes a new version.
`;

/** The files of docs/events by name. */
export const eventFiles = (): Readonly<Record<string, string>> => ({
  'README.md': `${TEXT}
${markdownTable(
  ['event', 'version', 'about', 'when', 'payload'],
  names.map((type) => {
    const { version, aggregate, description, payload } = eventTypes[type];
    const fields = Object.entries(payload.shape).map(([name, field]) =>
      field.safeParse(undefined).success ? `\`${name}\`?` : `\`${name}\``,
    );
    return [`[${type}](${fileOf(type)})`, String(version), aggregate, description, fields.join(', ')];
  }),
)}
`,
  ...Object.fromEntries(names.map((type) => [fileOf(type), `${JSON.stringify(eventSchema(type), null, 2)}\n`])),
});
