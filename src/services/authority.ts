import { Failure, type Problem } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import type { Circumstances } from '../permissions/constraints.ts';
import { exceeding, type Grant, isDeclared, permissionKey, shieldedAmong } from '../permissions/grants.ts';
import type { EffectiveGrants, Reach } from '../permissions/effective-grants.ts';
import { demand, type Situation } from '../permissions/judge.ts';
import { aal2, and, can, freshly, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { Principal } from '../principal.ts';
import { requireSecondPerson } from './second-person.ts';

/** The rule of handing out what `admin:*` does not cover. */
const grantProtected: Rule = and(can('grant-protected:groups'), viaSession, notImpersonating, aal2, freshly(10));

/** Where grants are to hold: everywhere, or within organizations, each given with those above it, the root first. */
export type Where = 'ALL' | readonly (readonly OrganizationId[])[];

/** Whether people get grants, or the groups that give them, or lose them. */
export type Way = 'handingOut' | 'takingAway';

/** How a session is asked for more than being there; the same for the guard of the schema. */
export type StepUpSettings = Required<Pick<Situation, 'stepUpSeconds' | 'enforceAal2'>>;

export interface AuthoritySettings extends StepUpSettings {
  /** Whether handing out protected permissions needs a second person. */
  readonly twoPersonRule: boolean;
}

/** What a caller may do to others' rights: nobody gives, or takes hold of, more than they have. */
export class Authority {
  readonly principal: Principal;
  readonly #now: Date;
  readonly #settings: AuthoritySettings;
  readonly #circumstances: Circumstances;

  constructor(principal: Principal, now: Date, settings: AuthoritySettings) {
    this.principal = principal;
    this.#now = now;
    this.#settings = settings;
    this.#circumstances = { now, ipAddress: principal.ipAddress, assuranceLevel: principal.assuranceLevel };
  }

  /** Holds the permission somewhere. */
  holds(permission: PermissionName): boolean {
    return this.principal.grants.permits(permission, this.#circumstances);
  }

  /** Holds the permission for rows in the organization of the lineage, the root first; an empty one stands for rows in none. */
  holdsAt(permission: PermissionName, lineage: readonly OrganizationId[]): boolean {
    return this.principal.grants.holds(permission, this.#circumstances, lineage);
  }

  /** Where the permission is held. */
  reach(permission: PermissionName): Reach {
    return this.principal.grants.reach(permission, this.#circumstances);
  }

  /** Passes, or throws what the rule tree throws. */
  demand(rule: Rule): void {
    demand(rule, { principal: this.principal, now: this.#now, ...this.#settings });
  }

  /** Passes when the permission is held for rows in the organization of the lineage; else throws FORBIDDEN with what is missing. */
  demandAt(permission: PermissionName, lineage: readonly OrganizationId[]): void {
    if (this.holdsAt(permission, lineage)) return;
    throw new Failure('FORBIDDEN', `This needs ${permission} there.`, { missing: [permission] });
  }

  /**
   * Whether the caller may hand these grants to others where they are to hold: unprotected ones must be held there, protected ones need
   * `grant-protected:groups` and a confirmed identity. Gives EXCEEDS_OWN_PERMISSIONS and PROTECTED_PERMISSION; throws
   * STEP_UP_REQUIRED, and SecondPersonNeeded where the settings ask for a second person.
   */
  handingOut(grants: readonly Grant[], where: Where, at: Omit<Problem, 'code'>): readonly Problem[] {
    const problems = this.#problems(grants, where, at);
    if (problems.length === 0) this.#askSecondPerson(grants);
    return problems;
  }

  /**
   * Whether the caller may take these grants from others: the same, but for the second person, since less power needs nobody's consent,
   * and for grants that are declared no more: nobody could ever hold those.
   */
  takingAway(grants: readonly Grant[], where: Where, at: Omit<Problem, 'code'>): readonly Problem[] {
    return this.#problems(
      grants.filter((grant) => isDeclared(grant, this.#catalogue)),
      where,
      at,
    );
  }

  #problems(grants: readonly Grant[], where: Where, at: Omit<Problem, 'code'>): readonly Problem[] {
    const shielded = shieldedAmong(grants, this.#catalogue);
    const open = grants.filter((grant) => !shielded.includes(grant));
    const problems = this.#excess(open, where).map((): Problem => ({ code: 'EXCEEDS_OWN_PERMISSIONS', ...at }));
    if (shielded.length > 0 && !this.holds('grant-protected:groups')) {
      return [...problems.slice(0, 1), { code: 'PROTECTED_PERMISSION', ...at }];
    }
    if (shielded.length > 0) this.demand(grantProtected);
    return problems.slice(0, 1);
  }

  /**
   * Getting hold of an account that is not above the caller's (`isBelow`) hands its protected permissions out as well, to whoever signs
   * in with it next: throws STEP_UP_REQUIRED, and SecondPersonNeeded where the settings ask for a second person.
   */
  takingHold(theirs: EffectiveGrants, options: { readonly secondPerson: boolean }): void {
    const grants = allOf(theirs);
    if (shieldedAmong(grants, this.#catalogue).length === 0) return;
    this.demand(grantProtected);
    if (options.secondPerson) this.#askSecondPerson(grants);
  }

  /**
   * Letting somebody in again who was shut out gives them back what they hold, without any new right: throws SecondPersonNeeded where
   * that is protected and the settings ask for a second person.
   */
  lettingBackIn(theirs: EffectiveGrants): void {
    this.#askSecondPerson(allOf(theirs));
  }

  #askSecondPerson(grants: readonly Grant[]): void {
    const [first] = shieldedAmong(grants, this.#catalogue);
    if (first !== undefined && this.#settings.twoPersonRule) requireSecondPerson(permissionKey(first));
  }

  /**
   * Whether somebody with these grants can do what the caller cannot: then the caller may not lock or delete them, nor get
   * hold of their account. For the first, what the caller may do at this moment counts; the second (`protectedToo`) would
   * outlast the moment, and needs every grant as the other one holds it, where they hold it.
   */
  isBelow(theirs: EffectiveGrants, options: { readonly protectedToo: boolean }): boolean {
    const everywhere = { lineage: [] as readonly OrganizationId[], grants: theirs };
    return [everywhere, ...theirs.places].some(({ lineage, grants }) => this.#isBelow(grants.list, lineage, options));
  }

  #isBelow(
    grants: readonly Grant[],
    lineage: readonly OrganizationId[],
    options: { readonly protectedToo: boolean },
  ): boolean {
    const counts = options.protectedToo && !this.holds('grant-protected:groups');
    const shielded = counts ? [] : shieldedAmong(grants, this.#catalogue);
    const excess = this.#excess(
      grants.filter((grant) => !shielded.includes(grant)),
      lineage.length === 0 ? 'ALL' : [lineage],
    );
    if (options.protectedToo) return excess.length > 0;
    // Verbs on own rows are no power over others: Support may lock members, who may make keys for themselves.
    return excess.some((grant) => !grant.action.endsWith('-own') && !this.#holdsNow(grant, lineage));
  }

  /** Whether these grants would give the caller anything new there. */
  wouldRaise(grants: readonly Grant[], where: Where): boolean {
    return this.#excess(grants, where).length > 0;
  }

  /**
   * Who holds something under a constraint cannot hand it on without: what they may do at this moment does not count. Grants that
   * hold nowhere yet are judged as if everywhere: whoever widens their reach later does not look at who got them.
   */
  #excess(grants: readonly Grant[], where: Where): readonly Grant[] {
    const held = this.principal.grants;
    if (where === 'ALL' || where.length === 0) return exceeding(grants, held.list, this.#catalogue);
    return where.flatMap((lineage) => exceeding(grants, held.at(lineage), this.#catalogue));
  }

  /** A wildcard stands for all that it covers, so it must be held as such. */
  #holdsNow(grant: Grant, lineage: readonly OrganizationId[]): boolean {
    return (
      grant.constraints.length === 0 && this.principal.grants.holds(permissionKey(grant), this.#circumstances, lineage)
    );
  }

  get #catalogue(): EffectiveGrants['catalogue'] {
    return this.principal.grants.catalogue;
  }
}

const allOf = ({ list, places }: EffectiveGrants): readonly Grant[] => [
  ...list,
  ...places.flatMap(({ grants }) => grants.list),
];
