import {
  type ASTNode,
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  visit,
} from 'graphql';
import { requiredScopes } from '../permissions/rule-words.ts';
import { isPublic, type Rule } from '../permissions/rules.ts';
import type { RuleTree } from '../permissions/shield.ts';

/**
 * Writes the rules into the SDL as the federation directives of routers. An approximation on the open side: permissions
 * become scopes (in disjunctive form), everything else that a rule asks becomes "signed in"; this server decides the rest. No
 * `@policy`: no router asks this server for policies, and a policy that nobody evaluates is refused by routers.
 */
export const withSecurityDirectives = (
  sdl: string,
  tree: RuleTree,
): { readonly sdl: string; readonly imports: readonly string[] } => {
  const document = visit(parse(sdl), {
    ObjectTypeDefinition: (type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode => ({
      ...type,
      fields: (type.fields ?? []).map((field) => guarded(field, tree[type.name.value]?.[field.name.value])),
    }),
  }) satisfies ASTNode;
  return { sdl: print(document), imports: ['authenticated', 'requiresScopes'] };
};

const guarded = (field: FieldDefinitionNode, rule: Rule | undefined): FieldDefinitionNode => {
  if (rule === undefined || isPublic(rule)) return field;
  return { ...field, directives: [...(field.directives ?? []), ...directivesOf(rule)] };
};

/** The directives of one rule: any of the alternatives of scopes, or only "signed in" when one alternative needs none. */
const directivesOf = (rule: Rule): readonly ConstDirectiveNode[] => {
  const alternatives = requiredScopes(rule);
  const open = alternatives.length === 0 || alternatives.some((scopes) => scopes.length === 0);
  return open ? [directive('authenticated')] : [directive('requiresScopes', alternatives)];
};

const directive = (name: string, scopes?: readonly (readonly string[])[]): ConstDirectiveNode => ({
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: name },
  arguments:
    scopes === undefined
      ? []
      : [
          {
            kind: Kind.ARGUMENT,
            name: { kind: Kind.NAME, value: 'scopes' },
            value: {
              kind: Kind.LIST,
              values: scopes.map((list) => ({
                kind: Kind.LIST,
                values: list.map((value) => ({ kind: Kind.STRING, value })),
              })),
            },
          },
        ],
});
