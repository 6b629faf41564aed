import { describe, expect, test } from 'vitest';
import {
  SessionsDocument,
  type SessionsQueryVariables,
  SignOutDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { makePerson } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { addDevices, addSessions, beginSession } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const person = async () => {
  const email = `${unique('person')}@sessions.example`;
  return { email, id: await makePerson(app(), { email }) };
};

const pageOf = async (client: TestClient, variables: SessionsQueryVariables) => {
  const { data, errors } = await client.send(SessionsDocument, variables);
  expect(errors).toEqual([]);
  if (data.sessions == null) throw new Error('There is no page.');
  return data.sessions;
};

const idsOf = async (client: TestClient, variables: SessionsQueryVariables) =>
  (await pageOf(client, variables)).nodes.map(({ id }) => id);

describe('sessions', () => {
  test('show one’s own with device, address, client and method, newest first, and which one this is', async () => {
    const { email, id } = await person();
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
    const browser = await beginSession(app(), email, { userAgent: firefox, delivery: 'COOKIE' });
    const shop = await beginSession(app(), email, { userAgent: 'ShopApp/2.1', clientName: 'The shop' });
    const now = app().clock.now();
    const page = await pageOf(shop.client, {});
    const common = {
      ipAddress: '127.0.0.1',
      signInMethod: 'PASSWORD',
      assuranceLevel: 'AAL1',
      createdAt: now.toISOString(),
      lastSeenAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + 7 * 86_400_000).toISOString(),
      endedAt: null,
      endReason: null,
    };
    expect(page.nodes).toEqual([
      { ...common, id: shop.id, userAgent: 'ShopApp/2.1', clientName: 'The shop', current: true },
      { ...common, id: browser.id, userAgent: firefox, clientName: null, current: false },
    ]);
    expect(page.edges.map(({ node }) => [node.user?.id, node.device?.name])).toEqual([
      [id, 'The shop'],
      [id, 'Firefox on Linux'],
    ]);
    expect(page.totalCount).toBe(2);
  });

  test('are of the same type as the session of the viewer', async () => {
    const { email, id } = await person();
    const { client, id: sessionId } = await beginSession(app(), email, { userAgent: 'curl/8.5.0' });
    const { data, errors } = await client.run(
      '{ viewer { session { id current endedAt endReason user { id } device { name sessionCount } } } }',
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      viewer: {
        session: {
          id: sessionId,
          current: true,
          endedAt: null,
          endReason: null,
          user: { id },
          device: { name: 'curl', sessionCount: 1 },
        },
      },
    });
  });

  test('are kept when they are over, with when and why, and can be asked for apart', async () => {
    const { email } = await person();
    const [gone, here] = [await beginSession(app(), email), await beginSession(app(), email)];
    await gone.client.send(SignOutDocument, { input: {} });
    const at = app().clock.now().toISOString();
    const [over] = (await pageOf(here.client, { filter: { active: false } })).nodes;
    expect(over).toMatchObject({ id: gone.id, endedAt: at, endReason: 'SIGNED_OUT', current: false });
    expect(await idsOf(here.client, { filter: { active: true } })).toEqual([here.id]);
    expect(await idsOf(here.client, { filter: { active: null } })).toEqual([here.id, gone.id]);
  });

  test('show a member nothing of others, however they ask, real or not', async () => {
    const { member, admin } = cast();
    const asked = [admin.id, newId<UserId>(), 'nonsense', '', '\0'];
    for (const userId of asked) {
      expect(await pageOf(member, { filter: { userId } })).toMatchObject({ nodes: [], totalCount: 0 });
    }
    const all = await pageOf(member, { first: 100 });
    expect(all.edges.every(({ node }) => node.user?.id === member.id)).toBe(true);
    expect(all.totalCount).toBe(all.nodes.length);
    const { endCursor } = (await pageOf(admin, { first: 1 })).pageInfo;
    const after = await pageOf(member, { after: endCursor });
    expect(after.edges.every(({ node }) => node.user?.id === member.id)).toBe(true);
  });

  test('of others need view:sessions, and view:users to see whose', async () => {
    const blind = await holderOf(app(), ['view:sessions']);
    const seeing = await holderOf(app(), ['view:sessions', 'view:users']);
    const { id, email } = await person();
    const { id: sessionId } = await beginSession(app(), email);
    expect(await idsOf(blind, { filter: { userId: id } })).toEqual([]);
    expect(await idsOf(seeing, { filter: { userId: id } })).toEqual([sessionId]);
    expect(await idsOf(cast().support, { filter: { userId: id } })).toEqual([sessionId]);
    expect(await idsOf(cast().reader, { filter: { userId: id } })).toEqual([]);
    expect(await idsOf(cast().reader, {})).not.toContain(sessionId);
    expect(await idsOf(seeing, { first: 100 })).toContain(sessionId);
  });

  test('need somebody signed in', async () => {
    const { data, code } = await cast().anonymous.send(SessionsDocument, {});
    expect([data, code]).toEqual([{ sessions: null }, 'UNAUTHENTICATED']);
  });

  test('show no secret and no hash', async () => {
    const { data } = await cast().admin.run<{ type: { fields: { name: string }[] } }>(
      '{ type: __type(name: "Session") { fields { name } } }',
    );
    expect(data.type.fields.map(({ name }) => name).toSorted()).toEqual(
      [
        'id',
        'user',
        'device',
        'ipAddress',
        'userAgent',
        'clientName',
        'signInMethod',
        'assuranceLevel',
        'createdAt',
        'lastSeenAt',
        'expiresAt',
        'endedAt',
        'endReason',
        'impersonator',
        'organization',
        'current',
      ].toSorted(),
    );
  });

  test('show where, when and by which program each was used last', async () => {
    const { email } = await person();
    const { client, id } = await beginSession(app(), email);
    app().clock.advance(120);
    await app().database.query(`update sessions set ip_address = '203.0.113.9' where id = $1`, [id]);
    await client.with({ 'user-agent': 'Updated/2.0' }).send(ViewerDocument, {});
    await app().services.activity.flush();
    const [session] = (await pageOf(client, {})).nodes;
    expect(session).toMatchObject({
      lastSeenAt: app().clock.now().toISOString(),
      ipAddress: '127.0.0.1',
      userAgent: 'Updated/2.0',
    });
  });
});

