import { type ChannelListener, type KeyValue, StoreAway } from './key-value.ts';

/** The shared store; while it is away, the one of this process. What is deleted is deleted in both. */
export class FallbackKeyValue implements KeyValue {
  readonly #shared: KeyValue;
  readonly #own: KeyValue;

  constructor(parts: { shared: KeyValue; own: KeyValue }) {
    this.#shared = parts.shared;
    this.#own = parts.own;
  }

  get(key: string): Promise<string | null> {
    return this.#either((store) => store.get(key));
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.#either((store) => store.set(key, value, ttlMs));
  }

  async delete(key: string): Promise<void> {
    await this.#own.delete(key);
    await this.#either((store) => store.delete(key));
  }

  increment(key: string, ttlMs: number): Promise<number> {
    return this.#either((store) => store.increment(key, ttlMs));
  }

  publish(channel: string, text: string): Promise<void> {
    return this.#either((store) => store.publish(channel, text));
  }

  subscribe(channel: string, listener: ChannelListener): () => void {
    return this.#shared.subscribe(channel, listener);
  }

  async #either<T>(work: (store: KeyValue) => Promise<T>): Promise<T> {
    try {
      return await work(this.#shared);
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      return work(this.#own);
    }
  }
}
