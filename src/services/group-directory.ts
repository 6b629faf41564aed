import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import { type Assignment, assignmentFacts } from '../entities/assignment.queries.ts';
import {
  registeredResourceColumns,
  type RegisteredResourceRow,
  resourceDeclarationOf,
} from '../entities/registered-resource.queries.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import { EffectiveGrants, type Grant } from '../permissions/grants.ts';
import { RegisteredCatalogue, type ResourceDeclaration } from '../permissions/registered-catalogue.ts';
import type { OrganizationLevels } from './organization-levels.ts';

/** More combinations of groups than this are rare enough to be united again. */
const MAXIMUM_REMEMBERED_UNIONS = 10_000;

/** A group that somebody has, and where it holds. */
export interface AssignedGroup {
  readonly group: GroupView;
  /** Everywhere, or within these organizations, each with those above it. */
  readonly where: 'ALL' | readonly (readonly OrganizationId[])[];
}

/** Where a group holds for members without an organization of their own. */
export const whereOf = ({ scopeMode, listed }: Pick<GroupView, 'scopeMode' | 'listed'>): AssignedGroup['where'] =>
  scopeMode === 'ALL' ? 'ALL' : listed;

/**
 * The definitions of all groups, and of the resources that applications registered, in memory. Each request brings the epoch that it read together with its session; when that
 * is newer than what is held here, the groups that changed since are read, once for all requests that wait for it. So a
 * change of grants holds from the next request on, in every replica, and a warm request needs no statement for it.
 */
export class GroupDirectory {
  readonly #database: Database;
  readonly #levels: OrganizationLevels;
  #groups = new Map<GroupId, GroupView>();
  #resources = new Map<string, ResourceDeclaration>();
  #catalogue = new RegisteredCatalogue([]);
  #unions = new Map<string, EffectiveGrants>();
  #epoch = -1n;
  #loading: Promise<void> | null = null;

  constructor(parts: { database: Database; levels: OrganizationLevels }) {
    this.#database = parts.database;
    this.#levels = parts.levels;
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

  /** The definition of a group; undefined when there is none (any more). */
  find(id: GroupId): GroupView | undefined {
    return this.#groups.get(id);
  }

  /** The definitions of several groups, by name; vanished ones are skipped. */
  list(ids: readonly GroupId[]): readonly GroupView[] {
    return ids
      .map((id) => this.#groups.get(id))
      .filter((group) => group !== undefined)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The groups behind these assignments and where each holds; vanished groups are skipped. */
  assigned(assignments: readonly Assignment[]): readonly AssignedGroup[] {
    return assignments.flatMap((assignment) => {
      const { groupId, level, lineage } = assignmentFacts(assignment);
      const ids = groupId === null ? this.#levels.groupsOf(level ?? -1, this.#groups.values()) : [groupId];
      return ids.flatMap((id) => {
        const group = this.#groups.get(id);
        if (group === undefined) return [];
        return [{ group, where: lineage === null ? whereOf(group) : [lineage] }];
      });
    });
  }

  /** What the groups behind these assignments give together; nothing for none. */
  grantsOf(assignments: readonly Assignment[]): EffectiveGrants {
    const key = assignments.join(' ');
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const everywhere: Grant[] = [];
    const places = new Map<string, { lineage: readonly OrganizationId[]; grants: Grant[] }>();
    for (const { group, where } of this.assigned(assignments)) {
      if (where === 'ALL') everywhere.push(...group.permissions);
      else {
        for (const lineage of where) {
          const place = places.get(lineage.join('/')) ?? { lineage, grants: [] };
          place.grants.push(...group.permissions);
          places.set(lineage.join('/'), place);
        }
      }
    }
    const united = EffectiveGrants.of(everywhere, this.#catalogue, [...places.values()]);
    if (this.#unions.size >= MAXIMUM_REMEMBERED_UNIONS) this.#unions.clear();
    this.#unions.set(key, united);
    return united;
  }

  async #load(query: Query): Promise<void> {
    const [state] = await query<{ epoch: string }>('select epoch::text as epoch from permission_epoch');
    if (state === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    const known = this.#epoch.toString();
    const rows = await query<GroupRow>(`select ${groupColumns} from groups g where g.changed_epoch > $1`, [known]);
    const resources = await query<RegisteredResourceRow>(
      `select ${registeredResourceColumns} from registered_resources r where r.changed_epoch > $1`,
      [known],
    );
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

  /** Two loads may overlap; the older answer of one never replaces the newer of the other. */
  #remember(group: GroupView): void {
    const known = this.#groups.get(group.id);
    if (known === undefined || known.version <= group.version) this.#groups.set(group.id, group);
  }
}

/** Changes whenever what these assignments give may have changed; claim `pv`. */
export const permissionVersionOf = (epoch: string, assignments: readonly Assignment[]): string =>
  `${epoch}.${hash('sha256', assignments.join(' '), 'base64url').slice(0, 10)}`;

type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
