import { flag, type Kind, list, oneOf, scalar, someOf } from './kinds.ts';
import { defaulting, objectList, type Reading, readObject, required } from './structured.ts';

const TYPES = ['string', 'number', 'boolean', 'date', 'enum'] as const;
const AUDIENCES = ['own', 'administrator', 'claim'] as const;
const EDITORS = ['own', 'administrator'] as const;

/** Who may set an attribute: its owner, or a holder of `update:users`. */
export type AttributeEditor = (typeof EDITORS)[number];

/** One custom attribute of users. */
export interface AttributeSettings {
  readonly name: string;
  readonly type: (typeof TYPES)[number];
  /** What an `enum` can be; empty for other types. */
  readonly values: readonly string[];
  /** `own`: its owner. `administrator`: holders of `view:users`. `claim`: whoever reads the owner's access token. */
  readonly visibility: readonly (typeof AUDIENCES)[number][];
  readonly editableBy: readonly AttributeEditor[];
  /** Users can be filtered by it, by whoever sees it of everybody in the list: `administrator` alone. */
  readonly filterable: boolean;
}

export const MAXIMUM_ATTRIBUTES = 32;

/** A key of JSON and of a claim; what every object has by itself (`constructor`) is no name. */
const attributeName: Kind<string> = scalar(
  'name',
  'give 1 to 50 letters, digits or underscores, a letter first, and nothing that every object has, such as constructor',
  (text) => (/^[a-z]\w{0,49}$/i.test(text) && !(text in {}) ? text : null),
  'is no name of an attribute',
);

const enumValues: Kind<readonly string[]> = list(
  'list of texts',
  'list at most 100 texts of at most 100 characters',
  (item) => (item.length <= 100 ? item : null),
);

const fields = {
  name: required(attributeName),
  type: required(oneOf(TYPES)),
  values: defaulting(enumValues, []),
  visibility: defaulting(someOf(AUDIENCES), ['own', 'administrator']),
  editableBy: defaulting(someOf(EDITORS), ['administrator']),
  filterable: defaulting(flag, false),
} as const;

const readAttribute = (value: unknown, reading: Reading): AttributeSettings | null => {
  const attribute = readObject(fields, value, reading);
  if (attribute === null) return null;
  reading.problems.push(...problemsOf(attribute).map((problem) => `${reading.at}${problem}`));
  return attribute;
};

const problemsOf = ({ type, values, visibility, editableBy, filterable }: AttributeSettings): readonly string[] => {
  const blind = visibility.length === 0 ? [] : editableBy.filter((editor) => !visibility.includes(editor));
  return [
    ...(type === 'enum' && values.length === 0 ? ['.values is empty; list what the enum can be'] : []),
    ...(type !== 'enum' && values.length > 0 ? ['.values goes with type enum only; remove one of the two'] : []),
    ...(values.length > 100 ? ['.values is too long; list at most 100 texts'] : []),
    ...(visibility.length === 0
      ? ['.visibility is empty, so nobody could see it; list own, administrator or claim']
      : []),
    ...(filterable && visibility.length > 0 && !visibility.includes('administrator')
      ? ['.filterable would let administrators find out what they do not see; add administrator to visibility']
      : []),
    ...blind.map((editor) => `.editableBy lists ${editor}, who could not see it; add ${editor} to visibility`),
  ];
};

const twins = (attributes: readonly AttributeSettings[]): readonly string[] => {
  const names = attributes.map(({ name }) => name.toLowerCase());
  return names.some((name, index) => names.indexOf(name) !== index)
    ? ['holds two attributes of one name, or of names that differ in case only; rename one']
    : [];
};

/** The custom attributes with everything about them: a list of objects in YAML, the same as JSON in a variable. */
export const attributeList: Kind<readonly AttributeSettings[]> = {
  form: 'list of attributes: YAML, or JSON in a variable',
  isSecret: false,
  isStructured: true,
  empty: { value: [] },
  show: (attributes) => (attributes.length === 0 ? 'none' : attributes.map(({ name }) => name).join(', ')),
  schema: objectList({
    what: 'attributes',
    maximum: MAXIMUM_ATTRIBUTES,
    readEntry: readAttribute,
    contradictions: twins,
  }),
};
