import { type OrganizationId, parseId, type UserId } from '../ids.ts';
import type { AssuranceLevel, DecisionReason, ExplanationStepKind, ImpersonationMode } from '../vocabulary.ts';
import type { Catalogue, PermissionDefinition, PermissionKey } from './catalogue-types.ts';
import type { AttributeValue, Circumstances, Constraint } from './constraints.ts';
import { covers, type Grant, permissionKey } from './grants.ts';
import type { EffectiveGrants } from './effective-grants.ts';
import type { StepUp } from './step-up.ts';

/** May the subject do this to that row? */
export interface DecisionQuestion {
  readonly action: string;
  readonly resource: string;
  /**
   * Where the row lies: an organization with those above it, the root first, itself last; empty = in none; null = in one that does
   * not exist or that whoever asks may not see.
   */
  readonly lineage: readonly OrganizationId[] | null;
  /** Values of declared attributes, the owner's among them. */
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
}

/** All that is known of whom a question is about. */
export interface DecisionSubject {
  /** False: locked by an administrator, disabled, not yet active; a key that is revoked or expired. */
  readonly active: boolean;
  /** Whose rows are the subject's own; null for nobody. For an API key, its owner. */
  readonly userId: UserId | null;
  /** Organizations of which the subject is a member: whose rows are its own where an organization owns rows. */
  readonly organizationIds: readonly OrganizationId[];
  /** What counts: narrowed by the API key, where there is one. */
  readonly grants: EffectiveGrants;
  /** What the owner of the API key holds; null without a key. */
  readonly ownerGrants: EffectiveGrants | null;
  /** How somebody acts as the subject; null when nobody does. */
  readonly impersonationMode: ImpersonationMode | null;
  readonly now: Date;
  /** null where the subject is not the one who asks: constraints about it fail. */
  readonly ipAddress: string | null;
  /** As `ipAddress`. */
  readonly assuranceLevel: AssuranceLevel | null;
  /** The subject could raise its session to two factors: grants that ask for them then say STEP_UP_REQUIRED. */
  readonly canRaise: boolean;
  /** What must be raised before the permission may be used; null = nothing. */
  readonly stepUpFor: (definition: PermissionDefinition) => StepUp | null;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  /** Permissions of which one would have sufficed; empty when none would. */
  readonly missing: readonly PermissionKey[];
  /** Set with STEP_UP_REQUIRED. */
  readonly required: StepUp | null;
}

/** One thing that was looked at on the way to a decision. */
export interface DecisionStep {
  readonly kind: ExplanationStepKind;
  /** It allowed the decision. */
  readonly passed: boolean;
  /** One English sentence. */
  readonly message: string;
  readonly groupId?: string;
  readonly grant?: Grant;
  readonly constraint?: Constraint;
}

/** A decision with all that led to it; made by `traceDecision` (decision-trace.ts). */
export interface DecisionTrace {
  readonly decision: Decision;
  /** Subject, then group, permission, constraints, owner for each grant concerned, then key, impersonation, session. */
  readonly steps: readonly DecisionStep[];
  /** Groups whose grants allow it, each once. */
  readonly grantingGroupIds: readonly string[];
  /** The constraint that came closest and failed. */
  readonly failingConstraint: Constraint | null;
  /** `admin:*` or the verb on `*` is held, but the permission is protected. */
  readonly protectedCarveOut: boolean;
}

const OWN = '-own';

const GRANTED: Decision = { allowed: true, reason: 'GRANTED', missing: [], required: null };
const GRANTED_AS_OWNER: Decision = { ...GRANTED, reason: 'GRANTED_AS_OWNER' };
const TWO_FACTORS: StepUp = { assuranceLevel: 'AAL2', withinMinutes: null };

const refused = (reason: DecisionReason, missing: readonly PermissionKey[] = []): Decision => ({
  allowed: false,
  reason,
  missing,
  required: null,
});

/** What a permission gives of the question: the verb itself, or its narrow form for own rows. */
export interface Way {
  readonly key: PermissionKey;
  readonly definition: PermissionDefinition;
  /** Only rows that are the subject's own. */
  readonly own: boolean;
}

const NO_WAYS: readonly Way[] = [];

