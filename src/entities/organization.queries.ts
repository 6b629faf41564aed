import { instantOf } from '../database/sql.ts';
import type { OrganizationId } from '../ids.ts';
import { lineageColumn } from './assignment.queries.ts';

/** An organization, as all reads hand it on. */
export interface OrganizationView {
  readonly id: OrganizationId;
  readonly version: number;
  readonly name: string;
  /** Position of its level in the settings, from the top, beginning with 0. */
  readonly levelPosition: number;
  /** The one above, visible or not; null at a root. */
  readonly parentId: OrganizationId | null;
  /** Itself with those above it, visible or not; the root first. */
  readonly lineage: readonly OrganizationId[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface OrganizationRow {
  readonly id: OrganizationId;
  readonly version: number;
  readonly name: string;
  readonly level: number;
  readonly parent_id: OrganizationId | null;
  readonly lineage: readonly OrganizationId[];
  readonly created_at: string;
  readonly updated_at: string;
}

/** The columns behind `OrganizationView`, of `organizations` under the alias `o`. */
export const organizationColumns = `o.id, o.version, o.name, o.level, o.parent_id, o.created_at, o.updated_at,
  ${lineageColumn('o.id')} as lineage`;

export const organizationViewOf = (row: OrganizationRow): OrganizationView => ({
  id: row.id,
  version: row.version,
  name: row.name,
  levelPosition: row.level,
  parentId: row.parent_id,
  lineage: row.lineage,
  createdAt: instantOf(row.created_at),
  updatedAt: instantOf(row.updated_at),
});
