import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { ArgumentReader, listLength, mapReader, pageTerm, type PageSizes } from './cost-argument.ts';
import type { CostDeclarations, FieldCost } from './cost-declaration.ts';
import { evaluate, onlyIf, product, sum, type CostScope, type Term } from './cost-term.ts';

type AnyField = GraphQLField<unknown, unknown>;
type ParentType = GraphQLNamedType | null | undefined;

/** `perItem` is what a connection's selections cost once per member: the subtrees under `edges` and `nodes`. */
interface Parts {
  readonly own: Term;
  readonly perItem: Term;
}

export interface CostCompilerSettings {
  readonly schema: GraphQLSchema;
  readonly declarations: CostDeclarations;
  readonly page: PageSizes;
  /** Members of a list of objects that declares no size. */
  readonly listSize: number;
}

/** Points of one operation with the given raw variables; saturates, never throws on malformed variables. */
export type OperationCost = (variables: Readonly<Record<string, unknown>>) => number;

const NOTHING: Parts = { own: 0, perItem: 0 };

const together = (parts: readonly Parts[]): Parts => ({
  own: sum(parts.map((part) => part.own)),
  perItem: sum(parts.map((part) => part.perItem)),
});

const hasFields = (type: ParentType): type is Extract<GraphQLNamedType, { getFields(): Record<string, AnyField> }> =>
  isObjectType(type) || isInterfaceType(type);

const isConnection = (type: ParentType): boolean => {
  if (!hasFields(type)) return false;
  const fields = type.getFields();
  return 'pageInfo' in fields && ('edges' in fields || 'nodes' in fields);
};

class OperationCompiler {
  readonly #settings: CostCompilerSettings;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #reader: ArgumentReader;
  readonly #compiled = new Map<string, Parts>();
  /** Costs of fragments that depend on variables, in the order in which they can be evaluated. */
  readonly program: Term[] = [];

  constructor(
    settings: CostCompilerSettings,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    operation: OperationDefinitionNode,
  ) {
    this.#settings = settings;
    this.#fragments = fragments;
    this.#reader = new ArgumentReader(operation);
  }

  selections(set: SelectionSetNode, parent: ParentType): Parts {
    return together(set.selections.map((selection) => this.#selection(selection, parent)));
  }

  /** What an object of the selected type costs as a whole. */
  whole({ own, perItem }: Parts, page: Term): Term {
    return sum([own, product(page, perItem)]);
  }

  #selection(selection: SelectionNode, parent: ParentType): Parts {
    const parts = this.#unconditional(selection, parent);
    const condition = this.#reader.condition(selection.directives);
    return condition === true
      ? parts
      : { own: onlyIf(condition, parts.own), perItem: onlyIf(condition, parts.perItem) };
  }

  #unconditional(selection: SelectionNode, parent: ParentType): Parts {
    if (selection.kind === Kind.FIELD) return this.#field(selection, parent);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#fragment(selection.name.value);
    const condition = selection.typeCondition?.name.value;
    const type = condition === undefined ? parent : this.#settings.schema.getType(condition);
    return this.selections(selection.selectionSet, type);
  }

  /** Compiled and later evaluated once, however often it is spread: the work stays linear in the document. */
  #fragment(name: string): Parts {
    const before = this.#compiled.get(name);
    if (before !== undefined) return before;
    this.#compiled.set(name, NOTHING);
    const definition = this.#fragments.get(name);
    if (definition === undefined) return NOTHING;
    const type = this.#settings.schema.getType(definition.typeCondition.name.value);
    const { own, perItem } = this.selections(definition.selectionSet, type);
    const parts = { own: this.#slot(own), perItem: this.#slot(perItem) };
    this.#compiled.set(name, parts);
    return parts;
  }

  #slot(term: Term): Term {
    if (typeof term === 'number') return term;
    const index = this.program.push(term) - 1;
    return ({ fragments }) => fragments[index] ?? 0;
  }

  #field(node: FieldNode, parent: ParentType): Parts {
    const definition = this.#definition(node.name.value, parent);
    const type = definition === undefined ? null : getNamedType(definition.type);
    const declared = definition === undefined || !parent ? {} : this.#settings.declarations.of(parent.name, definition);
    const points = declared.points ?? 1;
    if (node.selectionSet === undefined) return { own: points, perItem: 0 };
    const inner = this.selections(node.selectionSet, type);
    const page = definition === undefined ? 1 : this.#page(node, definition, declared);
    const subtree = this.whole(inner, page);
    if (isConnection(parent) && (node.name.value === 'edges' || node.name.value === 'nodes'))
      return { own: points, perItem: subtree };
    const size = definition === undefined ? 1 : this.#listSize(node, definition, declared);
    return { own: sum([points, product(size, subtree)]), perItem: 0 };
  }

  #definition(name: string, parent: ParentType): AnyField | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return hasFields(parent) ? parent.getFields()[name] : undefined;
  }

  #page(node: FieldNode, definition: AnyField, declared: FieldCost): Term {
    if (!isConnection(getNamedType(definition.type))) return 1;
    const { maximum, absent } = this.#settings.page;
    const first = this.#reader.argument(node, definition, 'first');
    const last = this.#reader.argument(node, definition, 'last');
    return pageTerm(first, last, { absent: declared.size ?? absent, maximum });
  }

  #listSize(node: FieldNode, definition: AnyField, declared: FieldCost): Term {
    if (declared.sizeArgument !== undefined)
      return mapReader(this.#reader.argument(node, definition, declared.sizeArgument), listLength);
    const type = getNamedType(definition.type);
    if (isConnection(type)) return 1;
    if (declared.size !== undefined) return declared.size;
    const isUnboundedList = isListType(getNullableType(definition.type)) && isCompositeType(type);
    return isUnboundedList && !isIntrospectionType(type) ? this.#settings.listSize : 1;
  }
}

/** Compiles one operation of a validated document; fields unknown to the schema count one point. */
export const compileOperationCost = (
  settings: CostCompilerSettings,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  operation: OperationDefinitionNode,
): OperationCost => {
  const compiler = new OperationCompiler(settings, fragments, operation);
  const root = settings.schema.getRootType(operation.operation);
  const total = compiler.whole(compiler.selections(operation.selectionSet, root), settings.page.absent);
  if (typeof total === 'number') return () => total;
  const { program } = compiler;
  return (variables) => {
    const scope: CostScope = { variables, fragments: [] };
    for (const term of program) scope.fragments.push(evaluate(term, scope));
    return total(scope);
  };
};
