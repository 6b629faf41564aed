import type { Problem } from '../errors.ts';
import {
  AttributeType,
  type ImpersonationUse,
  type OwnerRule,
  type PermissionKey,
} from '../permissions/catalogue-types.ts';
import type { GrantInput } from '../permissions/grant-input.ts';
import {
  isBuiltInResource,
  type RegisteredAction,
  type RegisteredAttribute,
} from '../permissions/registered-catalogue.ts';
import { readText } from './text.ts';

/** Title and settings of one verb, as an application sends them. */
export interface ActionDetail {
  readonly action: string;
  readonly title: string;
  readonly description: string;
  readonly grantableToApiKey: boolean;
  readonly whileImpersonating: ImpersonationUse;
  readonly dependsOn: readonly string[];
}

/** A group that an application seeds, as it sends it. */
export interface SystemGroupInput {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly GrantInput[];
}

/** A resource as an application sends it. */
export interface ResourceInput {
  readonly name: string;
  readonly title: string;
  readonly actions: readonly string[];
  readonly protectedActions: readonly string[];
  readonly actionDetails: readonly ActionDetail[];
  readonly attributes: readonly {
    readonly name: string;
    readonly type: AttributeType;
    readonly title?: string | null | undefined;
  }[];
  readonly ownerRule?: OwnerRule | null | undefined;
  readonly systemGroups: readonly SystemGroupInput[];
}

/** A declaration whose form is right; what it refers to is still to be looked up. */
export interface ReadResource {
  /** `namespace.name`. */
  readonly name: string;
  readonly title: string;
  readonly actions: readonly RegisteredAction[];
  readonly attributes: readonly RegisteredAttribute[];
  readonly ownerRule: OwnerRule | null;
}

type Path = readonly string[];

const MAXIMUM_NAME = 50;
const MAXIMUM_ACTIONS = 50;
const MAXIMUM_ATTRIBUTES = 50;
const MAXIMUM_DEPENDENCIES = 20;
const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9_-]*$/;
const OWN = '-own';
/** Verbs that only Gatehouse gives a meaning. */
const RESERVED_ACTIONS: ReadonlySet<string> = new Set(['admin']);
const RESERVED_NAMESPACES: ReadonlySet<string> = new Set(['gatehouse', 'system', 'admin']);

/** Lower-case words joined by single hyphens, beginning with a letter, at most 50 characters. */
const isKebab = (text: string): boolean => text.length <= MAXIMUM_NAME && KEBAB.test(text);

/** The text as such a name; empty when nothing of it can stay. */
export const kebabOf = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036F]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, MAXIMUM_NAME)
    .replace(/-+$/, '');

const invalid = (message: string, ...field: Path): Problem => ({ code: 'INVALID_RESOURCE', message, field });
const reserved = (message: string, ...field: Path): Problem => ({ code: 'RESERVED_NAME', message, field });

const KEBAB_MESSAGE = `Use lower-case words joined by hyphens, at most ${MAXIMUM_NAME} characters.`;

/** What is wrong with a namespace; null when nothing is. */
export const namespaceProblem = (namespace: string): Problem | null => {
  if (!isKebab(namespace)) return invalid(KEBAB_MESSAGE, 'namespace');
  return RESERVED_NAMESPACES.has(namespace) || isBuiltInResource(namespace)
    ? reserved('The namespace belongs to Gatehouse.', 'namespace')
    : null;
};

const nameProblem = (name: string, namespace: string, at: Path): Problem | null => {
  const [prefix = '', ...rest] = name.split('.');
  if (rest.length > 0 && prefix !== namespace) return reserved('The name lies in another namespace.', ...at);
  if (!isKebab(name)) return invalid(`Give the name without the namespace. ${KEBAB_MESSAGE}`, ...at);
  return isBuiltInResource(name) ? reserved('The name belongs to a resource of Gatehouse.', ...at) : null;
};

const duplicates = (texts: readonly string[]): ReadonlySet<number> =>
  new Set(texts.flatMap((text, index) => (texts.indexOf(text) < index ? [index] : [])));

const verbProblems = (input: ResourceInput, at: Path): readonly Problem[] => {
  const all = [...input.actions, ...input.protectedActions];
  if (all.length === 0) return [invalid('Declare at least one verb.', ...at, 'actions')];
  if (all.length > MAXIMUM_ACTIONS) return [{ code: 'TOO_MANY_ITEMS', field: [...at, 'actions'] }];
  const twice = duplicates(all);
  return all.flatMap((verb, index) => {
    const isProtected = index >= input.actions.length;
    const path: Path = isProtected
      ? [...at, 'protectedActions', String(index - input.actions.length)]
      : [...at, 'actions', String(index)];
    if (RESERVED_ACTIONS.has(verb)) return [reserved('The verb belongs to Gatehouse.', ...path)];
    if (!isKebab(verb)) return [invalid(KEBAB_MESSAGE, ...path)];
    if (twice.has(index)) return [invalid('Declare each verb once, open or protected.', ...path)];
    return verb.endsWith(OWN) && (input.ownerRule ?? null) === null
      ? [invalid('A verb for own rows needs an owner rule.', ...path)]
      : [];
  });
};

