import type { Problem } from '../errors.ts';
import { builtInCatalogue, type PermissionName } from '../permissions/catalogue.ts';
import type { Circumstances } from '../permissions/constraints.ts';
import { exceeding, type Grant, permissionKey, protectedAmong } from '../permissions/grants.ts';
import { demand, type Situation } from '../permissions/judge.ts';
import { aal2, and, can, freshly, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { Principal } from '../principal.ts';

/** The rule of handing out what `admin:*` does not cover. */
const grantProtected: Rule = and(can('grant-protected:groups'), viaSession, notImpersonating, aal2, freshly(10));

/** How a session is asked for more than being there; the same for the guard of the schema. */
export type StepUpSettings = Required<Pick<Situation, 'stepUpSeconds' | 'enforceAal2'>>;

/** What a caller may do to others' rights: nobody gives, or takes hold of, more than they have. */
export class Authority {
  readonly principal: Principal;
  readonly #now: Date;
  readonly #settings: StepUpSettings;
  readonly #circumstances: Circumstances;

  constructor(principal: Principal, now: Date, settings: StepUpSettings) {
    this.principal = principal;
    this.#now = now;
    this.#settings = settings;
    this.#circumstances = { now, ipAddress: principal.ipAddress, assuranceLevel: principal.assuranceLevel };
  }

  holds(permission: PermissionName): boolean {
    return this.principal.grants.permits(permission, this.#circumstances);
  }

  /** Passes, or throws what the rule tree throws. */
  demand(rule: Rule): void {
    demand(rule, { principal: this.principal, now: this.#now, ...this.#settings });
  }

  /**
   * Whether the caller may hand these grants to others (or take them from others): unprotected ones must be held, protected
   * ones need `grant-protected:groups` and a confirmed identity. Gives EXCEEDS_OWN_PERMISSIONS and PROTECTED_PERMISSION;
   * throws STEP_UP_REQUIRED.
   */
  handingOut(grants: readonly Grant[], at: Omit<Problem, 'code'>): readonly Problem[] {
    const shielded = protectedAmong(grants);
    const problems = this.#excess(grants.filter((grant) => !shielded.includes(grant))).map((): Problem => ({
      code: 'EXCEEDS_OWN_PERMISSIONS',
      ...at,
    }));
    if (shielded.length > 0 && !this.holds('grant-protected:groups')) {
      return [...problems.slice(0, 1), { code: 'PROTECTED_PERMISSION', ...at }];
    }
    if (shielded.length > 0) this.demand(grantProtected);
    return problems.slice(0, 1);
  }

  /**
   * Whether somebody with these grants can do what the caller cannot: then the caller may not lock or delete them, nor get
   * hold of their account. For the first, what the caller may do at this moment counts; the second (`protectedToo`) would
   * outlast the moment, and needs every grant as the other one holds it.
   */
  isBelow(grants: readonly Grant[], options: { readonly protectedToo: boolean }): boolean {
    const shielded = options.protectedToo && !this.holds('grant-protected:groups') ? [] : protectedAmong(grants);
    const excess = this.#excess(grants.filter((grant) => !shielded.includes(grant)));
    if (options.protectedToo) return excess.length > 0;
    // Verbs on own rows are no power over others: Support may lock members, who may make keys for themselves.
    return excess.some((grant) => !grant.action.endsWith('-own') && !this.#holdsNow(grant));
  }

  /** Whether these grants would give the caller anything new. */
  wouldRaise(grants: readonly Grant[]): boolean {
    return this.#excess(grants).length > 0;
  }

  /** Who holds something under a constraint cannot hand it on without: what they may do at this moment does not count. */
  #excess(grants: readonly Grant[]): readonly Grant[] {
    return exceeding(grants, this.principal.grants.list, builtInCatalogue);
  }

  /** A wildcard stands for all that it covers, so it must be held as such. */
  #holdsNow(grant: Grant): boolean {
    return grant.constraints.length === 0 && this.principal.grants.holds(permissionKey(grant), this.#circumstances);
  }
}
