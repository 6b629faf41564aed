import { parseInstant, secondsAfter } from '../clock.ts';
import { AssuranceLevel } from '../vocabulary.ts';
import { Network, parseAddress } from './networks.ts';
import { isWithinWindow, type TimeWindow, windowIncludes } from './time-window.ts';

/**
 * One condition of a grant. Those with an attribute ask about the row, the others about the caller and the moment.
 * The fields are those of the GraphQL type, so that input, row and answer have one shape.
 */
export type Constraint =
  /** Exactly one of the values; an empty list allows nothing. */
  | { readonly kind: 'IN'; readonly attribute: string; readonly values: readonly string[] }
  | { readonly kind: 'NOT_IN'; readonly attribute: string; readonly values: readonly string[] }
  | { readonly kind: 'PREFIX'; readonly attribute: string; readonly prefix: string }
  | { readonly kind: 'MAX'; readonly attribute: string; readonly max: number }
  /** The instant in the attribute has come, and lies at most so many seconds back. */
  | { readonly kind: 'WITHIN'; readonly attribute: string; readonly withinSeconds: number }
  | { readonly kind: 'TIME_WINDOW'; readonly timeWindow: TimeWindow }
  | { readonly kind: 'NETWORKS'; readonly networks: readonly string[] }
  | { readonly kind: 'MINIMUM_ASSURANCE'; readonly minimumAssurance: AssuranceLevel };

export const ConstraintKind = {
  IN: 'IN',
  NOT_IN: 'NOT_IN',
  PREFIX: 'PREFIX',
  MAX: 'MAX',
  WITHIN: 'WITHIN',
  TIME_WINDOW: 'TIME_WINDOW',
  NETWORKS: 'NETWORKS',
  MINIMUM_ASSURANCE: 'MINIMUM_ASSURANCE',
} as const satisfies { readonly [K in Constraint['kind']]: K };
export type ConstraintKind = Constraint['kind'];

export type AttributeValue = string | number | boolean | Date | null;

/** What a decision may look at. A fact that is absent or null makes every constraint about it fail. */
export interface Circumstances {
  readonly now?: Date | null;
  /** Address of the caller, as the socket or a trusted proxy reports it. */
  readonly ipAddress?: string | null;
  readonly assuranceLevel?: AssuranceLevel | null;
  /** Attributes of the row. */
  readonly attributes?: Readonly<Record<string, AttributeValue | undefined>> | null;
}

/** A constraint that nothing satisfies: stands for one that cannot be read, so that damage narrows and never widens. */
export const NEVER: Constraint = { kind: 'IN', attribute: '', values: [] };

type RowConstraint = Extract<Constraint, { readonly attribute: string }>;

/** Whether the constraint asks about the row, which only the service that loaded it can answer. */
export const asksAboutRow = (constraint: Constraint): constraint is RowConstraint => 'attribute' in constraint;

const rank = (level: AssuranceLevel): number => (level === AssuranceLevel.AAL2 ? 2 : 1);

const attributeOf = (name: string, circumstances: Circumstances): AttributeValue => {
  const { attributes } = circumstances;
  return attributes && Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null;
};

/** The text that IN and NOT_IN compare; null for what has none, an instant included. */
const textOf = (value: AttributeValue): string | null => {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || Number.isFinite(value) ? String(value) : null;
};

