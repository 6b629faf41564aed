import type { OrganizationId } from '../ids.ts';
import { builtInCatalogue } from './catalogue.ts';
import type { Catalogue, PermissionKey } from './catalogue-types.ts';
import { asksAboutRow, type Circumstances, type Constraint, evaluate } from './constraints.ts';
import { covers, exceeding, type Grant, intersect, isAdminGrant, unite } from './grants.ts';

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