const textProblems = (text: string, maximum: number, field: Path, mayBeBlank = false): readonly Problem[] => {
  const read = readText(text, { field, maximum, mayBeBlank });
  return 'problem' in read ? [read.problem] : [];
};

const detailProblems = (input: ResourceInput, at: Path): readonly Problem[] => {
  if (input.actionDetails.length > MAXIMUM_ACTIONS) {
    return [{ code: 'TOO_MANY_ITEMS', field: [...at, 'actionDetails'] }];
  }
  const verbs = new Set([...input.actions, ...input.protectedActions]);
  const twice = duplicates(input.actionDetails.map(({ action }) => action));
  return input.actionDetails.flatMap((detail, index) => {
    const path: Path = [...at, 'actionDetails', String(index)];
    if (!verbs.has(detail.action)) return [invalid('The resource declares no such verb.', ...path, 'action')];
    if (twice.has(index)) return [invalid('Describe each verb once.', ...path, 'action')];
    return [
      ...textProblems(detail.title, 100, [...path, 'title']),
      ...textProblems(detail.description, 1000, [...path, 'description'], true),
      ...(detail.dependsOn.length > MAXIMUM_DEPENDENCIES
        ? [{ code: 'TOO_MANY_ITEMS' as const, field: [...path, 'dependsOn'] }]
        : []),
    ];
  });
};

const attributeProblems = ({ attributes, ownerRule }: ResourceInput, at: Path): readonly Problem[] => {
  if (attributes.length > MAXIMUM_ATTRIBUTES) return [{ code: 'TOO_MANY_ITEMS', field: [...at, 'attributes'] }];
  const twice = duplicates(attributes.map(({ name }) => name));
  const problems = attributes.flatMap(({ name, title }, index) => {
    const path: Path = [...at, 'attributes', String(index)];
    if (name.length > MAXIMUM_NAME || !ATTRIBUTE.test(name)) {
      return [invalid(`Use letters, digits, _ and -, at most ${MAXIMUM_NAME} characters.`, ...path, 'name')];
    }
    if (twice.has(index)) return [invalid('Declare each attribute once.', ...path, 'name')];
    return title == null ? [] : textProblems(title, 100, [...path, 'title']);
  });
  if (ownerRule == null) return problems;
  const named = attributes.find(({ name }) => name === ownerRule.attribute);
  if (named?.type === AttributeType.STRING) return problems;
  return [...problems, invalid('Name a declared attribute of type STRING.', ...at, 'ownerRule', 'attribute')];
};

/** `cancel-own` as a person reads it: Cancel own. */
const wordsOf = (verb: string): string => verb.charAt(0).toUpperCase() + verb.slice(1).replaceAll('-', ' ');

const clean = (text: string): string => text.normalize('NFC').trim();

const actionOf = (verb: string, input: ResourceInput): RegisteredAction => {
  const detail = input.actionDetails.find(({ action }) => action === verb);
  const isProtected = input.protectedActions.includes(verb);
  return {
    action: verb,
    title: clean(detail?.title ?? wordsOf(verb)),
    description: clean(detail?.description ?? ''),
    protected: isProtected,
    grantableToApiKey: detail?.grantableToApiKey ?? true,
    whileImpersonating: isProtected ? 'NEVER' : (detail?.whileImpersonating ?? 'ACT'),
    dependsOn: [...new Set(detail?.dependsOn)] as PermissionKey[],
  };
};

/**
 * Reads one declaration for a namespace. Problems: INVALID_RESOURCE, RESERVED_NAME, TOO_MANY_ITEMS, and those of texts; with none the
 * resource is as it can be stored, except that what `dependsOn` names is not looked up.
 */
export const readResource = (
  input: ResourceInput,
  namespace: string,
  at: Path,
): { readonly resource: ReadResource; readonly problems: readonly Problem[] } => {
  const nameIs = nameProblem(input.name, namespace, [...at, 'name']);
  return {
    resource: {
      name: `${namespace}.${input.name}`,
      title: clean(input.title),
      actions: [...input.actions, ...input.protectedActions].map((verb) => actionOf(verb, input)),
      attributes: input.attributes.map(({ name, type, title }) => ({ name, type, title: clean(title ?? name) })),
      ownerRule:
        input.ownerRule == null ? null : { attribute: input.ownerRule.attribute, subject: input.ownerRule.subject },
    },
    problems: [
      ...(nameIs === null ? [] : [nameIs]),
      ...textProblems(input.title, 100, [...at, 'title']),
      ...verbProblems(input, at),
      ...detailProblems(input, at),
      ...attributeProblems(input, at),
    ],
  };
};

/** The dependencies of a declaration that no catalogue knows. */
export const dependencyProblems = (
  input: ResourceInput,
  isKnown: (permission: string) => boolean,
  at: Path,
): readonly Problem[] =>
  input.actionDetails.flatMap(({ dependsOn }, detail) =>
    dependsOn.flatMap((permission, index): readonly Problem[] =>
      isKnown(permission)
        ? []
        : [
            {
              code: 'UNKNOWN_PERMISSION',
              field: [...at, 'actionDetails', String(detail), 'dependsOn', String(index)],
            },
          ],
    ),
  );
