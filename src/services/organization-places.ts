import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { lineageColumn } from '../entities/assignment.queries.ts';
import { visibleOrganizations } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { rejectAny } from '../errors.ts';
import { type OrganizationId, parseId } from '../ids.ts';
import { targetNotFound } from './target-ids.ts';

/**
 * The lineages of the organizations that an input lists, each once, in the order of the input; the root first, the organization last.
 * Those that do not exist and those that the caller may not see are refused alike: TARGET_NOT_FOUND. The lock of access changes,
 * which the caller of this holds, keeps them where they are.
 */
export const findPlaces = async (
  em: EntityManager,
  viewer: Viewer,
  texts: readonly string[],
  field: readonly string[],
): Promise<readonly (readonly OrganizationId[])[]> => {
  const ids = texts.map((text) => parseId<OrganizationId>(text));
  const visible = visibleOrganizations(viewer, 2);
  const rows = await sql<{ id: OrganizationId; lineage: readonly OrganizationId[] }>(
    em,
    `select o.id, ${lineageColumn('o.id')} as lineage from organizations o
     where o.id = any($1::uuid[]) and ${visible.condition}`,
    [ids.filter((id) => id !== null), ...visible.values],
  );
  const byId = new Map(rows.map((row) => [row.id, row.lineage]));
  const missing = texts.filter((_text, index) => !byId.has(ids[index] as OrganizationId));
  rejectAny(missing.map((text) => ({ ...targetNotFound('', text), field: [...field] })));
  return [...byId.values()].toSorted((left, right) => place(ids, left) - place(ids, right));
};

const place = (ids: readonly (OrganizationId | null)[], lineage: readonly OrganizationId[]): number =>
  ids.indexOf(lineage.at(-1) ?? null);