const findWays = (action: string, resource: string, catalogue: Catalogue): readonly Way[] => {
  const definition = resource === '*' ? undefined : catalogue.find(`${action}:${resource}`);
  if (definition === undefined) return NO_WAYS;
  const owned = catalogue.ownerRule(resource) !== null;
  const { key } = definition;
  if (owned && action.endsWith(OWN)) return [{ key, definition, own: true }];
  const itself: Way = { key, definition, own: false };
  const narrow = owned ? catalogue.find(`${action}${OWN}:${resource}`) : undefined;
  // What is protected is covered by itself alone: an open verb for own rows must not lead around it.
  if (narrow === undefined || (definition.protected && !narrow.protected)) return [itself];
  return [itself, { key: narrow.key, definition: narrow, own: true }];
};

const knownWays = new WeakMap<Catalogue, Map<string, readonly Way[]>>();

/**
 * The permissions that answer a question: the one that is asked for, and its form for own rows where the application declares one
 * (`cancel` with `cancel-own`). Empty = the catalogue knows no such action and resource.
 */
export const waysOf = ({ action, resource }: DecisionQuestion, catalogue: Catalogue): readonly Way[] => {
  let known = knownWays.get(catalogue);
  if (known === undefined) {
    known = new Map();
    knownWays.set(catalogue, known);
  }
  const key = permissionKey({ action, resource });
  const found = known.get(key);
  if (found !== undefined) return found;
  const ways = findWays(action, resource, catalogue);
  // Names that the catalogue does not know come from clients, and would make the map grow.
  if (ways.length > 0) known.set(key, ways);
  return ways;
};

/** Whether the row is the subject's own, by the rule that its resource declares. A row without an owner is nobody's. */
export const isOwnRow = (question: DecisionQuestion, subject: DecisionSubject, catalogue: Catalogue): boolean => {
  const rule = catalogue.ownerRule(question.resource);
  if (rule === null || !Object.hasOwn(question.attributes, rule.attribute)) return false;
  const value = question.attributes[rule.attribute];
  if (typeof value !== 'string') return false;
  if (rule.subject === 'USER') return subject.userId !== null && parseId<UserId>(value) === subject.userId;
  const owner = parseId<OrganizationId>(value);
  return owner !== null && subject.organizationIds.includes(owner);
};

/** What the constraints of grants are judged by. */
export const circumstancesOf = (
  { attributes }: DecisionQuestion,
  { now, ipAddress, assuranceLevel }: DecisionSubject,
): Circumstances => ({ now, ipAddress, assuranceLevel, attributes });

/** Whether the permission works for whom somebody else acts as the subject in this mode; null = nobody does. */
export const worksWhile = (
  mode: ImpersonationMode | null,
  { whileImpersonating: use }: PermissionDefinition,
): boolean => mode === null || use === 'ALWAYS' || (use === 'ACT' && mode === 'ACT');

/**
 * The grants that are about the permission, by where they hold: for the row in question, or elsewhere only. Those whose
 * constraints can never hold are among them, so that a refusal can name them.
 */
const candidatesOf = (
  { key, definition }: Way,
  { lineage }: DecisionQuestion,
  grants: EffectiveGrants,
): { readonly here: readonly Grant[]; readonly elsewhere: readonly Grant[] } => {
  const about = (list: readonly Grant[]): readonly Grant[] =>
    list.filter((grant) => covers(grant, key, grants.catalogue));
  const here = [...about(grants.list)];
  const elsewhere: Grant[] = [];
  for (const place of definition.withinOrganizations ? grants.places : []) {
    const at = place.lineage.at(-1);
    const reached = at !== undefined && lineage?.includes(at) === true;
    (reached ? here : elsewhere).push(...about(place.grants.list));
  }
  return lineage === null ? { here: [], elsewhere: [...here, ...elsewhere] } : { here, elsewhere };
};

/** Somebody holds the verb on `*` or `admin:*`, which do not cover what is protected. */
export const isCarvedOut = ({ definition }: Way, { list, places }: EffectiveGrants): boolean =>
  definition.protected &&
  [list, ...places.map(({ grants }) => grants.list)].some((grants) =>
    grants.some(({ action, resource }) => resource === '*' && (action === 'admin' || action === definition.action)),
  );

/** From the first thing that is looked at to the last: of several ways to a refusal, the one that came furthest is told. */
const order: readonly DecisionReason[] = [
  'IMPERSONATING',
  'NO_GRANT',
  'PROTECTED',
  'NARROWED_BY_API_KEY',
  'OUT_OF_SCOPE',
  'CONSTRAINT_FAILED',
  'NOT_OWNER',
  'STEP_UP_REQUIRED',
];

