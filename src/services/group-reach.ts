import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { lineageColumn } from '../entities/assignment.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import type { Problem } from '../errors.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import type { ScopeMode } from '../vocabulary.ts';
import type { Where } from './authority.ts';
import { whereOf } from './group-directory.ts';
import { findPlaces } from './organization-places.ts';

/** Where a group is to hold, as an input says: `organizationIds` absent or null = those it lists already. */
export interface ReachInput {
  readonly mode: ScopeMode;
  readonly organizationIds?: readonly string[] | null | undefined;
}

/** Where a group holds for members without an organization of their own. */
export type GroupReach = Pick<GroupView, 'scopeMode' | 'listed'>;

/** A group lists at most this many organizations. */
const MAXIMUM_LISTED = 100;

/** In more places than this what a group gives is judged as if it held everywhere. */
const MAXIMUM_JUDGED = 100;

const FIELD = ['allowedOrganizations', 'organizationIds'];

/** What is wrong with the form: TOO_MANY_ITEMS, and INVALID_VALUE for a list beside ALL. */
export const reachProblems = (input: ReachInput | null): readonly Problem[] => {
  if (input?.organizationIds == null) return [];
  if (input.mode === 'ALL') return [{ code: 'INVALID_VALUE', field: FIELD }];
  return input.organizationIds.length > MAXIMUM_LISTED ? [{ code: 'TOO_MANY_ITEMS', field: FIELD }] : [];
};

/** The reach that the input asks for, on from the present one. Errors: TARGET_NOT_FOUND. */
export const findReach = async (
  em: EntityManager,
  viewer: Viewer,
  input: ReachInput | null,
  present: GroupReach,
): Promise<GroupReach> => {
  if (input === null) return present;
  if (input.mode === 'ALL') return { scopeMode: 'ALL', listed: [] };
  if (input.organizationIds == null) return { scopeMode: 'LISTED', listed: present.listed };
  return { scopeMode: 'LISTED', listed: await findPlaces(em, viewer, input.organizationIds, FIELD) };
};

/** Writes the list; the mode is a column of the group. */
export const storeListed = async (em: EntityManager, groupId: GroupId, { listed }: GroupReach): Promise<void> => {
  await sql(em, 'delete from group_organizations where group_id = $1', [groupId]);
  await sql(em, 'insert into group_organizations (group_id, organization_id) select $1, unnest($2::uuid[])', [
    groupId,
    idsOf(listed),
  ]);
};

/** One text for each reach, for comparing and for the log: `ALL`, or `LISTED` and the ids. */
export const reachText = ({ scopeMode, listed }: GroupReach): string =>
  scopeMode === 'ALL' ? scopeMode : [scopeMode, ...idsOf(listed)].join(' ');

/**
 * Everywhere that a change of the grants of a group is felt: where the group reaches, and where memberships within organizations and
 * the groups of organizations carry it.
 */
export const feltAt = async (em: EntityManager, group: GroupView, givenByLevel: boolean): Promise<Where> => {
  const own = whereOf(group);
  if (own === 'ALL' || givenByLevel) return 'ALL';
  const rows = await sql<{ lineage: readonly OrganizationId[] }>(
    em,
    `select ${lineageColumn('o.id')} as lineage from (
       select organization_id as id from memberships where group_id = $1 and organization_id is not null
       union select organization_id from organization_groups where group_id = $1 limit ${MAXIMUM_JUDGED + 1}) o`,
    [group.id],
  );
  return rows.length > MAXIMUM_JUDGED ? 'ALL' : [...own, ...rows.map(({ lineage }) => lineage)];
};

const idsOf = (lineages: readonly (readonly OrganizationId[])[]): readonly OrganizationId[] =>
  lineages.flatMap((lineage) => lineage.at(-1) ?? []).toSorted();
