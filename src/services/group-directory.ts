import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import type { GroupId } from '../ids.ts';
import { EffectiveGrants } from '../permissions/grants.ts';

/** More combinations of groups than this are rare enough to be united again. */
const MAXIMUM_REMEMBERED_UNIONS = 10_000;

/**
 * The definitions of all groups, in memory. Each request brings the epoch that it read together with its session; when that
 * is newer than what is held here, the groups that changed since are read, once for all requests that wait for it. So a
 * change of grants holds from the next request on, in every replica, and a warm request needs no statement for it.
 */
export class GroupDirectory {
  readonly #database: Database;
  #groups = new Map<GroupId, GroupView>();
  #unions = new Map<string, EffectiveGrants>();
  #epoch = -1n;
  #loading: Promise<void> | null = null;

  constructor(database: Database) {
    this.#database = database;
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

  /** What the groups give together; nothing for no groups. The ids must be sorted. */
  grantsOf(ids: readonly GroupId[]): EffectiveGrants {
    const key = ids.join(' ');
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const united = EffectiveGrants.of(ids.flatMap((id) => this.#groups.get(id)?.permissions ?? []));
    if (this.#unions.size >= MAXIMUM_REMEMBERED_UNIONS) this.#unions.clear();
    this.#unions.set(key, united);
    return united;
  }

  async #load(query: Query): Promise<void> {
    const [state] = await query<{ epoch: string }>('select epoch::text as epoch from permission_epoch');
    if (state === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    const known = this.#epoch.toString();
    const rows = await query<GroupRow>(`select ${groupColumns} from groups g where g.changed_epoch > $1`, [known]);
    for (const row of rows) this.#remember(groupViewOf(row));
    this.#unions = new Map();
    // The groups were read after the epoch: they are at least as new. A later change has a higher epoch and is read again.
    const reached = BigInt(state.epoch);
    if (reached > this.#epoch) this.#epoch = reached;
  }

  /** Two loads may overlap; the older answer of one never replaces the newer of the other. */
  #remember(group: GroupView): void {
    const known = this.#groups.get(group.id);
    if (known === undefined || known.version <= group.version) this.#groups.set(group.id, group);
  }
}

/** Changes whenever what these groups give may have changed; claim `pv`. */
export const permissionVersionOf = (epoch: string, ids: readonly GroupId[]): string =>
  `${epoch}.${hash('sha256', ids.join(' '), 'base64url').slice(0, 10)}`;

type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
