import { instantOf } from '../database/sql.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import { grantFromStored } from '../permissions/grant-input.ts';
import type { Grant } from '../permissions/grants.ts';
import type { ScopeMode } from '../vocabulary.ts';
import { lineageColumn } from './assignment.queries.ts';

/** The definition of a group, as the directory in memory and all reads hand it on. */
export interface GroupView {
  readonly id: GroupId;
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly systemManaged: boolean;
  readonly scopeMode: ScopeMode;
  readonly externalId: string | null;
  readonly source: string | null;
  readonly createdById: UserId | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly permissions: readonly Grant[];
  /** When the definition, or the place of an organization that it lists, changed last. */
  readonly changedEpoch: bigint;
  /** With LISTED: the organizations that it reaches, each with those above it, the root first. */
  readonly listed: readonly (readonly OrganizationId[])[];
}

export interface GroupRow {
  readonly id: GroupId;
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly system_managed: boolean;
  readonly scope_mode: ScopeMode;
  readonly external_id: string | null;
  readonly source: string | null;
  readonly created_by_id: UserId | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly changed_epoch: string;
  readonly listed: readonly (readonly OrganizationId[])[];
  readonly grants: readonly { readonly action: string; readonly resource: string; readonly constraints: unknown }[];
}

/** The columns behind `GroupView`, of `groups` under the alias `g`. */
export const groupColumns = `g.id, g.version, g.name, g.description, g.system_managed, g.scope_mode, g.external_id, g.source,
  g.created_by_id, g.created_at, g.updated_at, g.changed_epoch::text as changed_epoch,
  coalesce((select jsonb_agg(jsonb_build_object('action', p.action, 'resource', p.resource, 'constraints', p.constraints)
    order by p.position) from group_grants p where p.group_id = g.id), '[]') as grants,
  coalesce((select jsonb_agg(${lineageColumn('go.organization_id')} order by go.organization_id)
    from group_organizations go where go.group_id = g.id), '[]') as listed`;

export const groupViewOf = (row: GroupRow): GroupView => ({
  id: row.id,
  version: row.version,
  name: row.name,
  description: row.description,
  systemManaged: row.system_managed,
  scopeMode: row.scope_mode,
  externalId: row.external_id,
  source: row.source,
  createdById: row.created_by_id,
  createdAt: instantOf(row.created_at),
  updatedAt: instantOf(row.updated_at),
  changedEpoch: BigInt(row.changed_epoch),
  listed: row.listed,
  permissions: row.grants.map((grant) => grantFromStored(grant.action, grant.resource, grant.constraints)),
});
