import type { ChannelListener, KeyValue } from './key-value.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisSubscriber } from './redis-subscriber.ts';

/** The life of a count is set by its first call, in the same step: a count without an end would never begin anew. */
const INCREMENT = `local sum = redis.call('INCR', KEYS[1])
if sum == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return sum`;

/** A store that all replicas share. */
export class RedisKeyValue implements KeyValue {
  readonly #connection: RedisConnection;
  readonly #subscriber: RedisSubscriber;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    this.#subscriber = new RedisSubscriber(connection);
  }

  get(key: string): Promise<string | null> {
    return this.#connection.run((client) => client.get(this.#named(key)));
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#connection.run((client) => client.set(this.#named(key), value, 'PX', Math.ceil(ttlMs)));
  }

  async delete(key: string): Promise<void> {
    await this.#connection.run((client) => client.unlink(this.#named(key)));
  }

  async increment(key: string, ttlMs: number): Promise<number> {
    return Number(
      await this.#connection.run((client) => client.eval(INCREMENT, 1, this.#named(key), Math.ceil(ttlMs))),
    );
  }

  async publish(channel: string, text: string): Promise<void> {
    await this.#connection.run((client) => client.publish(this.#named(channel), text));
  }

  subscribe(channel: string, listener: ChannelListener): () => void {
    return this.#subscriber.add(this.#named(channel), listener);
  }

  /** Ends the connection that listens; the other one belongs to whoever opened it. */
  close(): void {
    this.#subscriber.close();
  }

  #named(name: string): string {
    return `${this.#connection.prefix}:${name}`;
  }
}