describe('sessions, page by page', () => {
  test('are each there once, forward and backward by seven', async () => {
    const { id } = await person();
    const expected = (await addSessions(app(), id, 30)).toReversed();
    const filter = { userId: id };
    const forward: string[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const { nodes, pageInfo, totalCount } = await pageOf(cast().admin, { filter, first: 7, after });
      forward.push(...nodes.map((node) => node.id));
      expect(totalCount).toBe(30);
      more = pageInfo.hasNextPage;
      after = pageInfo.endCursor;
    }
    expect(forward).toEqual(expected);
    const backward: string[] = [];
    let before: string | null = null;
    for (let more = true; more;) {
      const { nodes, pageInfo } = await pageOf(cast().admin, { filter, last: 7, before });
      backward.unshift(...nodes.map((node) => node.id));
      more = pageInfo.hasPreviousPage;
      before = pageInfo.startCursor;
    }
    expect(backward).toEqual(expected);
    expect(await idsOf(cast().admin, { filter })).toEqual(expected.slice(0, 25));
  });

  test('take cursors of the same list only', async () => {
    const { id } = await person();
    await addSessions(app(), id, 3);
    const { endCursor } = (await pageOf(cast().admin, { filter: { userId: id }, first: 1 })).pageInfo;
    for (const filter of [{ userId: id, active: true }, {}, { userId: cast().member.id }]) {
      expect((await cast().admin.send(SessionsDocument, { filter, after: endCursor })).code).toBe('BAD_USER_INPUT');
    }
    for (const size of [{ first: 0 }, { first: 101 }, { last: 101 }, { first: 1, last: 1 }]) {
      expect((await cast().admin.send(SessionsDocument, size)).code).toBe('BAD_USER_INPUT');
    }
  });

  test('cost the same few statements for pages of 10 and of 100, device and user included', async () => {
    const { id } = await person();
    const other = await somebody(app());
    const [device] = await addDevices(app(), id, 1);
    await addSessions(app(), id, 60, device === undefined ? {} : { deviceId: device });
    await addSessions(app(), other, 60);
    const query = `query ($first: Int!) { sessions(first: $first) { nodes { id current user { id email } device { id name sessionCount user { id } } } } }`;
    await cast().admin.run(query, { first: 1 });
    for (const first of [10, 100]) {
      const { answer, statements } = await statementsOf(app(), () =>
        cast().admin.run<{ sessions: { nodes: { device: unknown }[] } }>(query, { first }),
      );
      expect(answer.errors).toEqual([]);
      expect(answer.data.sessions.nodes).toHaveLength(first);
      // Who calls; the page; their users; their devices; the sessions on these. Owners of devices are known by then.
      expect(statements).toBeLessThanOrEqual(5);
    }
  });

  test('are counted only when the total is asked for, by one statement', async () => {
    const counted = await statementsOf(app(), () => cast().admin.run('{ sessions(first: 5) { totalCount } }'));
    const plain = await statementsOf(app(), () => cast().admin.run('{ sessions(first: 5) { nodes { id } } }'));
    expect([plain.statements, counted.statements]).toEqual([2, 3]);
  });
});

