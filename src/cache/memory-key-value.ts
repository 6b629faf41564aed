import type { Clock } from '../clock.ts';
import type { ChannelListener, KeyValue } from './key-value.ts';

interface Entry {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What an entry costs beside its texts, roughly: the map's slot, the object and its times. */
const ENTRY_BYTES = 200;

const sizeOf = (key: string, { value }: Entry): number => 2 * (key.length + value.length) + ENTRY_BYTES;

/** A store in the memory of this process, bounded: the entry that was not used for longest makes room for a new one. */
export class MemoryKeyValue implements KeyValue {
  readonly #clock: Clock;
  readonly #maximumBytes: number;
  readonly #entries = new Map<string, Entry>();
  readonly #channels = new Map<string, Set<ChannelListener>>();
  #bytes = 0;

  constructor(parts: { clock: Clock; maximumBytes: number }) {
    this.#clock = parts.clock;
    this.#maximumBytes = parts.maximumBytes;
  }

  /** Bytes held, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(key: string): Promise<string | null> {
    const entry = this.#living(key);
    if (entry === null) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#store(key, { value, until: this.#now() + ttlMs });
  }

  async delete(key: string): Promise<void> {
    this.#remove(key);
  }

  async increment(key: string, ttlMs: number): Promise<number> {
    const known = this.#living(key);
    const sum = Number(known?.value ?? 0) + 1;
    this.#store(key, { value: String(sum), until: known?.until ?? this.#now() + ttlMs });
    return sum;
  }

  async publish(channel: string, text: string): Promise<void> {
    for (const listener of this.#channels.get(channel) ?? []) listener.message(text);
  }

  subscribe(channel: string, listener: ChannelListener): () => void {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #living(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.until > this.#now()) return entry;
    this.#remove(key);
    return null;
  }

  #store(key: string, entry: Entry): void {
    this.#remove(key);
    const size = sizeOf(key, entry);
    if (size > this.#maximumBytes) return;
    this.#entries.set(key, entry);
    this.#bytes += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maximumBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, entry);
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
