import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { newId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { canonicalSdl } from './canonical-sdl.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { Answer, TestClient } from '../../support/test-client.ts';

const app = useTestApp();

type Entity = Readonly<Record<string, unknown>> | null;

const entities = (
  client: TestClient,
  representations: unknown,
  selection = '... on User { id displayName } ... on Group { id name }',
): Promise<Answer<{ _entities: Entity[] } | null>> =>
  client.run(`query Entities($of: [_Any!]!) { _entities(representations: $of) { ${selection} } }`, {
    of: representations,
  });

const user = (id: string): object => ({ __typename: 'User', id });
const group = (id: string): object => ({ __typename: 'Group', id });

/** Somebody with exactly these grants. */
const holder = async (name: string, permissions: readonly string[]): Promise<Actor> => {
  const groupId = await makeGroup(app(), `Holders of ${name}`, permissions);
  const email = `${name}@entities.example`;
  await makePerson(app(), { email, displayName: name, groupIds: [groupId] });
  return signIn(app(), email);
};

describe('_service', () => {
  test('tells routers the very SDL that is committed, to anyone', async () => {
    const { data } = await app().anonymous().run<{ _service: { sdl: string } }>('{ _service { sdl } }');
    expect(canonicalSdl(data._service.sdl)).toEqual(canonicalSdl(readFileSync('schema.graphql', 'utf8')));
  });
});

describe('_entities', () => {
  test('finds users and groups by their keys, in the order of the representations', async () => {
    const { admin, member } = await app().cast();
    const { data, errors } = await entities(admin, [
      group(SUPPORT_GROUP_ID),
      user(member.id),
      user(newId()),
      group(MEMBERS_GROUP_ID),
      group(newId()),
      user(admin.id.toUpperCase()),
      user('not-a-uuid'),
    ]);
    expect(errors).toEqual([]);
    expect(data?._entities).toEqual([
      { id: SUPPORT_GROUP_ID, name: 'Support' },
      { id: member.id, displayName: 'The member' },
      null,
      { id: MEMBERS_GROUP_ID, name: 'Members' },
      null,
      { id: admin.id, displayName: 'The admin' },
      null,
    ]);
  });

  test('reads a hundred users in one statement besides the principal’s', async () => {
    const { admin } = await app().cast();
    const ids: string[] = [];
    for (let index = 0; index < 100; index += 1) {
      ids.push(await makePerson(app(), { email: `batch${index}@entities.example` }));
    }
    await entities(admin, [user(admin.id)]);
    const before = app().database.statements.count;
    const { data, errors } = await entities(admin, ids.map(user));
    expect(app().database.statements.count - before).toBe(2);
    expect(errors).toEqual([]);
    expect(data?._entities.map((entity) => entity?.['id'])).toEqual(ids);
  });

  test('reads the groups of a hundred users in two statements besides the principal’s', async () => {
    const { admin } = await app().cast();
    const rows = await app().database.query<{ id: string }>('select id from users limit 100');
    const before = app().database.statements.count;
    const { data } = await entities(
      admin,
      rows.map(({ id }) => user(id)),
      '... on User { groups { name } }',
    );
    expect(app().database.statements.count - before).toBe(3);
    expect(data?._entities).toHaveLength(rows.length);
    for (const entity of data?._entities ?? []) expect(entity?.['groups']).not.toHaveLength(0);
  });

  test('takes a hundred representations and refuses one more', async () => {
    const { admin } = await app().cast();
    const full = Array.from({ length: 100 }, () => user(admin.id));
    expect((await entities(admin, full)).code).toBe('OK');
    const { data, errors, code } = await entities(admin, [...full, user(admin.id)]);
    expect(code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.extensions).toMatchObject({ limit: 'representations', requested: 101, maximum: 100 });
    expect(data).toBeNull();
  });

  test('counts every representation in the cost of the operation', async () => {
    const { admin } = await app().cast();
    const cost = async (count: number): Promise<number> => {
      const { extensions } = await entities(
        admin,
        Array.from({ length: count }, () => user(admin.id)),
      );
      return (extensions['cost'] as { requested: number }).requested;
    };
    const [one, hundred] = [await cost(1), await cost(100)];
    expect(hundred - one).toBeGreaterThanOrEqual(99);
  });

  test('is closed to strangers, whatever they ask for', async () => {
    const { member } = await app().cast();
    for (const representations of [[user(member.id)], [group(MEMBERS_GROUP_ID)], [], [{ __typename: 'Nothing' }]]) {
      const before = app().database.statements.count;
      const { data, code } = await entities(app().anonymous(), representations);
      expect(code).toBe('UNAUTHENTICATED');
      expect(data).toBeNull();
      expect(app().database.statements.count).toBe(before);
    }
  });

  test('shows a member only themselves: hidden looks like missing', async () => {
    const { admin, member } = await app().cast();
    const { data, errors } = await entities(member, [user(admin.id), user(newId()), user(member.id), user(admin.id)]);
    expect(errors).toEqual([]);
    expect(data?._entities).toEqual([null, null, { id: member.id, displayName: 'The member' }, null]);
  });

  test('shows groups to who may view groups, and to others only their own', async () => {
    const { member } = await app().cast();
    const viewer = await holder('groups-viewer', ['view:groups']);
    const asked = [group(SUPPORT_GROUP_ID), group(MEMBERS_GROUP_ID)];
    expect((await entities(viewer, asked)).data?._entities).toEqual([
      { id: SUPPORT_GROUP_ID, name: 'Support' },
      { id: MEMBERS_GROUP_ID, name: 'Members' },
    ]);
    expect((await entities(member, asked)).data?._entities).toEqual([null, { id: MEMBERS_GROUP_ID, name: 'Members' }]);
  });

  test('applies the rules of fields, entity by entity', async () => {
    const { admin, member } = await app().cast();
    const own = await entities(
      member,
      [user(member.id)],
      '... on User { groups { name } failedSignInCount statusReason }',
    );
    expect(own.data?._entities).toEqual([{ groups: [{ name: 'Members' }], failedSignInCount: 0, statusReason: null }]);
    expect(own.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['_entities', 0, 'statusReason'], 'FORBIDDEN'],
    ]);
    const all = await entities(
      admin,
      [user(member.id)],
      '... on User { groups { name } failedSignInCount statusReason }',
    );
    expect(all.errors).toEqual([]);
    const members = await entities(member, [group(MEMBERS_GROUP_ID)], '... on Group { name memberCount }');
    expect(members.code).toBe('FORBIDDEN');
    expect(members.errors[0]?.extensions.missing).toEqual(['view:groups']);
    expect(members.errors[0]?.path).toEqual(['_entities', 0, 'memberCount']);
  });

  test('hides the permissions of a group member from who may see neither', async () => {
    const { admin } = await app().cast();
    const viewer = await holder('users-viewer', ['view:users']);
    const { data, errors } = await entities(
      viewer,
      [user(admin.id)],
      '... on User { displayName permissions { grantedBy { name } } }',
    );
    expect(data?._entities).toEqual([{ displayName: 'The admin', permissions: null }]);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  });

  test('refuses a caller whose session is over', async () => {
    const email = 'over@entities.example';
    await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    await actor.run('mutation { signOut(input: {}) { sessionId } }');
    const { status, code } = await entities(actor, [user(actor.id)]);
    expect([status, code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test.each([
    ['a type that is not there', { __typename: 'Nothing', id: '1' }],
    ['a type that is no entity', { __typename: 'Session', id: '1' }],
    ['a type that holds secrets', { __typename: 'SessionTokens', accessToken: 'forged' }],
    ['an interface', { __typename: 'Node', id: '1' }],
    ['a root type', { __typename: 'Mutation', id: '1' }],
    ['a scalar', { __typename: 'DateTime', id: '1' }],
    ['a name of Object.prototype', { __typename: 'constructor', id: '1' }],
    ['no type', { id: '1' }],
    ['a type that is no text', { __typename: ['User'], id: '1' }],
    ['no key', { __typename: 'User' }],
    ['a key that is null', { __typename: 'User', id: null }],
    ['a key that is a number', { __typename: 'User', id: 1 }],
    ['a key that cannot become text', { __typename: 'User', id: { toString: 'no function' } }],
    ['a text', 'User'],
    ['a number', 1],
    ['a list', [user(newId())]],
  ])('refuses %s with a code and without any internal error', async (_name, representation) => {
    const { admin } = await app().cast();
    const { status, data, errors } = await entities(admin, [user(admin.id), representation]);
    expect(status).toBe(200);
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', index: 1 }]);
  });

  test('never takes a key from a prototype that the body brings along', async () => {
    const { admin } = await app().cast();
    const forged = `{"query":"query E($of: [_Any!]!) { _entities(representations: $of) { __typename } }",
      "variables":{"of":[{"__typename":"User","__proto__":{"id":"${admin.id}"}}]}}`;
    const { status, code } = await admin.post(forged);
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
  });

  test.each([[null], ['text'], [42], [{}], [[null]]])(
    'refuses %j in place of representations',
    async (representations) => {
      const { admin } = await app().cast();
      const { code } = await entities(admin, representations);
      expect(code).toBe('BAD_USER_INPUT');
    },
  );

  test('knows keys written as literals, NUL bytes among them, without failing', async () => {
    const { admin } = await app().cast();
    const literal = await admin.run(
      `{ _entities(representations: [{ __typename: "User", id: "${admin.id}" }]) { ... on User { id } } }`,
    );
    expect(literal.data).toEqual({ _entities: [{ id: admin.id }] });
    const odd = await entities(admin, [user('\u0000'), user(`${admin.id}\u0000`), user('x'.repeat(10_000))]);
    expect(odd.data?._entities).toEqual([null, null, null]);
  });
});
