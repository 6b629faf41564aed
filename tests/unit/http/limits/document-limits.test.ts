import { getIntrospectionQuery, parse, specifiedRules, validate, type GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { documentLimits } from '../../../../src/http/limits/document-limits.ts';
import { defaultGraphqlLimits, type GraphqlLimits } from '../../../../src/http/limits/graphql-limits.ts';
import { smallSchema } from './small-schema.ts';

const schema = smallSchema();
const credentialFields = ['Mutation.signIn', 'Mutation.refreshSession', 'Query.tokenStatus'];

/** Each error once: whoever gives a document up repeats one until validation ends. */
const errorsOf = (document: string, limits: Partial<GraphqlLimits> = {}): readonly GraphQLError[] => {
  const rules = [documentLimits({ limits: { ...defaultGraphqlLimits, ...limits }, credentialFields })];
  return [...new Set(validate(schema, parse(document), rules))];
};

const exceeded = (document: string, limits: Partial<GraphqlLimits> = {}): unknown[] =>
  errorsOf(document, limits).map(({ extensions }) => extensions['limit']);

const nested = (levels: number): string => `{ viewer { ${'manager { '.repeat(levels - 2)}id${' }'.repeat(levels)}`;

describe('depth', () => {
  test('passes at the maximum and is refused one level deeper, with the numbers', () => {
    expect(exceeded(nested(12))).toEqual([]);
    const [error] = errorsOf(nested(13));
    expect(error?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      limit: 'maximumDepth',
      requested: 13,
      maximum: 12,
    });
  });

  test('follows named and inline fragments', () => {
    const document = `{ viewer { ...A } } fragment A on User { manager { ... { ...B } } } fragment B on User { manager { id } }`;
    expect(exceeded(document, { maximumDepth: 4 })).toEqual([]);
    expect(exceeded(document, { maximumDepth: 3 })).toEqual(['maximumDepth']);
  });

  test('checks every operation of a document', () => {
    expect(exceeded(`query A ${nested(13)} query B { viewer { id } } query C ${nested(14)}`)).toHaveLength(2);
  });

  test('lets the introspection of graphiql pass, and counts introspection apart', () => {
    const query = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect(
      validate(schema, parse(query, { maxTokens: defaultGraphqlLimits.maximumTokens }), [
        ...specifiedRules,
        documentLimits({ limits: defaultGraphqlLimits, credentialFields }),
      ]),
    ).toEqual([]);
    expect(exceeded(query, { maximumDepth: 1 })).toEqual([]);
    expect(exceeded(query, { maximumIntrospectionDepth: 5 })).toEqual(['maximumIntrospectionDepth']);
  });

  test('survives cycles, unknown fragments and documents deeper than the stack', () => {
    expect(exceeded('{ viewer { ...A } } fragment A on User { manager { ...B } } fragment B on User { ...A }')).toEqual(
      [],
    );
    expect(exceeded('{ ...Nowhere nothing { at { all } } }')).toEqual([]);
    const chain = Array.from({ length: 5000 }, (_, index) => `fragment F${index} on User { ...F${index + 1} }`);
    expect(exceeded(`{ viewer { ...F0 } } ${chain.join(' ')}`)).toEqual(['maximumDepth']);
  });

  test('measures fragments that double at each step in linear time', () => {
    const steps = 200;
    const doubling = Array.from(
      { length: steps },
      (_, index) => `fragment F${index} on User { ...F${index + 1} x: manager { ...F${index + 1} } }`,
    );
    const document = `{ viewer { ...F0 } } ${doubling.join(' ')} fragment F${steps} on User { id }`;
    const requested = errorsOf(document).map(({ extensions }) => [extensions['limit'], extensions['requested']]);
    expect(requested).toEqual([
      ['maximumDepth', 202],
      ['maximumAliases', 1_000_000_000],
    ]);
  });
});

const aliases = (count: number): string =>
  `{ viewer { ${Array.from({ length: count }, (_, index) => `a${index}: id`).join(' ')} } }`;

describe('widths', () => {
  test('aliases pass at the maximum and are refused one over', () => {
    expect(exceeded(aliases(30))).toEqual([]);
    expect(exceeded(aliases(31))).toEqual(['maximumAliases']);
  });

  test('aliases inside a fragment count with every spread', () => {
    const document = '{ viewer { ...A manager { ...A manager { ...A } } } } fragment A on User { a: id b: id }';
    expect(exceeded(document, { maximumAliases: 6 })).toEqual([]);
    expect(exceeded(document, { maximumAliases: 5 })).toEqual(['maximumAliases']);
  });

  test('root fields count without aliases, in fragments, and only at the root', () => {
    const document = '{ viewer { id name } viewer { id } ...R ... { tags } } fragment R on Query { tags __typename }';
    expect(exceeded(document, { maximumRootFields: 5 })).toEqual([]);
    expect(exceeded(document, { maximumRootFields: 4 })).toEqual(['maximumRootFields']);
  });

  test('directives count on operations, variables, fields, fragments and spreads', () => {
    const document = `query A($a: Boolean! @x) @x { viewer @x @x { ...F @x ... @x { id @x } } } fragment F on User @x { id @x }`;
    expect(exceeded(document, { maximumDirectives: 9 })).toEqual([]);
    expect(exceeded(document, { maximumDirectives: 8 })).toEqual(['maximumDirectives']);
  });
});

describe('credential fields', () => {
  test.each([
    ['aliases', 'mutation { a: signIn { id } b: signIn { id } }'],
    ['plain repetition', 'mutation { signIn { id } signIn { name } }'],
    ['two of a kind', 'mutation { signIn { id } refreshSession { id } }'],
    ['an inline fragment', 'mutation { signIn { id } ... on Mutation { ... { b: signIn { id } } } }'],
    ['a fragment', 'mutation { signIn { id } ...M } fragment M on Mutation { b: signIn { id } }'],
    ['a fragment spread twice', 'mutation { ...M ...M } fragment M on Mutation { signIn { id } }'],
    [
      'both arms of a condition',
      'mutation($x: Boolean!) { signIn @skip(if: $x) { id } b: signIn @include(if: $x) { id } }',
    ],
    ['a query', '{ a: tokenStatus(token: "1") b: tokenStatus(token: "2") }'],
  ])('are refused the second time through %s', (_, document) => {
    expect(exceeded(document)).toEqual(['credentialFields']);
  });

  test('pass once, beside other fields, and once in each operation', () => {
    expect(exceeded('mutation { signIn { id } signOut }')).toEqual([]);
    expect(exceeded('mutation A { signIn { id } } mutation B { signIn { id } }')).toEqual([]);
  });

  test('are found when one fragment serves two kinds of operation', () => {
    const document = `query Q { ...F tags } mutation M { ...F signIn { id } } fragment F on Mutation { signIn { id } }`;
    expect(exceeded(document)).toEqual(['credentialFields']);
  });

  test('are not confused with fields of the same name elsewhere', () => {
    expect(exceeded('{ viewer { a: refreshSession b: refreshSession } }')).toEqual([]);
  });
});
