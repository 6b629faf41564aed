import type { OrganizationId } from '../ids.ts';
import { builtInCatalogue, type PermissionName } from './catalogue.ts';
import type { Catalogue, PermissionKey } from './catalogue-types.ts';
import { asksAboutRow, type Circumstances, type Constraint, constraintKey, evaluate, implies } from './constraints.ts';

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

const isAdminGrant = (grant: Grant): boolean => grant.action === 'admin' && grant.resource === '*';

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

/** The grants of protected permissions, which take `grant-protected:groups` to hand out. */
export const protectedAmong = (grants: readonly Grant[], catalogue: Catalogue = builtInCatalogue): readonly Grant[] =>
  grants.filter((grant) => catalogue.find(permissionKey(grant))?.protected === true);

/** What the grants say about one permission. */
interface Answer {
  readonly matching: readonly Grant[];
  readonly unconstrained: boolean;
  /** Per matching grant, its constraints about the caller and the moment. */
  readonly conditions: readonly (readonly Constraint[])[];
}

const NOTHING: Answer = { matching: [], unconstrained: false, conditions: [] };
const UNKNOWN_CALLER: Circumstances = {};

/** What somebody holds within one organization and below. */
export interface Place {
  /** The organization with those above it, the root first, itself last. */
  readonly lineage: readonly OrganizationId[];
  readonly grants: EffectiveGrants;
}

/** No organization: the place of rows that lie in none. */
const NOWHERE: readonly OrganizationId[] = [];

/** Everywhere, or within these organizations and below; an empty list is nowhere. */
export type Reach = 'ALL' | readonly OrganizationId[];

const placeOf = ({ lineage }: Place): OrganizationId | undefined => lineage.at(-1);

/**
 * All that a principal holds, everywhere and within organizations, prepared for questions: each permission is looked up once and
 * remembered, so that a decision costs one map access. Immutable; may be shared between requests.
 */
export class EffectiveGrants {
  /** Holds nothing. */
  static readonly none = new EffectiveGrants([], [], builtInCatalogue);

  /** What holds everywhere. */
  readonly list: readonly Grant[];
  /** What holds within organizations, beside `list`. */
  readonly places: readonly Place[];
  /** Holds `admin:*` without any constraint, everywhere. */
  readonly isAdmin: boolean;
  readonly catalogue: Catalogue;
  readonly #answers = new Map<string, Answer>();

  private constructor(list: readonly Grant[], places: readonly Place[], catalogue: Catalogue) {
    this.list = list;
    this.places = places;
    this.isAdmin = list.some((grant) => isAdminGrant(grant) && grant.constraints.length === 0);
    this.catalogue = catalogue;
  }

  static of(
    grants: readonly Grant[],
    catalogue: Catalogue = builtInCatalogue,
    places: readonly { readonly lineage: readonly OrganizationId[]; readonly grants: readonly Grant[] }[] = [],
  ): EffectiveGrants {
    return new EffectiveGrants(
      [...grants],
      places.map((place) => ({ ...place, grants: new EffectiveGrants([...place.grants], [], catalogue) })),
      catalogue,
    );
  }

  /** The grants that cover the permission and can hold for some row; those that hold everywhere. */
  matching(permission: PermissionKey): readonly Grant[] {
    return this.#answer(permission).matching;
  }

  /** Some grant covers the permission, somewhere, whatever its constraints say of caller, moment and row. Never enough to act upon. */
  holdsAny(permission: PermissionKey): boolean {
    return (
      this.#answer(permission).matching.length > 0 ||
      this.#placesOf(permission).some(({ grants }) => grants.holdsAny(permission))
    );
  }

