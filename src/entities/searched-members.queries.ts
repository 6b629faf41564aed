import type { PageQuery } from '../database/keyset.ts';
import type { IndexedSearch } from './user-search.queries.ts';

/** Rows that bind users to something else, and what is asked of them. */
interface Members {
  /** A table with an alias, as `memberships m`. */
  readonly table: string;
  readonly alias: string;
  readonly columns: string;
  /** Whose members they are. */
  readonly of: string;
  /** What else is asked, of the users `u`, too: that they have the text. */
  readonly condition: string;
  readonly query: PageQuery;
}

/** As many members are looked at, one after another, before an index is asked. Each is a look-up, which a row of a list is not. */
const nearest = (limit: number, { isCommon = false }: IndexedSearch): number =>
  Math.round((isCommon ? 2000 : 400) * Math.sqrt(limit));

/**
 * The page of members who are found by a search, decided like that of users: a bounded number of members is walked along, then, unless
 * these were all, whoever the index finds is looked up among them. The planner alone would walk through a million members for a text that
 * nobody has.
 */
export const selectSearchedMembers = (
  { table, alias, columns, of, condition, query }: Members,
  search: IndexedSearch,
): string => {
  const cut = (limit: number): string => `order by ${query.orderBy} limit ${limit}`;
  const bound = `u.id = ${alias}.user_id`;
  const most = nearest(query.limit, search);
  const walked = `from ${table} where ${of} and ${query.condition}`;
  const isEnough = `((select count(*) from near) = ${query.limit} or (select count(*) from (select 1 ${walked} limit ${most}) w) < ${most})`;
  return `with near as materialized (
      select ${columns} from (select * ${walked} ${cut(most)}) ${alias} join users u on ${bound} where ${condition} ${cut(query.limit)})
    select * from near where ${isEnough}
    union all (select ${columns} from (select * from users u where ${search.condition} offset 0) u join ${table} on ${bound}
      where not ${isEnough} and ${of} and ${condition} and ${query.condition} ${cut(query.limit)})`;
};
