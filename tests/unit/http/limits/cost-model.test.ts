import { buildSchema, Kind, parse, validate, type OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createCostModel, type CostModelSettings } from '../../../../src/http/limits/cost-model.ts';
import { smallSchema } from './small-schema.ts';

const schema = smallSchema();

const costOf = (text: string, variables: Record<string, unknown> = {}, settings: CostModelSettings = {}): number => {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = document.definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined) throw new Error('The document has no operation.');
  return createCostModel(schema, settings).cost({ document, operation, variables });
};

describe('pages', () => {
  test('a page multiplies what lies under edges and nodes, and nothing else', () => {
    // users 1, edges 1, 10 x (node 1 + id 1), totalCount 1, pageInfo 1 + hasNextPage 1
    expect(costOf('{ users(first: 10) { edges { node { id } } totalCount pageInfo { hasNextPage } } }')).toBe(25);
    expect(costOf('{ users(first: 10) { nodes { id name } } }')).toBe(22);
  });

  test('nested pages multiply each other', () => {
    // users 1 + nodes 1 + 10 x (friends 1 + nodes 1 + 5 x id)
    expect(costOf('{ users(first: 10) { nodes { friends(last: 5) { nodes { id } } } } }')).toBe(72);
  });

  test('without a size the schema default, the default of a variable or 25 counts', () => {
    expect(costOf('{ users { nodes { id } } }')).toBe(27);
    expect(costOf('{ groups { nodes { id } } }')).toBe(27);
    expect(costOf('query($n: Int = 7) { users(first: $n) { nodes { id } } }')).toBe(9);
    expect(costOf('query($n: Int = 7) { users(first: $n) { nodes { id } } }', { n: 3 })).toBe(5);
    expect(costOf('query($n: Int) { users(first: $n) { nodes { id } } }', { n: null })).toBe(27);
    expect(costOf('{ users { nodes { id } } }', {}, { costs: { 'Query.users': { size: 50 } } })).toBe(27);
    expect(costOf('{ groups { nodes { id } } }', {}, { costs: { 'Query.groups': { size: 50 } } })).toBe(52);
  });

  test.each([
    ['more than a page may hold', 1_000_000, 102],
    ['a negative size', -5, 27],
    ['a fraction', 1.5, 27],
    ['a text', '50', 27],
    ['not a number', Number.NaN, 27],
    ['infinity', Number.POSITIVE_INFINITY, 27],
    ['an object', { valueOf: 3 }, 27],
  ])('counts %s as what it can become', (_, n, cost) => {
    expect(costOf('query($n: Int) { users(first: $n) { nodes { id } } }', { n })).toBe(cost);
  });

  test('a variable named like a property of every object is not read from its prototype', () => {
    expect(costOf('query($constructor: Int) { users(first: $constructor) { nodes { id } } }')).toBe(27);
  });

  test('fragments on the connection and inside it count in place, with each spread', () => {
    const inline = '{ users(first: 4) { ... on UserConnection { nodes { ...U } } ...C } }';
    const fragments = 'fragment C on UserConnection { edges { node { ...U } } } fragment U on User { id name }';
    // users 1; nodes 1 + 4 x 2; edges 1 + 4 x (node 1 + 2)
    expect(costOf(`${inline} ${fragments}`)).toBe(1 + 9 + 13);
  });
});

