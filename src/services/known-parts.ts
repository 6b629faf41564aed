import { SEARCH_PARTS_SECONDS } from '../cache/cache-table.ts';
import type { CacheCounters } from '../cache/cache-counters.ts';
import { type Clock, wasWithin } from '../clock.ts';
import type { StatementRunner } from '../database/sql.ts';
import { type PartShares, readPartShares } from '../entities/search-parts.queries.ts';

/**
 * How common parts of names and addresses are, so that a search asks the index for the rarest of its own. It says of nobody who has
 * them: when the people have become other ones meanwhile, a search is slower, never wrong.
 */
export class KnownParts {
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  #known: { readonly shares: Promise<PartShares | null>; readonly at: Date } | null = null;

  constructor(parts: { clock: Clock; counters: CacheCounters }) {
    this.#clock = parts.clock;
    this.#counters = parts.counters;
  }

  /** The shares, read once for all who wait; null: too few people to tell. Throws what reading throws, and reads anew then. */
  async of(reads: StatementRunner): Promise<PartShares | null> {
    const now = this.#clock.now();
    const isKnown = this.#known !== null && wasWithin(this.#known.at, SEARCH_PARTS_SECONDS * 1000, now);
    this.#counters.count('search_parts', isKnown ? 'hit' : 'miss');
    const known = isKnown && this.#known !== null ? this.#known : { shares: readPartShares(reads), at: now };
    this.#known = known;
    try {
      return await known.shares;
    } catch (error) {
      if (this.#known === known) this.#known = null;
      throw error;
    }
  }
}
