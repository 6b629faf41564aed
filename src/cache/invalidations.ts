import { randomId } from '../ids.ts';
import { type CacheName, cacheNames } from './cache-table.ts';
import { type KeyValue, StoreAway } from './key-value.ts';

/** What replicas tell each other: a key of a cache, or everything. */
interface Message {
  readonly from: string;
  readonly cache: CacheName | null;
  readonly key: string | null;
}

const CHANNEL = 'cache:invalidated';

const nameOf = (value: unknown): CacheName | null => cacheNames.find((name) => name === value) ?? null;

const readMessage = (text: string): Message | null => {
  try {
    const parsed = JSON.parse(text) as Partial<Record<keyof Message, unknown>>;
    const { from, cache, key } = parsed;
    if (typeof from !== 'string' || (key !== null && typeof key !== 'string')) return null;
    return { from, cache: nameOf(cache), key };
  } catch {
    return null;
  }
};

/** The text that makes every replica forget everything. */
export const forgetEverything = (): { readonly channel: string; readonly text: string } => ({
  channel: CHANNEL,
  text: JSON.stringify({ from: 'command line', cache: null, key: null } satisfies Message),
});

/**
 * Tells the other replicas what is void, where a store carries messages. Saves them from old answers; what they may still believe
 * for the life of an entry must be harmless, for a message can be lost. Nothing is believed of a message but that something is void.
 */
export class Invalidations {
  readonly #store: KeyValue;
  readonly #own = randomId();
  readonly #unsubscribe: () => void;

  constructor(store: KeyValue, onVoid: (cache: CacheName | null, key: string | null) => void) {
    this.#store = store;
    this.#unsubscribe = store.subscribe(CHANNEL, {
      message: (text) => {
        const message = readMessage(text);
        if (message !== null && message.from !== this.#own) onVoid(message.cache, message.key);
      },
      missed: () => onVoid(null, null),
    });
  }

  async tell(cache: CacheName, key: string | null): Promise<void> {
    try {
      await this.#store.publish(CHANNEL, JSON.stringify({ from: this.#own, cache, key } satisfies Message));
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
    }
  }

  close(): void {
    this.#unsubscribe();
  }
}
