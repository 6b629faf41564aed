import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import { weightOf } from './document-weight.ts';

/** What bounds the reading of a document; the same as for documents that are run. */
export interface DocumentBounds {
  /** Lexical tokens; the parser stops there. */
  readonly maximumTokens: number;
  /** Rules beside those of the specification: depth, aliases, directives, root fields. */
  readonly rules: readonly ValidationRule[];
  /** False takes "Did you mean ..." out of problems. */
  readonly suggestions: boolean;
}

/** Longer documents are not read at all. In UTF-16 units. */
export const MAXIMUM_DOCUMENT_LENGTH = 20_000;
/** A document that is no use is told why, not all that is wrong with it. */
const MAXIMUM_PROBLEMS = 20;

const TOO_HEAVY = 'Selects the same fields too many times.';
const TOO_DEEP = 'Nested too deeply to be read.';

/** A document that fits the schema, or why it is no use; and how much work it was to find out. */
export type ReadDocument = { readonly weight: number } & (
  | { readonly document: DocumentNode; readonly problems: readonly [] }
  | { readonly document: null; readonly problems: readonly string[] }
);

const useless = (weight: number, ...problems: readonly string[]): ReadDocument => ({
  document: null,
  problems,
  weight,
});

/**
 * Reads a document and checks it against the schema. Work is bounded by its length, its number of tokens, and its weight, which may be
 * at most `weightLeft`; one that is heavier has the weight Infinity and is not validated.
 */
export const readDocument = (
  schema: GraphQLSchema,
  text: string,
  bounds: DocumentBounds,
  weightLeft: number = Infinity,
): ReadDocument => {
  if (text.length > MAXIMUM_DOCUMENT_LENGTH) return useless(0, `Longer than ${MAXIMUM_DOCUMENT_LENGTH} characters.`);
  try {
    const document = parse(text, { maxTokens: bounds.maximumTokens });
    const weight = weightOf(document);
    if (weight === Infinity || weight > weightLeft) return useless(Infinity, TOO_HEAVY);
    const errors = validate(schema, document, [...specifiedRules, ...bounds.rules], {
      maxErrors: MAXIMUM_PROBLEMS,
      hideSuggestions: !bounds.suggestions,
    });
    if (errors.length > 0) return useless(weight, ...errors.map((error) => problemOf(error)));
    return { document, problems: [], weight };
  } catch (error) {
    if (error instanceof GraphQLError) return useless(0, problemOf(error));
    // Of the parser, which calls itself for each level of braces and brackets.
    if (error instanceof RangeError) return useless(0, TOO_DEEP);
    throw error;
  }
};

/** With the place, as line and column. */
export const problemOf = ({ message, locations }: GraphQLError): string => {
  const [place] = locations ?? [];
  return place === undefined ? message : `${message} (${place.line}:${place.column})`;
};

export const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((definition) => [definition.name.value, definition]),
  );

export const operationsOf = (document: DocumentNode): readonly OperationDefinitionNode[] =>
  document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

/** A field that a document selects on one of the types that its parent can have. */
export interface SelectedField {
  readonly parent: GraphQLObjectType;
  readonly node: FieldNode;
  /** Response keys from the root on, its own last. */
  readonly path: readonly string[];
}

export interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Whether `@skip` and `@include` let a selection run; absent = each may. */
  readonly runs?: (selection: SelectionNode) => boolean;
  /** Told of each field, parents before children, in the order of the document. The same field may come several times. */
  readonly visit: (field: SelectedField) => void;
  /**
   * False: only which fields are selected matters, not where, so that a fragment is walked once for each set of types and the work is
   * linear in the document. True: once for each place.
   */
  readonly everyPlace: boolean;
}

/** Fragments that spread each other multiply: a document of a few lines can select millions of fields. */
const MAXIMUM_FIELDS = 5000;

/**
 * Walks an operation of a validated document. Below an interface or a union, every object type that it can be is visited. Returns
 * false when it selects more fields than are walked.
 */
export const walkOperation = (walk: Walk, operation: OperationDefinitionNode): boolean => {
  const root = walk.schema.getRootType(operation.operation);
  return root == null || new Walker(walk).walk(operation.selectionSet, [root], []);
};

class Walker {
  readonly #walk: Walk;
  readonly #done = new Set<string>();
  #left = MAXIMUM_FIELDS;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  walk(set: SelectionSetNode, parents: readonly GraphQLObjectType[], path: readonly string[]): boolean {
    return set.selections.every(
      (selection) => this.#walk.runs?.(selection) === false || this.#selection(selection, parents, path),
    );
  }

  #selection(selection: SelectionNode, parents: readonly GraphQLObjectType[], path: readonly string[]): boolean {
    if (selection.kind === Kind.FIELD) return this.#field(selection, parents, path);
    const { schema, fragments, everyPlace } = this.#walk;
    const spread = selection.kind === Kind.FRAGMENT_SPREAD;
    const fragment = spread ? fragments.get(selection.name.value) : selection;
    if (fragment === undefined) return true;
    const narrowed = narrow(schema, parents, fragment.typeCondition?.name.value);
    if (spread) {
      const key = JSON.stringify([selection.name.value, everyPlace ? path : [], narrowed.map(({ name }) => name)]);
      if (this.#done.has(key)) return true;
      this.#done.add(key);
    }
    return this.walk(fragment.selectionSet, narrowed, path);
  }

  #field(node: FieldNode, parents: readonly GraphQLObjectType[], above: readonly string[]): boolean {
    const { schema, visit } = this.#walk;
    const path = [...above, (node.alias ?? node.name).value];
    const below = new Set<GraphQLObjectType>();
    for (const parent of parents) {
      const definition = parent.getFields()[node.name.value];
      if (definition === undefined) continue;
      this.#left -= 1;
      visit({ parent, node, path });
      for (const type of objectTypes(schema, getNamedType(definition.type).name)) below.add(type);
    }
    if (this.#left < 0) return false;
    return node.selectionSet === undefined || below.size === 0 || this.walk(node.selectionSet, [...below], path);
  }
}

/** The object types that a value of the type can have. */
const objectTypes = (schema: GraphQLSchema, name: string): readonly GraphQLObjectType[] => {
  const type = schema.getType(name);
  if (!isCompositeType(type)) return [];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
};

const narrow = (
  schema: GraphQLSchema,
  types: readonly GraphQLObjectType[],
  condition: string | undefined,
): readonly GraphQLObjectType[] => {
  if (condition === undefined) return types;
  const allowed = new Set(objectTypes(schema, condition));
  return types.filter((type) => isObjectType(type) && allowed.has(type));
};
