import type { PageQuery } from '../database/keyset.ts';
import { type PartShares, rarestParts } from './search-parts.queries.ts';
import { selectPage, type VisiblePage } from './user-page.queries.ts';

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

/** A page to be read: what is selected, under which conditions, from where on. */
export interface WantedPage {
  readonly columns: string;
  readonly condition: string;
  readonly query: PageQuery;
  /** Something else than the search is asked for, which may have an index of its own. */
  readonly isNarrowed: boolean;
}

/** The page of users without a search. */
export const selectWanted = (visible: VisiblePage, { columns, condition, query }: WantedPage): string =>
  selectPage(
    visible,
    (shown) => `select ${columns} from users u
      where ${shown} and ${condition} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
  );

/**
 * So many rows of the list are looked at one after another before an index is asked: who is not found there is rare enough to be
 * sorted. Reading along costs about as much as fetching what the index would give then, at a million users.
 */
const nearest = (limit: number, isCommon: boolean): number => Math.round((isCommon ? 2000 : 1000) * Math.sqrt(limit));

/**
 * The page of users who are found. No estimate of the planner decides between walking along the list, which is quick for what is
 * common, and asking the index, which is quick for what is rare: the list is walked for a bounded number of rows, and only if they do
 * not fill the page, all that the index finds is sorted, by nothing but the order: what is shown is read of who is on the page.
 * `offset 0` keeps the planner to that, unless there is more to choose from.
 */
export const selectFound = (visible: VisiblePage, page: WantedPage, search: IndexedSearch): string => {
  const { columns, condition, query, isNarrowed } = page;
  const found = isNarrowed
    ? `users u where ${search.condition} and`
    : `(select * from users u where ${search.condition} offset 0) u where`;
  const cut = (limit: number): string => `order by ${query.orderBy} limit ${limit}`;
  const near = selectPage(
    { ...visible, prelude: '' },
    (
      shown,
    ) => `select ${columns} from (select * from users u where ${query.condition} ${cut(nearest(query.limit, search.isCommon === true))}) u
      where ${condition} and ${shown} ${cut(query.limit)}`,
  );
  const far = selectPage(
    { ...visible, prelude: '' },
    (shown) =>
      `select u.id from ${found} (select count(*) from near) < ${query.limit} and ${condition} and ${shown} and ${query.condition} ${cut(query.limit)}`,
  );
  return `${visible.prelude === '' ? 'with' : `${visible.prelude},`} near as materialized (${near})
    select * from near where (select count(*) from near) = ${query.limit}
    union all (select ${columns} from users u where u.id in (${far}) order by ${query.orderBy})`;
};
