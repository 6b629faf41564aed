import type { IndexedSearch } from './user-search.queries.ts';

export type AttributeValue = string | number | boolean;

/** What a declared attribute of users is asked for. Values fit the type; what is null is not asked. */
export interface AttributeDemand {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean' | 'date' | 'enum';
  /** What an `enum` can be. */
  readonly declared: readonly string[];
  /** One of these. */
  readonly values: readonly AttributeValue[] | null;
  readonly from: AttributeValue | null;
  readonly until: AttributeValue | null;
  readonly isSet: boolean | null;
}

/** A condition on the users `u`, whose `?` stand for the values, in their order. */
export interface AttributeCondition {
  readonly text: string;
  readonly values: readonly unknown[];
}

const DAY = `'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'`;
const VALUE = 'u.attributes -> ?::text';
const TEXT = '(u.attributes ->> ?::text)';

const oneOf = (name: string, values: readonly AttributeValue[]): AttributeCondition => ({
  text: `${VALUE} = any(?::jsonb[])`,
  values: [name, values.map((value) => JSON.stringify(value))],
});

/** A value of the type, whatever it is: one of a type that was declared before is none. */
const anyOf = ({ name, type, declared }: AttributeDemand): AttributeCondition => {
  if (type === 'enum') return oneOf(name, declared);
  if (type === 'date') return { text: `${TEXT} ~ ${DAY}`, values: [name] };
  return { text: `jsonb_typeof(${VALUE}) = ?`, values: [name, type] };
};

/** Numbers compare as jsonb, where nothing can fail; days as text, byte by byte. */
const boundOf = ({ name, type }: AttributeDemand, operator: '>=' | '<', bound: AttributeValue): AttributeCondition =>
  type === 'number'
    ? { text: `${VALUE} ${operator} ?::jsonb`, values: [name, JSON.stringify(bound)] }
    : { text: `${TEXT} collate "C" ${operator} ?`, values: [name, bound] };

/** The demand as it is checked for a row at hand. */
export const attributeConditions = (demand: AttributeDemand): readonly AttributeCondition[] => {
  const { name, values, from, until, isSet } = demand;
  const any = anyOf(demand);
  return [
    ...(values === null ? [] : [oneOf(name, values)]),
    ...(from === null && until === null ? [] : [any]),
    ...(from === null ? [] : [boundOf(demand, '>=', from)]),
    ...(until === null ? [] : [boundOf(demand, '<', until)]),
    ...(isSet === null ? [] : [isSet ? any : { ...any, text: `(${any.text}) is not true` }]),
  ];
};

/**
 * The demands as the index of attributes answers them, as far as it can; null: there is nothing that it could find. `first` is the
 * number of the first parameter.
 */
export const indexedAttributes = (demands: readonly AttributeDemand[], first: number): IndexedSearch | null => {
  const keys = demands.flatMap(keysOf);
  if (keys.length === 0) return null;
  const conditions = keys.map((_, index) => `attribute_keys(u.attributes) && $${first + index}::text[]`);
  return { condition: `u.attributes <> '{}' and ${conditions.join(' and ')}`, values: keys };
};

/**
 * Lists of keys, as the function `attribute_keys` makes them: whoever meets the demand has one of each list at least. Others may, too:
 * the conditions decide.
 */
const keysOf = (demand: AttributeDemand): readonly (readonly string[])[] => {
  const { values, from, until, isSet } = demand;
  const isRange = from !== null || until !== null;
  return [
    ...(values === null ? [] : [values.map((value) => valueKey(demand, value))]),
    ...(isRange ? [rangeKeys(demand)] : []),
    ...(isSet === true ? [anyKeys(demand)] : []),
  ];
};

const KEY_LENGTH = 100;

const valueKey = ({ name, type }: AttributeDemand, value: AttributeValue): string => {
  if (type === 'boolean') return `${name}:${String(value)}`;
  if (type === 'string' || type === 'enum') {
    return `${name}=${Array.from(String(value)).slice(0, KEY_LENGTH).join('')}`;
  }
  const { mark, sortable } = SORTED[type];
  return `${name}${mark}${sortable(value)}`;
};

const anyKeys = (demand: AttributeDemand): readonly string[] => {
  const { name, type, declared } = demand;
  if (type === 'boolean') return [true, false].map((value) => valueKey(demand, value));
  if (type === 'enum') return declared.map((value) => valueKey(demand, value));
  return [type === 'string' ? `${name}=` : `${name}${SORTED[type].mark}`];
};

const rangeKeys = ({ name, type, from, until }: AttributeDemand): readonly string[] => {
  if (type !== 'number' && type !== 'date') throw new TypeError('A range needs an order.');
  const { mark, sortable, ...words } = SORTED[type];
  const [least, end] = [from, until].map((bound) => (bound === null ? null : sortable(bound)));
  return beginningsOf(words, least ?? '', end ?? null).map((beginning) => `${name}${mark}${beginning}`);
};

interface Words {
  readonly alphabet: string;
  readonly length: number;
  /** The longest beginning that is a key. */
  readonly depth: number;
}

/** The fewest beginnings, as long as keys are, that all words from `least` on and before `end` (null: without end) have. */
const beginningsOf = (words: Words, least: string, end: string | null, beginning = ''): readonly string[] => {
  const { alphabet, length, depth } = words;
  const first = beginning.padEnd(length, alphabet.at(0));
  const last = beginning.padEnd(length, alphabet.at(-1));
  if (last < least || (end !== null && first >= end)) return [];
  const isWithin = first >= least && (end === null || last < end);
  if (isWithin || beginning.length === depth) return [beginning];
  return Array.from(alphabet).flatMap((next) => beginningsOf(words, least, end, beginning + next));
};

/** The sixteen digits of an IEEE 754 number, so turned that their order is that of the numbers. */
const sortableNumber = (value: AttributeValue): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Number(value) + 0);
  const bits = bytes.readBigUInt64BE();
  const isNegative = bits >> 63n === 1n;
  const turned = isNegative ? BigInt.asUintN(64, ~bits) : bits | (1n << 63n);
  return turned.toString(16).padStart(16, '0');
};

const SORTED = {
  number: { mark: '#', alphabet: '0123456789abcdef', length: 16, depth: 6, sortable: sortableNumber },
  date: {
    mark: '@',
    alphabet: '0123456789',
    length: 8,
    depth: 8,
    sortable: (value: AttributeValue): string => String(value).replaceAll('-', ''),
  },
} as const;
