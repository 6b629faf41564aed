import { describe, expect, test } from 'vitest';
import {
  DevicesDocument,
  type DevicesQueryVariables,
  SignOutDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { makePerson } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { addDevices, addSessions, beginSession } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const person = async () => {
  const email = `${unique('person')}@devices.example`;
  return { email, id: await makePerson(app(), { email }) };
};

const pageOf = async (client: TestClient, variables: DevicesQueryVariables) => {
  const { data, errors } = await client.send(DevicesDocument, variables);
  expect(errors).toEqual([]);
  if (data.devices == null) throw new Error('There is no page.');
  return data.devices;
};

describe('devices', () => {
  test('are one’s own, last used first, with name, trust, address and active sessions', async () => {
    const { email, id } = await person();
    const firstSeenAt = app().clock.now().toISOString();
    const one = await beginSession(app(), email, { userAgent: 'curl/8.5.0' });
    app().clock.advance(30);
    const gone = await beginSession(app(), email, { userAgent: 'ShopApp/2.1' });
    await beginSession(app(), email, { userAgent: 'ShopApp/2.1' });
    await gone.client.send(SignOutDocument, { input: {} });
    const now = app().clock.now();
    const trustedUntil = new Date(now.getTime() + 60_000).toISOString();
    await app().database.query(
      `update devices set trusted_until = case when name = 'curl' then $2::timestamptz else $3::timestamptz end where user_id = $1`,
      [id, trustedUntil, now.toISOString()],
    );
    const page = await pageOf(one.client, {});
    const common = { firstSeenAt, lastSeenAt: firstSeenAt, lastIpAddress: '127.0.0.1', sessionCount: 1 };
    const later = { firstSeenAt: now.toISOString(), lastSeenAt: now.toISOString() };
    expect(page.nodes).toMatchObject([
      { ...common, ...later, name: 'ShopApp', trusted: false, trustedUntil: null },
      { ...common, name: 'curl', trusted: true, trustedUntil },
    ]);
    expect(page.edges.map(({ node }) => node.user?.id)).toEqual([id, id]);
    expect(page.totalCount).toBe(2);
  });

  test('count as used when one of their sessions is, exact to ten minutes', async () => {
    const { email } = await person();
    const { client } = await beginSession(app(), email);
    const begun = app().clock.now().toISOString();
    const lastSeenAt = async () => (await pageOf(client, {})).nodes[0]?.lastSeenAt;
    app().clock.advance(590);
    await client.send(ViewerDocument, {});
    await app().services.activity.flush();
    expect(await lastSeenAt()).toBe(begun);
    app().clock.advance(70);
    await app().database.query(`update devices set last_ip_address = '203.0.113.9'`);
    await client.send(ViewerDocument, {});
    await app().services.activity.flush();
    const [device] = (await pageOf(client, {})).nodes;
    expect(device).toMatchObject({ lastSeenAt: app().clock.now().toISOString(), lastIpAddress: '127.0.0.1' });
  });

  test('of others need view:sessions, and view:users to see whose; hidden and missing look the same', async () => {
    const { id } = await person();
    const [device] = await addDevices(app(), id, 1);
    const blind = await holderOf(app(), ['view:sessions']);
    const nothing = { nodes: [], totalCount: 0, pageInfo: { hasNextPage: false, hasPreviousPage: false } };
    for (const client of [cast().member, cast().reader, blind]) {
      for (const userId of [id, newId<UserId>(), 'nonsense', '\0']) {
        expect(await pageOf(client, { userId })).toMatchObject(nothing);
      }
    }
    for (const client of [cast().support, cast().admin]) {
      expect((await pageOf(client, { userId: id })).nodes.map((node) => node.id)).toEqual([device]);
    }
  });

  test('need somebody signed in', async () => {
    const { data, code } = await cast().anonymous.send(DevicesDocument, {});
    expect([data, code]).toEqual([{ devices: null }, 'UNAUTHENTICATED']);
  });

  test('show no secret and no counter', async () => {
    const { data } = await cast().admin.run<{ type: { fields: { name: string }[] } }>(
      '{ type: __type(name: "Device") { fields { name } } }',
    );
    expect(data.type.fields.map(({ name }) => name).toSorted()).toEqual(
      [
        'id',
        'name',
        'user',
        'trusted',
        'trustedUntil',
        'firstSeenAt',
        'lastSeenAt',
        'lastIpAddress',
        'sessionCount',
      ].toSorted(),
    );
  });

  test('are each there once, page by page in both directions, with cursors of no other list', async () => {
    const { id: userId } = await person();
    const expected = (await addDevices(app(), userId, 20)).toReversed();
    const forward: string[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const { nodes, pageInfo } = await pageOf(cast().admin, { userId, first: 7, after });
      forward.push(...nodes.map((node) => node.id));
      more = pageInfo.hasNextPage;
      after = pageInfo.endCursor;
    }
    expect(forward).toEqual(expected);
    const backward: string[] = [];
    let before: string | null = null;
    for (let more = true; more;) {
      const { nodes, pageInfo } = await pageOf(cast().admin, { userId, last: 7, before });
      backward.unshift(...nodes.map((node) => node.id));
      more = pageInfo.hasPreviousPage;
      before = pageInfo.startCursor;
    }
    expect(backward).toEqual(expected);
    const { data } = await cast().admin.run<{ users: { pageInfo: { endCursor: string } } }>(
      '{ users(first: 1) { pageInfo { endCursor } } }',
    );
    const foreign = await cast().admin.send(DevicesDocument, { userId, after: data.users.pageInfo.endCursor });
    expect(foreign.code).toBe('BAD_USER_INPUT');
    for (const size of [{ first: 0 }, { first: 101 }, { last: 101 }]) {
      expect((await cast().admin.send(DevicesDocument, size)).code).toBe('BAD_USER_INPUT');
    }
  });

  test('cost the same few statements for pages of 10 and of 100', async () => {
    const { id: userId } = await person();
    for (const deviceId of await addDevices(app(), userId, 100)) await addSessions(app(), userId, 1, { deviceId });
    const query =
      'query ($userId: ID!, $first: Int!) { devices(userId: $userId, first: $first) { nodes { id sessionCount user { id } } } }';
    await cast().admin.run(query, { userId, first: 1 });
    for (const first of [10, 100]) {
      const { answer, statements } = await statementsOf(app(), () =>
        cast().admin.run<{ devices: { nodes: { sessionCount: number }[] } }>(query, { userId, first }),
      );
      expect(answer.errors).toEqual([]);
      expect(answer.data.devices.nodes.map(({ sessionCount }) => sessionCount)).toEqual(
        Array.from({ length: first }, () => 1),
      );
      expect(statements).toBe(4);
    }
  });
});
