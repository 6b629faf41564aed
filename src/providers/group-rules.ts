import type { GroupRule } from '../config/identity-providers.ts';

/** What a provider said, by source; null where it could not be asked or did not answer. */
export type Documents = Readonly<Record<GroupRule['source'], unknown>>;

/** Far more than a person's roles; what is behind it is not looked at. */
const MAXIMUM_VALUES = 1000;
const MAXIMUM_DEPTH = 20;

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const collect = (node: unknown, path: string | null, found: string[], depth: number): void => {
  if (found.length >= MAXIMUM_VALUES || depth > MAXIMUM_DEPTH) return;
  if (Array.isArray(node)) {
    for (const item of node) collect(item, path, found, depth + 1);
    return;
  }
  if (path === null) {
    if (isScalar(node)) found.push(String(node));
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === path) collect(value, null, found, depth + 1);
    else if (path.startsWith(`${name}.`)) collect(value, path.slice(name.length + 1), found, depth + 1);
  }
};

/**
 * The values at a path: names joined by dots, lists walked through wherever they are. A name may hold dots itself, as claims
 * that are addresses do. Texts, numbers and booleans count, as texts.
 */
export const valuesAt = (document: unknown, path: string): readonly string[] => {
  const found: string[] = [];
  collect(document, path, found, 0);
  return found;
};

/** Whole values only: "part of the text" would let `not-admin` match `admin`. */
const matches = (rule: GroupRule, document: unknown): boolean => {
  const values = valuesAt(document, rule.path);
  if (rule.test === 'equals') return values.length === 1 && values[0] === rule.value;
  return values.some((value) => value === rule.value || value.split(' ').includes(rule.value));
};

/** What the rules say of one group. */
export interface GroupVerdict {
  /** Name or id, as the rules write it. */
  readonly group: string;
  readonly member: boolean;
  readonly allowProtected: boolean;
}

/**
 * The groups that the rules speak of, each with whether the person is to be in it. A group is left out, and so left as it is,
 * when only what is not known could tell. `allowProtected` counts where the rule that matched says so; to take a group away,
 * where any rule about it does.
 */
export const verdictsOf = (rules: readonly GroupRule[], documents: Documents): readonly GroupVerdict[] => {
  const byGroup = Map.groupBy(rules, ({ group }) => group);
  return [...byGroup].flatMap(([group, about]): readonly GroupVerdict[] => {
    const known = about.filter(({ source }) => documents[source] !== null);
    const matching = known.filter((rule) => matches(rule, documents[rule.source]));
    if (matching.length > 0) {
      return [{ group, member: true, allowProtected: matching.some(({ allowProtected }) => allowProtected) }];
    }
    if (known.length < about.length) return [];
    return [{ group, member: false, allowProtected: about.some(({ allowProtected }) => allowProtected) }];
  });
};
