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

/** The statement of a page with these columns of the users `u`. */
type SelectPage = (columns: string, query: PageQuery) => string;

/**
 * The users that `visibleUsers` lets through, for pages by the age of the account that nothing else narrows: those of a small part of the
 * tree are sorted, for a large one the index of members by the age of their accounts is read along, and only who is on the page is
 * looked up. Null where the caller is not limited to organizations. The parameters are those of `visiblePage`, from `first` on.
 */
export const usersByAge = ({ principal, now }: Viewer, first: number): SelectPage | null => {
  const reach = reachOf(principal, 'view:users', now);
  if (reach === 'ALL' || reach.length === 0) return null;
  const [self, places] = [`$${first}::uuid`, `$${first + 1}::uuid[]`];
  return (columns, { condition, orderBy, limit }) => {
    const page = (from: string, shown: string): string => `(select distinct m.account_created_at, m.user_id
      from ${from} m where ${shown} and ${condition} order by ${orderBy} limit ${limit})`;
    return `with places as materialized (${placesWithin(places, FEW)}),
extent as materialized (select count(*) <= ${FEW} as is_small from places),
most as materialized (${mostPeople}),
people as materialized (
  select account_created_at, user_id from organization_members
  where organization_id = any((select array_agg(id) from places where (select is_small from extent))::uuid[])
  limit (select people + 1 from most)
), seen as materialized (
  select is_small and (select count(*) from people) <= (select people from most) as few from extent
)
select ${columns} from (
  select distinct m.account_created_at, m.user_id from (
    ${page('people', '(select few from seen)')}
    union all ${page('organization_members', `not (select few from seen) and ${walked(places)}`)}
    union all (select created_at, id from users where id = ${self})
  ) m where ${condition} order by ${orderBy} limit ${limit}
) m join users u on u.id = m.user_id order by ${orderBy}`;
  };
};

/** A subtree that is not too large is kept as a hash of its organizations; scalars, so that the planner joins nothing. */
const walked = (places: string): string => `case when (select is_small from extent)
  then (m.organization_id in (select id from places)) is true
  else coalesce((select true from organization_closure vc
    where vc.descendant_id = m.organization_id and vc.ancestor_id = any(${places}) limit 1), false) end`;
