import { z } from 'zod';
import { type Kind, optional, type Raw } from './kinds.ts';
import { nearest } from './near-miss.ts';

/** One field of an object inside a list of objects. */
export interface Field<T> {
  readonly kind: Kind<T>;
  /** Absent: the field must be given. */
  readonly byDefault?: T;
}

export const required = <T>(kind: Kind<T>): Field<T> => ({ kind });
export const defaulting = <T>(kind: Kind<T>, byDefault: T): Field<T> => ({ kind, byDefault });
export const perhaps = <T>(kind: Kind<T>): Field<T | null> => ({ kind: optional(kind), byDefault: null });

type ValuesOf<Fields> = { readonly [Key in keyof Fields]: Fields[Key] extends Field<infer T> ? T : never };

/** Where a value stands, and what was wrong so far. */
export interface Reading {
  readonly at: string;
  readonly problems: string[];
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const rawOf = (value: unknown): Raw | null => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
};

const readField = (field: Field<unknown>, value: unknown, reading: Reading): unknown => {
  const missing = value === undefined || value === null || value === '';
  if (missing && field.byDefault !== undefined) return field.byDefault;
  const raw = rawOf(value);
  if (raw === null || missing) {
    reading.problems.push(`${reading.at} ${missing ? 'is missing' : 'has the wrong form'}; give a ${field.kind.form}`);
    return undefined;
  }
  const parsed = field.kind.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  reading.problems.push(...parsed.error.issues.map(({ message }) => `${reading.at} ${message}`));
  return undefined;
};

/** Reads the fields of one object; null when something was wrong. Unknown keys are a mistake: a misspelt guard guards nothing. */
export const readObject = <Fields extends Readonly<Record<string, Field<unknown>>>>(
  fields: Fields,
  value: unknown,
  reading: Reading & { readonly alsoKnown?: readonly string[] },
): ValuesOf<Fields> | null => {
  const before = reading.problems.length;
  if (!isRecord(value)) {
    reading.problems.push(`${reading.at} is no object; write its fields by name`);
    return null;
  }
  const known = [...Object.keys(fields), ...(reading.alsoKnown ?? [])];
  for (const key of Object.keys(value).filter((one) => !known.includes(one))) {
    const meant = nearest(key, known, 3);
    const hint = meant === null ? `the fields are ${known.join(', ')}` : `did you mean ${meant}?`;
    reading.problems.push(`${reading.at} has an unknown field ${JSON.stringify(key.slice(0, 50))}; ${hint}`);
  }
  const values = Object.entries(fields).map(([name, field]) => [
    name,
    readField(field, Object.hasOwn(value, name) ? value[name] : undefined, { ...reading, at: `${reading.at}.${name}` }),
  ]);
  return reading.problems.length > before ? null : (Object.fromEntries(values) as ValuesOf<Fields>);
};

interface ListRule<T> {
  /** In words for people: `issuers`. */
  readonly what: string;
  readonly maximum: number;
  readEntry(value: unknown, reading: Reading): T | null;
  /** What is wrong with the entries together. */
  contradictions?(entries: readonly T[]): readonly string[];
}

/** `entry 2.groupRules[1].group is missing; ...`: values are never repeated, they may be secrets. */
const readList = <T>(raw: Raw, rule: ListRule<T>): { readonly entries: readonly T[]; readonly problems: string[] } => {
  const problems: string[] = [];
  let given: unknown;
  try {
    given = JSON.parse(typeof raw === 'string' ? raw : '');
  } catch {
    return { entries: [], problems: ['is no JSON; write a list of objects, or use the YAML file'] };
  }
  if (!Array.isArray(given) || given.length > rule.maximum) {
    return { entries: [], problems: [`is no list; list at most ${rule.maximum} ${rule.what}`] };
  }
  const entries = given.flatMap(
    (entry: unknown, index) => rule.readEntry(entry, { at: `entry ${index + 1}`, problems }) ?? [],
  );
  return { entries, problems: [...problems, ...(rule.contradictions?.(entries) ?? [])] };
};

/** A list of objects: written as such in YAML, as the same in JSON elsewhere. */
export const objectList = <T>(rule: ListRule<T>): z.ZodType<readonly T[], Raw> =>
  z.custom<Raw>().transform((raw, context) => {
    const { entries, problems } = readList(raw, rule);
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return problems.length > 0 ? z.NEVER : entries;
  });
