import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IncomingHttpHeaders } from 'node:http';
import { systemClock } from '../../../src/clock.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import {
  eventOf as anEvent,
  loopbackReceivers,
  makeWebhook,
  publish,
  type Receiver,
  startReceiver,
} from '../../support/webhooks.ts';

const documentation = readFileSync(join(import.meta.dirname, '../../../docs/webhooks.md'), 'utf8');

type EventOf = (headers: IncomingHttpHeaders, body: string, secret: string) => Readonly<Record<string, unknown>>;

const app = useTestApp({ settings: loopbackReceivers });
const cast = useCast(app);
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-webhook-example-'));
let receiver: Receiver;
let eventOf: EventOf;

beforeAll(async () => {
  receiver = await startReceiver();
  const [, code = ''] = /```js\n(.*?)```/s.exec(documentation) ?? [];
  const file = join(directory, 'example.mjs');
  writeFileSync(file, code);
  ({ eventOf } = (await import(pathToFileURL(file).href)) as { eventOf: EventOf });
});
afterAll(async () => {
  await receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

test('the example of docs/webhooks.md takes what is sent, and nothing that was altered, recorded, or is of somebody else', async () => {
  const { secret } = await makeWebhook(cast().admin, { url: receiver.url });
  // The example reads the real clock.
  app().clock.advance(Math.round((systemClock.now().getTime() - app().clock.now().getTime()) / 1000));
  const event = anEvent(app());
  await publish(app(), event);
  const [request] = receiver.received;
  if (request === undefined) throw new Error('Nothing was sent.');
  const { headers, body } = request;
  expect(eventOf(headers, body, secret)).toEqual({ ...event, occurredAt: event.occurredAt.toISOString() });
  expect(() => eventOf(headers, body.replace('a-user', 'b-user'), secret)).toThrow('not from Gatehouse');
  expect(() => eventOf(headers, body, `${secret}x`)).toThrow('not from Gatehouse');
  expect(() => eventOf({ ...headers, 'webhook-id': 'another' }, body, secret)).toThrow('not from Gatehouse');
  const late = String(Number(headers['webhook-timestamp']) + 100);
  expect(() => eventOf({ ...headers, 'webhook-timestamp': late }, body, secret)).toThrow('not from Gatehouse');
  const recorded = String(Number(headers['webhook-timestamp']) - 400);
  expect(() => eventOf({ ...headers, 'webhook-timestamp': recorded }, body, secret)).toThrow('too old');
  expect(() => eventOf({ ...headers, 'webhook-timestamp': 'now' }, body, secret)).toThrow('too old');
  const unsigned = { ...headers, 'webhook-signature': String(headers['webhook-signature']).replace('v1,', 'v0,') };
  expect(() => eventOf(unsigned, body, secret)).toThrow('not from Gatehouse');
});

test('the body in docs/webhooks.md has the form of what is sent', () => {
  const [, text = '{}'] = /```json\n(.*?)```/s.exec(documentation) ?? [];
  const [request] = receiver.received;
  const shape = (json: string) => Object.keys(JSON.parse(json) as object);
  expect(shape(text)).toEqual(shape(request?.body ?? '{}'));
});
