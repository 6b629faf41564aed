import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardOf } from '../../../packages/client/src/apollo.ts';
import { DecisionClient } from '../../../packages/client/src/decision-client.ts';
import { Denied, type Guard } from '../../../packages/client/src/guard.ts';
import { TokenVerifier } from '../../../packages/client/src/token-verifier.ts';
import { SignOutDocument } from '../../../generated/client/graphql.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { unique, useCast } from '../../support/holder.ts';
import { makeApplication, registered, resource } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';

interface Purchase {
  readonly id: string;
  readonly createdBy: string | null;
  readonly amount: number;
}

/** A shop that asks Gatehouse before it answers; it knows nothing of users, groups or grants. */
const shopOf = (purchases: readonly Purchase[]) =>
  new ApolloServer<{ guard: Guard }>({
    typeDefs:
      'type Query { purchases: [Purchase!] purchase(id: ID!): Purchase } type Purchase { id: ID! amount: Float! }',
    resolvers: {
      Query: {
        purchases: (_root: unknown, _args: unknown, { guard }: { guard: Guard }) =>
          guard.filter('view', 'shop.purchases', purchases, ({ id, createdBy, amount }) => ({
            rowId: id,
            attributes: { createdBy, amount },
          })),
        purchase: async (_root: unknown, { id }: { id: string }, { guard }: { guard: Guard }) => {
          const found = purchases.find((one) => one.id === id);
          await guard.require('view', 'shop.purchases', {
            rowId: id,
            attributes: { createdBy: found?.createdBy ?? null, amount: found?.amount ?? null },
          });
          return found ?? null;
        },
      },
    },
    formatError: (formatted, error) => {
      const cause = error instanceof Error && 'originalError' in error ? error.originalError : error;
      return cause instanceof Denied ? { message: cause.message, extensions: cause.extensions } : formatted;
    },
  });

describe('a second subgraph', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const purchases: Purchase[] = [];
  let buyer: Actor;
  let clerk: Actor;
  let shop: ApolloServer<{ guard: Guard }>;
  let shopUrl = '';

  const person = async (groupId: Awaited<ReturnType<typeof makeGroup>> | null): Promise<Actor> => {
    const email = `${unique('shopper')}@shop.example`;
    await makePerson(app(), { email, ...(groupId === null ? {} : { groupIds: [groupId] }) });
    return signIn(app(), email);
  };

  beforeAll(async () => {
    const { key } = await makeApplication(app());
    await registered(
      key,
      resource('purchases', {
        actions: ['view', 'view-own'],
        attributes: [
          { name: 'createdBy', type: 'STRING' },
          { name: 'amount', type: 'NUMBER' },
        ],
        ownerRule: { attribute: 'createdBy' },
      }),
      'shop',
    );
    buyer = await person(await makeGroup(app(), unique('Buyers'), ['view-own:shop.purchases']));
    clerk = await person(await makeGroup(app(), unique('Clerks'), ['view:shop.purchases']));
    purchases.push(
      { id: '1', createdBy: buyer.id, amount: 10 },
      { id: '2', createdBy: clerk.id, amount: 20 },
      { id: '3', createdBy: null, amount: 30 },
    );
    const { issuer, audience } = app().config.tokens;
    const verifier = new TokenVerifier({
      issuer,
      audience,
      jwksUrl: `${app().url}/.well-known/jwks.json`,
      now: () => app().clock.now(),
    });
    const decisions = new DecisionClient({ url: `${app().url}/graphql`, maximumAgeMs: 0 });
    const context = guardOf({ verifier, decisions });
    shop = shopOf(purchases);
    const { url } = await startStandaloneServer(shop, {
      listen: { host: '127.0.0.1', port: 0 },
      context: async ({ req }) => ({ guard: await context(req) }),
    });
    shopUrl = url;
  });
  afterAll(() => shop.stop());

  const at = (actor: Actor | null) => new TestClient(shopUrl, actor === null ? {} : actor.headers);
  const list = async (actor: Actor | null) =>
    (await at(actor).run<{ purchases: { id: string }[] }>('{ purchases { id } }')).data.purchases.map(({ id }) => id);
  const one = async (actor: Actor | null, id: string) => {
    const { data, errors } = await at(actor).run<{ purchase: { id: string } | null }>(
      `{ purchase(id: "${id}") { id } }`,
    );
    return errors[0]?.extensions ?? data.purchase;
  };

  test('shows everybody the rows that Gatehouse allows them: their own, all, or none', async () => {
    expect(await list(buyer)).toEqual(['1']);
    expect(await list(clerk)).toEqual(['1', '2', '3']);
    expect(await list(cast().member)).toEqual([]);
    expect(await list(null)).toEqual([]);
  });

  test('refuses with what is missing', async () => {
    expect(await one(buyer, '1')).toEqual({ id: '1' });
    expect(await one(buyer, '2')).toMatchObject({ code: 'FORBIDDEN', reason: 'NOT_OWNER' });
    expect(await one(cast().member, '1')).toMatchObject({ code: 'FORBIDDEN', missing: ['view:shop.purchases'] });
    expect(await one(null, '1')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('is told at once that a session has ended, though its token is still young', async () => {
    const leaving = await signIn(app(), clerk.email);
    expect(await list(leaving)).toEqual(['1', '2', '3']);
    await leaving.send(SignOutDocument, { input: {} });
    const { errors } = await at(leaving).run('{ purchases { id } }');
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UNAUTHENTICATED']);
    expect(await one(leaving, '1')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('takes no token that Gatehouse did not sign', async () => {
    const { status, code } = await new TestClient(shopUrl, {
      authorization: `Bearer ${buyer.accessToken.slice(0, -6)}AAAAAA`,
    }).run('{ purchases { id } }');
    expect([status, code]).toEqual([401, 'UNAUTHENTICATED']);
  });
});
