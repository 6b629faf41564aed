import { beforeAll, describe, expect, test } from 'vitest';
import { newId, type GroupId, type UserId } from '../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import { createCast } from '../support/cast.ts';
import { useTestApp } from '../support/test-app.ts';
import type { TestClient } from '../support/test-client.ts';
import { mutationDocument } from './permission-matrix.inputs.ts';

const MAXIMUM = 100;
const list = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

interface Outcome {
  readonly errors: readonly { readonly code: string }[];
}

describe('announced limits of lists and texts', () => {
  const app = useTestApp();
  const people = list(MAXIMUM, () => newId<UserId>());
  const groups = list(MAXIMUM, () => newId<GroupId>());
  let admin: TestClient;

  beforeAll(async () => {
    ({ admin } = await createCast(app()));
    const now = app().clock.now().toISOString();
    const { database } = app();
    await database.query(
      `insert into users (id, display_name, status, created_at, updated_at)
       select id, 'Person', 'ACTIVE', $2, $2 from unnest($1::uuid[]) id`,
      [people, now],
    );
    await database.query('update permission_epoch set epoch = epoch + 1');
    await database.query(
      `insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
       select id, id::text, id::text, '', false, 'LISTED', (select epoch from permission_epoch), $2, $2
       from unnest($1::uuid[]) id`,
      [groups, now],
    );
  });

  const outcomeOf = async (name: string, input: unknown): Promise<readonly string[]> => {
    const { data, errors } = await admin.run<Readonly<Record<string, Outcome | null>>>(mutationDocument(name), {
      input,
    });
    const denied = errors.map(({ extensions }) => extensions.code);
    return [...denied, ...(data[name]?.errors ?? []).map(({ code }) => code)];
  };

  describe('pages', () => {
    const inner = '{ nodes { id } totalCount }';
    const PAGES = {
      'users from the start': (size: number) => `{ users(first: ${size}) ${inner} }`,
      'users from the end': (size: number) => `{ users(last: ${size}) ${inner} }`,
      'mails from the start': (size: number) => `{ mailDeliveries(first: ${size}) ${inner} }`,
      'mails from the end': (size: number) => `{ mailDeliveries(last: ${size}) ${inner} }`,
      'webhooks from the start': (size: number) => `{ webhooks(first: ${size}) ${inner} }`,
      'deliveries from the end': (size: number) => `{ webhookDeliveries(last: ${size}) ${inner} }`,
      'groups from the start': (size: number) => `{ groups(first: ${size}) ${inner} }`,
      'groups from the end': (size: number) => `{ groups(last: ${size}) ${inner} }`,
      'members from the start': (size: number) =>
        `{ group(id: "${MEMBERS_GROUP_ID}") { members(first: ${size}) ${inner} } }`,
      'members from the end': (size: number) =>
        `{ group(id: "${MEMBERS_GROUP_ID}") { members(last: ${size}) ${inner} } }`,
    };

    test.each(Object.entries(PAGES))('of %s hold 1 to 100', async (_name, document) => {
      for (const size of [1, MAXIMUM]) expect((await admin.run(document(size))).errors).toEqual([]);
      for (const size of [0, -1, MAXIMUM + 1]) expect((await admin.run(document(size))).code).toBe('BAD_USER_INPUT');
    });

    test('are full at the maximum, with everything beside them', async () => {
      const { data, errors } = await admin.run<{ users: { nodes: unknown[] }; groups: { nodes: unknown[] } }>(
        `{ users(first: 100) { nodes { groups { id } permissions { grantedBy { id } } } }
           groups(first: 100) { nodes { permissions { action } memberCount } } }`,
      );
      expect([errors, data.users.nodes.length, data.groups.nodes.length]).toEqual([[], MAXIMUM, MAXIMUM]);
    });
  });

  test('references: 100 are answered, 101 are refused', async () => {
    const document = 'query ($all: [_Any!]!) { _entities(representations: $all) { ... on User { id groups { id } } } }';
    const references = people.map((id) => ({ __typename: 'User', id }));
    const most = await admin.run<{ _entities: unknown[] }>(document, { all: references });
    expect([most.errors, most.data._entities.length]).toEqual([[], MAXIMUM]);
    const [first] = references;
    expect((await admin.run(document, { all: [...references, first] })).code).toBe('BAD_USER_INPUT');
  });

  test('the filter by groups: 100 are answered, 101 are refused', async () => {
    const document = 'query ($ids: [ID!]) { users(filter: { groupIds: $ids }) { totalCount } }';
    const most = await admin.run(document, { ids: groups });
    expect([most.errors, most.data]).toEqual([[], { users: { totalCount: 0 } }]);
    expect((await admin.run(document, { ids: [...groups, MEMBERS_GROUP_ID] })).code).toBe('BAD_USER_INPUT');
  });

  test('the search: 2 to 100 characters', async () => {
    const codeOf = async (length: number): Promise<string> =>
      (
        await admin.run('query ($text: String) { users(filter: { search: $text }) { totalCount } }', {
          text: 'x'.repeat(length),
        })
      ).code;
    expect(await Promise.all([1, 2, 100, 101].map((length) => codeOf(length)))).toEqual([
      'BAD_USER_INPUT',
      'OK',
      'OK',
      'BAD_USER_INPUT',
    ]);
  });

  test('the groups of a user: 100 are given and read, 101 are refused, in every way of giving them', async () => {
    const input = { displayName: 'Many', groupIds: [MEMBERS_GROUP_ID, ...groups.slice(1)] };
    expect(await outcomeOf('createUser', { ...input, email: 'few@limits.example' })).toEqual([]);
    const more = { ...input, groupIds: [MEMBERS_GROUP_ID, ...groups] };
    expect(await outcomeOf('createUser', { ...more, email: 'many@limits.example' })).toEqual(['TOO_MANY_GROUPS']);
    const { data } = await admin.run<{ users: { nodes: { id: string; groups: unknown[] }[] } }>(
      '{ users(filter: { search: "few@limits.example" }) { nodes { id groups { id } } } }',
    );
    const [user] = data.users.nodes;
    expect(user?.groups).toHaveLength(MAXIMUM);
    expect(await outcomeOf('updateUser', { id: user?.id, groupIds: input.groupIds })).toEqual([]);
    expect(await outcomeOf('updateUser', { id: user?.id, groupIds: more.groupIds })).toEqual(['TOO_MANY_GROUPS']);
    const [left] = groups;
    expect(await outcomeOf('addGroupMembers', { groupId: left, userIds: [user?.id] })).toEqual(['TOO_MANY_GROUPS']);
  });

  test('the grants of a group: 100 with 20 constraints, and 100 networks in one', async () => {
    const network = (index: number): string => `10.0.${index}.0/24`;
    const networks = (count: number) => [{ kind: 'NETWORKS', networks: list(count, network) }];
    const grants = (count: number) =>
      list(count, (index) => ({
        action: 'view',
        resource: 'stats',
        constraints: [{ kind: 'NETWORKS', networks: [network(index)] }],
      }));
    const [id] = groups;
    const give = (permissions: readonly unknown[]): Promise<readonly string[]> =>
      outcomeOf('setGroupPermissions', { id, permissions });
    expect(await give(grants(MAXIMUM))).toEqual([]);
    expect(await give(grants(MAXIMUM + 1))).toEqual(['TOO_MANY_PERMISSIONS']);
    const one = (constraints: readonly unknown[]) => [{ action: 'view', resource: 'stats', constraints }];
    const several = (count: number) => list(count, (index) => ({ kind: 'NETWORKS', networks: [network(index)] }));
    expect(await give(one(several(20)))).toEqual([]);
    expect(await give(one(several(21)))).toEqual(['INVALID_CONSTRAINT']);
    expect(await give(one(networks(100)))).toEqual([]);
    expect(await give(one(networks(101)))).toEqual(['INVALID_CONSTRAINT']);
  });

  test('texts: the longest is kept, one character more is refused', async () => {
    const text = (length: number): string => 'ä'.repeat(length);
    const [target] = people;
    const [groupId] = groups;
    const cases = [
      ['updateUser', 100, (length: number) => ({ id: target, displayName: text(length) })],
      ['updateGroup', 100, (length: number) => ({ id: groupId, name: text(length) })],
      ['updateGroup', 1000, (length: number) => ({ id: groupId, description: text(length) })],
      ['lockUsers', 500, (length: number) => ({ ids: [target], reason: text(length) })],
    ] as const;
    for (const [name, maximum, input] of cases) {
      expect([name, maximum, ...(await outcomeOf(name, input(maximum)))]).toEqual([name, maximum]);
      expect([name, maximum, ...(await outcomeOf(name, input(maximum + 1)))]).toEqual([name, maximum, 'TOO_LONG']);
    }
  });

  // Last, because it ends with all of them deleted.
  test('bulk changes: 100 at once are done, 101 are refused whole', async () => {
    const [groupId] = groups;
    const reason = 'Limits.';
    const inputs: readonly (readonly [string, (ids: readonly string[]) => unknown])[] = [
      ['addGroupMembers', (userIds) => ({ groupId, userIds })],
      ['addGroupMembers', (userIds) => ({ groupId: MEMBERS_GROUP_ID, userIds })],
      ['removeGroupMembers', (userIds) => ({ groupId, userIds })],
      ['requirePasswordChange', (ids) => ({ ids })],
      ['lockUsers', (ids) => ({ ids, reason })],
      ['unlockUsers', (ids) => ({ ids, reason })],
      ['disableUsers', (ids) => ({ ids, reason })],
      ['enableUsers', (ids) => ({ ids, reason })],
      ['deleteUsers', (ids) => ({ ids, reason })],
    ];
    for (const [name, input] of inputs) {
      expect([name, ...(await outcomeOf(name, input([...people, newId<UserId>()])))]).toEqual([name, 'TOO_MANY_ITEMS']);
      expect([name, ...(await outcomeOf(name, input(people)))]).toEqual([name]);
    }
    const [row] = await app().database.query<{ count: number }>(
      'select count(*)::int as count from users where id = any($1::uuid[])',
      [people],
    );
    expect(row?.count).toBe(0);
  });
});
