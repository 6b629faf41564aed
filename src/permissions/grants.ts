import { builtInCatalogue, type PermissionName } from './catalogue.ts';
import type { Catalogue, PermissionKey } from './catalogue-types.ts';
import { type Constraint, constraintKey, implies } from './constraints.ts';

/**
 * A permission with its constraints, as a group or an API key holds it. All constraints must hold; an empty list is an
 * unconstrained grant. Several grants of one permission are alternatives. Absence never means all: no grant, no permission.
 */
export interface Grant {
  /** Verb; `admin` only with `*`. */
  readonly action: string;
  /** Resource, or `*` for all resources that have the verb unprotected. */
  readonly resource: string;
  readonly constraints: readonly Constraint[];
}

export const permissionKey = ({ action, resource }: Pick<Grant, 'action' | 'resource'>): PermissionKey =>
  `${action}:${resource}`;

/** A grant of a built-in permission. */
export const grantOf = (name: PermissionName, constraints: readonly Constraint[] = []): Grant => {
  const [action = '', resource = ''] = name.split(':');
  return { action, resource, constraints };
};

/** The grant of everything that is not protected. */
export const isAdminGrant = (grant: Grant): boolean => grant.action === 'admin' && grant.resource === '*';

/**
 * Whether the grant, its constraints left aside, is about the permission: exactly, by `*` for the same verb, or by
 * `admin:*`. A protected permission is covered only exactly, an unknown one by nothing.
 */
export const covers = (grant: Grant, permission: string, catalogue: Catalogue = builtInCatalogue): boolean => {
  const definition = catalogue.find(permission);
  if (definition === undefined) return false;
  if (grant.resource === definition.resource) return grant.action === definition.action;
  if (definition.protected) return false;
  return grant.resource === '*' && (grant.action === definition.action || grant.action === 'admin');
};

/** Whether `outer` is about everything that `inner` is about, now and later. Two grants are either so related or disjoint. */
const reaches = (outer: Grant, inner: Grant, catalogue: Catalogue): boolean => {
  if (outer.resource === inner.resource && outer.action === inner.action) return true;
  if (inner.resource === '*') return isAdminGrant(outer);
  return covers(outer, permissionKey(inner), catalogue);
};

const isNarrower = (inner: readonly Constraint[], outer: readonly Constraint[]): boolean =>
  outer.every((wanted) => inner.some((given) => implies(given, wanted)));

const includes = (outer: Grant, inner: Grant, catalogue: Catalogue): boolean =>
  reaches(outer, inner, catalogue) && isNarrower(inner.constraints, outer.constraints);

/** Equal for grants that say the same with their constraints in another order. */
export const grantKey = (grant: Grant): string =>
  JSON.stringify([permissionKey(grant), grant.constraints.map((constraint) => constraintKey(constraint)).toSorted()]);

const byText = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : Number(a > b);

/** Each once, in an order that depends on their content only. */
const distinct = <T>(items: Iterable<T>, keyOf: (item: T) => string): readonly T[] => {
  const byKey = new Map<string, T>();
  for (const item of items) byKey.set(keyOf(item), item);
  return [...byKey].toSorted(byText).map(([, item]) => item);
};

/**
 * What several lists give together, without the grants that another one includes. Does not depend on the order of lists
 * or grants.
 */
export const unite = (
  lists: readonly (readonly Grant[])[],
  catalogue: Catalogue = builtInCatalogue,
): readonly Grant[] => {
  const kept = new Map<string, Grant[]>();
  // Wide grants first (`*` sorts before names), so that each one meets those that can include it.
  const wideFirst = distinct(lists.flat(), grantKey).toSorted(
    (a, b) =>
      Number(isAdminGrant(b)) - Number(isAdminGrant(a)) || Number(b.resource === '*') - Number(a.resource === '*'),
  );
  for (const grant of wideFirst) {
    const key = permissionKey(grant);
    const same = kept.get(key) ?? [];
    const wider = [...(kept.get('admin:*') ?? []), ...(kept.get(`${grant.action}:*`) ?? []), ...same];
    if (wider.some((other) => includes(other, grant, catalogue))) continue;
    kept.set(key, [...same.filter((other) => !includes(grant, other, catalogue)), grant]);
  }
  return [...kept.values()].flat();
};

const meet = (a: Grant, b: Grant, catalogue: Catalogue): Grant | null => {
  const constraints = distinct([...a.constraints, ...b.constraints], constraintKey);
  if (reaches(a, b, catalogue)) return { action: b.action, resource: b.resource, constraints };
  if (reaches(b, a, catalogue)) return { action: a.action, resource: a.resource, constraints };
  return null;
};

/** What both lists give: an API key with its owner, an impersonation with its actor. Never more than either. */
export const intersect = (
  a: readonly Grant[],
  b: readonly Grant[],
  catalogue: Catalogue = builtInCatalogue,
): readonly Grant[] =>
  unite([a.flatMap((left) => b.flatMap((right) => meet(left, right, catalogue) ?? []))], catalogue);

/**
 * The wanted grants that go beyond what is held, in their order. A wanted grant is within a held one when that reaches it
 * and each of its constraints follows from a constraint of the wanted one: who holds something constrained cannot hand it
 * on without the constraint.
 */
export const exceeding = (
  wanted: readonly Grant[],
  held: readonly Grant[],
  catalogue: Catalogue = builtInCatalogue,
): readonly Grant[] => wanted.filter((grant) => !held.some((other) => includes(other, grant, catalogue)));

/** Whether everything wanted is held: may its holder hand it on? */
export const isSubset = (
  wanted: readonly Grant[],
  held: readonly Grant[],
  catalogue: Catalogue = builtInCatalogue,
): boolean => exceeding(wanted, held, catalogue).length === 0;

/** The grants of protected permissions, those of applications among them. */
export const protectedAmong = (grants: readonly Grant[], catalogue: Catalogue): readonly Grant[] =>
  grants.filter((grant) => catalogue.find(permissionKey(grant))?.protected === true);

/** Whether the catalogue knows the permission (still); a grant of any other gives nothing, until an application declares it again. */
export const isDeclared = (grant: Grant, catalogue: Catalogue): boolean =>
  grant.resource === '*' || catalogue.find(permissionKey(grant)) !== undefined;

/** The grants that take `grant-protected:groups` to hand out: protected ones, and undeclared ones, which may be protected one day. */
export const shieldedAmong = (grants: readonly Grant[], catalogue: Catalogue): readonly Grant[] => {
  const shielded = protectedAmong(grants, catalogue);
  return grants.filter((grant) => shielded.includes(grant) || !isDeclared(grant, catalogue));
};
