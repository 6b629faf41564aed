import { permissionDefinitions, type PermissionName } from './catalogue.ts';
import type { PermissionDefinition } from './catalogue-types.ts';
import type { Grant } from './grants.ts';
import type { EffectiveGrants } from './effective-grants.ts';
import { clausesOf, isPublic, type Rule } from './rules.ts';

/*
 * Which operations are administrators' ones: the other half of tree.ts, for installations that serve them on a listener or to
 * networks of their own (ADMIN_PORT, ADMIN_NETWORKS).
 *
 * How to read it. Every permission that Gatehouse itself knows is an administrator's, unless it stands in this list. An operation is
 * an administrator's when it cannot be passed without such a permission. An operation that has another way, such as one's own rows,
 * keeps that way everywhere. Permissions of applications' own resources are never concerned.
 */
const everywhere: ReadonlySet<string> = new Set<PermissionName>([
  'create-own:api-keys', // one's own keys, as anybody changes their own password
  'register:resources', // applications declare themselves, and redeem their own action links
]);

const administrative: ReadonlySet<string> = new Set([
  'admin:*',
  ...permissionDefinitions.map(({ key }) => key).filter((key) => !everywhere.has(key)),
]);

/** Whether using the permission is administration. */
export const isAdministrative = (permission: string): boolean => administrative.has(permission);

/** Nobody passes the rule without administering. */
export const needsAdministration = (rule: Rule): boolean =>
  !isPublic(rule) && clausesOf(rule).every(({ permissions }) => permissions.some((name) => isAdministrative(name)));

const asGrant = ({ action, resource }: PermissionDefinition): Grant => ({ action, resource, constraints: [] });

const known = new WeakMap<EffectiveGrants, EffectiveGrants>();

/**
 * The grants without those of administration: what somebody holds where administrators' operations are not served. So the rows that
 * only an administrator sees are hidden there as well, by every path. Wildcards are written out, for they cover both.
 */
export const withoutAdministration = (grants: EffectiveGrants): EffectiveGrants => {
  const narrowed =
    known.get(grants) ??
    grants.narrowedTo(grants.catalogue.definitions.filter(({ key }) => !isAdministrative(key)).map(asGrant));
  known.set(grants, narrowed);
  return narrowed;
};
