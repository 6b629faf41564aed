import type { Ordering, PageQuery } from '../database/keyset.ts';
import { reachOf } from '../permissions/may.ts';
import { mostPeople, placesWithin } from './user-page.queries.ts';
import type { Viewer } from './user.visibility.ts';

/** The order of `usersByAge`, for a keyset: the same places in the list as `u.created_at` and `u.id` say. */
export const MEMBERS_BY_AGE: Omit<Ordering, 'descending'> = {
  expression: 'm.account_created_at',
  type: 'timestamptz',
  idColumn: 'm.user_id',
};

/** More organizations than these are not kept as a hash. */
const FEW = 1000;

/**
 * How a page comes to its people: those of a small part of the tree are `SORTED`; for a larger one the index of members by the age of
 * their accounts is read along, with the organizations kept as a hash (`HASHED`) or, where those are too many, each asked for (`WALKED`).
 */
export type WayToMembers = 'SORTED' | 'HASHED' | 'WALKED';

/** What knows, for a while, the way that was taken to the members of these organizations. */
export interface WaysToMembers {
  of(reach: readonly string[]): WayToMembers | null;
  learn(reach: readonly string[], way: WayToMembers): void;
}

/** Pages of the users that `visibleUsers` lets through, by the age of the account. */
export interface UsersByAge {
  /** The statement of a page with these columns of the users `u`. */
  select(columns: string, query: PageQuery): string;
  /** Takes in which way its rows were found. */
  learn(rows: readonly { readonly way?: WayToMembers }[]): void;
}

/**
 * For pages by the age of the account that nothing else narrows: the people are found first, and only who is on the page is looked up.
 * Null where the caller is not limited to organizations. The parameters are those of `visiblePage`, from `first` on. The first page
 * counts organizations and people to find its way; those after it, for a while, go the same way. Each way finds the same people.
 */
export const usersByAge = ({ principal, now }: Viewer, first: number, ways: WaysToMembers): UsersByAge | null => {
  const reach = reachOf(principal, 'view:users', now);
  if (reach === 'ALL' || reach.length === 0) return null;
  const [self, places] = [`$${first}::uuid`, `$${first + 1}::uuid[]`];
  return {
    select: (columns, query) => {
      const way = ways.of(reach);
      return (way === null ? deciding : direct[way])({ self, places, columns, query });
    },
    learn: (rows) => {
      const way = rows[0]?.way;
      if (way !== undefined) ways.learn(reach, way);
    },
  };
};

interface Wanted {
  readonly self: string;
  readonly places: string;
  readonly columns: string;
  readonly query: PageQuery;
}

/** Statements that go one way, without counting. Nothing is cut off: there may be more by now than there were. */
const direct: Readonly<Record<WayToMembers, (wanted: Wanted) => string>> = {
  SORTED: (wanted) => {
    // `offset 0`: read by organization and sorted, never along the list.
    const people = `(select account_created_at, user_id from organization_members
      where organization_id = any((select array_agg(id) from places)::uuid[]) offset 0)`;
    const prelude = `with places as materialized (${placesWithin(wanted.places)})`;
    return pageOf(wanted, prelude, [sortedPage(wanted, people, 'true')]);
  },
  HASHED: (wanted) =>
    pageOf(wanted, `with places as materialized (${placesWithin(wanted.places)})`, [
      sortedPage(wanted, 'organization_members', isHashed),
    ]),
  WALKED: (wanted) => pageOf(wanted, '', [sortedPage(wanted, 'organization_members', isBelow(wanted.places))]),
};

/** Counts what there is, and goes the way that suits it; says in `way` which that is. */
const deciding = (wanted: Wanted): string => {
  const { places } = wanted;
  const prelude = `with places as materialized (${placesWithin(places, FEW)}),
extent as materialized (select count(*) <= ${FEW} as is_small from places),
most as materialized (${mostPeople}),
people as materialized (
  select account_created_at, user_id from organization_members
  where organization_id = any((select array_agg(id) from places where (select is_small from extent))::uuid[])
  limit (select people + 1 from most)
), seen as materialized (
  select is_small and (select count(*) from people) <= (select people from most) as few from extent
)`;
  const walked = `case when (select is_small from extent) then ${isHashed} else ${isBelow(places)} end`;
  const way = `(select case when few then 'SORTED' when is_small then 'HASHED' else 'WALKED' end from seen, extent) as way`;
  return pageOf({ ...wanted, columns: `${wanted.columns}, ${way}` }, prelude, [
    sortedPage(wanted, 'people', '(select few from seen)'),
    sortedPage(wanted, 'organization_members', `not (select few from seen) and ${walked}`),
  ]);
};

const sortedPage = ({ query: { condition, orderBy, limit } }: Wanted, from: string, shown: string): string =>
  `(select distinct m.account_created_at, m.user_id from ${from} m where ${shown} and ${condition} order by ${orderBy} limit ${limit})`;

/** The page out of those selects, and oneself. */
const pageOf = ({ self, columns, query }: Wanted, prelude: string, parts: readonly string[]): string => {
  const { condition, orderBy, limit } = query;
  return `${prelude} select ${columns} from (
  select distinct m.account_created_at, m.user_id from (
    ${parts.join('\n    union all ')}
    union all (select created_at, id from users where id = ${self})
  ) m where ${condition} order by ${orderBy} limit ${limit}
) m join users u on u.id = m.user_id order by ${orderBy}`;
};

/** Scalars, so that the planner joins nothing. */
const isHashed = '(m.organization_id in (select id from places)) is true';

const isBelow = (places: string): string => `coalesce((select true from organization_closure vc
    where vc.descendant_id = m.organization_id and vc.ancestor_id = any(${places}) limit 1), false)`;
