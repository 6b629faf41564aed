import type { OrganizationId } from '../ids.ts';
import type { Catalogue } from './catalogue-types.ts';
import { type Constraint, evaluate } from './constraints.ts';
import {
  circumstancesOf,
  decide,
  type DecisionQuestion,
  type DecisionStep,
  type DecisionSubject,
  type DecisionTrace,
  isCarvedOut,
  isOwnRow,
  type Way,
  waysOf,
  worksWhile,
} from './decision.ts';
import { covers, type Grant } from './grants.ts';

/** A group of the subject (of the owner, for an API key), and where it holds. */
export interface TracedGroup {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Grant[];
  /** Everywhere, or within these organizations, each with those above it, the root first. */
  readonly where: 'ALL' | readonly (readonly OrganizationId[])[];
}

/** A question with everything that its steps look at. */
interface Inquiry {
  readonly question: DecisionQuestion;
  readonly subject: DecisionSubject;
  readonly catalogue: Catalogue;
}

/** How one grant of a group came out. */
interface Attempt {
  readonly steps: readonly DecisionStep[];
  readonly passed: boolean;
  /** Those of its constraints that do not hold; null when it does not hold for this row at all. */
  readonly failing: readonly Constraint[] | null;
}

const listOf = (items: readonly string[]): string => (items.length === 0 ? 'nothing' : items.join(', '));

const wordsOf = (constraint: Constraint): string => {
  switch (constraint.kind) {
    case 'IN':
      return `${constraint.attribute} is one of: ${listOf(constraint.values)}`;
    case 'NOT_IN':
      return `${constraint.attribute} is none of: ${listOf(constraint.values)}`;
    case 'PREFIX':
      return `${constraint.attribute} begins with ${constraint.prefix}`;
    case 'MAX':
      return `${constraint.attribute} is at most ${constraint.max}`;
    case 'WITHIN':
      return `${constraint.attribute} lies at most ${constraint.withinSeconds} seconds back`;
    case 'TIME_WINDOW': {
      const { days, start, end, timeZone } = constraint.timeWindow;
      return `it is ${start} to ${end} in ${timeZone} on ${listOf(days)}`;
    }
    case 'NETWORKS':
      return `the address lies in ${listOf(constraint.networks)}`;
    case 'MINIMUM_ASSURANCE':
      return `the session has at least ${constraint.minimumAssurance}`;
  }
  return constraint satisfies never;
};

const reachesRow = ({ where }: TracedGroup, { definition }: Way, { lineage }: DecisionQuestion): boolean => {
  if (lineage === null) return false;
  if (where === 'ALL') return true;
  return definition.withinOrganizations && where.some((place) => lineage.some((id) => id === place.at(-1)));
};

const attempt = (group: TracedGroup, way: Way, grant: Grant, { question, subject, catalogue }: Inquiry): Attempt => {
  const about = { groupId: group.id, grant };
  if (!reachesRow(group, way, question)) {
    const message = `The group "${group.name}" gives ${way.key}, but not where the row lies.`;
    return { steps: [{ kind: 'PERMISSION', passed: false, message, ...about }], passed: false, failing: null };
  }
  const circumstances = circumstancesOf(question, subject);
  const constraints = grant.constraints.map((constraint): DecisionStep & { readonly constraint: Constraint } => {
    const passed = evaluate(constraint, circumstances);
    const message = `${passed ? 'It holds' : 'It does not hold'} that ${wordsOf(constraint)}.`;
    return { kind: 'CONSTRAINT', passed, message, ...about, constraint };
  });
  const failing = constraints.filter((step) => !step.passed).map((step) => step.constraint);
  const owner = way.own ? [ownerStep(about, { question, subject, catalogue })] : [];
  const message = `The group "${group.name}" gives ${way.key}${way.own ? ', for own rows' : ''}.`;
  const steps: readonly DecisionStep[] = [
    { kind: 'PERMISSION', passed: true, message, ...about },
    ...constraints,
    ...owner,
  ];
  return { steps, passed: steps.every((step) => step.passed), failing };
};

const ownerStep = (
  about: Pick<DecisionStep, 'groupId' | 'grant'>,
  { question, subject, catalogue }: Inquiry,
): DecisionStep => {
  const passed = isOwnRow(question, subject, catalogue);
  const attribute = catalogue.ownerRule(question.resource)?.attribute ?? '';
  const message = `${attribute} ${passed ? 'names' : 'does not name'} the subject as the owner of the row.`;
  return { kind: 'OWNER', passed, message, ...about };
};

interface GroupOutcome {
  readonly id: string;
  readonly steps: readonly DecisionStep[];
  readonly attempts: readonly Attempt[];
}

