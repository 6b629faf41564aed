import type { GroupView } from '../entities/group.queries.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { OrganizationId } from '../ids.ts';
import type { PermissionDefinition } from '../permissions/catalogue-types.ts';
import { type Grant, grantKey } from '../permissions/grants.ts';
import type { ScopeMode } from '../vocabulary.ts';
import type { GroupDirectory } from './group-directory.ts';

/** A grant that somebody has, and through which groups. */
export interface EffectivePermission {
  readonly permission: Grant;
  readonly grantedBy: readonly GroupView[];
  readonly scope: { readonly mode: ScopeMode; readonly organizationIds: readonly OrganizationId[] };
}

/** Tells what somebody may do, by the same definitions that decide it. */
export class PermissionReader {
  readonly #directory: GroupDirectory;

  constructor(directory: GroupDirectory) {
    this.#directory = directory;
  }

  /** Every permission that can be granted. */
  catalogue(): readonly PermissionDefinition[] {
    return this.#directory.catalogue.definitions;
  }

  /** The union of what these assignments give, each grant with the groups it comes from and where it holds. Nothing for none. */
  ofAssignments(assignments: readonly Assignment[]): readonly EffectivePermission[] {
    const byGrant = new Map<
      string,
      { permission: Grant; grantedBy: Set<GroupView>; where: Set<OrganizationId | null> }
    >();
    for (const { group, where } of this.#directory.assigned(assignments)) {
      for (const grant of group.permissions) {
        const key = grantKey(grant);
        const known = byGrant.get(key) ?? { permission: grant, grantedBy: new Set(), where: new Set() };
        known.grantedBy.add(group);
        const places = where === 'ALL' ? [null] : where.map((lineage) => lineage.at(-1) ?? null);
        for (const place of places) known.where.add(place);
        byGrant.set(key, known);
      }
    }
    return [...byGrant.values()].map(({ permission, grantedBy, where }) => ({
      permission,
      grantedBy: [...grantedBy].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      scope: where.has(null)
        ? { mode: 'ALL', organizationIds: [] }
        : { mode: 'LISTED', organizationIds: [...where].filter((id) => id !== null) },
    }));
  }
}