/** A question with everything that an answer looks at. */
interface Inquiry {
  readonly question: DecisionQuestion;
  readonly subject: DecisionSubject;
  readonly catalogue: Catalogue;
}

/** Why no grant of this way allows it, before ownership is asked. */
const refusalOf = (way: Way, { question, subject }: Inquiry): DecisionReason => {
  const { here, elsewhere } = candidatesOf(way, question, subject.grants);
  if (here.length > 0) return 'CONSTRAINT_FAILED';
  if (elsewhere.length > 0) return 'OUT_OF_SCOPE';
  const { ownerGrants, grants } = subject;
  if (ownerGrants !== null) {
    const owners = candidatesOf(way, question, ownerGrants);
    if (owners.here.length + owners.elsewhere.length > 0) return 'NARROWED_BY_API_KEY';
  }
  return isCarvedOut(way, ownerGrants ?? grants) ? 'PROTECTED' : 'NO_GRANT';
};

const holds = ({ key }: Way, { question, subject }: Inquiry): boolean =>
  question.lineage !== null && subject.grants.holds(key, circumstancesOf(question, subject), question.lineage);

/** The same in a session of two factors, which the subject can get to. */
const wouldHold = ({ key }: Way, { question, subject }: Inquiry): boolean =>
  subject.canRaise &&
  question.lineage !== null &&
  subject.grants.holds(key, { ...circumstancesOf(question, subject), assuranceLevel: 'AAL2' }, question.lineage);

const stepUpRequired = (required: StepUp): Decision => ({ ...refused('STEP_UP_REQUIRED'), required });

/** A way whose grants allow it, perhaps only `afterRaising` the session to two factors: what else is asked. */
const ownerAndSession = (way: Way, afterRaising: boolean, { question, subject, catalogue }: Inquiry): Decision => {
  if (way.own && !isOwnRow(question, subject, catalogue)) return refused('NOT_OWNER');
  const asked = subject.stepUpFor(way.definition);
  if (afterRaising) return stepUpRequired({ ...TWO_FACTORS, withinMinutes: asked?.withinMinutes ?? null });
  if (asked !== null) return stepUpRequired(asked);
  return way.own ? GRANTED_AS_OWNER : GRANTED;
};

/** One way to the answer, asked to its end. */
const decideWay = (way: Way, inquiry: Inquiry): Decision => {
  const { subject } = inquiry;
  if (!worksWhile(subject.impersonationMode, way.definition)) return refused('IMPERSONATING');
  if (holds(way, inquiry)) return ownerAndSession(way, false, inquiry);
  if (wouldHold(way, inquiry)) return ownerAndSession(way, true, inquiry);
  return refused(refusalOf(way, inquiry));
};

/** What would have sufficed; nothing for what no grant cures. */
const missingOf = (reason: DecisionReason, ways: readonly Way[], inquiry: Inquiry): readonly PermissionKey[] => {
  const { question, subject, catalogue } = inquiry;
  if (reason === 'IMPERSONATING' || reason === 'STEP_UP_REQUIRED' || question.lineage === null) return [];
  return ways
    .filter((way) => !way.own || isOwnRow(question, subject, catalogue))
    .filter((way) => subject.ownerGrants === null || way.definition.grantableToApiKey)
    .map((way) => way.key);
};

/**
 * Whether the subject may do it, and why. A question for `cancel-own` is answered yes for the subject's own rows only; one for
 * `cancel` by `cancel`, or for own rows by `cancel-own`, whichever is held. Pure and synchronous; never throws.
 */
export const decide = (question: DecisionQuestion, subject: DecisionSubject, catalogue: Catalogue): Decision => {
  if (!subject.active) return refused('SUBJECT_INACTIVE');
  const inquiry: Inquiry = { question, subject, catalogue };
  const ways = waysOf(question, catalogue);
  const refusals: Decision[] = [];
  for (const way of ways) {
    const decision = decideWay(way, inquiry);
    if (decision.allowed) return decision;
    refusals.push(decision);
  }
  if (refusals.length === 0) return refused('UNKNOWN_PERMISSION');
  const furthest = refusals.reduce((best, next) =>
    order.indexOf(next.reason) > order.indexOf(best.reason) ? next : best,
  );
  return { ...furthest, missing: missingOf(furthest.reason, ways, inquiry) };
};
