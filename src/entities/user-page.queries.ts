import type { Reach } from '../permissions/effective-grants.ts';
import { reachOf } from '../permissions/may.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { oneselfOr, usersWithin, type Viewer, type Visibility, visibleUsersWith } from './user.visibility.ts';

/**
 * Conditions on the users `u` of a page, of which at most one lets anything through, so that a page is the union of what each of them
 * selects. `prelude` stands before the statement.
 */
export interface VisiblePage {
  readonly prelude: string;
  readonly conditions: readonly [string, ...string[]];
  /** The same for a total, where nothing is ordered: the total is the sum of what each of them lets through. */
  readonly totals: readonly [string, ...string[]];
  /** The same as one condition, for somebody who is found already. */
  readonly each: string;
  readonly values: readonly unknown[];
}

/** More organizations than these are not kept as a hash. */
const FEW = 2000;

/** More people than this are never looked up one by one. */
const FEW_PEOPLE = 8000;

/** What asking for one person on the way along the list costs, as a share of finding one by id and sorting them in, times 100 rows. */
const PAGE_COST = 33;

/**
 * The same users as `visibleUsers`, or `visibleUsersWith` another permission, for pages in an order that has an index. Reading along
 * that index finds the members of a large part of the tree quickly and those of one organization among thousands hardly ever; looking
 * them up one by one does the opposite. Which is better is for the statement to say: it knows how many there are. `first` is the
 * number of its first parameter.
 */
export const visiblePage = (viewer: Viewer, permission: PermissionName, first: number): VisiblePage => {
  const reach = commonReach(
    reachOf(viewer.principal, 'view:users', viewer.now),
    reachOf(viewer.principal, permission, viewer.now),
  );
  if (reach === null) return { prelude: '', ...single(visibleUsersWith(viewer, permission, first)) };
  const visible = oneselfOr(viewer.principal, usersWithin(reach, first + 1), first);
  if (reach === 'ALL' || reach.length === 0) return { prelude: '', ...single(visible) };
  const [self, places] = [`$${first}::uuid`, `$${first + 1}::uuid[]`];
  // Alone, so that the planner can join it, which it reckons well: with an alternative beside it, it would look up one after another.
  const member = `exists (select from organization_members vm join organization_closure vc on vc.descendant_id = vm.organization_id
    where vm.user_id = u.id and vc.ancestor_id = any(${places}))`;
  return {
    prelude: preludeOf(self, places),
    conditions: [
      `(select few from seen) and u.id = any(coalesce((select ids from seen), '{}'))`,
      `not (select few from seen) and (u.id = ${self} or ${walkedWithin(usersWithin(reach, first + 1).condition)})`,
    ],
    totals: [member, `u.id = ${self} and not ${member}`],
    each: visible.condition,
    values: visible.values,
  };
};

const single = ({ condition, values }: Visibility): Omit<VisiblePage, 'prelude'> => ({
  conditions: [condition],
  totals: [condition],
  each: condition,
  values,
});

/** Both at once, where one list of organizations says it. */
const commonReach = (left: Reach, right: Reach): Reach | null => {
  if (left === 'ALL') return right;
  if (right === 'ALL') return left;
  if (left.length === 0 || right.length === 0) return [];
  return left.length === right.length && left.every((id) => right.includes(id)) ? left : null;
};

/** The organizations of the reach, and where `few` is given one more than that at most. One index scan for each that it names. */
export const placesWithin = (
  places: string,
  few?: number,
): string => `select c.id from unnest(${places}) as named(id) cross join lateral (
    select descendant_id as id from organization_closure where ancestor_id = named.id offset 0) c${
      few === undefined ? '' : ` limit ${few + 1}`
    }`;

/** So many people are looked up rather than met on the way. */
export const mostPeople = `select least(${FEW_PEOPLE}, sqrt(${PAGE_COST} * greatest(reltuples, 0)))::int as people
  from pg_class where oid = 'users'::regclass`;

/** `few` says whether the people of the subtree are few enough to be looked up; `ids` are theirs, and only then all of them. */
const preludeOf = (self: string, places: string): string => `with places as materialized (${placesWithin(places, FEW)}),
most as materialized (${mostPeople}
), seen as materialized (
  select ids, (select count(*) from places) <= ${FEW} and cardinality(ids) <= (select people from most) as few
  from (select array(select ${self} union all (
      select vm.user_id from places p cross join lateral (
        select user_id from organization_members where organization_id = p.id offset 0) vm
      where (select count(*) from places) <= ${FEW} limit (select people + 1 from most))) as ids) s
)
`;

/**
 * For whoever is met on the way along the list: that they are a member of one of the places. A subtree that is not too large is kept as
 * a hash of its organizations, so that only one index is asked for each user; `is true` keeps the planner from making a join of it.
 */
const walkedWithin = (byClosure: string): string => `case when (select count(*) from places) <= ${FEW}
  then coalesce((select true from organization_members vm where vm.user_id = u.id
    and (vm.organization_id in (select id from places)) is true limit 1), false)
  else ${byClosure} end`;

/** The page, of a select for each condition. */
export const selectPage = ({ prelude, conditions }: VisiblePage, select: (condition: string) => string): string =>
  conditions.length === 1
    ? `${prelude}${select(conditions[0])}`
    : `${prelude}${conditions.map((condition) => `(${select(condition)})`).join('\nunion all\n')}`;

/** The total, of a count for each condition. */
export const selectTotal = ({ totals }: VisiblePage, count: (condition: string) => string): string =>
  `select (${totals.map((condition) => `(${count(condition)})`).join(' + ')})::int as count`;

/** The totals by key, of a select of `key` and `count` for each condition. */
export const selectTotals = ({ totals }: VisiblePage, counts: (condition: string) => string): string =>
  totals.length === 1
    ? counts(totals[0])
    : `select key, sum(count)::int as count from (${totals.map((condition) => `(${counts(condition)})`).join(' union all ')}) counted group by key`;
