import { performance } from 'node:perf_hooks';
import type { Redis, RedisOptions } from 'ioredis';
import type { Secret } from '../crypto/secret.ts';
import type { Log } from '../log.ts';
import { Breaker } from './breaker.ts';
import { StoreAway } from './key-value.ts';

/** The longest that a request waits for Redis, once in an outage; afterwards it is not asked. */
const COMMAND_MS = 250;
const CONNECT_MS = 1000;
/** A connection on which nothing comes back for so long is left for another one: the network may have forgotten it. */
const SILENCE_MS = 1000;
/** A server that starts does not wait longer for Redis than this. */
const START_MS = 2000;

/** Nothing is queued and nothing is repeated: an answer that comes late is worth less than none. */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_MS,
  connectTimeout: CONNECT_MS,
  socketTimeout: SILENCE_MS,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times - 1, 10), 1000),
} satisfies RedisOptions;

/** What Redis is called with: where it is, and what all names in it begin with. */
export interface RedisSettings {
  readonly url: Secret<string>;
  readonly prefix: string;
}

/** A text under a name of another kind: a mistake about one name, which says nothing about the store. */
const isAboutOneKey = (error: Error): boolean => error.message.startsWith('WRONGTYPE');

/**
 * The one connection to Redis, for limits and caches together. While Redis is killed, frozen, full or still loading, `run` throws
 * at once; one call at most waits for that to be found out, and the first answer afterwards ends it.
 */
export class RedisConnection {
  readonly prefix: string;
  readonly #client: Redis;
  readonly #breaker: Breaker;
  #outages = 0;

  private constructor(client: Redis, prefix: string, log: Log) {
    this.prefix = prefix;
    this.#client = client;
    this.#breaker = new Breaker({
      // A write: a full store, or a replica that only reads, is of no use.
      probe: () => client.set(`${prefix}:probe`, '1', 'PX', 1000),
      onOpen: () => {
        this.#outages += 1;
        log('warn', 'Redis does not answer; each replica counts limits and keeps caches by itself until it does');
      },
      onClose: () => log('info', 'Redis answers again'),
    });
    const open = (): void => this.#breaker.open();
    client.on('error', open);
    client.on('close', open);
    client.on('ready', () => void this.#breaker.probe());
  }

  /** Connects; a store that is away does not keep anybody from starting. Loaded when the settings name one. */
  static async open(settings: RedisSettings, log: Log): Promise<RedisConnection> {
    const { Redis: Client } = await import('ioredis');
    const client = new Client(settings.url.reveal(), OPTIONS);
    const connection = new RedisConnection(client, settings.prefix, log);
    await connection.#start();
    return connection;
  }

  /** The client, for a library that sends its own commands; only inside `run`. */
  get client(): Redis {
    return this.#client;
  }

  get isAway(): boolean {
    return this.#breaker.isOpen || this.#client.status !== 'ready';
  }

  /** How often it went away since the start. */
  get outages(): number {
    return this.#outages;
  }

  /** Throws StoreAway when Redis is away. What is thrown that is no error, a refusal of a limiter, goes through. */
  async run<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    if (this.isAway) throw new StoreAway();
    try {
      return await work(this.#client);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!isAboutOneKey(error)) this.#breaker.open();
      throw new StoreAway({ cause: error });
    }
  }

  /** How long Redis takes to answer, milliseconds. Throws StoreAway. */
  async latency(): Promise<number> {
    const started = performance.now();
    await this.run((client) => client.ping());
    return Math.round((performance.now() - started) * 100) / 100;
  }

  /** Another connection with the same settings: one that listens cannot ask. Not connected yet. */
  duplicate(): Redis {
    return this.#client.duplicate({ autoResubscribe: false });
  }

  close(): void {
    this.#breaker.stop();
    this.#client.disconnect();
  }

  async #start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, START_MS);
    });
    await Promise.race([this.#client.connect().catch(() => undefined), late]);
    clearTimeout(timer);
    if (this.#client.status !== 'ready') this.#breaker.open();
  }
}
