import { readFile } from 'node:fs/promises';
import type { Producer } from '@platformatic/kafka';
import type { Config } from '../../config/config.ts';
import { eventMessage } from '../event-message.ts';
import type { EventSink, PublishedEvent } from '../event-sink.ts';

/** A broker that hangs must not keep the relay for longer. */
const CONNECT_MS = 2000;
/**
 * How long an answer may take: at first so long that a broker that hangs is noticed soon. After a try that was too short for it, twice as
 * long; otherwise a broker that needs three seconds would get the same events again and again, and never the next ones.
 */
const REQUEST_MS: Patience = { least: 2000, most: 8000 };
/** An answer may take so many times as long as the last ones did. */
const MARGIN = 3;

/** Milliseconds that an answer is waited for. */
interface Patience {
  readonly least: number;
  readonly most: number;
}

type TextProducer = Producer<string, string, string, string>;

/**
 * Produces events to a topic: the key is the id of the aggregate, so that one partition has all of its events, in order. Every
 * replica in sync confirms (acks=all). The client is loaded with the first batch, so that only the relay has connections.
 */
export class KafkaSink implements EventSink {
  readonly name = 'kafka';
  readonly #settings: Config['kafka'];
  #producer: Promise<TextProducer> | null = null;
  readonly #patience: Patience;
  #requestMs: number;

  constructor(settings: Config['kafka'], patience = REQUEST_MS) {
    this.#settings = settings;
    this.#patience = patience;
    this.#requestMs = patience.least;
  }

  async publish(events: readonly PublishedEvent[]): Promise<void> {
    const { topic } = this.#settings;
    const began = performance.now();
    try {
      const producer = await (this.#producer ??= this.#open());
      await producer.send({ messages: events.map((event) => messageOf(topic, event)) });
      this.#wait((performance.now() - began) * MARGIN);
    } catch (error) {
      if (performance.now() - began >= this.#requestMs) this.#wait(this.#requestMs * 2);
      // A client that failed may remember brokers that are gone, or never came to be: the next try makes another one.
      await this.close();
      throw new Error(reasonOf(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    const opened = this.#producer;
    this.#producer = null;
    const producer = await opened?.catch(() => null);
    // A broker that hangs would hold the closing, too.
    producer?.close(() => undefined);
  }

  #wait(ms: number): void {
    const { least, most } = this.#patience;
    this.#requestMs = Math.min(Math.max(Math.ceil(ms), least), most);
  }

  async #open(): Promise<TextProducer> {
    const { Producer: Client, ProduceAcks, stringSerializers } = await import('@platformatic/kafka');
    const { brokers, tls, caFile, mechanism, username, password } = this.#settings;
    const sasl =
      username === null || password === null ? {} : { sasl: { mechanism, username, password: password.reveal() } };
    const ca = caFile === null ? {} : { ca: await readFile(caFile) };
    return new Client({
      clientId: 'gatehouse',
      bootstrapBrokers: [...brokers],
      serializers: stringSerializers,
      acks: ProduceAcks.ALL,
      autocreateTopics: true,
      // The relay tries again.
      retries: 0,
      connectTimeout: CONNECT_MS,
      requestTimeout: this.#requestMs,
      timeout: this.#requestMs,
      ...(tls ? { tls: ca, tlsServerName: true } : {}),
      ...sasl,
    });
  }
}

const messageOf = (topic: string, event: PublishedEvent) => ({
  topic,
  key: event.aggregateId,
  value: eventMessage(event),
  headers: { id: event.id, type: event.type, version: String(event.typeVersion) },
});

/** The client wraps what went wrong in errors of its own; the innermost says it. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error) return reasonOf(error.cause);
  return error instanceof Error ? error.message : String(error);
};
