import { hash, type KeyObject } from 'node:crypto';
import DataLoader from 'dataloader';
import type { Caches } from '../cache/caches.ts';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageQuery, type PageRequest } from '../database/keyset.ts';
import { instantOf } from '../database/sql.ts';
import { selectSearchedMembers } from '../entities/searched-members.queries.ts';
import type { IndexedSearch } from '../entities/user-search.queries.ts';
import { type UserRow, userColumns, type UserView, userViewOf } from '../entities/user.queries.ts';
import { visibleUsers } from '../entities/user.visibility.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import type { UserSearches } from './user-searches.ts';
import { type Connection, connectionOf, type Counted } from './connection.ts';
import type { GroupDirectory } from './group-directory.ts';

export interface OrganizationMemberRequest extends PageRequest {
  readonly search?: string | null | undefined;
}

const NEWEST_FIRST: Ordering = {
  expression: 'om.joined_at',
  type: 'timestamptz',
  idColumn: 'om.user_id',
  descending: true,
};

type MemberRow = UserRow & {
  readonly asked_id: OrganizationId;
  readonly joined_key: string;
  readonly joined_at: string;
  readonly group_ids: readonly GroupId[];
};

/** Numbers of members up to here are counted each time: that is as quick as looking them up. */
const COUNTED_EACH_TIME = 1000;

/** Reads the members of organizations. Whether somebody may ask for them at all, the field says. */
export class OrganizationMemberReader {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;
  readonly #caches: Caches;
  readonly #searches: UserSearches;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    clock: Clock;
    masterKeys: MasterKeys;
    caches: Caches;
    userSearches: UserSearches;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
    this.#caches = parts.caches;
    this.#searches = parts.userSearches;
  }

  /**
   * The same page of members of several organizations, in one statement, and one more for their totals, of those members that the caller
   * may see.
   */
  async members(
    caller: SignedInCaller,
    organizationIds: readonly OrganizationId[],
    request: OrganizationMemberRequest,
  ): Promise<readonly Connection<UserView>[]> {
    const now = this.#clock.now();
    const list = JSON.stringify(['members of an organization', request.search ?? null]);
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, list);
    const conditions = new Conditions();
    conditions.addRaw('true', [organizationIds]);
    const visible = visibleUsers({ principal: caller.principal, now }, 2);
    conditions.addRaw(visible.condition, visible.values);
    const searchFrom = await this.#searches.add(conditions, this.#database, request.search);
    const query = keyset.query(request, conditions.values.length + 1);
    const search = searchFrom?.(conditions.values.length + query.values.length + 1) ?? null;
    const rows = await this.#database.query<MemberRow>(membersPage(conditions, query, search), [
      ...conditions.values,
      ...query.values,
      ...(search?.values ?? []),
    ]);
    const mapped = {
      node: (row: MemberRow) => userViewOf(row, now),
      position: (row: MemberRow) => ({ key: row.joined_key, id: row.user_id }),
      facts: (row: MemberRow) => ({
        joinedAt: instantOf(row.joined_at),
        groups: this.#directory.list(row.group_ids),
      }),
    };
    // Those that no cache knows are counted together.
    const counted = new DataLoader((ids: readonly OrganizationId[]) =>
      this.#counted(ids, conditions, searchFrom?.(conditions.values.length + 1) ?? null),
    );
    return organizationIds.map((id) => {
      const own = rows.filter((row) => row.asked_id === id);
      const total = (): Promise<number> => this.#count(id, conditions, () => counted.load(id));
      return connectionOf(keyset, keyset.page(request, query, own), mapped, total);
    });
  }

  /**
   * How many there are. A large number is kept for a while, for those who see the same people alone: it is shown, nothing is decided by
   * it, and changing the members makes it void.
   */
  #count(id: OrganizationId, conditions: Conditions, counted: () => Promise<number>): Promise<number> {
    const { organizationUsers, organizations } = this.#caches;
    const asked = hash('sha256', JSON.stringify([conditions.text, conditions.values.slice(1)]), 'base64url');
    return organizationUsers.get(`${id}:${asked}`, counted, {
      version: organizations.of(id),
      keep: (count) => count > COUNTED_EACH_TIME,
    });
  }

  async #counted(
    ids: readonly OrganizationId[],
    conditions: Conditions,
    search: IndexedSearch | null,
  ): Promise<readonly number[]> {
    const rows = await this.#database.query<Counted<OrganizationId>>(
      `select om.organization_id as key, count(*)::int as count from organization_members om join users u on u.id = om.user_id
       where om.organization_id = any($1::uuid[]) and ${conditions.text} and ${search?.condition ?? 'true'} group by om.organization_id`,
      [ids, ...conditions.values.slice(1), ...(search?.values ?? [])],
    );
    const byId = new Map(rows.map(({ key, count }) => [key, count]));
    return ids.map((id) => byId.get(id) ?? 0);
  }
}

/** The page of the members `om` of each organization in `$1`. */
const membersPage = (conditions: Conditions, query: PageQuery, search: IndexedSearch | null): string => {
  const columns = `${userColumns}, om.joined_at, om.joined_at::text as joined_key,
    array(select m.group_id::text from memberships m
      where m.user_id = om.user_id and m.organization_id = om.organization_id) as group_ids`;
  const members = { table: 'organization_members om', alias: 'om', columns, of: 'om.organization_id = asked.id' };
  const page =
    search === null
      ? `select ${columns} from organization_members om join users u on u.id = om.user_id
         where ${members.of} and ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`
      : selectSearchedMembers({ ...members, condition: conditions.text, query }, search);
  return `select asked.id as asked_id, page.* from unnest($1::uuid[]) as asked(id) cross join lateral (${page}) as page`;
};
