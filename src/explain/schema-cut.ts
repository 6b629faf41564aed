import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InterfaceTypeDefinitionNode,
  Kind,
  type NamedTypeNode,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  printSchema,
  type TypeNode,
  visit,
} from 'graphql';

/** Whether a field, as `Type.field`, stays. */
export type Keeps = (typeName: string, fieldName: string) => boolean;

type Fielded = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;
type Definitions = ReadonlyMap<string, DefinitionNode>;

const isFielded = (node: DefinitionNode): node is Fielded =>
  node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;

const nameOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type));

/** Scalars that every schema has. */
const BUILT_IN = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);
const ROOTS: readonly string[] = ['Query', 'Mutation', 'Subscription'];
/** What routers ask of a subgraph; nobody else has a use for it. */
const isForRouters = (name: string): boolean => name.startsWith('_');

/** The definitions of types of a schema, to be cut. */
export const definitionsOf = (schema: GraphQLSchema): Definitions =>
  new Map(
    parse(printSchema(schema), { noLocation: true }).definitions.flatMap((definition) =>
      'name' in definition && definition.name !== undefined && definition.kind !== Kind.DIRECTIVE_DEFINITION
        ? [[definition.name.value, definition] as const]
        : [],
    ),
  );

/** Once more without the fields whose type is gone, and the types without fields or members; until nothing is left to remove. */
const settle = (definitions: Definitions): Definitions => {
  const exists = (name: string): boolean => BUILT_IN.has(name) || definitions.has(name);
  const settled = new Map(
    [...definitions].flatMap(([name, definition]) => {
      const left = withoutMissing(definition, exists);
      return left === null ? [] : [[name, left] as const];
    }),
  );
  const changed = settled.size < definitions.size || [...settled].some(([name, one]) => definitions.get(name) !== one);
  return changed ? settle(settled) : settled;
};

const withoutMissing = (definition: DefinitionNode, exists: (name: string) => boolean): DefinitionNode | null => {
  if (isFielded(definition)) {
    const fields = (definition.fields ?? []).filter((field) => exists(nameOf(field.type)));
    if (fields.length === 0) return null;
    return fields.length === definition.fields?.length ? definition : { ...definition, fields };
  }
  if (definition.kind !== Kind.UNION_TYPE_DEFINITION) return definition;
  const types = (definition.types ?? []).filter(({ name }) => exists(name.value));
  if (types.length === 0) return null;
  return types.length === definition.types?.length ? definition : { ...definition, types };
};

/** An object that lost a field of an interface does not implement it any more. */
const withoutBrokenInterfaces = (definition: DefinitionNode, definitions: Definitions): DefinitionNode => {
  if (!isFielded(definition)) return definition;
  const has = new Set((definition.fields ?? []).map(({ name }) => name.value));
  const interfaces = (definition.interfaces ?? []).filter(({ name }: NamedTypeNode) => {
    const type = definitions.get(name.value);
    return type !== undefined && isFielded(type) && (type.fields ?? []).every((field) => has.has(field.name.value));
  });
  return { ...definition, interfaces };
};

/** The names that a definition mentions, those of the interfaces that it implements left out. */
const mentioned = (definition: DefinitionNode): readonly string[] => {
  const names: string[] = [];
  const bare = isFielded(definition) ? { ...definition, interfaces: [] } : definition;
  visit(bare, { NamedType: ({ name }: NamedTypeNode) => void names.push(name.value) });
  return names;
};

const implementersIn = (definitions: Definitions): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const definition of definitions.values()) {
    for (const { name } of isFielded(definition) ? (definition.interfaces ?? []) : []) {
      if (isFielded(definition)) found.set(name.value, [...(found.get(name.value) ?? []), definition.name.value]);
    }
  }
  return found;
};

/**
 * What can be reached from the roots. By a field of an interface come all that implement it; by an object that implements an interface
 * comes the interface with the types of its fields, but not what else implements it.
 */
const reachable = (definitions: Definitions): ReadonlySet<string> => {
  const implementers = implementersIn(definitions);
  const reached = new Set<string>();
  const implemented = new Set<string>();
  const waiting = ROOTS.filter((name) => definitions.has(name));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = definitions.get(name);
    if (definition === undefined || reached.has(name)) continue;
    reached.add(name);
    waiting.push(...mentioned(definition), ...(implementers.get(name) ?? []));
    for (const one of interfacesOf(definition)) {
      const type = definitions.get(one);
      implemented.add(one);
      if (type !== undefined) waiting.push(...mentioned(type));
    }
  }
  return new Set([...reached, ...implemented]);
};

const interfacesOf = (definition: DefinitionNode): readonly string[] =>
  isFielded(definition) ? (definition.interfaces ?? []).map(({ name }) => name.value) : [];

/**
 * The SDL of the fields that stay, and of the types that can be reached by them; without what only routers use and without directives.
 * Valid by itself, and the same text for the same fields.
 */
export const cutSchema = (definitions: Definitions, keeps: Keeps): string => {
  const kept = (type: string, { name }: FieldDefinitionNode): boolean =>
    !isForRouters(name.value) && keeps(type, name.value);
  const left = settle(
    new Map(
      [...definitions].map(([type, definition]): [string, DefinitionNode] => [
        type,
        definition.kind === Kind.OBJECT_TYPE_DEFINITION
          ? { ...definition, fields: (definition.fields ?? []).filter((field) => kept(type, field)) }
          : definition,
      ]),
    ),
  );
  const whole = new Map([...left].map(([type, one]) => [type, withoutBrokenInterfaces(one, left)]));
  const reached = reachable(whole);
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [...whole].filter(([type]) => reached.has(type)).map(([, definition]) => definition),
  };
  return `${print(document)}\n`;
};