  /**
   * The permission is held without constraint, or all constraints of one grant hold, for a row in the organization of the lineage
   * (the root first); for one that lies in none when that is left out. A missing fact fails its constraint.
   */
  holds(
    permission: PermissionKey,
    circumstances: Circumstances = UNKNOWN_CALLER,
    lineage: readonly OrganizationId[] = NOWHERE,
  ): boolean {
    const { unconstrained, matching } = this.#answer(permission);
    return (
      unconstrained ||
      matching.some(({ constraints }) => constraints.every((one) => evaluate(one, circumstances))) ||
      (lineage.length > 0 &&
        this.#within(permission, lineage).some(({ grants }) => grants.holds(permission, circumstances)))
    );
  }

  /**
   * What can be said before a row is loaded: one grant's constraints about caller and moment all hold, somewhere. Its constraints
   * about the row, and where the row lies, are left to the service: by `holds`, or by `reach`.
   */
  permits(permission: PermissionKey, circumstances: Circumstances): boolean {
    return (
      this.#permitsEverywhere(permission, circumstances) ||
      this.#placesOf(permission).some(({ grants }) => grants.permits(permission, circumstances))
    );
  }

  /** Where `permits` says yes. */
  reach(permission: PermissionKey, circumstances: Circumstances): Reach {
    if (this.#permitsEverywhere(permission, circumstances)) return 'ALL';
    return this.#placesOf(permission)
      .filter(({ grants }) => grants.permits(permission, circumstances))
      .flatMap((place) => placeOf(place) ?? []);
  }

  /** All that holds for rows in the organization of the lineage. */
  at(lineage: readonly OrganizationId[]): readonly Grant[] {
    const here = this.places.filter((place) => isAmong(lineage, placeOf(place)));
    return here.length === 0 ? this.list : unite([this.list, ...here.map(({ grants }) => grants.list)], this.catalogue);
  }

  /** What somebody else holds, anywhere, that is not held here in the same place. */
  lacking(theirs: EffectiveGrants): readonly Grant[] {
    return [
      ...exceeding(theirs.list, this.list, this.catalogue),
      ...theirs.places.flatMap(({ lineage, grants }) => exceeding(grants.list, this.at(lineage), this.catalogue)),
    ];
  }

  /** The same grants, each narrowed to what `bounds` gives, too: an API key. */
  narrowedTo(bounds: readonly Grant[]): EffectiveGrants {
    return EffectiveGrants.of(
      intersect(this.list, bounds, this.catalogue),
      this.catalogue,
      this.places.map(({ lineage, grants }) => ({ lineage, grants: intersect(grants.list, bounds, this.catalogue) })),
    );
  }

  /** The same places with each grant replaced by others, which may be none. */
  replaced(by: (grant: Grant) => readonly Grant[]): EffectiveGrants {
    const replace = (grants: readonly Grant[]): readonly Grant[] =>
      unite([grants.flatMap((grant) => by(grant))], this.catalogue);
    return EffectiveGrants.of(
      replace(this.list),
      this.catalogue,
      this.places.map(({ lineage, grants }) => ({ lineage, grants: replace(grants.list) })),
    );
  }

  #permitsEverywhere(permission: PermissionKey, circumstances: Circumstances): boolean {
    const { unconstrained, conditions } = this.#answer(permission);
    return unconstrained || conditions.some((constraints) => constraints.every((one) => evaluate(one, circumstances)));
  }

  #placesOf(permission: PermissionKey): readonly Place[] {
    if (this.places.length === 0) return [];
    return this.catalogue.find(permission)?.withinOrganizations === true ? this.places : [];
  }

  #within(permission: PermissionKey, lineage: readonly OrganizationId[]): readonly Place[] {
    return this.#placesOf(permission).filter((place) => isAmong(lineage, placeOf(place)));
  }

  #answer(permission: PermissionKey): Answer {
    return this.#answers.get(permission) ?? this.#prepare(permission);
  }

  #prepare(permission: PermissionKey): Answer {
    const definition = this.catalogue.find(permission);
    // Unknown permissions are not remembered: their names can come from a client, and the map would grow.
    if (definition === undefined) return NOTHING;
    const matching = this.list.filter(
      (grant) =>
        covers(grant, permission, this.catalogue) &&
        grant.constraints.every((one) => this.#canHold(one, definition.resource)),
    );
    const answer: Answer = {
      matching,
      unconstrained: matching.some((grant) => grant.constraints.length === 0),
      conditions: matching.map((grant) => grant.constraints.filter((one) => !asksAboutRow(one))),
    };
    this.#answers.set(permission, answer);
    return answer;
  }

  /** A constraint about an attribute that the resource does not declare is asked by no service: leaving it open would widen the grant. */
  #canHold(constraint: Constraint, resource: string): boolean {
    if (!('attribute' in constraint)) return true;
    if (constraint.kind === 'IN' && constraint.values.length === 0) return false;
    return this.catalogue.attributeType(resource, constraint.attribute) !== undefined;
  }
}

const isAmong = (lineage: readonly OrganizationId[], place: OrganizationId | undefined): boolean =>
  place !== undefined && lineage.includes(place);
