import { describe, expect, test } from 'vitest';
import {
  GroupDocument,
  GroupsDocument,
  PermissionCatalogDocument,
  UserDocument,
} from '../../../generated/client/graphql.ts';
import { type GroupId, newId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('group, groups, permissionCatalog and User.permissions', () => {
  const app = useTestApp();
  const cast = useCast(app);

  test('group is NOT_FOUND for unknown, deleted and malformed ids alike', async () => {
    const answers = await Promise.all(
      [newId<GroupId>(), 'nonsense', ''].map((id) => cast().admin.send(GroupDocument, { id })),
    );
    for (const { data, code, errors } of answers) {
      expect([data, code, errors[0]?.path]).toEqual([{ group: null }, 'NOT_FOUND', ['group']]);
    }
  });

  test('all of them need view:groups, naming it', async () => {
    const documents = [
      ['group', (actor = cast().member) => actor.send(GroupDocument, { id: MEMBERS_GROUP_ID })],
      ['groups', (actor = cast().member) => actor.send(GroupsDocument, {})],
      ['permissionCatalog', (actor = cast().member) => actor.send(PermissionCatalogDocument, {})],
    ] as const;
    for (const [field, send] of documents) {
      const { data, errors } = await send();
      expect(data).toEqual({ [field]: null });
      expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['view:groups'] });
      expect((await send(cast().reader)).errors).toEqual([]);
    }
    const anonymous = await cast().anonymous.send(GroupsDocument, {});
    expect(anonymous.code).toBe('UNAUTHENTICATED');
  });

  test('members, their number and the total count only people whom the caller may see', async () => {
    const id = await makeGroup(app(), unique('Counted'), []);
    const half = await holderOf(app(), ['view:groups']);
    await somebody(app(), [id]);
    const whole = await cast().admin.send(GroupDocument, { id });
    expect(whole.data.group).toMatchObject({ memberCount: 1, members: { totalCount: 1 } });
    const { data } = await half.send(GroupDocument, { id });
    expect(data.group).toMatchObject({ memberCount: 0, members: { nodes: [], totalCount: 0 } });
    const own = await half.send(GroupDocument, { id: MEMBERS_GROUP_ID });
    expect(own.data.group).toMatchObject({ memberCount: 1, members: { nodes: [{ id: half.id }], totalCount: 1 } });
  });

  test('members of a page of groups cost one statement, their numbers one more', async () => {
    const query = '{ groups(first: 100) { nodes { id memberCount members(first: 10) { nodes { id email } } } } }';
    await cast().admin.run(query);
    const { answer, statements } = await statementsOf(app(), () => cast().admin.run(query));
    expect(answer.errors).toEqual([]);
    expect(statements).toBe(4);
  });

  test('totals of members of a page of groups cost one statement for all of them', async () => {
    const query = '{ groups(first: 100) { nodes { id memberCount members(first: 1) { totalCount } } } }';
    await cast().admin.run(query);
    const { answer, statements } = await statementsOf(app(), () =>
      cast().admin.run<{ groups: { nodes: { memberCount: number; members: { totalCount: number } }[] } }>(query),
    );
    expect([answer.errors, statements]).toEqual([[], 5]);
    const { nodes } = answer.data.groups;
    expect(nodes.map(({ members }) => members.totalCount)).toEqual(nodes.map(({ memberCount }) => memberCount));
    expect(nodes.filter(({ memberCount }) => memberCount > 0).length).toBeGreaterThan(1);
  });

  test.each([
    [
      'systemManaged',
      { systemManaged: true },
      [
        'Administrators',
        'Auditors',
        'Data Officers',
        'Impersonators',
        'Key Masters',
        'Members',
        'Read-only',
        'Support',
      ],
    ],
    ['permission', { permission: 'view:users' }, ['Auditors', 'Impersonators', 'Read-only', 'Support']],
    ['permission, which admin:* does not count for', { permission: 'view:audit' }, ['Auditors']],
    ['permission that is none', { permission: "x:y' or 1=1 --" }, []],
    ['search in the description', { search: 'RESETS second', systemManaged: true }, []],
    ['search in the name', { search: 'MASTERS', systemManaged: true }, ['Key Masters']],
    ['search with wildcards', { search: '%_%' }, []],
  ])('groups are filtered by %s', async (_, filter, names) => {
    const { data } = await cast().admin.send(GroupsDocument, {
      filter: { ...filter, systemManaged: true },
      first: 100,
    });
    expect(data.groups?.nodes.map(({ name }) => name)).toEqual(names);
    expect(data.groups?.totalCount).toBe(names.length);
  });

  test('groups are ordered by name or age, both ways', async () => {
    for (const [field, column] of [
      ['NAME', 'name'],
      ['CREATED_AT', 'created_at'],
    ] as const) {
      for (const direction of ['ASC', 'DESC'] as const) {
        const expected = await app().database.query<{ id: string }>(
          `select id from groups order by ${column} ${direction}, id ${direction}`,
        );
        const { data } = await cast().admin.send(GroupsDocument, { orderBy: { field, direction }, first: 100 });
        expect(data.groups?.nodes.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }
    }
  });

  test('the catalogue lists each permission once and marks what admin:* leaves out', async () => {
    const { data } = await cast().reader.send(PermissionCatalogDocument, {});
    const names = data.permissionCatalog?.map(({ action, resource }) => `${action}:${resource}`) ?? [];
    expect(new Set(names).size).toBe(names.length);
    const guarded = data.permissionCatalog
      ?.filter((one) => one.protected)
      .map(({ action, resource }) => `${action}:${resource}`);
    expect(guarded?.toSorted()).toEqual(
      [
        'approve:requests',
        'delete:organizations',
        'erase:users',
        'export:audit',
        'export:users',
        'grant-protected:groups',
        'import:users',
        'impersonate-admin:users',
        'impersonate:users',
        'reset-mfa:users',
        'rotate:signing-keys',
      ].toSorted(),
    );
    for (const one of data.permissionCatalog ?? []) expect(one.impliedByAdmin).toBe(!one.protected);
  });

  test('permissions of a user are the union over the groups, with where each comes from', async () => {
    const name = unique('Doubled');
    const id = await makeGroup(app(), name, ['view:users', 'delete:users']);
    const person = await makePerson(app(), {
      email: `${unique('both')}@example.com`,
      groupIds: [SUPPORT_GROUP_ID, id],
    });
    const { data } = await cast().admin.send(UserDocument, { id: person });
    const from = new Map(
      data.user?.permissions?.map(({ permission, grantedBy }) => [
        `${permission.action}:${permission.resource}`,
        grantedBy.map((group) => group.name),
      ]),
    );
    expect(from.get('view:users')).toEqual([name, 'Support']);
    expect(from.get('delete:users')).toEqual([name]);
    expect(from.get('lock:users')).toEqual(['Support']);
    expect(from.size).toBe(9);
  });

  test('permissions of others need view:groups, one’s own nothing; an absent list is null with a reason, never a crash', async () => {
    const viewer = await holderOf(app(), ['view:users']);
    const others = await viewer.send(UserDocument, { id: cast().admin.id });
    expect(others.data.user).toMatchObject({ id: cast().admin.id, permissions: null });
    expect(others.errors).toMatchObject([
      { path: ['user', 'permissions'], extensions: { code: 'FORBIDDEN', missing: ['view:groups'] } },
    ]);
    const own = await cast().member.send(UserDocument, { id: cast().member.id });
    expect(own.errors).toEqual([]);
    expect(own.data.user?.permissions).toHaveLength(1);
    const lonely = await makePerson(app(), { email: `${unique('lonely')}@example.com`, groupIds: [] });
    const nothing = await cast().admin.send(UserDocument, { id: lonely });
    expect(nothing.data.user).toMatchObject({ groups: [], permissions: [] });
  });
});
