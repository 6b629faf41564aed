import type { Problem } from '../errors.ts';
import { AssuranceLevel } from '../vocabulary.ts';
import type { AttributeType } from './catalogue-types.ts';
import { type Constraint, ConstraintKind, NEVER } from './constraints.ts';
import { Network } from './networks.ts';
import { type TimeWindow, timeWindowProblem, Weekday } from './time-window.ts';

const MAX_VALUES = 1_000;
const MAX_NETWORKS = 100;
const MAX_TEXT = 200;
/** GraphQL's Int; more than 68 years. */
const MAX_SECONDS = 2 ** 31 - 1;

/** A constraint as a client sends it or a row holds it: only the fields of its kind may be set, null counts as not set. */
export interface ConstraintInput {
  readonly kind: ConstraintKind;
  readonly attribute?: string | null | undefined;
  readonly values?: readonly string[] | null | undefined;
  readonly prefix?: string | null | undefined;
  readonly max?: number | null | undefined;
  readonly withinSeconds?: number | null | undefined;
  readonly timeWindow?: TimeWindow | null | undefined;
  readonly networks?: readonly string[] | null | undefined;
  readonly minimumAssurance?: AssuranceLevel | null | undefined;
}

type Field = Exclude<keyof ConstraintInput, 'kind'>;

export type ParsedConstraint = { readonly constraint: Constraint } | { readonly problem: Problem };

const fields: readonly Field[] = [
  'attribute',
  'values',
  'prefix',
  'max',
  'withinSeconds',
  'timeWindow',
  'networks',
  'minimumAssurance',
];

const fieldsOf: { readonly [K in ConstraintKind]: readonly Field[] } = {
  IN: ['attribute', 'values'],
  NOT_IN: ['attribute', 'values'],
  PREFIX: ['attribute', 'prefix'],
  MAX: ['attribute', 'max'],
  WITHIN: ['attribute', 'withinSeconds'],
  TIME_WINDOW: ['timeWindow'],
  NETWORKS: ['networks'],
  MINIMUM_ASSURANCE: ['minimumAssurance'],
};

/** Types of attributes that a kind can compare. */
const comparable: { readonly [K in ConstraintKind]: readonly AttributeType[] } = {
  IN: ['STRING', 'NUMBER', 'BOOLEAN'],
  NOT_IN: ['STRING', 'NUMBER', 'BOOLEAN'],
  PREFIX: ['STRING'],
  MAX: ['NUMBER'],
  WITHIN: ['DATETIME'],
  TIME_WINDOW: [],
  NETWORKS: [],
  MINIMUM_ASSURANCE: [],
};

const refuse = (message: string, ...field: readonly string[]): ParsedConstraint => ({
  problem: { code: 'INVALID_CONSTRAINT', message, field },
});

/** PostgreSQL stores neither NUL nor unpaired surrogates in jsonb. */
const isStorable = (text: string): boolean =>
  text.length <= MAX_TEXT && text.isWellFormed() && !text.includes('\u0000');

const isText = (value: unknown): value is string => typeof value === 'string';

const isTextList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

type Complete<K extends Field> = { readonly [F in K]: NonNullable<ConstraintInput[F]> };

const parseValues = (
  kind: 'IN' | 'NOT_IN',
  { attribute, values }: Complete<'attribute' | 'values'>,
): ParsedConstraint => {
  if (!isTextList(values)) return refuse('Give texts.', 'values');
  if (values.length > MAX_VALUES) return refuse(`Give at most ${MAX_VALUES} values.`, 'values');
  const wrong = values.findIndex((value) => !isStorable(value));
  if (wrong >= 0) return refuse(`Use at most ${MAX_TEXT} characters, none of them NUL.`, 'values', String(wrong));
  return { constraint: { kind, attribute, values: [...new Set(values)] } };
};

const parseNetworks = (networks: readonly string[]): ParsedConstraint => {
  if (!isTextList(networks) || networks.length === 0) return refuse('Give at least one range.', 'networks');
  if (networks.length > MAX_NETWORKS) return refuse(`Give at most ${MAX_NETWORKS} ranges.`, 'networks');
  const wrong = networks.findIndex((text) => Network.parse(text) === null);
  if (wrong >= 0)
    return refuse('Write the range in CIDR form, such as 10.0.0.0/8 or 2001:db8::/32.', 'networks', String(wrong));
  return { constraint: { kind: 'NETWORKS', networks: [...new Set(networks)] } };
};

