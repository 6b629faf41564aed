import { type Clock, secondsAfter } from '../clock.ts';
import type { CacheCounters } from './cache-counters.ts';
import type { CacheEntries, CacheEntry, Dated } from './cache-entries.ts';
import type { CacheName } from './cache-table.ts';
import { type KeyValue, StoreAway } from './key-value.ts';

interface ReadOptions<Value> {
  /** What the value belongs to; an entry of another version is as none. */
  readonly version?: string;
  /** Whether it is worth being kept; absent = always. */
  readonly keep?: (value: Value) => boolean;
  /** Absent = that of the cache. 0 = not at all. */
  readonly ttlSeconds?: number;
}

/** By how much the clocks of replicas may differ before an entry of the future is none. */
const CLOCK_DIFFERENCE_MS = 5000;

/**
 * Answers that are kept for a time: read from the store, else from where they come from, once for all who wait for the same one.
 * A store that is away costs a little time once, and nothing else. Values are what JSON can say; what reading throws is thrown and
 * not kept.
 */
export class ReadThrough {
  readonly name: CacheName;
  readonly #ttlSeconds: number;
  readonly #store: KeyValue;
  readonly #entries: CacheEntries;
  readonly #counters: CacheCounters;
  readonly #clock: Clock;
  readonly #onInvalidated: (key: string) => void;
  readonly #flights = new Map<string, Promise<Dated<unknown>>>();

  constructor(parts: {
    name: CacheName;
    ttlSeconds: number;
    store: KeyValue;
    entries: CacheEntries;
    counters: CacheCounters;
    clock: Clock;
    onInvalidated: (key: string) => void;
  }) {
    this.name = parts.name;
    this.#ttlSeconds = parts.ttlSeconds;
    this.#store = parts.store;
    this.#entries = parts.entries;
    this.#counters = parts.counters;
    this.#clock = parts.clock;
    this.#onInvalidated = parts.onInvalidated;
  }

  /** The value, at most as old as the cache allows. */
  async get<Value>(key: string, read: () => Promise<Value>, options: ReadOptions<Value> = {}): Promise<Value> {
    return (await this.dated(key, read, options)).value;
  }

  /** The same, with the time when it was read. */
  async dated<Value>(key: string, read: () => Promise<Value>, options: ReadOptions<Value> = {}): Promise<Dated<Value>> {
    const flight = flightOf(key, options.version);
    const flown = this.#flights.get(flight);
    if (flown !== undefined) return flown as Promise<Dated<Value>>;
    return this.#fly(flight, async (isWanted) => {
      const known = await this.#known<Value>(key, options);
      return known ?? this.#readAndKeep(key, read, options, isWanted);
    });
  }

  /** Reads the value anew whatever is kept, because something in it was missing. */
  async refresh<Value>(
    key: string,
    read: () => Promise<Value>,
    options: ReadOptions<Value> = {},
  ): Promise<Dated<Value>> {
    return this.#fly(flightOf(key, options.version), (isWanted) => this.#readAndKeep(key, read, options, isWanted));
  }

  /** Forgets a value, here and in all replicas; what is being read of it now is not kept. Never throws. */
  async invalidate(key: string): Promise<void> {
    this.forget(key);
    try {
      await this.#store.delete(this.#entries.keyOf(this.name, key));
    } catch (error) {
      this.#failed(error);
    }
    this.#onInvalidated(key);
  }

  /** Another replica made a value void: what this process holds of it beside the shared store goes, too. */
  async dropOwn(key: string, own: Pick<KeyValue, 'delete'>): Promise<void> {
    this.forget(key);
    await own.delete(this.#entries.keyOf(this.name, key));
  }

  /** The same for this process alone; null = every value. */
  forget(key: string | null): void {
    if (key === null) this.#flights.clear();
    else this.#flights.delete(key);
  }

  /** `isWanted` says at its end whether somebody made the value void meanwhile. */
  #fly<Value>(name: string, work: (isWanted: () => boolean) => Promise<Dated<Value>>): Promise<Dated<Value>> {
    const flight: Promise<Dated<Value>> = Promise.resolve()
      .then(() => work(() => this.#flights.get(name) === flight))
      .finally(() => {
        if (this.#flights.get(name) === flight) this.#flights.delete(name);
      });
    this.#flights.set(name, flight);
    return flight;
  }

  async #known<Value>(key: string, { version, ttlSeconds }: ReadOptions<Value>): Promise<Dated<Value> | null> {
    const entry = await this.#stored(key);
    if (entry === null || entry.version !== (version ?? null)) return null;
    const now = this.#clock.now();
    const ageMs = now.getTime() - entry.at;
    if (ageMs >= this.#ttlMs(ttlSeconds) || ageMs < -CLOCK_DIFFERENCE_MS) return null;
    this.#counters.count(this.name, 'hit');
    return { value: entry.value as Value, at: secondsAfter(now, -ageMs / 1000) };
  }

  async #stored(key: string): Promise<CacheEntry | null> {
    const storeKey = this.#entries.keyOf(this.name, key);
    try {
      const text = await this.#store.get(storeKey);
      return text === null ? null : this.#entries.read(storeKey, text);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  async #readAndKeep<Value>(
    key: string,
    read: () => Promise<Value>,
    { version, keep, ttlSeconds }: ReadOptions<Value>,
    isWanted: () => boolean,
  ): Promise<Dated<Value>> {
    this.#counters.count(this.name, 'miss');
    const at = this.#clock.now();
    const value = await read();
    const ttlMs = this.#ttlMs(ttlSeconds);
    if (ttlMs > 0 && isWanted() && (keep?.(value) ?? true)) {
      await this.#keep(key, { at: at.getTime(), version: version ?? null, value }, ttlMs);
    }
    return { value, at };
  }

  async #keep(key: string, entry: CacheEntry, ttlMs: number): Promise<void> {
    const storeKey = this.#entries.keyOf(this.name, key);
    try {
      await this.#store.set(storeKey, this.#entries.write(storeKey, entry), ttlMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** An entry that cannot be read, and a store that is away, are as no entry. */
  #failed(error: unknown): void {
    if (!(error instanceof StoreAway)) this.#counters.count(this.name, 'error');
  }

  #ttlMs(ttlSeconds: number | undefined): number {
    return (ttlSeconds ?? this.#ttlSeconds) * 1000;
  }
}

/** Readings for different versions are not shared. */
const flightOf = (key: string, version: string | undefined): string =>
  version === undefined ? key : `${key}\0${version}`;
