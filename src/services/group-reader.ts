import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageQuery, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import { prepared } from '../database/prepared.ts';
import { type Assignment, assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import { type UserRow, userColumns, type UserView, userViewOf } from '../entities/user.queries.ts';
import { visibleMemberships } from '../entities/organization.visibility.ts';
import { selectSearchedMembers } from '../entities/searched-members.queries.ts';
import { selectPage, selectTotals, type VisiblePage, visiblePage } from '../entities/user-page.queries.ts';
import type { IndexedSearch } from '../entities/user-search.queries.ts';
import { instantOf } from '../database/sql.ts';
import { type GroupId, newId, type OrganizationId, parseId, type UserId } from '../ids.ts';
import { may } from '../permissions/may.ts';
import { shownAssignments } from './assignment-visibility.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions, likePattern } from './conditions.ts';
import type { UserSearches } from './user-searches.ts';
import { type Connection, connectionOf, type Counted, listName, totalsOf } from './connection.ts';
import type { GroupDirectory } from './group-directory.ts';

export interface GroupFilter {
  readonly search?: string | null | undefined;
  readonly systemManaged?: boolean | null | undefined;
  readonly permission?: string | null | undefined;
}

export interface GroupOrder {
  readonly field: 'NAME' | 'CREATED_AT';
  readonly direction: 'ASC' | 'DESC';
}

export interface MemberRequest extends PageRequest {
  /** Only memberships within this organization. */
  readonly organizationId?: string | null | undefined;
  readonly search?: string | null | undefined;
}

const ORDERINGS: Readonly<Record<GroupOrder['field'], Omit<Ordering, 'descending'>>> = {
  NAME: { expression: 'g.name', type: 'text', idColumn: 'g.id' },
  CREATED_AT: { expression: 'g.created_at', type: 'timestamptz', idColumn: 'g.id' },
};

/** Memberships are made in the order of their ids, which are UUIDv7: newest first needs no other column. */
const NEWEST_MEMBER_FIRST: Ordering = { expression: 'm.id', type: 'uuid', idColumn: 'm.id', descending: true };

/** What is told of a membership beside the member. */
export interface MembershipFacts {
  readonly addedAt: Date;
  readonly addedById: UserId | null;
  /** null = wherever the group reaches. */
  readonly organizationId: OrganizationId | null;
}

const ASSIGNMENTS = prepared(`select u.id, ${assignmentsColumn} from users u where u.id = any($1::uuid[])`);

type PageRow = GroupRow & { readonly sort_key: string };
type MemberRow = UserRow & {
  readonly asked_group_id: GroupId;
  readonly membership_id: string;
  readonly added_at: string;
  readonly added_by_id: UserId | null;
  readonly organization_id: OrganizationId | null;
};

/** Reads groups and their members. */
export class GroupReader {
  readonly #database: Database;
  readonly #lists: ListReads;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;
  readonly #searches: UserSearches;

  constructor(parts: {
    database: Database;
    lists: ListReads;
    directory: GroupDirectory;
    clock: Clock;
    masterKeys: MasterKeys;
    userSearches: UserSearches;
  }) {
    this.#database = parts.database;
    this.#lists = parts.lists;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
    this.#searches = parts.userSearches;
  }

  /** Several groups by id, from memory; null for those that do not exist or are neither visible nor the caller's own. */
  async byIds(
    caller: SignedInCaller,
    ownIds: readonly GroupId[],
    ids: readonly GroupId[],
  ): Promise<readonly (GroupView | null)[]> {
    const seesAll = may(caller.principal, 'view:groups', this.#clock.now());
    const wanted = ids.filter((id) => seesAll || ownIds.includes(id));
    // The directory keeps groups that were deleted since; the table is the truth for a look-up by id.
    const rows = await this.#database.query<{ id: GroupId }>('select id from groups where id = any($1::uuid[])', [
      wanted,
    ]);
    const existing = new Set(rows.map((row) => row.id));
    return ids.map((id) => (existing.has(id) ? (this.#directory.find(id) ?? null) : null));
  }

  /** The definitions of these groups, by name, from memory. */
  definitions(ids: readonly GroupId[]): readonly GroupView[] {
    return this.#directory.list(ids);
  }

  /** Which of the assignments of others the caller may see; `own` are the caller's. */
  shownAssignments(caller: SignedInCaller, own: readonly Assignment[]): ReturnType<typeof shownAssignments> {
    return shownAssignments({ principal: caller.principal, now: this.#clock.now() }, own);
  }

  /** All that gives several users grants, seen by nobody yet. One statement. */
  async assignmentsOf(userIds: readonly UserId[]): Promise<readonly (readonly Assignment[])[]> {
    const rows = await this.#database.query<AssignmentsRow & { readonly id: UserId }>(ASSIGNMENTS, [userIds]);
    const byUser = new Map(rows.map((row) => [row.id, row.assignments]));
    return userIds.map((id) => byUser.get(id) ?? []);
  }

  /** A page of groups. One statement; one more when the total is asked for. */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: GroupFilter | null,
    order: GroupOrder | null,
  ): Promise<Connection<GroupView>> {
    const { field, direction } = order ?? { field: 'NAME', direction: 'ASC' };
    const ordering = { ...ORDERINGS[field], descending: direction === 'DESC' };
    const keyset = new Keyset(this.#cursorKey, ordering, listName('groups', filter, field, direction));
    const conditions = groupConditions(filter);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#lists.of(caller).query<PageRow>(
      `select ${groupColumns}, (${ordering.expression})::text as sort_key from groups g
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: (row: PageRow) => groupViewOf(row),
      position: (row: PageRow) => ({ key: row.sort_key, id: row.id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, async () => {
      const [row] = await this.#lists
        .of(caller)
        .query<{ count: number }>(
          `select count(*)::int as count from groups g where ${conditions.text}`,
          conditions.values,
        );
      return row?.count ?? 0;
    });
  }

  /** Number of those members of several groups that the caller may see. One statement. */
  async memberCounts(caller: SignedInCaller, groupIds: readonly GroupId[]): Promise<readonly number[]> {
    const viewer = { principal: caller.principal, now: this.#clock.now() };
    const visible = visiblePage(viewer, 'view:users', 2);
    const seen = visibleMemberships(viewer, 2 + visible.values.length);
    const rows = await this.#lists.of(caller).query<Counted<GroupId>>(
      selectTotals(
        visible,
        (shown) => `select m.group_id as key, count(distinct m.user_id)::int as count from memberships m
          join users u on u.id = m.user_id where m.group_id = any($1::uuid[]) and ${shown} and ${seen.condition} group by m.group_id`,
      ),
      [groupIds, ...visible.values, ...seen.values],
    );
    const byGroup = new Map(rows.map(({ key, count }) => [key, count]));
    return groupIds.map((id) => byGroup.get(id) ?? 0);
  }

  /**
   * The same page of members of several groups, in one statement, and one more for their totals: of those members that the caller may see, the memberships without an
   * organization and those within organizations that the caller may see.
   */
  async members(
    caller: SignedInCaller,
    groupIds: readonly GroupId[],
    request: MemberRequest,
  ): Promise<readonly Connection<UserView>[]> {
    const now = this.#clock.now();
    const keyset = new Keyset(
      this.#cursorKey,
      NEWEST_MEMBER_FIRST,
      JSON.stringify(['members', request.search ?? null, request.organizationId ?? null]),
    );
    const conditions = new Conditions();
    const viewer = { principal: caller.principal, now };
    const visible = visiblePage(viewer, 'view:users', 2);
    conditions.addRaw('true', [groupIds, ...visible.values]);
    const seen = visibleMemberships(viewer, conditions.values.length + 1);
    conditions.addRaw(seen.condition, seen.values);
    if (request.organizationId != null) {
      // A text that is no id names nothing, like an id that nothing has.
      conditions.add(
        'm.organization_id = ?',
        parseId<OrganizationId>(request.organizationId) ?? newId<OrganizationId>(),
      );
    }
    const searchFrom = await this.#searches.add(conditions, this.#lists.of(caller), request.search);
    const query = keyset.query(request, conditions.values.length + 1);
    const search = searchFrom?.(conditions.values.length + query.values.length + 1) ?? null;
    const rows = await this.#lists
      .of(caller)
      .query<MemberRow>(membersPage(visible, conditions, query, search), [
        ...conditions.values,
        ...query.values,
        ...(search?.values ?? []),
      ]);
    const mapped = {
      node: (row: MemberRow) => userViewOf(row, now),
      position: (row: MemberRow) => ({ key: row.membership_id, id: row.membership_id }),
      facts: (row: MemberRow): MembershipFacts => ({
        addedAt: instantOf(row.added_at),
        addedById: row.added_by_id,
        organizationId: row.organization_id,
      }),
    };
    const total = totalsOf(() => {
      const counted = searchFrom?.(conditions.values.length + 1) ?? null;
      const values = [...conditions.values, ...(counted?.values ?? [])];
      return this.#lists.of(caller).query<Counted<GroupId>>(membersCount(visible, conditions, counted), values);
    });
    return groupIds.map((id) => {
      const own = rows.filter((row) => row.asked_group_id === id);
      return connectionOf(keyset, keyset.page(request, query, own), mapped, () => total(id));
    });
  }
}

const memberColumns = `${userColumns}, m.id as membership_id, m.added_at, m.added_by_id, m.organization_id`;

/** The page of the memberships `m` of each group in `$1`, of those users who are visible. */
const membersPage = (
  visible: VisiblePage,
  conditions: Conditions,
  query: PageQuery,
  search: IndexedSearch | null,
): string => {
  const condition = `${conditions.text} and ${visible.each}`;
  const members = { table: 'memberships m', alias: 'm', columns: memberColumns, of: 'm.group_id = asked.id' };
  const page =
    search === null
      ? selectPage(
          { ...visible, prelude: '' },
          (shown) => `select ${memberColumns} from memberships m join users u on u.id = m.user_id
            where ${members.of} and ${shown} and ${conditions.text} and ${query.condition}
            order by ${query.orderBy} limit ${query.limit}`,
        )
      : selectSearchedMembers({ ...members, condition, query }, search);
  return `${search === null ? visible.prelude : ''}select asked.id as asked_group_id, page.*
    from unnest($1::uuid[]) as asked(id) cross join lateral (${page}) as page`;
};

/** Number of the memberships `m` of each group in `$1`, of those users who are visible. */
const membersCount = (visible: VisiblePage, conditions: Conditions, search: IndexedSearch | null): string =>
  selectTotals(
    visible,
    (shown) => `select m.group_id as key, count(*)::int as count from memberships m join users u on u.id = m.user_id
      where m.group_id = any($1::uuid[]) and ${shown} and ${conditions.text} and ${search?.condition ?? 'true'} group by m.group_id`,
  );

/** Reads the id of a group that a query names; null for anything that is none. */
export const groupIdOf = (text: string): GroupId | null => parseId<GroupId>(text);

const groupConditions = (filter: GroupFilter | null): Conditions => {
  const conditions = new Conditions();
  if (filter?.search != null) {
    conditions.add(`lower(g.name || chr(10) || g.description) like lower(?::text)`, likePattern(filter.search));
  }
  if (filter?.systemManaged != null) conditions.add('g.system_managed = ?', filter.systemManaged);
  if (filter?.permission != null) {
    const [action = '', resource = ''] = filter.permission.split(':');
    conditions.add(
      'exists (select from group_grants p where p.group_id = g.id and p.action = ? and p.resource = ?)',
      action,
      resource,
    );
  }
  return conditions;
};