describe('lists, entities, declarations', () => {
  test('a list of objects counts its declared size or ten; a list of scalars is one field', () => {
    expect(costOf('{ tree { id } tags }')).toBe(12);
    expect(costOf('{ tree { id } tags }', {}, { costs: { 'Query.tree': { size: 3, points: 5 } } })).toBe(9);
  });

  test('representations multiply _entities, in variables and literals', () => {
    const text = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id } ... on Group { id } } }';
    expect(costOf(text, { r: [{}, {}, {}] })).toBe(7);
    expect(costOf(text, { r: {} })).toBe(3);
    expect(costOf('{ _entities(representations: ["a", "b"]) { ... on User { id } } }')).toBe(3);
  });

  test('extensions of a field declare its cost, and a table goes before them', () => {
    const priced = smallSchema();
    const fields = priced.getQueryType()?.getFields();
    if (fields?.['tree'] === undefined) throw new Error('no such field');
    fields['tree'].extensions = { cost: { size: 2, points: 20 } };
    const document = parse('{ tree { id } }');
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
    const question = { document, operation, variables: {} };
    expect(createCostModel(priced).cost(question)).toBe(22);
    expect(createCostModel(priced, { costs: { 'Query.tree': { size: 4 } } }).cost(question)).toBe(5);
  });

  test('wrong declarations are named before the first request', () => {
    const costs = { 'Query.nothing': {}, 'Query.tree': { size: -1 }, 'Query.tags': { sizeArgument: 'absent' } };
    expect(() => createCostModel(schema, { costs })).toThrow(
      /Query\.tree.*Query\.tags.*Query\.nothing|Query\.tags.*Query\.tree.*Query\.nothing/,
    );
    expect(() => createCostModel(schema, { costs: { 'Query.tree': { points: Number.NaN } } })).toThrow('Query.tree');
  });

  test('introspection has a flat price, so that aliases of it add up', () => {
    expect(costOf('{ __schema { types { name fields { name } } } }')).toBe(104);
    expect(costOf('{ a: __schema { types { name } } b: __schema { types { name } } }')).toBe(204);
    expect(costOf('{ __type(name: "User") { name } __typename }')).toBe(12);
  });
});

describe('conditions', () => {
  const text =
    'query($x: Boolean = false) { viewer { id manager @include(if: $x) { id ...F @skip(if: $x) } } } fragment F on User { name }';

  test('what is left out costs nothing', () => {
    expect(costOf(text)).toBe(2);
    expect(costOf(text, { x: true })).toBe(4);
    expect(costOf('{ viewer { id name @skip(if: true) ... @include(if: false) { manager { id } } } }')).toBe(2);
  });

  test('values that execution refuses leave nothing out', () => {
    expect(costOf('query($x: Boolean!) { viewer @skip(if: $x) { id } }', { x: 'true' })).toBe(2);
    expect(costOf('query($x: Boolean!) { viewer @include(if: $x) { id } }', { x: 0 })).toBe(2);
  });
});

describe('extremes', () => {
  test('costs saturate instead of overflowing', () => {
    const levels = 200;
    const text = `{ users(first: 100) { nodes { ${'friends(first: 100) { nodes { '.repeat(levels)}id${' } }'.repeat(levels)} } } }`;
    expect(costOf(text)).toBe(1_000_000_000);
  });

  test('fragments that double at each step are compiled and evaluated in linear time', () => {
    const steps = 300;
    const doubling = Array.from(
      { length: steps },
      (_, index) => `fragment F${index} on User { a: manager { ...F${index + 1} } b: manager { ...F${index + 1} } }`,
    );
    const text = `query($n: Int) { viewer { ...F0 } } ${doubling.join(' ')}
      fragment F${steps} on User { friends(first: $n) { nodes { id } } }`;
    const document = parse(text);
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
    const model = createCostModel(schema);
    expect(model.cost({ document, operation, variables: { n: 5 } })).toBe(1_000_000_000);
    expect(model.cost({ document, operation, variables: { n: 0 } })).toBe(1_000_000_000);
  });

  test('fragments of a connection that double at each step are evaluated in linear time too', () => {
    const steps = 60;
    const doubling = Array.from(
      { length: steps },
      (_, index) => `fragment F${index} on UserConnection { ...F${index + 1} ...F${index + 1} }`,
    );
    const text = `query($n: Int) { users(first: 1) { ...F0 } } ${doubling.join(' ')}
      fragment F${steps} on UserConnection { nodes { friends(first: $n) { nodes { id } } } }`;
    expect(costOf(text, { n: 5 })).toBe(1_000_000_000);
  });

  test('documents that were never validated do not throw', () => {
    const document = parse('{ nothing { at { all } } ...A } fragment A on Nowhere { b ...A }');
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
    expect(createCostModel(buildSchema('type Query { a: Int }')).cost({ document, operation, variables: {} })).toBe(4);
  });
});
