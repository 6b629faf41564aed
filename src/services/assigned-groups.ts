import { type Assignment, assignmentFacts } from '../entities/assignment.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import type { Catalogue } from '../permissions/catalogue-types.ts';
import { type Grant, grantKey } from '../permissions/grants.ts';
import { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { ScopeMode } from '../vocabulary.ts';
import type { OrganizationLevels } from './organization-levels.ts';

/** A group that somebody has, and where it holds. */
export interface AssignedGroup {
  readonly group: GroupView;
  /** Everywhere, or within these organizations, each with those above it, the root first. */
  readonly where: 'ALL' | readonly (readonly OrganizationId[])[];
}

/** A grant that somebody has, through which groups, and where. */
export interface EffectivePermission {
  readonly permission: Grant;
  readonly grantedBy: readonly GroupView[];
  readonly scope: { readonly mode: ScopeMode; readonly organizationIds: readonly OrganizationId[] };
}

/** Where a group holds for members without an organization of their own. */
export const whereOf = ({ scopeMode, listed }: Pick<GroupView, 'scopeMode' | 'listed'>): AssignedGroup['where'] =>
  scopeMode === 'ALL' ? 'ALL' : listed;

/** The groups behind assignments and where each holds; those that are no more are skipped. */
export const assignedGroups = (
  assignments: readonly Assignment[],
  groups: ReadonlyMap<GroupId, GroupView>,
  levels: Pick<OrganizationLevels, 'groupsOf'>,
): readonly AssignedGroup[] =>
  assignments.flatMap((assignment) => {
    const { groupId, level, lineage } = assignmentFacts(assignment);
    const ids = groupId === null ? levels.groupsOf(level ?? -1, groups.values()) : [groupId];
    return ids.flatMap((id) => {
      const group = groups.get(id);
      return group === undefined ? [] : [{ group, where: lineage === null ? whereOf(group) : [lineage] }];
    });
  });

/** What groups give together. */
export const unitedGrants = (assigned: readonly AssignedGroup[], catalogue: Catalogue): EffectiveGrants => {
  const everywhere: Grant[] = [];
  const places = new Map<string, { lineage: readonly OrganizationId[]; grants: Grant[] }>();
  for (const { group, where } of assigned) {
    if (where === 'ALL') everywhere.push(...group.permissions);
    for (const lineage of where === 'ALL' ? [] : where) {
      const place = places.get(lineage.join('/')) ?? { lineage, grants: [] };
      place.grants.push(...group.permissions);
      places.set(lineage.join('/'), place);
    }
  }
  return EffectiveGrants.of(everywhere, catalogue, [...places.values()]);
};

/** What groups give, each grant once, with the groups it comes from and where it holds. */
export const effectivePermissions = (assigned: readonly AssignedGroup[]): readonly EffectivePermission[] => {
  const byGrant = new Map<
    string,
    { permission: Grant; grantedBy: Map<GroupId, GroupView>; places: Set<OrganizationId | null> }
  >();
  for (const { group, where } of assigned) {
    const here = where === 'ALL' ? [null] : where.map((lineage) => lineage.at(-1) ?? null);
    for (const permission of group.permissions) {
      const key = grantKey(permission);
      const known = byGrant.get(key) ?? { permission, grantedBy: new Map(), places: new Set() };
      known.grantedBy.set(group.id, group);
      for (const place of here) known.places.add(place);
      byGrant.set(key, known);
    }
  }
  return [...byGrant.values()].map(({ permission, grantedBy, places }) => ({
    permission,
    grantedBy: [...grantedBy.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    scope: scopeOf(places),
  }));
};

const scopeOf = (places: ReadonlySet<OrganizationId | null>): EffectivePermission['scope'] =>
  places.has(null)
    ? { mode: 'ALL', organizationIds: [] }
    : { mode: 'LISTED', organizationIds: [...places].filter((id) => id !== null).toSorted() };
