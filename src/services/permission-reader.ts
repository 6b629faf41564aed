import type { GroupView } from '../entities/group.queries.ts';
import type { GroupId } from '../ids.ts';
import { permissionDefinitions } from '../permissions/catalogue.ts';
import type { PermissionDefinition } from '../permissions/catalogue-types.ts';
import { type Grant, grantKey } from '../permissions/grants.ts';
import type { ScopeMode } from '../vocabulary.ts';
import type { GroupDirectory } from './group-directory.ts';

/** A grant that somebody has, and through which groups. */
export interface EffectivePermission {
  readonly permission: Grant;
  readonly grantedBy: readonly GroupView[];
  readonly scope: { readonly mode: ScopeMode };
}

/** Tells what somebody may do, by the same definitions that decide it. */
export class PermissionReader {
  readonly #directory: GroupDirectory;

  constructor(directory: GroupDirectory) {
    this.#directory = directory;
  }

  /** Every permission that can be granted. */
  catalogue(): readonly PermissionDefinition[] {
    return permissionDefinitions;
  }

  /** The union of what these groups give, each grant with the groups it comes from. Nothing for no groups. */
  ofGroups(ids: readonly GroupId[]): readonly EffectivePermission[] {
    const byGrant = new Map<string, { permission: Grant; grantedBy: GroupView[] }>();
    for (const group of this.#directory.list(ids)) {
      for (const grant of group.permissions) {
        const key = grantKey(grant);
        const known = byGrant.get(key) ?? { permission: grant, grantedBy: [] };
        known.grantedBy.push(group);
        byGrant.set(key, known);
      }
    }
    return [...byGrant.values()].map((entry) => ({
      ...entry,
      scope: { mode: entry.grantedBy.some((group) => group.scopeMode === 'ALL') ? 'ALL' : 'LISTED' },
    }));
  }
}