/** RFC 3339 section 5.6; a text without a zone would mean another instant on another server. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

const instantOf = (value: AttributeValue): Date | null => {
  if (typeof value === 'string') return INSTANT.test(value) ? parseInstant(value) : null;
  return typeof value === 'object' ? value : null;
};

const isWithin = (seconds: number, value: AttributeValue, now: Date | null | undefined): boolean => {
  const event = instantOf(value);
  if (event === null || !now) return false;
  return event.getTime() <= now.getTime() && now.getTime() <= secondsAfter(event, seconds).getTime();
};

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

const setOf = (values: readonly string[]): ReadonlySet<string> => {
  const known = sets.get(values);
  if (known !== undefined) return known;
  const made = new Set(values);
  sets.set(values, made);
  return made;
};

const ranges = new WeakMap<readonly string[], readonly Network[]>();

const rangesOf = (networks: readonly string[]): readonly Network[] => {
  const known = ranges.get(networks);
  if (known !== undefined) return known;
  const made = networks.map((text) => Network.parse(text)).filter((network) => network !== null);
  ranges.set(networks, made);
  return made;
};

const isInNetworks = (networks: readonly string[], ipAddress: string | null | undefined): boolean => {
  const address = typeof ipAddress === 'string' ? parseAddress(ipAddress) : null;
  return address !== null && rangesOf(networks).some((network) => network.contains(address));
};

const holdsForRow = (constraint: RowConstraint, value: AttributeValue, now: Date | null | undefined): boolean => {
  switch (constraint.kind) {
    case 'IN':
    case 'NOT_IN': {
      const text = textOf(value);
      return text !== null && setOf(constraint.values).has(text) === (constraint.kind === 'IN');
    }
    case 'PREFIX':
      return typeof value === 'string' && value.startsWith(constraint.prefix);
    case 'MAX':
      return typeof value === 'number' && Number.isFinite(value) && value <= constraint.max;
    case 'WITHIN':
      return isWithin(constraint.withinSeconds, value, now);
  }
  return false;
};

/** Whether the constraint holds. Missing or mistyped facts give false. */
export const evaluate = (constraint: Constraint, circumstances: Circumstances): boolean => {
  const { now, ipAddress, assuranceLevel } = circumstances;
  if (asksAboutRow(constraint)) return holdsForRow(constraint, attributeOf(constraint.attribute, circumstances), now);
  if (constraint.kind === 'TIME_WINDOW') return now ? isWithinWindow(constraint.timeWindow, now) : false;
  if (constraint.kind === 'NETWORKS') return isInNetworks(constraint.networks, ipAddress);
  return constraint.kind === 'MINIMUM_ASSURANCE' && meetsAssurance(assuranceLevel, constraint.minimumAssurance);
};

/** Whether a session of the one level meets the other. */
const meetsAssurance = (level: AssuranceLevel | null | undefined, minimum: AssuranceLevel): boolean =>
  level !== null && level !== undefined && rank(level) >= rank(minimum);

const isPartOf = (inner: readonly string[], outer: readonly string[]): boolean =>
  inner.every((value) => setOf(outer).has(value));

const isApartFrom = (some: readonly string[], others: readonly string[]): boolean =>
  !some.some((value) => setOf(others).has(value));

const networksInclude = (outer: readonly string[], inner: readonly string[]): boolean =>
  inner.length === rangesOf(inner).length &&
  rangesOf(inner).every((part) => rangesOf(outer).some((range) => range.includes(part)));

type ListConstraint = Extract<Constraint, { readonly values: readonly string[] }>;

const listImplies = (a: ListConstraint, b: ListConstraint): boolean => {
  if (a.kind === 'IN') return b.kind === 'IN' ? isPartOf(a.values, b.values) : isApartFrom(a.values, b.values);
  return b.kind === 'NOT_IN' && isPartOf(b.values, a.values);
};

/** Whether b follows from a for the one attribute that both are about. */
const rowImplies = (a: RowConstraint, b: RowConstraint): boolean => {
  if (a.attribute !== b.attribute) return false;
  if ('values' in a && 'values' in b) return listImplies(a, b);
  if (a.kind === 'PREFIX' && b.kind === 'PREFIX') return a.prefix.startsWith(b.prefix);
  if (a.kind === 'MAX' && b.kind === 'MAX') return a.max <= b.max;
  return a.kind === 'WITHIN' && b.kind === 'WITHIN' && a.withinSeconds <= b.withinSeconds;
};

const callerImplies = (a: Constraint, b: Constraint): boolean => {
  if (a.kind === 'TIME_WINDOW' && b.kind === 'TIME_WINDOW') return windowIncludes(b.timeWindow, a.timeWindow);
  if (a.kind === 'NETWORKS' && b.kind === 'NETWORKS') return networksInclude(b.networks, a.networks);
  return a.kind === 'MINIMUM_ASSURANCE' && b.kind === a.kind && rank(a.minimumAssurance) >= rank(b.minimumAssurance);
};

/**
 * Whether b holds wherever a does. Says yes only where that is plain from the two constraints, so that a doubtful case
 * refuses a grant instead of widening it; what it says is transitive.
 */
export const implies = (a: Constraint, b: Constraint): boolean => {
  if (a.kind === 'IN' && a.values.length === 0) return true; // never holds, so anything follows
  return asksAboutRow(a) && asksAboutRow(b) ? rowImplies(a, b) : callerImplies(a, b);
};

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Lists and fields in one order. */
const canonical = (_name: string, value: unknown): unknown => {
  if (Array.isArray(value)) return [...new Set(value.map(String))].toSorted(byText);
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => byText(a, b)))
    : value;
};

/** Equal for constraints that say the same with their lists in another order. */
export const constraintKey = (constraint: Constraint): string => JSON.stringify(constraint, canonical);
