import type { CacheCounters } from '../cache/cache-counters.ts';
import { SEARCH_PARTS_SECONDS } from '../cache/cache-table.ts';
import { type Clock, wasWithin } from '../clock.ts';
import type { StatementRunner } from '../database/sql.ts';
import { type PartShares, readPartShares } from '../entities/search-parts.queries.ts';
import { type IndexedSearch, indexedSearch } from '../entities/user-search.queries.ts';
import { type Conditions, likePattern, searchText } from './conditions.ts';

/** An `IndexedSearch` whose parameters are numbered from `first` on. */
export type SearchFrom = (first: number) => IndexedSearch;

/**
 * Searches of users by their names and addresses. It knows for a while how common parts of these are, so that an index is asked for the
 * rarest; it says of nobody who has them. When the people have become other ones meanwhile, a search is slower, never wrong.
 */
export class UserSearches {
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  #known: { readonly shares: Promise<PartShares | null>; readonly at: Date } | null = null;

  constructor(parts: { clock: Clock; caches: { readonly counters: CacheCounters } }) {
    this.#clock = parts.clock;
    this.#counters = parts.caches.counters;
  }

  /** What an index is asked for; it may find others, too. Throws BAD_USER_INPUT as `searchText` does. */
  async of(reads: StatementRunner, search: string): Promise<SearchFrom> {
    const [text, pattern] = [searchText(search), likePattern(search)];
    const shares = await this.#shares(reads);
    return (first) => indexedSearch({ text, pattern, shares, first });
  }

  /** The same where something is searched for, which the conditions on the users `u` are given, too; null where nothing is. */
  async add(
    conditions: Conditions,
    reads: StatementRunner,
    search: string | null | undefined,
  ): Promise<SearchFrom | null> {
    if (search == null) return null;
    addSearch(conditions, search);
    return this.of(reads, search);
  }

  /** Read once for all who wait; null: too few people to tell. Throws what reading throws, and reads anew then. */
  async #shares(reads: StatementRunner): Promise<PartShares | null> {
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

/** Exactly those who have the text; no index answers it. */
export const addSearch = (conditions: Conditions, search: string): void =>
  conditions.add('strpos(u.search_text, lower(?::text)) > 0', searchText(search));
