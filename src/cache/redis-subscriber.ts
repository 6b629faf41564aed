import type { Redis } from 'ioredis';
import type { ChannelListener } from './key-value.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Listens on a connection of its own, from the first listener on. After each new connection all are told that they may have missed something. */
export class RedisSubscriber {
  readonly #connection: RedisConnection;
  readonly #listeners = new Map<string, Set<ChannelListener>>();
  #client: Redis | null = null;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  add(channel: string, listener: ChannelListener): () => void {
    const known = this.#listeners.get(channel);
    const listeners = known ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    if (known === undefined) this.#listen(channel);
    return () => void listeners.delete(listener);
  }

  close(): void {
    this.#client?.disconnect();
    this.#client = null;
  }

  #listen(channel: string): void {
    const client = (this.#client ??= this.#connect());
    // Otherwise it is done as soon as the connection stands.
    if (client.status === 'ready') void client.subscribe(channel).catch(() => client.disconnect(true));
  }

  #connect(): Redis {
    const client = this.#connection.duplicate();
    client.on('error', () => undefined); // told by the other connection, which asks
    client.on('message', (channel: string, text: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener.message(text);
    });
    client.on('ready', () => void this.#subscribeAll(client));
    void client.connect().catch(() => undefined);
    return client;
  }

  async #subscribeAll(client: Redis): Promise<void> {
    try {
      await client.subscribe(...this.#listeners.keys());
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.missed();
    } catch {
      client.disconnect(true);
    }
  }
}
