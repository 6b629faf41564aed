import { type ASTNode, type ConstDirectiveNode, type DefinitionNode, Kind, parse, print } from 'graphql';

const SECURITY_PREFIX = /federation__(?=authenticated|requiresScopes|policy)/g;

const nameOf = (definition: DefinitionNode): string =>
  'name' in definition && definition.name !== undefined ? definition.name.value.replaceAll(SECURITY_PREFIX, '') : '';

const directivesOf = (node: ASTNode): readonly ConstDirectiveNode[] =>
  'directives' in node ? ((node.directives ?? []) as readonly ConstDirectiveNode[]) : [];

const membersOf = (definition: DefinitionNode): readonly ASTNode[] => [
  ...('fields' in definition ? (definition.fields ?? []) : []),
  ...('values' in definition ? (definition.values ?? []) : []),
  ...('operationTypes' in definition ? (definition.operationTypes ?? []) : []),
];

/** The definition, its directives and its members, each as a text of its own. */
const partsOf = (definition: DefinitionNode, ignored: ReadonlySet<string>): string[] => {
  const kept = (node: ASTNode): ConstDirectiveNode[] =>
    directivesOf(node).filter(({ name }) => !ignored.has(name.value));
  const isDirective = definition.kind === Kind.DIRECTIVE_DEFINITION;
  const head = isDirective
    ? [print(definition)]
    : 'description' in definition
      ? [definition.description?.value ?? '']
      : [];
  const parts = [
    ...head,
    ...('types' in definition ? (definition.types ?? []).map((type) => print(type)) : []),
    ...('interfaces' in definition ? (definition.interfaces ?? []).map((type) => print(type)) : []),
    ...kept(definition).map((directive) => print(directive)),
    ...membersOf(definition).map((member) =>
      print(directivesOf(member).length === 0 ? member : ({ ...member, directives: kept(member) } as ASTNode)),
    ),
  ].filter((text) => text !== '');
  // imports of ignored directives say nothing
  return parts.map((text) =>
    [...ignored].reduce((rest, name) => rest.replace(`, "@${name}"`, ''), text).replaceAll(SECURITY_PREFIX, ''),
  );
};

/** A schema's text without what may differ: order of definitions and members, and members told in an extension. */
export const canonicalSdl = (sdl: string, ignored: ReadonlySet<string> = new Set()): Record<string, string[]> => {
  const found = new Map<string, Set<string>>();
  for (const definition of parse(sdl).definitions) {
    const key = `${definition.kind.replace('Extension', 'Definition')} ${nameOf(definition)}`;
    const parts = found.get(key) ?? new Set();
    for (const part of partsOf(definition, ignored)) parts.add(part);
    found.set(key, parts);
  }
  return Object.fromEntries([...found].map(([key, parts]) => [key, [...parts].toSorted()]));
};
