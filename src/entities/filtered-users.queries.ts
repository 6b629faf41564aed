import type { PageQuery } from '../database/keyset.ts';
import type { IndexedSearch } from './user-search.queries.ts';
import { selectTotal, type VisiblePage } from './user-page.queries.ts';

/** What a filter asks of the users `u`, by how it is looked for; `true` where nothing is asked. */
export interface UserNarrowing {
  /** Of what the list is ordered by: it says where in the list they are. */
  readonly span: string;
  /** Of other columns of theirs, which cost little to look at, and mostly have an index. */
  readonly own: string;
  /** Of what hangs on them: to be looked up for each. */
  readonly related: string;
  /** Something else names them: a group, or else an organization. */
  readonly named: NamedUsers | null;
}

/** Users who are named by something else. */
export interface NamedUsers {
  /** A select of their ids as `user_id`; some may come twice. */
  readonly ids: string;
  /** That one of the users `u` is among them; a look-up. */
  readonly each: string;
}

/** A page to be read: what is selected, and from where on. */
interface WantedPage {
  readonly columns: string;
  readonly query: PageQuery;
}

/** As many named people are looked up by id; of more than these, the list is likely to have some soon. */
const FEW_NAMED = 2000;

/**
 * So many rows of the list are looked at one after another before an index is asked: who is not found there is rare enough to be
 * sorted. Reading along costs about as much as fetching what the index would give then, at a million users. It is less where the
 * index is known to give little.
 */
const nearest = (limit: number, search: IndexedSearch | null): number => {
  const rows = search === null ? 4000 : search.isCommon === true ? 2000 : 1000;
  return Math.round(rows * Math.sqrt(limit));
};

/**
 * The page of users whom a filter finds. No estimate of the planner decides between walking along the list, which is quick for what is
 * common, and asking an index, which is quick for what is rare: estimates know nothing of where in the list somebody is, and a walk
 * for those who are all at its end is one through everybody. So who is named, if they are few, is looked up; so are the people of a
 * caller who sees few. Else the list is walked for a bounded number of rows, and only if they do not fill the page, all that the
 * indexes find is sorted, by nothing but the order; what is shown is read of who is on the page. `offset 0` keeps the planner to that.
 */
export const selectFiltered = (
  visible: VisiblePage,
  narrowing: UserNarrowing,
  { columns, query }: WantedPage,
  search: IndexedSearch | null,
): string => {
  const { span, own, related, named } = narrowing;
  const cut = (limit: number): string => `order by ${query.orderBy} limit ${limit}`;
  const among = named === null ? 'true' : `(select ids from named) is null and ${named.each}`;
  const near = `select ${columns} from (
      select * from users u where ${span} and ${query.condition} ${cut(nearest(query.limit, search))}) u
    where ${own} and ${related} and ${among} and ${walked(visible)} ${cut(query.limit)}`;
  const found = waysBeyond(visible, narrowing, search, query);
  return `${visible.prelude === '' ? 'with' : `${visible.prelude},`} ${named === null ? '' : `${namedIds(named)}, `}near as materialized (${near})
    select * from near where (select count(*) from near) = ${query.limit}
    union all (select ${columns} from users u
      where u.id in (${found.map((way) => `(select u.id from ${way} ${cut(query.limit)})`).join(' union all ')})
      order by ${query.orderBy})`;
};

/** Whom a caller sees who sees many. */
const walked = ({ conditions, each }: VisiblePage): string => conditions.at(-1) ?? each;

/**
 * Each way to whoever is not near, as what stands behind `from`; one of them at most finds somebody. Those that the indexes find are
 * put in order first, so that what has to be looked up for each is so only until the page is full.
 */
const waysBeyond = (
  visible: VisiblePage,
  { span, own, related, named }: UserNarrowing,
  search: IndexedSearch | null,
  query: PageQuery,
): readonly string[] => {
  const asked = `${span} and ${query.condition} and ${own}`;
  const indexed = `(select * from users u where ${asked} and ${search?.condition ?? 'true'}
    and ${named === null ? 'true' : `u.id in (${named.ids})`} order by ${query.orderBy} offset 0) u where ${related}`;
  const all = `users u where ${asked} and ${related}`;
  const many = named === null ? 'true' : '(select ids from named) is null';
  const fewSeen = search === null || search.isCommon === true ? `${all} and ${named?.each ?? 'true'}` : indexed;
  return [
    `${indexed} and (select count(*) from near) < ${query.limit} and ${many} and ${walked(visible)}`,
    ...(visible.conditions.length === 1 ? [] : [`${fewSeen} and ${many} and ${visible.conditions[0]}`]),
    ...(named === null ? [] : [`${all} and u.id = any((select ids from named)::uuid[]) and ${visible.each}`]),
  ];
};

/** Null where there are more than few. */
const namedIds = ({ ids }: NamedUsers): string => `named as materialized (
  select case when count(*) <= ${FEW_NAMED} then coalesce(array_agg(user_id), '{}') end as ids
  from (${ids} limit ${FEW_NAMED + 1}) few)`;

/** The number of users whom a filter finds. */
export const countFiltered = (
  visible: VisiblePage,
  { span, own, related, named }: UserNarrowing,
  search: IndexedSearch | null,
): string => {
  const asked = `${span} and ${own} and ${related} and ${search?.condition ?? 'true'}`;
  return named === null
    ? selectTotal(visible, (seen) => `select count(*) from users u where ${asked} and ${seen}`)
    : `select count(*)::int as count from users u where ${asked} and u.id in (${named.ids}) and ${visible.each}`;
};