const isTimeWindow = (value: unknown): value is TimeWindow => {
  if (typeof value !== 'object' || value === null) return false;
  const { days, start, end, timeZone } = value as Partial<Record<keyof TimeWindow, unknown>>;
  return (
    isTextList(days) &&
    days.every((day) => Object.hasOwn(Weekday, day)) &&
    isText(start) &&
    isText(end) &&
    isText(timeZone)
  );
};

const parseTimeWindow = (value: TimeWindow): ParsedConstraint => {
  if (!isTimeWindow(value)) return refuse('Give days, start, end and timeZone.', 'timeWindow');
  const problem = timeWindowProblem(value);
  if (problem !== null) return refuse(problem.message, 'timeWindow', problem.field);
  const { days, start, end, timeZone } = value;
  return { constraint: { kind: 'TIME_WINDOW', timeWindow: { days: [...days], start, end, timeZone } } };
};

const parsePrefix = ({ attribute, prefix }: Complete<'attribute' | 'prefix'>): ParsedConstraint =>
  isText(prefix) && prefix !== '' && isStorable(prefix)
    ? { constraint: { kind: 'PREFIX', attribute, prefix } }
    : refuse(`Give a beginning of 1 to ${MAX_TEXT} characters.`, 'prefix');

const parseMax = ({ attribute, max }: Complete<'attribute' | 'max'>): ParsedConstraint =>
  Number.isFinite(max) ? { constraint: { kind: 'MAX', attribute, max } } : refuse('Give a number.', 'max');

const parseWithin = ({ attribute, withinSeconds }: Complete<'attribute' | 'withinSeconds'>): ParsedConstraint =>
  Number.isInteger(withinSeconds) && withinSeconds >= 1 && withinSeconds <= MAX_SECONDS
    ? { constraint: { kind: 'WITHIN', attribute, withinSeconds } }
    : refuse('Give a whole number of seconds, 1 or more.', 'withinSeconds');

const parseAssurance = (level: AssuranceLevel): ParsedConstraint =>
  Object.hasOwn(AssuranceLevel, level)
    ? { constraint: { kind: 'MINIMUM_ASSURANCE', minimumAssurance: level } }
    : refuse('Give AAL1 or AAL2.', 'minimumAssurance');

/** Each kind's own parser, called once exactly its fields are known to be set. */
const parsers: { readonly [K in ConstraintKind]: (given: Complete<Field>) => ParsedConstraint } = {
  IN: (given) => parseValues('IN', given),
  NOT_IN: (given) => parseValues('NOT_IN', given),
  PREFIX: parsePrefix,
  MAX: parseMax,
  WITHIN: parseWithin,
  TIME_WINDOW: ({ timeWindow }) => parseTimeWindow(timeWindow),
  NETWORKS: ({ networks }) => parseNetworks(networks),
  MINIMUM_ASSURANCE: ({ minimumAssurance }) => parseAssurance(minimumAssurance),
};

const isSet = (input: ConstraintInput, field: Field): boolean => input[field] !== undefined && input[field] !== null;

/**
 * Reads one constraint; a problem is INVALID_CONSTRAINT with its path inside the constraint.
 * `attributeType` tells the type of a declared attribute of the resource; an undeclared one is refused.
 */
export const parseConstraint = (
  input: ConstraintInput,
  attributeType: (attribute: string) => AttributeType | undefined,
): ParsedConstraint => {
  if (!Object.hasOwn(ConstraintKind, input.kind)) return refuse('There is no such kind.', 'kind');
  const wanted = fieldsOf[input.kind];
  const extra = fields.find((field) => isSet(input, field) && !wanted.includes(field));
  if (extra !== undefined) return refuse(`${input.kind} takes ${wanted.join(' and ')} only.`, extra);
  const absent = wanted.find((field) => !isSet(input, field));
  if (absent !== undefined) return refuse(`${input.kind} needs ${wanted.join(' and ')}.`, absent);
  if (wanted.includes('attribute')) {
    const type = isText(input.attribute) ? attributeType(input.attribute) : undefined;
    if (type === undefined) return refuse('The resource declares no such attribute.', 'attribute');
    if (!comparable[input.kind].includes(type)) return refuse(`${input.kind} cannot compare ${type}.`, 'attribute');
  }
  return parsers[input.kind](input as Complete<Field>);
};

/**
 * Reads a constraint from a row. Rows were checked when written, so attributes are taken as they are (their resource may
 * be gone); what cannot be read becomes a constraint that never holds.
 */
export const constraintFromStored = (value: unknown): Constraint => {
  if (typeof value !== 'object' || value === null) return NEVER;
  const input = value as ConstraintInput;
  const parsed = parseConstraint(input, () => comparable[input.kind][0]);
  return 'constraint' in parsed ? parsed.constraint : NEVER;
};