const inGroup = (group: TracedGroup, ways: readonly Way[], inquiry: Inquiry): GroupOutcome => {
  const attempts = ways.flatMap((way) =>
    group.permissions
      .filter((grant) => covers(grant, way.key, inquiry.catalogue))
      .map((grant) => attempt(group, way, grant, inquiry)),
  );
  const passed = attempts.some((one) => one.passed);
  const said = attempts.length === 0 ? 'gives nothing that is about it' : passed ? 'allows it' : 'does not allow it';
  const first: DecisionStep = {
    kind: 'GROUP',
    passed,
    message: `The group "${group.name}" ${said}.`,
    groupId: group.id,
  };
  return { id: group.id, steps: [first, ...attempts.flatMap((one) => one.steps)], attempts };
};

const subjectStep = ({ subject: { active, userId } }: Inquiry): DecisionStep => {
  if (userId === null && active) return { kind: 'SUBJECT', passed: true, message: 'Nobody is signed in.' };
  const message = active ? 'The subject is active.' : 'The subject is locked, disabled, revoked, or not yet active.';
  return { kind: 'SUBJECT', passed: active, message };
};

const keyStep = (ways: readonly Way[], { question, subject }: Inquiry): readonly DecisionStep[] => {
  if (subject.ownerGrants === null) return [];
  const circumstances = circumstancesOf(question, subject);
  const carried = ways.find(
    ({ key }) => question.lineage !== null && subject.grants.holds(key, circumstances, question.lineage),
  );
  const message = carried === undefined ? 'The API key does not carry it.' : `The API key carries ${carried.key}.`;
  return [{ kind: 'API_KEY', passed: carried !== undefined, message }];
};

const impersonationStep = (ways: readonly Way[], { subject }: Inquiry): readonly DecisionStep[] => {
  const { impersonationMode: mode } = subject;
  if (mode === null) return [];
  const passed = ways.some(({ definition }) => worksWhile(mode, definition));
  const message = passed
    ? `It works while somebody acts as the subject in mode ${mode}.`
    : `It does not work while somebody acts as the subject in mode ${mode}.`;
  return [{ kind: 'IMPERSONATION', passed, message }];
};

const assuranceStep = ({ decision }: Pick<DecisionTrace, 'decision'>): readonly DecisionStep[] => {
  if (decision.required === null) return [];
  const { assuranceLevel, withinMinutes } = decision.required;
  const needs = [
    ...(assuranceLevel === null ? [] : [`a session of ${assuranceLevel}`]),
    ...(withinMinutes === null ? [] : [`an identity confirmed within ${withinMinutes} minutes`]),
  ];
  return [{ kind: 'ASSURANCE', passed: false, message: `It needs ${needs.join(' and ')}.` }];
};

/** The first constraint that fails, of the grant of which the fewest do. */
const closestFailure = (outcomes: readonly GroupOutcome[]): Constraint | null => {
  const failures = outcomes
    .flatMap(({ attempts }) => attempts.flatMap(({ failing }) => (failing === null ? [] : [failing])))
    .filter((failing) => failing.length > 0)
    .toSorted((a, b) => a.length - b.length);
  return failures[0]?.[0] ?? null;
};

const permissionSteps = (ways: readonly Way[], carvedOut: boolean, { question }: Inquiry): readonly DecisionStep[] => {
  const named = `${question.action}:${question.resource}`;
  if (ways.length === 0) {
    return [{ kind: 'PERMISSION', passed: false, message: `The catalogue has no ${named}.` }];
  }
  if (!carvedOut) return [];
  return [{ kind: 'PERMISSION', passed: false, message: `${named} is protected: admin:* does not cover it.` }];
};

/** The decision of `decide`, with every step that leads to it. For explanations; `decide` alone is much faster. */
export const traceDecision = (
  question: DecisionQuestion,
  subject: DecisionSubject,
  groups: readonly TracedGroup[],
  catalogue: Catalogue,
): DecisionTrace => {
  const inquiry: Inquiry = { question, subject, catalogue };
  const decision = decide(question, subject, catalogue);
  const ways = waysOf(question, catalogue);
  const outcomes = groups.map((group) => inGroup(group, ways, inquiry));
  const allowing = outcomes.filter(({ attempts }) => attempts.some((one) => one.passed));
  const protectedCarveOut =
    allowing.length === 0 && ways.some((way) => isCarvedOut(way, subject.ownerGrants ?? subject.grants));
  const noGroup: readonly DecisionStep[] =
    groups.length === 0 ? [{ kind: 'GROUP', passed: false, message: 'The subject is in no group.' }] : [];
  return {
    decision,
    steps: [
      subjectStep(inquiry),
      ...noGroup,
      ...outcomes.flatMap(({ steps }) => steps),
      ...permissionSteps(ways, protectedCarveOut, inquiry),
      ...keyStep(ways, inquiry),
      ...impersonationStep(ways, inquiry),
      ...assuranceStep({ decision }),
    ],
    grantingGroupIds: [...new Set(allowing.map(({ id }) => id))],
    failingConstraint: decision.allowed ? null : closestFailure(outcomes),
    protectedCarveOut,
  };
};
