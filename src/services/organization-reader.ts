import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import type { GroupView } from '../entities/group.queries.ts';
import { organizationNameKey } from '../entities/organization.entity.ts';
import {
  organizationColumns,
  type OrganizationRow,
  type OrganizationView,
  organizationViewOf,
} from '../entities/organization.queries.ts';
import { organizationReach, organizationsWithin, visibleOrganizations } from '../entities/organization.visibility.ts';
import { type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import { type GroupId, type OrganizationId, parseId, type UserId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions, likePattern } from './conditions.ts';
import { type Connection, connectionOf, type Counted, listName, totalsOf } from './connection.ts';
import type { GroupDirectory } from './group-directory.ts';

export interface OrganizationFilter {
  readonly search?: string | null | undefined;
  readonly parentId?: string | null | undefined;
  readonly levelIn?: readonly number[] | null | undefined;
  readonly memberId?: string | null | undefined;
}

export interface OrganizationOrder {
  readonly field: 'NAME' | 'CREATED_AT';
  readonly direction: 'ASC' | 'DESC';
}

/** Each expression has an index of exactly this form, with the id behind it; for children behind the parent. */
const ORDERINGS: Readonly<Record<OrganizationOrder['field'], Omit<Ordering, 'descending'>>> = {
  NAME: { expression: 'o.name', type: 'text', idColumn: 'o.id' },
  CREATED_AT: { expression: 'o.created_at', type: 'timestamptz', idColumn: 'o.id' },
};

const BY_NAME: Ordering = { ...ORDERINGS.NAME, descending: false };

type PageRow = OrganizationRow & { readonly sort_key: string };
type AskedRow = OrganizationRow & { readonly asked_id: string };

const mapped = {
  node: (row: PageRow) => organizationViewOf(row),
  position: (row: PageRow) => ({ key: row.sort_key, id: row.id }),
};

const mappedByName = {
  node: (row: AskedRow) => organizationViewOf(row),
  position: (row: AskedRow) => ({ key: row.name, id: row.id }),
};

/** Reads organizations, always through what the caller may see. */
export class OrganizationReader {
  readonly #database: Database;
  readonly #lists: ListReads;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: {
    database: Database;
    lists: ListReads;
    directory: GroupDirectory;
    clock: Clock;
    masterKeys: MasterKeys;
  }) {
    this.#database = parts.database;
    this.#lists = parts.lists;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /** Several organizations by id, for loaders and references; null for those that do not exist or are hidden. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly OrganizationId[]): Promise<readonly (OrganizationView | null)[]> {
    const visible = visibleOrganizations(this.#viewer(caller), 2);
    const rows = await this.#database.query<OrganizationRow>(
      `select ${organizationColumns} from organizations o where o.id = any($1::uuid[]) and ${visible.condition}`,
      [ids, ...visible.values],
    );
    const byId = new Map(rows.map((row) => [row.id, organizationViewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The page of visible organizations that the filter describes. One statement; one more when the total is asked for. */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: OrganizationFilter | null,
    order: OrganizationOrder | null,
  ): Promise<Connection<OrganizationView>> {
    const { field, direction } = order ?? { field: 'NAME', direction: 'ASC' };
    const ordering = { ...ORDERINGS[field], descending: direction === 'DESC' };
    const keyset = new Keyset(this.#cursorKey, ordering, listName('organizations', filter, field, direction));
    const viewer = this.#viewer(caller);
    const conditions = new Conditions();
    const visible = visibleOrganizations(viewer, 1);
    conditions.addRaw(visible.condition, visible.values);
    if (filter !== null) addFilter(conditions, viewer, filter);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#lists.of(caller).query<PageRow>(
      `select ${organizationColumns}, (${ordering.expression})::text as sort_key from organizations o
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () => this.#count(caller, conditions));
  }

  /** The same page of visible organizations directly below several others, by name, in one statement. */
  async children(
    caller: SignedInCaller,
    parentIds: readonly OrganizationId[],
    request: PageRequest,
  ): Promise<readonly Connection<OrganizationView>[]> {
    const visible = visibleOrganizations(this.#viewer(caller), 2);
    return this.#pagesBelow(caller, parentIds, request, {
      list: 'children',
      from: 'organizations o',
      condition: `o.parent_id = asked.id and ${visible.condition}`,
      values: visible.values,
    });
  }

  /**
   * The same page of organizations of which several users are members, by name, in one statement: of oneself all, of others those in
   * the reach of `view:organizations`.
   */
  async ofUsers(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    request: PageRequest,
  ): Promise<readonly Connection<OrganizationView>[]> {
    const within = organizationsWithin(organizationReach(this.#viewer(caller)), 3);
    return this.#pagesBelow(caller, userIds, request, {
      list: 'organizations of a user',
      from: 'organization_members om join organizations o on o.id = om.organization_id',
      condition: `om.user_id = asked.id and (om.user_id = $2 or ${within.condition})`,
      values: [caller.principal.userId, ...within.values],
    });
  }

  /** The groups that members of several organizations have by them, by name; the definitions come from memory. One statement. */
  async groupsOf(ids: readonly OrganizationId[]): Promise<readonly (readonly GroupView[])[]> {
    const rows = await this.#database.query<{ organization_id: OrganizationId; group_ids: GroupId[] }>(
      `select organization_id, array_agg(group_id::text) as group_ids from organization_groups
       where organization_id = any($1::uuid[]) group by organization_id`,
      [ids],
    );
    const byId = new Map(rows.map((row) => [row.organization_id, row.group_ids]));
    return ids.map((id) => this.#directory.list(byId.get(id) ?? []));
  }

  /** One page for each of several keys, and one statement more for all totals. `condition` says which rows belong to the key `asked.id`; `values` are its parameters from `$2` on. */
  async #pagesBelow(
    caller: SignedInCaller,
    keys: readonly string[],
    request: PageRequest,
    { list, from, condition, values }: AskedRows,
  ): Promise<readonly Connection<OrganizationView>[]> {
    const keyset = new Keyset(this.#cursorKey, BY_NAME, list);
    const query = keyset.query(request, 2 + values.length);
    const rows = await this.#lists.of(caller).query<AskedRow>(
      `select asked.id as asked_id, page.* from unnest($1::uuid[]) as asked(id) cross join lateral (
         select ${organizationColumns} from ${from}
         where ${condition} and ${query.condition} order by ${query.orderBy} limit ${query.limit}) as page`,
      [keys, ...values, ...query.values],
    );
    const total = totalsOf(() =>
      this.#lists.of(caller).query<Counted<string>>(
        `select asked.id as key, found.count from unnest($1::uuid[]) as asked(id)
         cross join lateral (select count(*)::int as count from ${from} where ${condition}) as found`,
        [keys, ...values],
      ),
    );
    return keys.map((key) => {
      const own = rows.filter((row) => row.asked_id === key);
      return connectionOf(keyset, keyset.page(request, query, own), mappedByName, () => total(key));
    });
  }

  async #count(caller: SignedInCaller, { text, values }: Conditions): Promise<number> {
    const [row] = await this.#lists
      .of(caller)
      .query<{ count: number }>(`select count(*)::int as count from organizations o where ${text}`, values);
    return row?.count ?? 0;
  }

  #viewer({ principal }: SignedInCaller): Viewer {
    return { principal, now: this.#clock.now() };
  }
}

interface AskedRows {
  /** Which list a cursor belongs to. */
  readonly list: string;
  readonly from: string;
  readonly condition: string;
  readonly values: readonly unknown[];
}

/** Reads the id of an organization that a query names; null for anything that is none. */
export const organizationIdOf = (text: string): OrganizationId | null => parseId<OrganizationId>(text);

const addFilter = (conditions: Conditions, viewer: Viewer, filter: OrganizationFilter): void => {
  const { search, parentId, levelIn, memberId } = filter;
  if (search != null) conditions.add('o.name_key like ?', likePattern(organizationNameKey(search)));
  if (parentId != null) addParent(conditions, viewer, organizationIdOf(parentId));
  if (levelIn != null) conditions.add('o.level = any(?::int[])', readLevels(levelIn));
  if (memberId != null) addMember(conditions, viewer, parseId<UserId>(memberId));
};

/** What lies below an organization that is hidden is told as little as by `Organization.parent`. */
const addParent = (conditions: Conditions, viewer: Viewer, parentId: OrganizationId | null): void => {
  const visible = visibleOrganizations(viewer, conditions.values.length + 2);
  const parent = `$${conditions.values.length + 1}::uuid`;
  const shown = `(select o.id from organizations o where o.id = ${parent} and ${visible.condition})`;
  conditions.addRaw(`o.parent_id = ${visible.condition === 'true' ? parent : shown}`, [parentId, ...visible.values]);
};

/** Who is a member where is told by the same rule as by `User.organizations`: of oneself all, of visible others what lies in the reach. */
const addMember = (conditions: Conditions, viewer: Viewer, memberId: UserId | null): void => {
  const member = 'select from organization_members om where om.organization_id = o.id and om.user_id';
  if (memberId === null || memberId === viewer.principal.userId) {
    conditions.add(`exists (${member} = ?)`, memberId);
    return;
  }
  const next = conditions.values.length + 2;
  const seen = visibleUsers(viewer, next);
  const within = organizationsWithin(organizationReach(viewer), next + seen.values.length);
  conditions.addRaw(
    `exists (select from organization_members om join users u on u.id = om.user_id
       where om.organization_id = o.id and om.user_id = $${next - 1} and ${seen.condition}) and ${within.condition}`,
    [memberId, ...seen.values, ...within.values],
  );
};

const MAXIMUM_LEVEL_FILTER = 100;

const readLevels = (levels: readonly number[]): readonly number[] => {
  if (levels.length <= MAXIMUM_LEVEL_FILTER) return levels;
  throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_LEVEL_FILTER} levels.`, {
    limit: 'levelIn',
    maximum: MAXIMUM_LEVEL_FILTER,
  });
};
