import type { KeyObject } from 'node:crypto';
import type { CacheCounters } from '../cache/cache-counters.ts';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageQuery, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import { preparedWhenFrequent } from '../database/prepared.ts';
import { countFiltered, selectFiltered, type UserNarrowing } from '../entities/filtered-users.queries.ts';
import { type UserRow, userColumns, type UserView, userViewOf } from '../entities/user.queries.ts';
import { type AttributeDemand, attributeConditions, indexedAttributes } from '../entities/user-attribute.queries.ts';
import { selectPage, type VisiblePage, visiblePage } from '../entities/user-page.queries.ts';
import type { IndexedSearch } from '../entities/user-search.queries.ts';
import { type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { MEMBERS_BY_AGE, usersByAge, type WayToMembers } from '../entities/users-by-age.queries.ts';
import type { UserId } from '../ids.ts';
import { readAttributeFilters } from './attribute-filter.ts';
import type { UserAttributes } from './attributes.ts';
import type { SignedInCaller } from './caller.ts';
import { type Connection, connectionOf, listName } from './connection.ts';
import { KnownWays } from './known-ways.ts';
import { narrowingOf, type UserFilter } from './user-filter.ts';
import type { UserSearches } from './user-searches.ts';

export interface UserOrder {
  readonly field: 'CREATED_AT' | 'DISPLAY_NAME' | 'EMAIL' | 'LAST_SIGN_IN_AT';
  readonly direction: 'ASC' | 'DESC';
}

/** Each expression has an index of exactly this form, with the id behind it. */
const ORDERINGS: Readonly<Record<UserOrder['field'], Omit<Ordering, 'descending'>>> = {
  CREATED_AT: { expression: 'u.created_at', type: 'timestamptz', idColumn: 'u.id' },
  DISPLAY_NAME: { expression: 'u.display_name', type: 'text', idColumn: 'u.id' },
  EMAIL: { expression: `coalesce(u.email, '')`, type: 'text', idColumn: 'u.id' },
  LAST_SIGN_IN_AT: {
    expression: `coalesce(u.last_sign_in_at, '-infinity'::timestamptz)`,
    type: 'timestamptz',
    idColumn: 'u.id',
  },
};

const NEWEST_FIRST: UserOrder = { field: 'CREATED_AT', direction: 'DESC' };

type PageRow = UserRow & { readonly sort_key: string; readonly way?: WayToMembers };

/** Reads users, always through what the caller may see. */
export class UserReader {
  readonly #database: Database;
  readonly #lists: ListReads;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;
  readonly #attributes: UserAttributes;
  readonly #ways: KnownWays;
  readonly #searches: UserSearches;

  constructor(parts: {
    database: Database;
    lists: ListReads;
    clock: Clock;
    masterKeys: MasterKeys;
    attributes: UserAttributes;
    caches: { readonly counters: CacheCounters };
    userSearches: UserSearches;
  }) {
    this.#database = parts.database;
    this.#lists = parts.lists;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
    this.#attributes = parts.attributes;
    this.#ways = new KnownWays({ clock: parts.clock, counters: parts.caches.counters });
    this.#searches = parts.userSearches;
  }

  /** Several users by id, for loaders and references; null for those that do not exist or are hidden. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly UserId[]): Promise<readonly (UserView | null)[]> {
    const now = this.#clock.now();
    const visible = visibleUsers({ principal: caller.principal, now }, 2);
    const rows = await this.#database.query<UserRow>(
      preparedWhenFrequent(`select ${userColumns} from users u where u.id = any($1::uuid[]) and ${visible.condition}`),
      [ids, ...visible.values],
    );
    const byId = new Map(rows.map((row) => [row.user_id, userViewOf(row, now)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The page of visible users that the filter describes. One statement; one more when the total is asked for. */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: UserFilter | null,
    order: UserOrder | null,
  ): Promise<Connection<UserView>> {
    const now = this.#clock.now();
    const { field, direction } = order ?? NEWEST_FIRST;
    const viewer = { principal: caller.principal, now };
    const byAge = field === 'CREATED_AT' && isWhole(filter) ? usersByAge(viewer, 1, this.#ways) : null;
    const ordering = { ...(byAge === null ? ORDERINGS[field] : MEMBERS_BY_AGE), descending: direction === 'DESC' };
    const keyset = new Keyset(this.#cursorKey, ordering, listName('users', filter, field, direction));
    const visible = visiblePage(viewer, 'view:users', 1);
    const values = [...visible.values];
    const narrowing = this.#narrowing(values, viewer, { filter: filter ?? {}, field });
    const query = keyset.query(request, values.length + 1);
    const wanted = { columns: `${userColumns}, (${ordering.expression})::text as sort_key`, query };
    const searchFrom = await this.#search(caller, filter, narrowing.demands);
    const search = searchFrom(values.length + query.values.length + 1);
    const text = isWhole(filter)
      ? preparedWhenFrequent(byAge?.select(wanted.columns, query) ?? selectWhole(visible, wanted))
      : selectFiltered(visible, narrowing, wanted, search);
    const rows = await this.#lists
      .of(caller)
      .query<PageRow>(text, [...values, ...query.values, ...(search?.values ?? [])]);
    byAge?.learn(rows);
    const mapped = {
      node: (row: PageRow) => userViewOf(row, now),
      position: (row: PageRow) => ({ key: row.sort_key, id: row.user_id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () => {
      const counted = searchFrom(values.length + 1);
      return this.#count(caller, countFiltered(visible, narrowing, counted), [...values, ...(counted?.values ?? [])]);
    });
  }

  /** What the filter asks, and of which attributes; `values` takes the parameters. */
  #narrowing(
    values: unknown[],
    viewer: Viewer,
    { filter, field }: { readonly filter: UserFilter; readonly field: UserOrder['field'] },
  ): UserNarrowing & { readonly demands: readonly AttributeDemand[] } {
    const { own, ...parts } = narrowingOf(values, viewer, filter, field);
    const demands = readAttributeFilters(this.#attributes, viewer, filter.attributes ?? []);
    for (const { text, values: given } of demands.flatMap(attributeConditions)) own.add(text, ...given);
    return { ...parts, own: own.text, demands };
  }

  /** What an index is asked for, its parameters numbered from where they begin; null: nothing. */
  async #search(
    caller: SignedInCaller,
    filter: UserFilter | null,
    demands: readonly AttributeDemand[],
  ): Promise<(first: number) => IndexedSearch | null> {
    if (filter?.search == null) return (first) => indexedAttributes(demands, first);
    return this.#searches.of(this.#lists.of(caller), filter.search);
  }

  async #count(caller: SignedInCaller, text: string, values: readonly unknown[]): Promise<number> {
    const [row] = await this.#lists.of(caller).query<{ count: number }>(text, values);
    return row?.count ?? 0;
  }
}

/** The page of everybody who is visible. */
const selectWhole = (
  visible: VisiblePage,
  { columns, query }: { readonly columns: string; readonly query: PageQuery },
): string =>
  selectPage(
    visible,
    (shown) => `select ${columns} from users u
      where ${shown} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
  );

/** Whether nothing narrows the list. */
const isWhole = (filter: UserFilter | null): boolean => Object.values(filter ?? {}).every((value) => value == null);
