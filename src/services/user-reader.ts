import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import { preparedWhenFrequent } from '../database/prepared.ts';
import { type UserRow, userColumns, type UserView, userViewOf } from '../entities/user.queries.ts';
import { organizationReach, organizationsWithin, visibleMemberships } from '../entities/organization.visibility.ts';
import { visiblePage } from '../entities/user-page.queries.ts';
import { type IndexedSearch, indexedSearch, selectFound, selectWanted } from '../entities/user-search.queries.ts';
import { type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import { type GroupId, type OrganizationId, parseId, type UserId } from '../ids.ts';
import type { UserKind, UserStatus } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { type Connection, connectionOf } from './connection.ts';
import { Conditions, likePattern, searchText } from './conditions.ts';

export interface UserFilter {
  readonly search?: string | null | undefined;
  readonly statusIn?: readonly UserStatus[] | null | undefined;
  readonly kindIn?: readonly UserKind[] | null | undefined;
  readonly groupIds?: readonly string[] | null | undefined;
  readonly organizationId?: string | null | undefined;
  readonly mfa?: boolean | null | undefined;
  readonly createdAt?: TimeRange | null | undefined;
  readonly lastSignInAt?: TimeRange | null | undefined;
}

export interface TimeRange {
  readonly from?: Date | null | undefined;
  readonly until?: Date | null | undefined;
}

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

type PageRow = UserRow & { readonly sort_key: string };

/** Reads users, always through what the caller may see. */
export class UserReader {
  readonly #database: Database;
  readonly #lists: ListReads;
  readonly #clock: Clock;
  readonly #cursorKey: Buffer;

  constructor(parts: { database: Database; lists: ListReads; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#lists = parts.lists;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
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
    const ordering = { ...ORDERINGS[field], descending: direction === 'DESC' };
    const keyset = new Keyset(this.#cursorKey, ordering, JSON.stringify(['users', filter, field, direction]));
    const conditions = new Conditions();
    const viewer = { principal: caller.principal, now };
    const visible = visiblePage(viewer, 'view:users', 1);
    conditions.addRaw('true', visible.values);
    addUserFilter(conditions, viewer, filter);
    const query = keyset.query(request, conditions.values.length + 1);
    const values = [...conditions.values, ...query.values];
    const wanted = {
      columns: `${userColumns}, (${ordering.expression})::text as sort_key`,
      condition: conditions.text,
      query,
      isNarrowed: isNarrowed(filter),
    };
    const search = searchOf(filter, values.length + 1);
    const text = search === null ? selectWanted(visible, wanted) : selectFound(visible, wanted, search);
    const rows = await this.#lists.of(caller).query<PageRow>(
      // What a filter selects may be rare or common: that is for a plan of its own.
      search === null && !wanted.isNarrowed ? preparedWhenFrequent(text) : text,
      search === null ? values : [...values, ...search.values],
    );
    const mapped = {
      node: (row: PageRow) => userViewOf(row, now),
      position: (row: PageRow) => ({ key: row.sort_key, id: row.user_id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () =>
      this.#count(caller, visible.total, conditions),
    );
  }

  async #count(caller: SignedInCaller, visible: string, conditions: Conditions): Promise<number> {
    const [row] = await this.#lists
      .of(caller)
      .query<{ count: number }>(
        `select count(*)::int as count from users u where ${visible} and ${conditions.text}`,
        conditions.values,
      );
    return row?.count ?? 0;
  }
}

/** Whether anything but a search narrows the list. */
const isNarrowed = (filter: UserFilter | null): boolean =>
  Object.entries(filter ?? {}).some(([name, value]) => name !== 'search' && value != null);

const searchOf = (filter: UserFilter | null, first: number): IndexedSearch | null =>
  filter?.search == null ? null : indexedSearch(searchText(filter.search), likePattern(filter.search), first);

const addUserFilter = (conditions: Conditions, viewer: Viewer, filter: UserFilter | null): void => {
  if (filter === null) return;
  const { now } = viewer;
  if (filter.search != null) conditions.add('u.search_text like ?', likePattern(filter.search));
  if (filter.statusIn != null) addStatus(conditions, filter.statusIn, now);
  if (filter.kindIn != null) conditions.add('u.kind = any(?::text[])', filter.kindIn);
  if (filter.groupIds != null) addGroups(conditions, viewer, filter.groupIds);
  if (filter.organizationId != null) addOrganization(conditions, viewer, filter.organizationId);
  if (filter.mfa != null) conditions.add(`u.mfa_enabled_at is ${filter.mfa ? 'not null' : 'null'}`);
  addRange(conditions, 'u.created_at', filter.createdAt);
  addRange(conditions, 'u.last_sign_in_at', filter.lastSignInAt);
};

/** Members of one of these groups, as far as the caller sees where they are members. */
const addGroups = (conditions: Conditions, viewer: Viewer, texts: readonly string[]): void => {
  const next = conditions.values.length + 1;
  const seen = visibleMemberships(viewer, next + 1);
  conditions.addRaw(
    `exists (select from memberships m where m.user_id = u.id and m.group_id = any($${next}::uuid[])
      and (${seen.condition} or u.id = $${next + 1 + seen.values.length}))`,
    [readGroups(texts), ...seen.values, viewer.principal.userId],
  );
};

/** Members there and below, as far as the caller sees who belongs where; an organization that is hidden has none. */
const addOrganization = (conditions: Conditions, viewer: Viewer, text: string): void => {
  const reach = organizationReach(viewer);
  if (reach !== 'ALL' && reach.length === 0) {
    throw new Failure('FORBIDDEN', 'This filter needs view:organizations.', { missing: ['view:organizations'] });
  }
  const next = conditions.values.length + 1;
  const within = organizationsWithin(reach, next + 1);
  conditions.addRaw(
    `u.id in (select om.user_id from organizations o join organization_closure oc on oc.ancestor_id = o.id
      join organization_members om on om.organization_id = oc.descendant_id where o.id = $${next} and ${within.condition})`,
    [parseId<OrganizationId>(text), ...within.values],
  );
};

/** LOCKED is a span of time: ACTIVE and LOCKED divide the rows stored as ACTIVE between them. */
const addStatus = (conditions: Conditions, states: readonly UserStatus[], now: Date): void => {
  const stored = states.filter((state) => state !== 'LOCKED' && state !== 'ACTIVE');
  const active = states.includes('ACTIVE');
  const locked = states.includes('LOCKED');
  const alternatives = [
    'u.status = any(?::text[])',
    ...(active && locked ? [`u.status = 'ACTIVE'`] : []),
    ...(active && !locked
      ? [`(u.status = 'ACTIVE' and (u.locked_until is null or u.locked_until <= ?::timestamptz))`]
      : []),
    ...(locked && !active ? [`(u.status = 'ACTIVE' and u.locked_until > ?::timestamptz)`] : []),
  ];
  const values: unknown[] = active === locked ? [stored] : [stored, now.toISOString()];
  conditions.add(`(${alternatives.join(' or ')})`, ...values);
};

const addRange = (conditions: Conditions, column: string, range: TimeRange | null | undefined): void => {
  if (range?.from != null) conditions.add(`${column} >= ?::timestamptz`, range.from.toISOString());
  if (range?.until != null) conditions.add(`${column} < ?::timestamptz`, range.until.toISOString());
};

const MAXIMUM_GROUP_FILTER = 100;

const readGroups = (texts: readonly string[]): readonly GroupId[] => {
  if (texts.length > MAXIMUM_GROUP_FILTER) {
    throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_GROUP_FILTER} groups.`, {
      limit: 'groupIds',
      maximum: MAXIMUM_GROUP_FILTER,
    });
  }
  return texts.map((text) => parseId<GroupId>(text)).filter((id) => id !== null);
};
