import * as fc from 'fast-check';
import {
  Kind,
  parse,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { expect, test } from 'vitest';
import { createCostModel } from '../../../../src/http/limits/cost-model.ts';
import { smallSchema } from './small-schema.ts';

const schema = smallSchema();
const LIMIT = 1_000_000_000n;

type Variables = Readonly<Record<string, unknown>>;

/** The definition of the cost, written as plainly as possible: recursive, unmemoised, in exact integers. */
class NaiveCost {
  constructor(
    readonly document: DocumentNode,
    readonly variables: Variables,
  ) {}

  set(set: SelectionSetNode, factor: (name: string) => bigint): bigint {
    let total = 0n;
    for (const selection of set.selections) {
      if (selection.directives?.some(({ arguments: args }) => this.isTrue(args?.[0]?.value)) === true) continue;
      if (selection.kind === Kind.FIELD) total += 1n + factor(selection.name.value) * this.inside(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) total += this.set(selection.selectionSet, factor);
      else total += this.set(this.fragment(selection.name.value).selectionSet, factor);
    }
    return total;
  }

  /** Every directive of the generated documents is a `@skip`. */
  isTrue(value: unknown): boolean {
    const node = value as { kind: Kind; value?: boolean; name?: { value: string } };
    return node.kind === Kind.VARIABLE ? this.variables[node.name?.value ?? ''] === true : node.value === true;
  }

  inside(field: FieldNode): bigint {
    if (field.selectionSet === undefined) return 0n;
    const name = field.name.value;
    if (name !== 'users' && name !== 'friends')
      return (name === 'groups' || name === 'tree' ? 10n : 1n) * this.set(field.selectionSet, () => 1n);
    const page = this.page(field);
    return this.set(field.selectionSet, (child) => (child === 'edges' || child === 'nodes' ? page : 1n));
  }

  page(field: FieldNode): bigint {
    const given = (field.arguments ?? []).map(({ value }) =>
      value.kind === Kind.VARIABLE
        ? this.variables[value.name.value]
        : Number((value as { readonly value?: string }).value),
    );
    const sizes = given.filter((size): size is number => typeof size === 'number');
    // `users` has a default of 25 for `first`, which counts where only `last` is given
    const implied =
      field.name.value === 'users' && field.arguments?.every(({ name }) => name.value !== 'first') === true;
    if (implied) sizes.push(25);
    return sizes.length === 0 ? 25n : BigInt(Math.min(100, Math.max(...sizes)));
  }

  fragment(name: string): FragmentDefinitionNode {
    const found = this.document.definitions.find(
      (definition): definition is FragmentDefinitionNode =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    );
    if (found === undefined) throw new Error(`no fragment ${name}`);
    return found;
  }
}

const size = fc.oneof(fc.integer({ min: 0, max: 130 }).map(String), fc.constantFrom('$n', '$m'));
const pageArguments = fc.oneof(
  fc.constant(''),
  size.map((first) => `(first: ${first})`),
  size.map((last) => `(last: ${last})`),
  fc.tuple(size, size).map(([first, last]) => `(first: ${first}, last: ${last})`),
);
const skip = fc.constantFrom('', '', '', ' @skip(if: $x)', ' @skip(if: true)', ' @skip(if: false)');
const joined = (selections: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(selections, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' '));

/** Selections of `User` and `UserConnection` that may spread the fragments after number `after`. */
const selections = (after: number, count: number): { user: fc.Arbitrary<string>; connection: fc.Arbitrary<string> } => {
  const later = Array.from({ length: count - after - 1 }, (_, index) => after + 1 + index);
  const spread = (kind: string): fc.Arbitrary<string>[] =>
    later.length === 0
      ? []
      : [fc.tuple(fc.constantFrom(...later), skip).map(([index, directive]) => `...${kind}${index}${directive}`)];
  const { user, connection } = fc.letrec<{ user: string; connection: string }>((tie) => ({
    user: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('id', 'name', 'a: id', '__typename'),
      ...spread('U'),
      fc.tuple(skip, joined(tie('user'))).map(([directive, inner]) => `manager${directive} { ${inner} }`),
      fc.tuple(skip, joined(tie('user'))).map(([directive, inner]) => `... on User${directive} { ${inner} }`),
      skip.map((directive) => `groups${directive} { id }`),
      fc
        .tuple(pageArguments, skip, joined(tie('connection')))
        .map(([page, directive, inner]) => `friends${page}${directive} { ${inner} }`),
    ),
    connection: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('totalCount', 'pageInfo { hasNextPage }'),
      ...spread('C'),
      joined(tie('user')).map((inner) => `nodes { ${inner} }`),
      fc.tuple(skip, joined(tie('user'))).map(([directive, inner]) => `edges${directive} { cursor node { ${inner} } }`),
      joined(tie('connection')).map((inner) => `... { ${inner} }`),
    ),
  }));
  return { user: joined(user), connection: joined(connection) };
};

const FRAGMENTS = 4;
const documents = fc
  .tuple(
    pageArguments,
    selections(-1, FRAGMENTS).connection,
    selections(-1, FRAGMENTS).user,
    ...Array.from({ length: FRAGMENTS }, (_, index) => {
      const { user, connection } = selections(index, FRAGMENTS);
      return fc
        .tuple(user, connection)
        .map(([u, c]) => `fragment U${index} on User { ${u} } fragment C${index} on UserConnection { ${c} }`);
    }),
  )
  .map(
    ([page, connection, user, ...fragments]) =>
      `query($n: Int, $m: Int, $x: Boolean!) { users${page} { ${connection} } viewer { ${user} } tree { id } } ${fragments.join(' ')}`,
  );

const someSize = fc.option(fc.integer({ min: 0, max: 130 }));
const someVariables = fc.record({ n: someSize, m: someSize, x: fc.boolean() });

test('the compiled cost of any document equals the plain recursive definition, for any variables', () => {
  const model = createCostModel(schema);
  fc.assert(
    fc.property(documents, someVariables, someVariables, (text, ...requests) => {
      const document = parse(text);
      const [operation] = document.definitions;
      if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
      for (const variables of requests) {
        const exact = new NaiveCost(document, variables).set(operation.selectionSet, () => 1n);
        const expected = exact < LIMIT ? exact : LIMIT;
        expect(BigInt(model.cost({ document, operation, variables }))).toBe(expected);
      }
    }),
    { numRuns: 300 },
  );
});
