import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import { ALICE, BOB } from './callers.fixture.ts';

const SDL = `
  type Query { open: String users: [User] user(id: ID): User forgotten: String broken: String health: String }
  type Mutation { wipe: String forgotten: String }
  type Subscription { changes: String forgotten: String }
  interface Named { name: String }
  type User implements Named { id: ID name: String email: String note: String }
`;

const people = [
  { id: ALICE, name: 'Alice', email: 'alice@example.test', note: 'a' },
  { id: BOB, name: 'Bob', email: 'bob@example.test', note: 'b' },
];

/** Counts what ran. */
export interface Counter {
  calls: number;
}

async function* events(counter: Counter): AsyncGenerator<{ changes: string }> {
  for (const changes of ['first', 'second', 'third']) {
    counter.calls += 1;
    yield { changes };
  }
}

/** A schema without any guard. */
export const makeSchema = (counter: Counter = { calls: 0 }): GraphQLSchema => {
  const schema = buildSchema(SDL);
  const fields = (name: string): ReturnType<NonNullable<ReturnType<GraphQLSchema['getQueryType']>>['getFields']> => {
    const type = schema.getType(name);
    if (type === undefined || !('getFields' in type)) throw new Error(name);
    return type.getFields() as never;
  };
  const resolve = (type: string, field: string, resolver: (args: { id?: string }) => unknown): void => {
    const definition = fields(type)[field];
    if (definition !== undefined) definition.resolve = (_parent, args): unknown => resolver(args);
  };
  resolve('Query', 'open', () => 'open');
  resolve('Query', 'forgotten', () => 'leak');
  resolve('Query', 'health', () => 'fine');
  resolve('Query', 'users', () => people);
  resolve('Query', 'user', ({ id }) => people.find((one) => one.id === id));
  resolve('Query', 'broken', () => {
    throw new GraphQLError('The row is gone.', { extensions: { code: 'NOT_FOUND' } });
  });
  resolve('Mutation', 'wipe', () => (counter.calls += 1));
  resolve('Mutation', 'forgotten', () => (counter.calls += 1));
  for (const name of ['changes', 'forgotten']) {
    const field = fields('Subscription')[name];
    if (field !== undefined) field.subscribe = (): unknown => events(counter);
  }
  return schema;
};

/** The resolver of each field, by coordinate. */
export const resolversOf = (schema: GraphQLSchema): ReadonlyMap<string, unknown> => {
  const named = Object.values(schema.getTypeMap()).filter((type) => 'getFields' in type && !type.name.startsWith('__'));
  return new Map(
    named.flatMap((type) =>
      Object.entries('getFields' in type ? type.getFields() : {}).map(([field, definition]) => [
        `${type.name}.${field}`,
        'resolve' in definition ? definition.resolve : undefined,
      ]),
    ),
  );
};
