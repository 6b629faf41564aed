import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { PublishedEvent } from '../../src/events/event-sink.ts';
import { newId, type OutboxEventId, type WebhookDeliveryId, type WebhookId } from '../../src/ids.ts';
import type { TestApp } from './test-app.ts';
import type { TestClient } from './test-client.ts';

/** Settings under which this machine can be a receiver. */
export const loopbackReceivers = {
  'webhooks.allowHttp': 'true',
  'webhooks.allowedNetworks': '127.0.0.0/8',
  'webhooks.timeoutSeconds': '1s',
  'webhooks.concurrency': '4',
} as const;

/** A request as a receiver got it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Behaviour = (request: ReceivedRequest, response: Parameters<RequestListener>[1]) => void;

/** A receiver on a free port of this machine. */
export interface Receiver {
  readonly url: string;
  readonly received: ReceivedRequest[];
  /** What it does once a request has come whole. */
  behave: Behaviour;
  close(): Promise<void>;
}

const accept: Behaviour = (_request, response) => {
  response.writeHead(204).end();
};

export const startReceiver = async (tls?: { readonly key: string; readonly cert: string }): Promise<Receiver> => {
  const listener: RequestListener = (request, response) => {
    const take = async (): Promise<void> => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: await text(request) };
      receiver.received.push(one);
      receiver.behave(one, response);
    };
    void take();
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/hook`,
    received: [],
    behave: accept,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
};

/** An answer of a receiver that takes the request, whatever the one before did. */
export const reset = (receiver: Receiver): void => {
  receiver.behave = accept;
  receiver.received.length = 0;
};

export const WEBHOOK = `id name url eventTypes enabled secretOverlapUntil createdAt updatedAt
  lastDelivery { id state }`;
const DELIVERY = `id eventId eventType kind state attempts responseStatus failure durationMs nextAttemptAt createdAt
  deliveredAt webhook { id } previous { id } tries { number startedAt durationMs responseStatus failure }`;

interface UserError {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly targetId: string | null;
}

export interface ShownWebhook {
  readonly id: WebhookId;
  readonly name: string;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly enabled: boolean;
  readonly secretOverlapUntil: string | null;
  readonly lastDelivery: { readonly id: string; readonly state: string } | null;
}

export interface ShownDelivery {
  readonly id: WebhookDeliveryId;
  readonly eventId: string;
  readonly eventType: string;
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly responseStatus: number | null;
  readonly failure: string | null;
  readonly durationMs: number | null;
  readonly nextAttemptAt: string | null;
  readonly deliveredAt: string | null;
  readonly webhook: { readonly id: string };
  readonly previous: { readonly id: string } | null;
  readonly tries: readonly {
    readonly number: number;
    readonly startedAt: string;
    readonly durationMs: number | null;
    readonly responseStatus: number | null;
    readonly failure: string | null;
  }[];
}

/** What the payloads of all webhook mutations can hold. */
interface WebhookPayload {
  readonly webhook?: ShownWebhook | null;
  readonly delivery?: ShownDelivery | null;
  readonly secret?: string | null;
  readonly replayed?: boolean;
  readonly replayedCount?: number | null;
  readonly deletedWebhookId?: string | null;
  readonly errors: readonly UserError[];
}

const SELECTIONS = {
  createWebhook: `webhook { ${WEBHOOK} } secret replayed`,
  updateWebhook: `webhook { ${WEBHOOK} }`,
  rotateWebhookSecret: `webhook { ${WEBHOOK} } secret`,
  testWebhook: `delivery { ${DELIVERY} }`,
  replayWebhookDeliveries: 'replayedCount',
  deleteWebhook: 'deletedWebhookId',
} as const;

/** Runs one of the mutations; gives its payload, null when it was refused, and the code of the whole answer. */
export const mutate = async (
  client: TestClient,
  name: keyof typeof SELECTIONS,
  input: Readonly<Record<string, unknown>>,
): Promise<{ readonly payload: WebhookPayload | null; readonly code: string }> => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const { data, code } = await client.run<Readonly<Record<string, WebhookPayload | null>> | null>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${SELECTIONS[name]} errors { code field targetId } } }`,
    { input },
  );
  return { payload: data?.[name] ?? null, code };
};

/** Makes a webhook; throws when it is refused. */
export const makeWebhook = async (
  client: TestClient,
  { name = 'Receiver', url, eventTypes = ['UserDeleted'] }: { name?: string; url: string; eventTypes?: string[] },
): Promise<{ readonly id: WebhookId; readonly secret: string }> => {
  const { payload, code } = await mutate(client, 'createWebhook', { name, url, eventTypes });
  if (payload?.webhook == null || payload.secret == null) throw new Error(`${code} ${JSON.stringify(payload)}`);
  return { id: payload.webhook.id, secret: payload.secret };
};

/** The deliveries of a webhook, newest first. */
export const deliveriesOf = async (client: TestClient, webhookId: string): Promise<readonly ShownDelivery[]> => {
  const { data } = await client.run<{ webhookDeliveries: { nodes: readonly ShownDelivery[] } }>(
    `query ($id: ID) { webhookDeliveries(first: 100, filter: { webhookId: $id }) { nodes { ${DELIVERY} } } }`,
    { id: webhookId },
  );
  return data.webhookDeliveries.nodes;
};

/** An event as the relay hands it on. */
export const eventOf = (app: TestApp, more: Partial<PublishedEvent> = {}): PublishedEvent => ({
  id: newId<OutboxEventId>(),
  sequence: '7',
  type: 'UserDeleted',
  typeVersion: 1,
  aggregateType: 'User',
  aggregateId: 'a-user',
  payload: { userId: 'a-user', endedSessions: 1 },
  occurredAt: app.clock.now(),
  ...more,
});

/** Hands events over and tries everything that is due. */
export const publish = async (app: TestApp, ...events: readonly PublishedEvent[]): Promise<void> => {
  await app.services.webhookSink.publish(events);
  await app.services.webhookWorker.run();
};

/** Ids of the events that a receiver got, in the order of their text. */
export const eventIdsAt = ({ received }: Receiver): readonly string[] =>
  received.map(({ headers }) => String(headers['webhook-id'])).toSorted((left, right) => left.localeCompare(right));

/** The webhook's one delivery. */
export const onlyDelivery = async (client: TestClient, webhookId: string): Promise<ShownDelivery> => {
  const [first, ...others] = await deliveriesOf(client, webhookId);
  if (first === undefined || others.length > 0) throw new Error('There is no delivery, or several.');
  return first;
};

/** A receiver for the tests of a file, as new for each of them; no webhook outlives its test. */
export const useReceiver = (app: () => TestApp): (() => Receiver) => {
  let receiver: Receiver | null = null;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver?.close());
  const present = (): Receiver => {
    if (receiver === null) throw new Error('The receiver is there inside tests only.');
    return receiver;
  };
  beforeEach(async () => {
    reset(present());
    await app().database.query('delete from webhooks');
  });
  return present;
};
