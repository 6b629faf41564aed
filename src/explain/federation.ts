import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import {
  assertObjectType,
  type GraphQLFieldConfigMap,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  graphqlSync,
  parse,
} from 'graphql';
import type { Context } from '../context.ts';
import { Failure } from '../errors.ts';

const link = (imports: readonly string[]): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [${imports.map((name) => `"@${name}"`).join(', ')}])`;

/** How a type is found by the keys that a router sends. */
export type References = Readonly<Record<string, (reference: { readonly id: string }, context: Context) => unknown>>;

/** May change the SDL on its way to routers, for the security directives. */
export type Rewrite = (sdl: string) => { readonly sdl: string; readonly imports: readonly string[] };

const asItIs: Rewrite = (sdl) => ({ sdl, imports: [] });

/** The schema as routers know it, with the definitions of the directives. For its texts only: it has no resolvers. */
const describeSubgraph = (plain: GraphQLSchema, rewrite: Rewrite): GraphQLSchema => {
  const { sdl, imports } = rewrite(printSubgraphSchema(plain));
  return buildSubgraphSchema(parse(`${link(['key', 'shareable', ...imports])}\n${sdl}`, { noLocation: true }));
};

/** The SDL of a subgraph with all its definitions, for people and their tools. */
export const subgraphSdl = (plain: GraphQLSchema, rewrite: Rewrite = asItIs): string =>
  printSubgraphSchema(describeSubgraph(plain, rewrite));

/** The same as a router composes it. */
const serviceOf = (plain: GraphQLSchema, rewrite: Rewrite): unknown => {
  const { data, errors } = graphqlSync({ schema: describeSubgraph(plain, rewrite), source: '{ _service { sdl } }' });
  if (errors !== undefined) throw new AggregateError(errors, 'The SDL of the subgraph cannot be made.');
  return data?.['_service'];
};

/**
 * Makes a federation 2 subgraph of a schema: adds `_service` and `_entities`. Its SDL is made when a router first asks for it: a start
 * would spend more on it than on the rest of the schema.
 */
export const toSubgraph = (plain: GraphQLSchema, references: References, rewrite: Rewrite = asItIs): GraphQLSchema => {
  const { query, types, ...config } = plain.toConfig();
  if (query === null || query === undefined) throw new Error('The schema has no queries.');
  const { fields, ...root } = query.toConfig();
  const subgraph = new GraphQLObjectType({
    ...root,
    fields: { ...fields, ...federationFields(plain, references, rewrite) },
  });
  return new GraphQLSchema({ ...config, query: subgraph, types: types.filter((type) => type !== query) });
};

const federationFields = (
  plain: GraphQLSchema,
  references: References,
  rewrite: Rewrite,
): GraphQLFieldConfigMap<unknown, Context> => {
  const entity = new GraphQLUnionType({
    name: '_Entity',
    types: Object.keys(references)
      .toSorted()
      .map((name) => assertObjectType(plain.getType(name))),
    resolveType: (found: Entity) => found.__typename,
  });
  const key = new GraphQLScalarType({ name: '_Any' });
  const service = new GraphQLObjectType({ name: '_Service', fields: { sdl: { type: GraphQLString } } });
  let described: unknown = null;
  return {
    _entities: {
      type: new GraphQLNonNull(new GraphQLList(entity)),
      args: {
        representations: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(key))) },
      },
      resolve: (_source, args: { readonly representations: readonly unknown[] }, context) =>
        readRepresentations(args.representations, references).map((representation) =>
          entityOf(representation, references, context),
        ),
    },
    _service: {
      type: new GraphQLNonNull(service),
      resolve: () => (described ??= serviceOf(plain, rewrite)),
    },
  };
};

interface Representation {
  readonly __typename: string;
  readonly id: string;
}

/** What a reference was resolved to; nobody but the union of entities reads its name. */
interface Entity {
  readonly __typename: string;
}

const entityOf = async (
  representation: Representation,
  references: References,
  context: Context,
): Promise<object | null> => {
  const found = await references[representation.__typename]?.(representation, context);
  if (typeof found !== 'object' || found === null) return null;
  return Object.defineProperty(found, '__typename', { value: representation.__typename });
};

/** As many as a page has: a router that joins one page to another sends no more. */
const MAXIMUM_REPRESENTATIONS = 100;

/** Checks what routers send before anything is read. */
const readRepresentations = (
  representations: readonly unknown[],
  references: References,
): readonly Representation[] => {
  if (representations.length > MAXIMUM_REPRESENTATIONS) {
    throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_REPRESENTATIONS} representations.`, {
      limit: 'representations',
      requested: representations.length,
      maximum: MAXIMUM_REPRESENTATIONS,
    });
  }
  return representations.map((representation, index) => {
    if (isRepresentation(representation, references)) return representation;
    throw new Failure('BAD_USER_INPUT', `Representation ${index} is not a __typename of an entity here with its id.`, {
      index,
    });
  });
};

const isRepresentation = (value: unknown, references: References): value is Representation =>
  typeof value === 'object' &&
  value !== null &&
  '__typename' in value &&
  typeof value.__typename === 'string' &&
  Object.hasOwn(references, value.__typename) &&
  'id' in value &&
  typeof value.id === 'string';