describe('sessions and devices of users', () => {
  const query = `query ($first: Int!, $active: Boolean) { users(first: $first) { nodes { id
    sessions(first: 2, active: $active) { totalCount nodes { id endReason } pageInfo { hasNextPage } }
    devices(first: 2) { totalCount nodes { id name } } } } }`;
  interface Page {
    readonly users: {
      readonly nodes: readonly {
        readonly id: string;
        readonly sessions: { totalCount: number; nodes: { id: string }[]; pageInfo: { hasNextPage: boolean } };
        readonly devices: { totalCount: number; nodes: { id: string; name: string }[] };
      }[];
    };
  }

  test('come with a page of users in a fixed number of statements, totals included', async () => {
    const people: UserId[] = [];
    for (let index = 0; index < 30; index += 1) people.push(await somebody(app()));
    const [first, second] = people;
    if (first === undefined || second === undefined) throw new Error('There are people.');
    const own = (await addSessions(app(), first, 3)).toReversed();
    await addSessions(app(), first, 1, { endedAt: app().clock.now() });
    const [, last] = await addDevices(app(), second, 2);
    const { admin } = cast();
    await admin.run(query, { first: 1 });
    const costs: number[] = [];
    for (const size of [5, 100]) {
      const { answer, statements } = await statementsOf(app(), () =>
        admin.run<Page>(query, { first: size, active: true }),
      );
      expect(answer.errors).toEqual([]);
      costs.push(statements);
      if (size !== 100) continue;
      const byId = new Map(answer.data.users.nodes.map((user) => [user.id, user]));
      expect(byId.get(first)?.sessions).toMatchObject({
        totalCount: 3,
        nodes: own.slice(0, 2).map((id) => ({ id })),
        pageInfo: { hasNextPage: true },
      });
      expect(byId.get(second)?.devices).toMatchObject({ totalCount: 2 });
      expect(byId.get(second)?.devices.nodes[0]).toEqual({ id: last, name: 'Device 2' });
    }
    expect(costs).toEqual([6, 6]);
  });

  test('are one’s own without any permission, and need view:sessions of others', async () => {
    const { member, reader } = cast();
    const own = await member.run<{ user: Page['users']['nodes'][number] }>(
      'query ($id: ID!) { user(id: $id) { id sessions { totalCount nodes { id } } devices { nodes { id name } } } }',
      { id: member.id },
    );
    expect(own.errors).toEqual([]);
    expect(own.data.user.sessions.totalCount).toBeGreaterThan(0);
    const refused = await reader.run(
      'query ($id: ID!) { user(id: $id) { id sessions { nodes { id } } devices { nodes { id } } } }',
      { id: member.id },
    );
    expect(refused.data).toEqual({ user: { id: member.id, sessions: null, devices: null } });
    expect(refused.errors.map(({ extensions }) => [extensions.code, extensions.missing])).toEqual([
      ['FORBIDDEN', ['view:sessions']],
      ['FORBIDDEN', ['view:sessions']],
    ]);
  });
});
