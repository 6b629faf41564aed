import type { Redis } from 'ioredis';
import type { Secret } from '../../crypto/secret.ts';
import { eventMessage } from '../event-message.ts';
import type { EventSink, PublishedEvent } from '../event-sink.ts';

/** A frozen server must not keep the relay for longer. */
const COMMAND_MS = 3000;

interface RedisStream {
  readonly url: Secret<string>;
  readonly stream: string;
  /** Entries that the stream keeps, about. */
  readonly maximumLength: number;
}

/** Appends events to a Redis stream. The client is loaded with the first batch, so that only the relay has a connection. */
export class RedisSink implements EventSink {
  readonly name = 'redis';
  readonly #target: RedisStream;
  #client: Promise<Redis> | null = null;

  constructor(target: RedisStream) {
    this.#target = target;
  }

  async publish(events: readonly PublishedEvent[]): Promise<void> {
    const client = await (this.#client ??= this.#open());
    if (client.status === 'wait' || client.status === 'end') await client.connect();
    const { stream, maximumLength } = this.#target;
    // One transaction: all of a batch or nothing of it, and nothing of another in between.
    const commands = client.multi();
    for (const event of events) {
      const fields = ['id', event.id, 'type', event.type, 'version', String(event.typeVersion)];
      commands.xadd(stream, 'MAXLEN', '~', maximumLength, '*', ...fields, 'event', eventMessage(event));
    }
    const results = await commands.exec();
    if (results === null) throw new Error('Redis gave the batch up.');
    const failed = results.find(([error]) => error !== null);
    if (failed?.[0]) throw failed[0];
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    client?.disconnect();
  }

  async #open(): Promise<Redis> {
    const { Redis: Client } = await import('ioredis');
    const client = new Client(this.#target.url.reveal(), {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_MS,
      connectTimeout: 2000,
      // The network may have forgotten the connection: the next try makes another one.
      socketTimeout: COMMAND_MS,
      // The relay tries again, and each of its tries connects.
      retryStrategy: () => null,
    });
    // What fails is told by the command that fails.
    client.on('error', () => undefined);
    return client;
  }
}
