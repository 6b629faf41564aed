import { type PartShares, rarestParts } from './search-parts.queries.ts';

/** A search as SQL over the users `u` that an index answers: it finds all who are searched for, and may find others. */
export interface IndexedSearch {
  readonly condition: string;
  readonly values: readonly unknown[];
  /** More than a few may be found. */
  readonly isCommon?: boolean;
}

/** Three in a row are what the index of trigrams knows, whatever the locale of the database takes for a letter. */
const TRIGRAM = /[a-z0-9]{3}/i;

/** What more have than this share of all is not rare. */
const RARE = 0.005;

/** What is searched for, with what is known of it. */
interface Search {
  /** In any case. */
  readonly text: string;
  /** The same for LIKE. */
  readonly pattern: string;
  /** How common its parts are; null: nobody knows. */
  readonly shares: PartShares | null;
  /** The number of the first parameter. */
  readonly first: number;
}

/**
 * Finds users by a part of their names and addresses. Trigrams answer what has one; for two characters, other scripts and what is torn
 * by punctuation there is an index of pairs. The index of trigrams reads who has each one that it is asked for, and some of them
 * everybody has: so it is asked for the rarest only.
 */
export const indexedSearch = ({ text, pattern, shares, first }: Search): IndexedSearch => {
  if (!TRIGRAM.test(text)) {
    return { condition: `search_pairs(u.search_text) @> search_pairs(lower($${first}::text))`, values: [text] };
  }
  const { pieces, share } = shares === null ? { pieces: [], share: 0 } : rarestParts(text, shares);
  const patterns = pieces.length === 0 ? [pattern] : pieces.map((piece) => `%${piece}%`);
  return {
    condition: patterns.map((_, index) => `u.search_text like lower($${first + index}::text)`).join(' and '),
    values: patterns,
    isCommon: share > RARE,
  };
};
