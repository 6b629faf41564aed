import { createHmac } from 'node:crypto';
import { open, seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { VERSION } from '../version.ts';
import { type CacheName, cacheTable } from './cache-table.ts';

/** A value, and when it was read where it comes from. */
export interface Dated<Value> {
  readonly value: Value;
  readonly at: Date;
}

/** What is stored under a key. `version`: what the value belongs to; null where only time ends it. */
export interface CacheEntry {
  readonly at: number;
  readonly version: string | null;
  readonly value: unknown;
}

const isEntry = (value: unknown): value is CacheEntry =>
  typeof value === 'object' &&
  value !== null &&
  'at' in value &&
  typeof value.at === 'number' &&
  'version' in value &&
  'value' in value;

/**
 * Turns entries into texts and back. They are sealed under the master key and bound to their key: whoever gets hold of the store
 * reads nothing, and cannot plant the key of an issuer or the role of a person there. The date is inside, so that an old entry that
 * is put back counts no longer than it would have.
 */
export class CacheEntries {
  readonly #masterKeys: MasterKeys;

  constructor(masterKeys: MasterKeys) {
    this.#masterKeys = masterKeys;
  }

  /** The name in the store; releases do not read each other's entries, whose shape may differ. */
  keyOf(name: CacheName, key: string): string {
    return `cache:${VERSION}:${name}:${cacheTable[name].isPersonal ? this.#hashed(name, key) : key}`;
  }

  write(storeKey: string, entry: CacheEntry): string {
    return seal(this.#masterKeys, 'cache', Buffer.from(JSON.stringify(entry)), storeKey);
  }

  /** Throws for what this server did not write under that key. */
  read(storeKey: string, text: string): CacheEntry {
    const entry: unknown = JSON.parse(open(this.#masterKeys, 'cache', text, storeKey).toString('utf8'));
    if (!isEntry(entry)) throw new TypeError('The cache holds no entry under this key.');
    return entry;
  }

  #hashed(name: CacheName, key: string): string {
    return createHmac('sha256', this.#masterKeys.derive('cache-key')).update(`${name}\0${key}`).digest('base64url');
  }
}
