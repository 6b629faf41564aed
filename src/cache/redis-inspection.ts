import { cacheNames, type CacheName } from './cache-table.ts';
import { forgetEverything } from './invalidations.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Names of one step of a walk through Redis. */
const STEP = 1000;

export interface RedisStatus {
  readonly version: string;
  readonly latencyMs: number;
  readonly memory: string;
  readonly memoryLimit: string;
  /** What Redis does when it is full: a limit with `noeviction` makes it refuse. */
  readonly evicts: string;
  readonly entries: ReadonlyMap<CacheName, number>;
  readonly counters: number;
}

const factOf = (info: string, name: string): string =>
  info
    .split(/\r?\n/)
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1) ?? 'unknown';

/** Looks through what this installation keeps in Redis, and empties its caches. Throws StoreAway. */
export class RedisInspection {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async status(): Promise<RedisStatus> {
    const latencyMs = await this.#connection.latency();
    const info = await this.#connection.run((client) => client.info());
    const entries = new Map<CacheName, number>(cacheNames.map((name) => [name, 0]));
    let counters = 0;
    await this.#walk('*', async (names) => {
      for (const name of names) {
        const [, kind, , cache] = name.split(':');
        const known = cacheNames.find((one) => one === cache);
        if (kind === 'rate') counters += 1;
        else if (kind === 'cache' && known !== undefined) entries.set(known, (entries.get(known) ?? 0) + 1);
      }
    });
    return {
      version: factOf(info, 'redis_version'),
      latencyMs,
      memory: factOf(info, 'used_memory_human'),
      memoryLimit: factOf(info, 'maxmemory') === '0' ? 'no limit' : factOf(info, 'maxmemory_human'),
      evicts: factOf(info, 'maxmemory_policy'),
      entries,
      counters,
    };
  }

  /** Removes every cached entry and makes all servers forget theirs; counters of limits stay. Gives how many there were. */
  async flush(): Promise<number> {
    let removed = 0;
    await this.#walk('cache:*', async (names) => {
      removed += await this.#connection.run((client) => client.unlink(...names));
    });
    const { channel, text } = forgetEverything();
    await this.#connection.run((client) => client.publish(`${this.#connection.prefix}:${channel}`, text));
    return removed;
  }

  /** SCAN in steps: KEYS would hold up everybody else for as long as it takes. */
  async #walk(pattern: string, work: (names: readonly string[]) => Promise<void>): Promise<void> {
    const match = `${this.#connection.prefix}:${pattern}`;
    let cursor = '0';
    do {
      const [next, names] = await this.#connection.run((client) => client.scan(cursor, 'MATCH', match, 'COUNT', STEP));
      if (names.length > 0) await work(names);
      cursor = next;
    } while (cursor !== '0');
  }
}
