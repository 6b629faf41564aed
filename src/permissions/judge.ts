import { Failure, type FailureDetails } from '../errors.ts';
import { parseId, type UserId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { isAdministrative } from './administration.ts';
import { builtInCatalogue, type PermissionName } from './catalogue.ts';
import type { PermissionDefinition } from './catalogue-types.ts';
import type { Circumstances } from './constraints.ts';
import type { ImpersonationMode } from '../vocabulary.ts';
import { isUsableWhileImpersonating } from './impersonated.ts';
import { type Clause, clausesOf, isPublic, type Rule } from './rules.ts';
import { bothStepUps, cheaperStepUp, DEFAULT_STEP_UP_SECONDS, isFresh, type StepUp } from './step-up.ts';

/** What a rule may look at. */
export interface Situation {
  readonly principal: Principal | null;
  /** Arguments of the field. */
  readonly args?: unknown;
  /** The object whose field is read. */
  readonly parent?: unknown;
  readonly now: Date;
  /** How long a confirmed identity stays fresh; 600 when absent. Shortens what a rule asks for, never lengthens it. */
  readonly stepUpSeconds?: number;
  /**
   * True: `aal2` needs a session of two factors, except that a fresh one satisfies it while the account is in the grace of
   * those that have no second factor yet. False or absent: a fresh one satisfies it.
   */
  readonly enforceAal2?: boolean;
}

export type DenialCode = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'STEP_UP_REQUIRED';

export interface Denial {
  readonly allowed: false;
  readonly code: DenialCode;
  /** Permissions of which the caller lacks one; empty when none would help, and for callers who are not signed in. */
  readonly missing: readonly PermissionName[];
  /** Set with STEP_UP_REQUIRED. */
  readonly required?: StepUp;
  /** Set where the caller is refused for acting as somebody else: they could go on after stopImpersonation. */
  readonly impersonation?: ImpersonationMode;
  /** Set where the operation is an administrator's and is not served on the way that the request came. */
  readonly administrationElsewhere?: true;
}

export type Verdict = { readonly allowed: true } | Denial;

const ALLOWED: Verdict = { allowed: true };
const UNAUTHENTICATED: Verdict = { allowed: false, code: 'UNAUTHENTICATED', missing: [] };

/** How one clause came out. `barred`: something that neither a permission nor a step-up cures. */
interface Outcome {
  readonly missing: readonly PermissionName[];
  readonly barred: boolean;
  readonly stepUp: StepUp | null;
  /** Barred because administrators' operations are served elsewhere. */
  readonly elsewhere: boolean;
}

/** The situation of a caller who is signed in. */
interface Signed {
  readonly situation: Situation;
  readonly principal: Principal;
  readonly circumstances: Circumstances;
}

const atPath = (root: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      root,
    );

const isIdOf = (value: unknown, userId: UserId): boolean =>
  typeof value === 'string' && parseId<UserId>(value) === userId;

/** A list names whoever every item of it names; an empty one names nobody. */
const names = (value: unknown, userId: UserId): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every((item) => isIdOf(item, userId)) : isIdOf(value, userId);

const minutesOf = (seconds: number): number => Math.max(1, Math.floor(seconds / 60));

const isUsable = (definition: PermissionDefinition, principal: Principal): boolean => {
  if (principal.via === 'apiKey') return definition.grantableToApiKey;
  return principal.actorId === null || isUsableWhileImpersonating(definition, principal.impersonationMode);
};

type Standing = 'held' | 'missing' | 'barred' | 'needsAal2' | 'elsewhere';

const standingOf = (permission: PermissionName, { principal, circumstances }: Signed): Standing => {
  const definition = builtInCatalogue.find(permission);
  if (definition === undefined) return 'missing';
  // Said to everybody alike, so that it tells nothing about what the caller holds.
  if (principal.administrationElsewhere === true && isAdministrative(permission)) return 'elsewhere';
  const usable = isUsable(definition, principal);
  // Whether the person acted as holds it does not show in the grants any more, and is no matter.
  if (principal.actorId !== null && !usable) return 'barred';
  if (principal.grants.permits(permission, circumstances)) return usable ? 'held' : 'barred';
  // A session can reach a grant that asks for two factors, so its holder is told how.
  const raised: Circumstances = { ...circumstances, assuranceLevel: 'AAL2' };
  return usable && principal.via === 'session' && principal.grants.permits(permission, raised)
    ? 'needsAal2'
    : 'missing';
};

const asksForSession = (clause: Clause): boolean =>
  clause.viaSession || clause.notImpersonating || clause.aal2 || clause.withinMinutes !== null;

const keysCanHold = ({ permissions }: Clause): boolean =>
  permissions.every((permission) => builtInCatalogue.find(permission)?.grantableToApiKey === true);

/** What only its own person can satisfy: being there, and having proved the identity lately or by two factors. */
const asksForPerson = (clause: Clause): boolean =>
  clause.notImpersonating || clause.aal2 || clause.withinMinutes !== null;

/** Conditions about sessions let a key pass only beside a permission that keys can hold. */
const keyMayPass = (clause: Clause): boolean =>
  !asksForSession(clause) || (clause.permissions.length > 0 && keysCanHold(clause));

/** Some API key could pass this way. */
export const isOpenToKeys = (clause: Clause): boolean => keyMayPass(clause) && keysCanHold(clause);

const isBarred = (clause: Clause, { principal, situation: { args, parent } }: Signed): boolean => {
  if (principal.via === 'apiKey' && !keyMayPass(clause)) return true;
  if (asksForPerson(clause) && principal.actorId !== null) return true;
  return !(
    clause.selfArguments.every((path) => names(atPath(args, path), principal.userId)) &&
    clause.aboutFields.every((path) => names(atPath(parent, path), principal.userId))
  );
};

const AAL2: StepUp = { assuranceLevel: 'AAL2', withinMinutes: null };

const isInGrace = ({ secondFactorDueAt }: Principal, now: Date): boolean =>
  secondFactorDueAt !== null && now < secondFactorDueAt;

/** How `aal2` is met: by the level of the session, or by its freshness where that is enough. */
const levelAsked = ({ principal, situation: { now, enforceAal2 = false } }: Signed): 'freshness' | StepUp | null => {
  if (!enforceAal2) return 'freshness';
  if (principal.assuranceLevel === 'AAL2') return null;
  return isInGrace(principal, now) ? 'freshness' : AAL2;
};

const stepUpOf = (clause: Clause, signed: Signed): StepUp | null => {
  const { principal, situation } = signed;
  const { now, stepUpSeconds = DEFAULT_STEP_UP_SECONDS } = situation;
  if (principal.via === 'apiKey') return null;
  const asked = clause.aal2 ? levelAsked(signed) : null;
  const level = asked === 'freshness' ? null : asked;
  if (clause.withinMinutes === null && asked !== 'freshness') return level;
  const seconds = Math.min((clause.withinMinutes ?? Infinity) * 60, stepUpSeconds);
  if (isFresh(principal, now, seconds)) return level;
  return bothStepUps(level, { assuranceLevel: null, withinMinutes: minutesOf(seconds) });
};

/** Null: the clause passes. */
const judgeClause = (clause: Clause, signed: Signed): Outcome | null => {
  const barredByCaller = isBarred(clause, signed);
  const asked = stepUpOf(clause, signed);
  const standings = clause.permissions.map((permission) => standingOf(permission, signed));
  if (!barredByCaller && asked === null && standings.every((standing) => standing === 'held')) return null;
  const missing = clause.permissions.filter((_, index) => standings[index] === 'missing');
  const elsewhere = standings.includes('elsewhere');
  const barred = barredByCaller || elsewhere || standings.includes('barred');
  // Whoever lacks a permission is not told what else there would be to do.
  if (barred || missing.length > 0) return { missing, barred, stepUp: null, elsewhere };
  return { missing, barred, stepUp: standings.includes('needsAal2') ? bothStepUps(asked, AAL2) : asked, elsewhere };
};

/** Without the sets that contain another one: nobody needs more than that one. */
const smallest = (sets: readonly (readonly PermissionName[])[]): readonly (readonly PermissionName[])[] =>
  sets.filter((set) => !sets.some((other) => other.length < set.length && other.every((name) => set.includes(name))));

const forbidden = (outcomes: readonly Outcome[], { impersonationMode }: Principal): Verdict => {
  if (outcomes.some(({ elsewhere }) => elsewhere)) {
    return { allowed: false, code: 'FORBIDDEN', missing: [], administrationElsewhere: true };
  }
  const curable = outcomes.filter((outcome) => !outcome.barred);
  const sets = (curable.length > 0 ? curable : outcomes)
    .map((outcome) => outcome.missing)
    .filter((set) => set.length > 0);
  const missing = [...new Set(smallest(sets).flat())];
  const impersonation = missing.length === 0 && impersonationMode !== null ? { impersonation: impersonationMode } : {};
  return { allowed: false, code: 'FORBIDDEN', missing, ...impersonation };
};

/**
 * Whether the rule lets the caller pass, and if not, why: not signed in; not permitted; or permitted as soon as the
 * session is raised. Of several ways to pass, the one that is cheapest to reach is told. Pure and synchronous.
 */
export const judge = (rule: Rule, situation: Situation): Verdict => {
  const clauses = clausesOf(rule);
  if (isPublic(rule)) return ALLOWED;
  const { principal, now } = situation;
  if (principal === null) return UNAUTHENTICATED;
  const { ipAddress, assuranceLevel } = principal;
  const signed: Signed = { situation, principal, circumstances: { now, ipAddress, assuranceLevel } };
  const outcomes: Outcome[] = [];
  for (const clause of clauses) {
    const outcome = judgeClause(clause, signed);
    if (outcome === null) return ALLOWED;
    outcomes.push(outcome);
  }
  const stepUps = outcomes.flatMap(({ stepUp }) => (stepUp === null ? [] : [stepUp]));
  if (stepUps.length === 0) return forbidden(outcomes, principal);
  return { allowed: false, code: 'STEP_UP_REQUIRED', missing: [], required: stepUps.reduce(cheaperStepUp) };
};

/**
 * Where everybody needs a second factor: refuses a session of one factor whose account has none and is past its grace, until
 * the account has one or the session proves another way, as by a passkey.
 */
export const judgeOverdue = (principal: Principal | null, now: Date): Denial | null => {
  if (principal === null || principal.via === 'apiKey' || principal.assuranceLevel === 'AAL2') return null;
  if (principal.secondFactorDueAt === null || isInGrace(principal, now)) return null;
  return { allowed: false, code: 'STEP_UP_REQUIRED', missing: [], required: AAL2 };
};

/**
 * What no rule of a mutation needs to say: whoever acts as somebody in mode READ_ONLY changes nothing, and in no mode does what is
 * open to anyone, such as signing in or using a mailed token: it would stand in the log as done for somebody else. `isOpen`: it is a
 * way out.
 */
export const judgeImpersonating = (
  principal: Principal | null,
  { isOpen, isPublic: openToAnyone }: { readonly isOpen: boolean; readonly isPublic: boolean },
): Denial | null => {
  if (principal === null || principal.actorId === null || isOpen) return null;
  const { impersonationMode } = principal;
  if (impersonationMode === 'ACT' && !openToAnyone) return null;
  return { allowed: false, code: 'FORBIDDEN', missing: [], impersonation: impersonationMode };
};

const messageOf = ({ code, missing, impersonation, administrationElsewhere }: Denial): string => {
  if (code === 'UNAUTHENTICATED') return 'Sign in first.';
  if (code === 'STEP_UP_REQUIRED') return 'Confirm your identity first.';
  if (administrationElsewhere === true) return 'Operations of administrators are not served here.';
  if (impersonation === 'READ_ONLY') return 'This impersonation is read-only.';
  if (impersonation === 'ACT') return 'This is not possible while impersonating.';
  return missing.length === 0 ? 'This is not allowed.' : `This needs ${missing.join(' or ')}.`;
};

/** What a client is told of a denial. `missing` goes to signed-in callers only. */
export const explainDenial = (denial: Denial): { readonly message: string; readonly details: FailureDetails } => ({
  message: messageOf(denial),
  details: {
    ...(denial.code === 'UNAUTHENTICATED' ? {} : { missing: denial.missing }),
    ...(denial.required === undefined ? {} : { required: denial.required }),
    ...(denial.impersonation === undefined ? {} : { impersonation: denial.impersonation }),
    ...(denial.administrationElsewhere === undefined ? {} : { reason: 'ADMINISTRATION_ELSEWHERE' }),
  },
});

/** For services, where what is needed depends on the row or the input: passes, or throws the same Failure as a guarded field. */
export const demand = (rule: Rule, situation: Situation): void => {
  const verdict = judge(rule, situation);
  if (verdict.allowed) return;
  const { message, details } = explainDenial(verdict);
  throw new Failure(verdict.code, message, details);
};
