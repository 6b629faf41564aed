/** Hears what is published on a channel. */
export interface ChannelListener {
  message(text: string): void;
  /** Messages may have been missed: what they would have said is to be assumed. */
  missed(): void;
}

/**
 * A store of texts that may vanish at any time: caches, counters, and messages between replicas. Nothing that must be true is kept
 * there. Every call settles within a bounded time; it throws StoreAway when the store does not answer or refuses.
 */
export interface KeyValue {
  /** null: never set, deleted, over, or dropped to make room. */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Adds one and gives the sum; the first call decides when the count begins anew. */
  increment(key: string, ttlMs: number): Promise<number>;
  /** Tells every listener of the channel, in all processes that share the store. Nobody learns whether it arrived. */
  publish(channel: string, text: string): Promise<void>;
  /** Gives the way to stop listening. */
  subscribe(channel: string, listener: ChannelListener): () => void;
}

/** The store does not answer, or refuses. Whoever asked goes on without it. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway';

  constructor(options?: ErrorOptions) {
    super('The store does not answer.', options);
  }
}
