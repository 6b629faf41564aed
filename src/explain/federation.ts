import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, isObjectType, parse } from 'graphql';
import { createResolversMap } from 'type-graphql';
import { Failure } from '../errors.ts';

const link = (imports: readonly string[]): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [${imports.map((name) => `"@${name}"`).join(', ')}])`;

/** How a type is found by the keys that a router sends. */
export type References = Readonly<Record<string, (reference: { readonly id: string }, context: never) => unknown>>;

/** The SDL of a schema with its federation directives, as a router composes it. */
export const subgraphSdl = (schema: GraphQLSchema): string => printSubgraphSchema(schema);

/**
 * Makes a federation 2 subgraph of a schema: adds `_service` and `_entities`. `rewrite` may change the SDL on the way, for
 * the security directives.
 */
export const toSubgraph = (
  plain: GraphQLSchema,
  references: References,
  rewrite: (sdl: string) => { readonly sdl: string; readonly imports: readonly string[] } = (sdl) => ({
    sdl,
    imports: [],
  }),
): GraphQLSchema => {
  const resolvers = createResolversMap(plain) as Record<string, Record<string, unknown>>;
  for (const [type, resolve] of Object.entries(references)) {
    resolvers[type] = { ...resolvers[type], __resolveReference: resolve };
  }
  const { sdl, imports } = rewrite(printSubgraphSchema(plain));
  const typeDefs = parse(`${link(['key', 'shareable', ...imports])}\n${sdl}`, { noLocation: true });
  const subgraph = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
  copyExtensions(plain, subgraph);
  boundEntities(subgraph, new Set(Object.keys(references)));
  return subgraph;
};

/** As many as a page has: a router that joins one page to another sends no more. */
const MAXIMUM_REPRESENTATIONS = 100;

/** Checks what routers send before anything is read: the library answers some of it with errors that have no code. */
const boundEntities = (subgraph: GraphQLSchema, types: ReadonlySet<string>): void => {
  const field = subgraph.getQueryType()?.getFields()['_entities'];
  const resolve = field?.resolve;
  if (field === undefined || resolve === undefined) return;
  field.resolve = (source, args: { readonly representations: readonly unknown[] }, context, info): unknown => {
    checkRepresentations(args.representations, types);
    return resolve(source, args, context, info);
  };
};

const checkRepresentations = (representations: readonly unknown[], types: ReadonlySet<string>): void => {
  if (representations.length > MAXIMUM_REPRESENTATIONS) {
    throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_REPRESENTATIONS} representations.`, {
      limit: 'representations',
      requested: representations.length,
      maximum: MAXIMUM_REPRESENTATIONS,
    });
  }
  for (const [index, representation] of representations.entries()) {
    if (isRepresentation(representation, types)) continue;
    throw new Failure('BAD_USER_INPUT', `Representation ${index} is not a __typename of an entity here with its id.`, {
      index,
    });
  }
};

const isRepresentation = (value: unknown, types: ReadonlySet<string>): boolean =>
  typeof value === 'object' &&
  value !== null &&
  '__typename' in value &&
  typeof value.__typename === 'string' &&
  types.has(value.__typename) &&
  'id' in value &&
  typeof value.id === 'string';

/** The way over the SDL drops `extensions`, which hold the costs of fields. */
const copyExtensions = (from: GraphQLSchema, to: GraphQLSchema): void => {
  for (const type of Object.values(to.getTypeMap())) {
    const source = from.getType(type.name);
    if (!isObjectType(type) || !isObjectType(source)) continue;
    for (const [name, field] of Object.entries(type.getFields())) {
      Object.assign(field.extensions, source.getFields()[name]?.extensions);
    }
  }
};
