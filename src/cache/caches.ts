import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { CacheCounters } from './cache-counters.ts';
import { CacheEntries } from './cache-entries.ts';
import { type CacheName, cacheTable } from './cache-table.ts';
import { FallbackKeyValue } from './fallback-key-value.ts';
import { Generations } from './generations.ts';
import { Invalidations } from './invalidations.ts';
import type { KeyValue } from './key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { ReadThrough } from './read-through.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisKeyValue } from './redis-key-value.ts';

/** Every cache of the process, on Redis where there is one and in memory where not, and what keeps those of other replicas in step. */
export class Caches {
  readonly counters: CacheCounters;
  /** The shared store itself, for whoever has something else that may vanish: `publish` and `subscribe` reach all replicas. */
  readonly store: KeyValue;
  /** `stats:*`, for computed answers of statistics. */
  readonly statistics: ReadThrough;
  readonly people: ReadThrough;
  readonly issuerKeys: ReadThrough;
  readonly organizationUsers: ReadThrough;
  /** What members of organizations were computed for. */
  readonly organizations = new Generations();
  readonly #memory: MemoryKeyValue;
  readonly #redis: RedisKeyValue | null;
  readonly #all: readonly ReadThrough[];
  readonly #invalidations: Invalidations;
  readonly #onFlush = new Set<() => void>();

  constructor(parts: { redis: RedisConnection | null; masterKeys: MasterKeys; clock: Clock; config: Config }) {
    const { clock, config, redis } = parts;
    this.counters = new CacheCounters(clock);
    this.#memory = new MemoryKeyValue({ clock, maximumBytes: config.cache.memoryBytes });
    this.#redis = redis === null ? null : new RedisKeyValue(redis);
    this.store = this.#redis === null ? this.#memory : this.#withFallback(this.#redis);
    const entries = new CacheEntries(parts.masterKeys);
    const make = (name: CacheName): ReadThrough =>
      new ReadThrough({
        name,
        ttlSeconds: cacheTable[name].ttlSeconds(config) ?? 0,
        store: cacheTable[name].isShared ? this.store : this.#memory,
        entries,
        counters: this.counters,
        clock,
        onInvalidated: (key) => void this.#invalidations.tell(name, key),
      });
    this.statistics = make('stats');
    this.people = make('jit_roles');
    this.issuerKeys = make('jwks');
    this.organizationUsers = make('org_users');
    this.#all = [this.statistics, this.people, this.issuerKeys, this.organizationUsers];
    this.#invalidations = new Invalidations(this.store, (name, key) => this.#void(name, key));
  }

  /** Says in all replicas that the members of an organization are others now. */
  membersChanged(organizationId: string): void {
    this.organizations.changed(organizationId);
    void this.#invalidations.tell('org_users', organizationId);
  }

  /** Calls back when everything is to be forgotten, for those who hold copies of their own. */
  onFlush(listener: () => void): void {
    this.#onFlush.add(listener);
  }

  /** Forgets everything that this process holds. */
  flush(): void {
    this.#memory.clear();
    this.organizations.allChanged();
    for (const cache of this.#all) cache.forget(null);
    for (const listener of this.#onFlush) listener();
  }

  /** Lets go of the connection that listens. */
  close(): void {
    this.#invalidations.close();
    this.#redis?.close();
  }

  #withFallback(redis: RedisKeyValue): KeyValue {
    return new FallbackKeyValue({ shared: redis, own: this.#memory });
  }

  #void(name: CacheName | null, key: string | null): void {
    if (name === null || key === null) {
      this.flush();
      return;
    }
    if (name === 'org_users') this.organizations.changed(key);
    else void this.#all.find((cache) => cache.name === name)?.dropOwn(key, this.#memory);
  }
}
