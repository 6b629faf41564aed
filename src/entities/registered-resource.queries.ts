import type { ApiKeyId } from '../ids.ts';
import type { OwnerRule } from '../permissions/catalogue-types.ts';
import type {
  RegisteredAction,
  RegisteredAttribute,
  ResourceDeclaration,
} from '../permissions/registered-catalogue.ts';

export interface RegisteredResourceRow {
  readonly name: string;
  readonly namespace: string;
  readonly title: string;
  readonly version: number;
  readonly actions: readonly RegisteredAction[];
  readonly attributes: readonly RegisteredAttribute[];
  readonly owner_rule: OwnerRule | null;
  readonly registered_by_id: ApiKeyId | null;
}

/** The columns behind `ResourceDeclaration`, of `registered_resources` under the alias `r`. */
export const registeredResourceColumns = `r.name, r.namespace, r.title, r.version, r.actions, r.attributes, r.owner_rule, r.registered_by_id`;

export const resourceDeclarationOf = ({
  owner_rule: ownerRule,
  registered_by_id: registeredById,
  ...row
}: RegisteredResourceRow): ResourceDeclaration => ({ ...row, ownerRule, registeredById });

/** `$1` owner. At most two: more than one is ambiguous already. */
export const namespacesClaimedBy = `select namespace from resource_namespaces where owner_id = $1 order by namespace limit 2`;

/** `$1` namespace, `$2` owner, `$3` now; nothing when it is claimed. */
export const claimNamespace = `
insert into resource_namespaces (namespace, owner_id, claimed_at) values ($1, $2, $3) on conflict (namespace) do nothing`;

/** `$1` name, `$2` namespace, `$3` title, `$4` actions, `$5` attributes, `$6` owner rule, `$7` key, `$8` epoch, `$9` now. */
export const storeResource = `
insert into registered_resources as r (name, namespace, version, title, actions, attributes, owner_rule, registered_by_id,
  changed_epoch, created_at, updated_at)
values ($1, $2, 1, $3, $4::jsonb, $5::jsonb, $6::jsonb, $7, $8, $9, $9)
on conflict (name) do update set version = r.version + 1, title = excluded.title, actions = excluded.actions,
  attributes = excluded.attributes, owner_rule = excluded.owner_rule, registered_by_id = excluded.registered_by_id,
  changed_epoch = excluded.changed_epoch, updated_at = excluded.updated_at`;
