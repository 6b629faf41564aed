import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { CacheCounters } from '../cache/cache-counters.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import {
  registeredResourceColumns,
  type RegisteredResourceRow,
  resourceDeclarationOf,
} from '../entities/registered-resource.queries.ts';
import type { GroupId } from '../ids.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { RegisteredCatalogue, type ResourceDeclaration } from '../permissions/registered-catalogue.ts';
import { type AssignedGroup, assignedGroups, unitedGrants } from './assigned-groups.ts';
import type { OrganizationLevels } from './organization-levels.ts';

export { type AssignedGroup, whereOf } from './assigned-groups.ts';

/** More combinations of groups than this are rare enough to be united again. */
const MAXIMUM_REMEMBERED_UNIONS = 10_000;

/**
 * The definitions of all groups, and of the resources that applications registered, in memory. Each request brings the epoch that it read together with its session; when that
 * is newer than what is held here, the groups that changed since are read, once for all requests that wait for it. So a
 * change of grants holds from the next request on, in every replica, and a warm request needs no statement for it.
 */
export class GroupDirectory {
  readonly #database: Database;
  readonly #levels: OrganizationLevels;
  readonly #counters: CacheCounters;
  #groups = new Map<GroupId, GroupView>();
  #resources = new Map<string, ResourceDeclaration>();
  #catalogue = new RegisteredCatalogue([]);
  #unions = new Map<string, EffectiveGrants>();
  #epoch = -1n;
  #loading: Promise<void> | null = null;

  constructor(parts: { database: Database; levels: OrganizationLevels; counters: CacheCounters }) {
    this.#database = parts.database;
    this.#levels = parts.levels;
    this.#counters = parts.counters;
  }

  /** Every permission there is, those of registered resources included. */
  get catalogue(): RegisteredCatalogue {
    return this.#catalogue;
  }

  /** Makes sure that definitions are at least as new as `epoch`. Free when they are. */
  async reach(epoch: string): Promise<void> {
    if (this.#epoch >= BigInt(epoch)) return;
    this.#loading ??= this.#load((text, values) => this.#database.query(text, values)).finally(() => {
      this.#loading = null;
    });
    await this.#loading;
    // The load that was joined may have begun before the change; the next one cannot have.
    if (this.#epoch < BigInt(epoch)) await this.#load((text, values) => this.#database.query(text, values));
  }

  /**
   * The same inside a transaction, on its own connection: waiting there for another connection of the pool could wait for
   * transactions that wait for this one.
   */
  async reachWithin(em: EntityManager, epoch: string): Promise<void> {
    if (this.#epoch < BigInt(epoch)) await this.#load((text, values) => sql(em, text, values));
  }

  /** Whether what is held here is of just this epoch, not of a later one that another request brought. */
  isAt(epoch: string): boolean {
    return this.#epoch === BigInt(epoch);
  }

  /** The definition of a group; undefined when there is none (any more). */
  find(id: GroupId): GroupView | undefined {
    return this.#groups.get(id);
  }

  /** The definitions of all groups as they are held now, whatever changes later. */
  all(): ReadonlyMap<GroupId, GroupView> {
    return new Map(this.#groups);
  }

  /** The definitions of several groups, by name; vanished ones are skipped. */
  list(ids: readonly GroupId[]): readonly GroupView[] {
    return ids
      .map((id) => this.#groups.get(id))
      .filter((group) => group !== undefined)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The groups that every member of an organization at this level gets, by name. */
  ofLevel(position: number): readonly GroupView[] {
    return this.list(this.#levels.groupsOf(position, this.#groups.values()));
  }

  /** The groups behind these assignments and where each holds; vanished groups are skipped. */
  assigned(assignments: readonly Assignment[]): readonly AssignedGroup[] {
    return assignedGroups(assignments, this.#groups, this.#levels);
  }

  /** What the groups behind these assignments give together; nothing for none. */
  grantsOf(assignments: readonly Assignment[]): EffectiveGrants {
    const key = assignments.join(' ');
    const known = this.#unions.get(key);
    this.#counters.count('permissions', known === undefined ? 'miss' : 'hit');
    if (known !== undefined) return known;
    const united = unitedGrants(this.assigned(assignments), this.#catalogue);
    if (this.#unions.size >= MAXIMUM_REMEMBERED_UNIONS) this.#unions.clear();
    this.#unions.set(key, united);
    return united;
  }

  async #load(query: Query): Promise<void> {
    const [state] = await query<{ epoch: string; group_ids: GroupId[] }>(
      'select epoch::text as epoch, array(select id::text from groups) as group_ids from permission_epoch',
    );
    if (state === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    const known = this.#epoch.toString();
    const rows = await query<GroupRow>(`select ${groupColumns} from groups g where g.changed_epoch > $1`, [known]);
    const resources = await query<RegisteredResourceRow>(
      `select ${registeredResourceColumns} from registered_resources r where r.changed_epoch > $1`,
      [known],
    );
    this.#forgetOthers(state);
    for (const row of rows) this.#remember(groupViewOf(row));
    if (resources.length > 0) this.#register(resources.map((row) => resourceDeclarationOf(row)));
    this.#unions = new Map();
    // The groups were read after the epoch: they are at least as new. A later change has a higher epoch and is read again.
    const reached = BigInt(state.epoch);
    if (reached > this.#epoch) this.#epoch = reached;
  }

  #register(declarations: readonly ResourceDeclaration[]): void {
    for (const one of declarations) {
      const known = this.#resources.get(one.name);
      if (known === undefined || known.version <= one.version) this.#resources.set(one.name, one);
    }
    this.#catalogue = new RegisteredCatalogue(this.#resources.values());
  }

  /** Groups that are deleted give nothing by a level that names them; a load that another one overtook knows less than what is held. */
  #forgetOthers(state: { readonly epoch: string; readonly group_ids: readonly GroupId[] }): void {
    if (BigInt(state.epoch) < this.#epoch) return;
    const present = new Set(state.group_ids);
    for (const id of this.#groups.keys()) if (!present.has(id)) this.#groups.delete(id);
  }

  /** Two loads may overlap; the older answer of one never replaces the newer of the other. */
  #remember(group: GroupView): void {
    const known = this.#groups.get(group.id);
    if (known === undefined || known.changedEpoch <= group.changedEpoch) this.#groups.set(group.id, group);
  }
}

/** Changes whenever what these assignments give may have changed; claim `pv`. */
export const permissionVersionOf = (
  epoch: string,
  assignments: readonly Assignment[],
  impersonator: readonly Assignment[] | null = null,
): string => {
  const text = impersonator === null ? assignments.join(' ') : [...assignments, 'by', ...impersonator].join(' ');
  return `${epoch}.${hash('sha256', text, 'base64url').slice(0, 10)}`;
};

type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
