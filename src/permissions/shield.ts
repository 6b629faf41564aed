import { createRequire } from 'node:module';
import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import type * as Middleware from 'graphql-middleware';
import type * as Shield from 'graphql-shield';
import type { Principal } from '../principal.ts';
import { type FieldSettings, judgeField, type RuledField } from './field-judge.ts';
import { type Denial, explainDenial, type Situation } from './judge.ts';
import { unguardedPermissions } from './rule-words.ts';
import { isPublic, type Rule, ruleKey } from './rules.ts';

// The ES build of graphql-shield does not load on Node 24 (`util.isUndefined` is gone); so its twin is loaded.
const load = createRequire(import.meta.url);
const { rule, shield } = load('graphql-shield') as typeof Shield;

/** Rules by type and field. Every field of the root types that is not listed is denied, every other field is open. */
export type RuleTree = Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/** What the guard reads from the GraphQL context, which must not be frozen: the library keeps its state there. */
export interface GuardedContext {
  readonly principal: Principal | null;
}

export interface GuardOptions extends FieldSettings {
  /** Told of each denial, for the log and the counters; must not throw. `coordinate` is `Type.field`. */
  readonly onDenied?: (denied: {
    readonly principal: Principal | null;
    readonly coordinate: string;
    readonly denial: Denial;
    /** Of the request, as the server made it. */
    readonly context: Partial<GuardedContext>;
  }) => void;
}

type CompiledRule = ReturnType<ReturnType<typeof rule>>;
type Wrapper = Extract<Middleware.IMiddlewareFunction<unknown, GuardedContext>, (...args: never[]) => unknown>;
type Wrappers = Record<string, Record<string, Wrapper>>;

const errorOf = (denial: Denial): GraphQLError => {
  const { message, details } = explainDenial(denial);
  return new GraphQLError(message, { extensions: { code: denial.code, ...details } });
};

type Judgement = (
  situation: Pick<Situation, 'principal' | 'args' | 'parent'>,
  info: GraphQLResolveInfo,
) => Denial | null;

/**
 * Verdicts are never cached by the library: its cache lives as long as the context, which a subscription keeps for hours
 * while time windows close and confirmations age; and it would give the first alias's verdict to the second. Judging anew
 * costs less than the wrapper around it.
 */
const compile = (name: string, judgement: Judgement, options: GuardOptions): CompiledRule =>
  rule(name, { cache: 'no_cache' })(
    (
      parent: unknown,
      args: unknown,
      context: Partial<GuardedContext>,
      info: GraphQLResolveInfo,
    ): true | GraphQLError => {
      const principal = context.principal ?? null;
      const denial = judgement({ principal, args, parent }, info);
      if (denial === null) return true;
      options.onDenied?.({ principal, coordinate: coordinateOf(info), denial, context });
      return errorOf(denial);
    },
  );

const coordinateOf = ({ parentType, fieldName }: GraphQLResolveInfo): string => `${parentType.name}.${fieldName}`;

const unlisted: Judgement = ({ principal }) => ({
  allowed: false,
  code: principal === null ? 'UNAUTHENTICATED' : 'FORBIDDEN',
  missing: [],
});

const ruledField = (info: GraphQLResolveInfo): RuledField => ({
  coordinate: coordinateOf(info),
  isRoot: info.path.prev === undefined,
  isMutation: info.parentType.name === info.schema.getMutationType()?.name,
});

/** Rules written equally become one object: the library refuses two rules of one name. */
const compiler = (options: GuardOptions): ((one: Rule) => CompiledRule) => {
  const compiled = new Map<string, CompiledRule>();
  return (one) => {
    const key = ruleKey(one);
    const judgement: Judgement = (situation, info) => judgeField(one, ruledField(info), situation, options);
    const made = compiled.get(key) ?? compile(key, judgement, options);
    compiled.set(key, made);
    return made;
  };
};

const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

const rootTypes = (schema: GraphQLSchema): readonly GraphQLObjectType[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => type !== undefined && type !== null,
  );

