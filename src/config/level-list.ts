import { type Kind, list, text } from './kinds.ts';
import { defaulting, objectList, readObject, required } from './structured.ts';

/** One level of the organization hierarchy. */
export interface LevelSettings {
  readonly name: string;
  /** Names or ids of the groups that every member of an organization at this level gets, there and below. */
  readonly groups: readonly string[];
}

const MAXIMUM_LEVELS = 20;

const groups: Kind<readonly string[]> = list(
  'list of group names or ids',
  'list at most 20 names or ids of groups',
  (item) => (item.length <= 100 ? item : null),
);

const fields = { name: required(text(50)), groups: defaulting(groups, []) } as const;

const twins = (levels: readonly LevelSettings[]): readonly string[] => {
  const names = levels.map(({ name }) => name.toLowerCase());
  return names.some((name, index) => names.indexOf(name) !== index) ? ['holds two levels of one name; rename one'] : [];
};

/** The levels from the top down: a list of objects in YAML, the same as JSON in a variable. */
export const levelList: Kind<readonly LevelSettings[]> = {
  form: 'list of levels: YAML, or JSON in a variable',
  isSecret: false,
  isStructured: true,
  empty: { value: [] },
  show: (levels) => levels.map(({ name }) => name).join(' > '),
  schema: objectList({
    what: 'levels',
    maximum: MAXIMUM_LEVELS,
    readEntry: (value, reading) => readObject(fields, value, reading),
    contradictions: twins,
  }),
};
