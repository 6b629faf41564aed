import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import {
  organizationColumns,
  type OrganizationRow,
  type OrganizationView,
  organizationViewOf,
} from '../entities/organization.queries.ts';
import { organizationReach, visibleOrganizations } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { Failure, notFound } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';

/** The largest answer, and how far below the first it may go. */
const MAXIMUM_NODES = 1000;
const MAXIMUM_DEPTH = 8;

export interface TreeNode {
  readonly organization: OrganizationView;
  /** The nearest one above it in this answer; null for the first. */
  readonly parentId: OrganizationId | null;
  /** Levels below the first, those not visible included. */
  readonly depth: number;
  readonly childCount: number;
}

export interface Tree {
  readonly nodes: readonly TreeNode[];
  readonly truncated: boolean;
}

type NodeRow = OrganizationRow & { readonly depth: number; readonly child_count: number };

/** The first nodes of a tree, as SQL, with their parameters from `$1` on. */
interface Starts {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Reads parts of the organization tree, always through what the caller may see. */
export class OrganizationTreeReader {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(parts: { database: Database; clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /**
   * The visible organizations from `rootId` down, or from the highest visible ones, depth first and by name. Of more than 1,000 the
   * upper levels are kept, so that every node's parent is there. One statement. Throws NOT_FOUND for a root that is missing or hidden,
   * BAD_USER_INPUT for a depth beyond 0 to 8.
   */
  async tree(caller: SignedInCaller, rootId: OrganizationId | null, depth: number): Promise<Tree> {
    if (depth < 0 || depth > MAXIMUM_DEPTH) {
      throw new Failure('BAD_USER_INPUT', `A tree is 0 to ${MAXIMUM_DEPTH} levels deep.`, {
        limit: 'depth',
        maximum: MAXIMUM_DEPTH,
      });
    }
    const viewer: Viewer = { principal: caller.principal, now: this.#clock.now() };
    const starts = rootId === null ? highest(viewer) : { sql: 'select $1::uuid as id', values: [rootId] };
    const rows = await this.#read(viewer, starts, depth);
    const kept = rows.slice(0, MAXIMUM_NODES);
    if (rootId !== null && !kept.some((row) => row.id === rootId)) return notFound();
    return { nodes: depthFirst(kept), truncated: rows.length > MAXIMUM_NODES };
  }

  async #read(viewer: Viewer, starts: Starts, depth: number): Promise<readonly NodeRow[]> {
    const next = starts.values.length + 1;
    const visible = visibleOrganizations(viewer, next + 1);
    return this.#database.query<NodeRow>(
      `with starts as (${starts.sql}), picked as materialized (
         select o.*, c.depth from starts s
         join organization_closure c on c.ancestor_id = s.id and c.depth <= $${next}
         join organizations o on o.id = c.descendant_id
         where ${visible.condition} order by c.depth, o.name, o.id limit ${MAXIMUM_NODES + 1}
       ), counted as (
         select p.id, (select count(*)::int from organizations o where o.parent_id = p.id and ${visible.condition}) as child_count
         from picked p)
       select ${organizationColumns}, o.depth, counted.child_count
       from picked o join counted using (id) order by o.depth, o.name, o.id`,
      [...starts.values, depth, ...visible.values],
    );
  }
}

/** The visible ones above which the caller sees none. */
const highest = (viewer: Viewer): Starts => {
  const reach = organizationReach(viewer);
  if (reach === 'ALL') return { sql: 'select id from organizations where parent_id is null', values: [] };
  return {
    sql: `select s.id from (
        select unnest($1::uuid[]) as id union
        select om.organization_id from organization_members om where om.user_id = $2) s
      where not exists (select from organization_closure c
        where c.descendant_id = s.id and c.depth > 0 and (c.ancestor_id = any($1::uuid[]) or exists (
          select from organization_members om where om.organization_id = c.ancestor_id and om.user_id = $2)))`,
    values: [reach, viewer.principal.userId],
  };
};

/** Each node behind the one above it. The rows come level by level, those of a level by name. */
const depthFirst = (rows: readonly NodeRow[]): readonly TreeNode[] => {
  const present = new Set(rows.map((row) => row.id));
  const below = new Map<OrganizationId | null, TreeNode[]>();
  for (const row of rows) {
    const organization = organizationViewOf(row);
    const parentId = organization.lineage.slice(0, -1).findLast((id) => present.has(id)) ?? null;
    const siblings = below.get(parentId) ?? [];
    siblings.push({ organization, parentId, depth: row.depth, childCount: row.child_count });
    below.set(parentId, siblings);
  }
  const walk = (parentId: OrganizationId | null): readonly TreeNode[] =>
    (below.get(parentId) ?? []).flatMap((node) => [node, ...walk(node.organization.id)]);
  return walk(null);
};
