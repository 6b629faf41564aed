import { ApolloServer, type GraphQLResponse } from '@apollo/server';
import { describe, expect, test } from 'vitest';
import { costPlugin, type CostContext } from '../../../../src/http/limits/cost-plugin.ts';

const serverWith = (maximumCost: number, onCall: () => void = () => undefined): ApolloServer<CostContext> =>
  new ApolloServer<CostContext>({
    typeDefs: `
      type Query { users(first: Int): UserConnection, fine: Int }
      type UserConnection { nodes: [User!]! pageInfo: PageInfo! }
      type PageInfo { hasNextPage: Boolean! }
      type User { id: ID! }
    `,
    resolvers: {
      Query: {
        users: () => {
          onCall();
          return { nodes: [], pageInfo: { hasNextPage: false } };
        },
      },
    },
    plugins: [costPlugin({ maximumCost })],
  });

const single = (response: GraphQLResponse): Extract<GraphQLResponse['body'], { kind: 'single' }>['singleResult'] => {
  if (response.body.kind !== 'single') throw new Error('an incremental answer');
  return response.body.singleResult;
};

const query = 'query($n: Int) { users(first: $n) { nodes { id } } }';

describe('the cost plugin', () => {
  test('lets the maximum pass and refuses one point more before any resolver runs', async () => {
    let calls = 0;
    const server = serverWith(12, () => (calls += 1));
    const contextValue = { principal: null };
    const fine = await server.executeOperation({ query, variables: { n: 10 } }, { contextValue });
    expect(single(fine).errors).toBeUndefined();
    expect(calls).toBe(1);
    const refused = await server.executeOperation({ query, variables: { n: 11 } }, { contextValue });
    expect(single(refused).errors?.[0]?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      limit: 'maximumCost',
      cost: 13,
      maximum: 12,
    });
    expect(refused.http.status).toBe(400);
    expect(calls).toBe(1);
    await server.stop();
  });

  test('tells the cost to signed-in callers only', async () => {
    const server = serverWith(100);
    const ask = async (principal: unknown): Promise<unknown> =>
      single(await server.executeOperation({ query, variables: { n: 3 } }, { contextValue: { principal } })).extensions;
    expect(await ask({ id: 'someone' })).toEqual({ cost: { requested: 5, maximum: 100 } });
    expect(await ask(null)).toBeUndefined();
    await server.stop();
  });

  test('keeps parallel requests apart that share one document', async () => {
    const server = serverWith(50);
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) =>
        single(await server.executeOperation({ query, variables: { n } }, { contextValue: { principal: {} } })),
      ),
    );
    expect(answers.map(({ extensions }) => extensions?.['cost'])).toEqual(
      answers.map((_, n) => ({ requested: 2 + n, maximum: 50 })),
    );
    expect(answers.filter(({ errors }) => errors !== undefined)).toHaveLength(11);
    await server.stop();
  });

  test('leaves an unknown operation name and refused variables to the server', async () => {
    const server = serverWith(50);
    const contextValue = { principal: null };
    const unknown = await server.executeOperation({ query, operationName: 'Nothing' }, { contextValue });
    expect(single(unknown).errors?.[0]?.extensions?.['code']).toBe('OPERATION_RESOLUTION_FAILURE');
    const refused = await server.executeOperation({ query, variables: { n: 'many' } }, { contextValue });
    expect(single(refused).errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
    await server.stop();
  });

  test('stops the start on a cost for a field that does not exist', async () => {
    const server = new ApolloServer<CostContext>({
      typeDefs: 'type Query { a: Int }',
      plugins: [costPlugin({ maximumCost: 1, costs: { 'Query.b': { points: 2 } } })],
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    await expect(server.start()).rejects.toThrow('Query.b');
  });
});
