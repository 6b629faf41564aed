import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { exampleEvent } from '../../src/events/event-example.ts';
import { eventMessage } from '../../src/events/event-message.ts';
import { type EventType, eventTypes } from '../../src/events/event-types.ts';
import { sampleBody } from '../../src/webhooks/webhook-body.ts';
import { MemorySink } from '../support/events.ts';
import { useCast } from '../support/holder.ts';
import { useTestApp } from '../support/test-app.ts';

interface SampleMessage {
  readonly type: string;
  readonly typeVersion: number;
  readonly payload: object;
  readonly test?: boolean;
}

const directory = join(import.meta.dirname, '../../docs/events');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A validator over all files of docs/events; a file that is no schema does not compile. */
const validatorOf = () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.addFormat('uuid', UUID);
  ajv.addFormat(
    'date-time',
    (text: string) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text)),
  );
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
  const validators = new Map(
    files.map((file) => [file, ajv.compile(JSON.parse(readFileSync(join(directory, file), 'utf8')) as object)]),
  );
  return {
    files,
    problems: (message: { readonly type: string; readonly typeVersion: number }): unknown => {
      const validate = validators.get(`${message.type}.v${message.typeVersion}.json`);
      if (validate === undefined) return 'no schema';
      return validate(message) ? null : validate.errors;
    },
  };
};

describe('the catalogue of events', () => {
  const sink = new MemorySink();
  const app = useTestApp({ eventSinks: [sink] });
  const cast = useCast(app);

  test('has a schema for every type, and no other', () => {
    const wanted = Object.entries(eventTypes).map(([type, { version }]) => `${type}.v${version}.json`);
    expect(validatorOf().files.toSorted()).toEqual(wanted.toSorted());
  });

  test('schemas take the sample that a test delivery posts, of every type, and it is marked', () => {
    const { problems } = validatorOf();
    for (const type of Object.keys(eventTypes) as EventType[]) {
      const sample = JSON.parse(sampleBody(exampleEvent(type, app().clock.now()))) as SampleMessage;
      expect([type, problems(sample)]).toEqual([type, null]);
      expect(sample.test).toBe(true);
      // It shows every field that an event of the type can have.
      expect(Object.keys(sample.payload)).toEqual(Object.keys(eventTypes[type].payload.shape));
      expect(eventTypes[type].payload.safeParse(sample.payload).error).toBeUndefined();
    }
  });

  test('schemas take what is really published, and nothing that lacks a part or is of another kind', async () => {
    const { admin } = cast();
    const done = async (mutation: string): Promise<Record<string, Record<string, { id: string }>>> => {
      const { data, errors } = await admin.run<Record<string, Record<string, { id: string }>>>(
        `mutation { ${mutation} }`,
      );
      expect(errors).toEqual([]);
      return data;
    };
    const group = (
      await done(`createGroup(input: { name: "Watchers", description: "x", permissions: [] }) { group { id } }`)
    )['createGroup']?.['group']?.id;
    await done(`updateGroup(input: { id: "${group}", name: "Guards" }) { group { id } }`);
    await done(`deleteGroup(input: { id: "${group}" }) { errors { code } }`);
    await done(`createOrganization(input: { name: "Somewhere" }) { organization { id } }`);
    await app().services.eventRelay.run();
    const { problems } = validatorOf();
    const messages = sink.taken.map((event) => JSON.parse(eventMessage(event)) as never);
    expect(messages.flatMap((message) => problems(message) ?? [])).toEqual([]);
    const types = new Set(sink.taken.map(({ type }) => type));
    for (const type of ['SessionStarted', 'GroupCreated', 'GroupUpdated', 'GroupDeleted', 'OrganizationCreated']) {
      expect(types).toContain(type);
    }
    const [one] = sink.taken;
    if (one === undefined) throw new Error('Nothing was published.');
    const broken = [
      { ...one, payload: {} },
      { ...one, id: 'x' },
      { ...one, sequence: '-1' },
      { ...one, aggregateType: 'Group' },
    ];
    for (const event of broken) expect(problems(JSON.parse(eventMessage(event)) as never)).not.toBeNull();
    // A later version of the server may tell more.
    expect(problems(JSON.parse(eventMessage({ ...one, payload: { ...one.payload, more: 1 } })) as never)).toBeNull();
  });
});