const problemsOf = (schema: GraphQLSchema, tree: RuleTree): readonly string[] =>
  Object.entries(tree).flatMap(([typeName, rules]) => {
    const type = schema.getType(typeName);
    // The library passes over rules on interfaces without a word, so they must not be taken for a guard.
    if (!isObjectType(type)) return [`${typeName} is no object type of the schema`];
    return Object.entries(rules).flatMap(([field, one]) => [
      ...(Object.hasOwn(type.getFields(), field) ? [] : [`${typeName}.${field} is not in the schema`]),
      ...unguardedPermissions(one).map((permission) => `${typeName}.${field} names ${permission} without aal2`),
    ]);
  });

/**
 * Coordinates of the fields that the guard wraps: unlisted ones of the roots, all whose rule is not open to anyone, and every
 * mutation, for whoever acts as somebody else.
 */
export const wrappedFields = (schema: GraphQLSchema, tree: RuleTree): readonly string[] => {
  const isOpen = (typeName: string, field: string): boolean => {
    const one = tree[typeName]?.[field];
    return one !== undefined && isPublic(one);
  };
  const mutationType = schema.getMutationType()?.name;
  const roots = rootTypes(schema).flatMap((type) =>
    Object.keys(type.getFields()).map((field) => [type.name, field] as const),
  );
  const listed = Object.entries(tree).flatMap(([typeName, rules]) =>
    Object.keys(rules).map((field) => [typeName, field] as const),
  );
  const coordinates = [...roots, ...listed]
    .filter(([typeName, field]) => typeName === mutationType || !isOpen(typeName, field))
    .map((pair) => pair.join('.'));
  return [...new Set(coordinates)];
};

const wrap =
  (
    resolve: GraphQLFieldResolver<unknown, GuardedContext>,
    wrapper: Wrapper,
  ): GraphQLFieldResolver<unknown, GuardedContext> =>
  (parent, args, context, info) =>
    wrapper((p = parent, a = args, c = context, i = info): unknown => resolve(p, a, c, i), parent, args, context, info);

/**
 * Puts the tree in force, in the given schema, which it returns. Only fields that can be refused are wrapped (see `wrappedFields`):
 * the library alone would wrap every field of every type, four times slower on lists, and either `resolve` or `subscribe`, where a
 * stream must be refused at its start and at each event.
 * Denials carry `code`, and for signed-in callers `missing` and `required`, in their extensions; errors of resolvers pass.
 * Throws when the tree names what the schema does not have, or a permission without the assurance that it needs.
 */
export const guard = (schema: GraphQLSchema, tree: RuleTree, options: GuardOptions): GraphQLSchema => {
  const problems = problemsOf(schema, tree);
  if (problems.length > 0) throw new Error(`The permission tree does not fit: ${problems.join('; ')}.`);
  const compileRule = compiler(options);
  const generator = shield(
    mapValues(tree, (rules) => mapValues(rules, compileRule)),
    {
      allowExternalErrors: true,
      debug: false,
      fallbackRule: compile('unlisted', unlisted, options),
      // Reached only when a rule itself breaks: closed, and without a reason.
      fallbackError: () => errorOf({ allowed: false, code: 'FORBIDDEN', missing: [] }),
    },
  );
  const all = generator.generate(schema) as Wrappers;
  for (const coordinate of wrappedFields(schema, tree)) {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const wrapper = all[typeName]?.[fieldName];
    if (wrapper === undefined) throw new Error(`The library made no guard for ${coordinate}.`);
    wrapField(schema, { typeName, fieldName }, wrapper);
  }
  return schema;
};

const wrapField = (
  schema: GraphQLSchema,
  { typeName, fieldName }: { readonly typeName: string; readonly fieldName: string },
  wrapper: Wrapper,
): void => {
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  if (field === undefined) throw new Error(`There is no ${typeName}.${fieldName} to guard.`);
  field.resolve = wrap(field.resolve ?? defaultFieldResolver, wrapper);
  if (type === schema.getSubscriptionType()) field.subscribe = wrap(field.subscribe ?? defaultFieldResolver, wrapper);
};
