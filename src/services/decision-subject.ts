import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { memberOrganizationIds } from '../entities/assignment.queries.ts';
import type { PermissionDefinition } from '../permissions/catalogue-types.ts';
import type { DecisionSubject } from '../permissions/decision.ts';
import { EffectiveGrants } from '../permissions/effective-grants.ts';
import { judge } from '../permissions/judge.ts';
import { aal2, and, freshly, type Rule } from '../permissions/rules.ts';
import type { StepUp } from '../permissions/step-up.ts';
import type { Principal } from '../principal.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { PermissionSubject } from './permission-subject.ts';

/** Makes of a subject (permission-subject.ts) the facts that a decision looks at. */
export class DecisionSubjects {
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: { directory: GroupDirectory; clock: Clock; config: Config }) {
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  of({ principal, active, assignments }: PermissionSubject): DecisionSubject {
    const now = this.#clock.now();
    if (principal === null) return { ...NOBODY, active, now };
    return {
      active,
      userId: principal.userId,
      organizationIds: memberOrganizationIds(assignments),
      grants: principal.grants,
      ownerGrants: principal.via === 'apiKey' ? this.#directory.grantsOf(assignments) : null,
      impersonationMode: principal.impersonationMode,
      now,
      ipAddress: principal.ipAddress,
      assuranceLevel: principal.assuranceLevel,
      canRaise: principal.via === 'session' && principal.actorId === null,
      stepUpFor: (definition) => this.#stepUp(definition, principal, now),
    };
  }

  /** What the guard of the schema asks of such permissions. Keys are not asked: what they may hold says the catalogue. */
  #stepUp(definition: PermissionDefinition, principal: Principal, now: Date): StepUp | null {
    const rule = sessionRuleOf(definition);
    if (rule === null || principal.via === 'apiKey') return null;
    const { tokens, mfa } = this.#config;
    const verdict = judge(rule, { principal, now, stepUpSeconds: tokens.stepUpSeconds, enforceAal2: mfa.enforce });
    return verdict.allowed ? null : (verdict.required ?? null);
  }
}

const strong = and(aal2, freshly(10));

/** What the use of a permission asks of the session; null for nothing. */
const sessionRuleOf = ({ protected: isProtected, requiredAssurance }: PermissionDefinition): Rule | null => {
  if (isProtected) return requiredAssurance === 'AAL2' ? strong : freshly(10);
  return requiredAssurance === 'AAL2' ? aal2 : null;
};

const NOBODY: Omit<DecisionSubject, 'active' | 'now'> = {
  userId: null,
  organizationIds: [],
  grants: EffectiveGrants.none,
  ownerGrants: null,
  impersonationMode: null,
  ipAddress: null,
  assuranceLevel: null,
  canRaise: false,
  stepUpFor: () => null,
};
