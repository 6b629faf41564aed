import { beforeAll, describe, expect, test } from 'vitest';
import { UserDocument, UsersDocument, type UsersQueryVariables } from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import { addCrowd } from '../connection/crowd.ts';

describe('user and users', () => {
  const app = useTestApp();
  const cast = useCast(app);
  beforeAll(() => addCrowd(app()));

  test('show a member nobody but themselves, however they ask', async () => {
    const { member } = cast();
    const asked: readonly UsersQueryVariables[] = [
      {},
      { filter: { groupIds: [MEMBERS_GROUP_ID] } },
      { filter: { search: 'member' } },
      { last: 100, orderBy: { field: 'EMAIL', direction: 'DESC' } },
    ];
    for (const variables of asked) {
      const { data, errors } = await member.send(UsersDocument, variables);
      expect(errors).toEqual([]);
      expect(data.users?.nodes.map(({ id }) => id)).toEqual([member.id]);
      expect(data.users?.totalCount).toBe(1);
      expect(data.users?.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    }
    for (const filter of [{ search: 'crowd' }, { groupIds: [SUPPORT_GROUP_ID] }, { search: 'admin@cast' }]) {
      const { data } = await member.send(UsersDocument, { filter });
      expect(data.users).toMatchObject({ nodes: [], totalCount: 0 });
    }
  });

  test('tell a member nothing about a place in the list: cursors of others do not open it', async () => {
    const { admin, member } = cast();
    const { data } = await admin.send(UsersDocument, { first: 1 });
    const after = data.users?.pageInfo.endCursor;
    const page = await member.send(UsersDocument, { after });
    expect(page.data.users?.nodes.every(({ id }) => id === member.id)).toBe(true);
    expect(page.data.users?.totalCount).toBe(1);
  });

  test('user gives oneself without any permission, and refuses everybody else in the same way, real or not', async () => {
    const { member, admin } = cast();
    const own = await member.run(
      'query($id: ID!) { user(id: $id) { id groups { name } permissions { permission { action } } } }',
      { id: member.id.toUpperCase() },
    );
    expect(own.errors).toEqual([]);
    const refusals = await Promise.all(
      [admin.id, newId<UserId>(), 'nonsense'].map((id) => member.send(UserDocument, { id })),
    );
    expect(new Set(refusals.map(({ data, errors }) => JSON.stringify([data, errors]))).size).toBe(1);
    expect(refusals[0]?.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['view:users'] });
  });

  test('user is NOT_FOUND for ids that name nobody', async () => {
    for (const id of [newId<UserId>(), 'nonsense', '', '\u0000']) {
      const { data, code } = await cast().reader.send(UserDocument, { id });
      expect([data, code]).toEqual([{ user: null }, 'NOT_FOUND']);
    }
  });

  test('the fields for administrators are null with a reason for everybody else', async () => {
    const query = '{ users(first: 1) { nodes { externalId source statusReason failedSignInCount groups { id } } } }';
    const { data, errors } = await cast().member.run(query);
    expect(data).toMatchObject({
      users: {
        nodes: [
          {
            externalId: null,
            source: null,
            statusReason: null,
            failedSignInCount: 0,
            groups: [{ id: MEMBERS_GROUP_ID }],
          },
        ],
      },
    });
    expect(errors.map(({ path }) => String(path?.at(-1))).toSorted()).toEqual(['externalId', 'source', 'statusReason']);
    expect((await cast().reader.run(query)).errors).toEqual([]);
  });

  test('users need somebody signed in', async () => {
    const { data, code } = await cast().anonymous.send(UsersDocument, {});
    expect([data, code]).toEqual([{ users: null }, 'UNAUTHENTICATED']);
  });

  test('a list with groups and permissions costs the same few statements for pages of 10 and of 100', async () => {
    for (const group of [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID]) {
      await app().database.query(
        `insert into memberships (id, user_id, group_id, added_at)
         select gen_random_uuid(), id, $1, now() from users where username like 'crowd%'`,
        [group],
      );
    }
    const query = `query($first: Int!) { users(first: $first) { nodes { id groups { id name permissions { action resource } }
      permissions { permission { action resource } grantedBy { id } } } } }`;
    await cast().admin.run(query, { first: 1 });
    for (const first of [10, 100]) {
      const { answer, statements } = await statementsOf(app(), () =>
        cast().admin.run<{ users: { nodes: { groups: unknown[] }[] } }>(query, { first }),
      );
      expect(answer.errors).toEqual([]);
      expect(answer.data.users.nodes.some(({ groups }) => groups.length === 2)).toBe(true);
      expect(statements).toBe(3);
    }
  });

  test('the total is counted only when it is asked for, by one statement', async () => {
    const plain = await statementsOf(app(), () =>
      cast().admin.run('{ users(first: 5) { nodes { id } pageInfo { hasNextPage } } }'),
    );
    const counted = await statementsOf(app(), () =>
      cast().admin.run('{ users(first: 5) { nodes { id } totalCount } }'),
    );
    const skipped = await statementsOf(app(), () =>
      cast().admin.run('query($no: Boolean!) { users(first: 5) { nodes { id } totalCount @include(if: $no) } }', {
        no: false,
      }),
    );
    expect([plain.statements, counted.statements, skipped.statements]).toEqual([2, 3, 2]);
  });

  test('members of a group come newest first, with since when, page by page in both directions', async () => {
    const { groupId } = await holderOf(app(), []);
    for (let index = 0; index < 4; index += 1) await somebody(app(), [groupId]);
    interface Page {
      readonly group: {
        readonly members: {
          readonly edges: readonly { cursor: string; addedAt: string; node: { id: string } }[];
          readonly totalCount: number;
        };
      };
    }
    const query = `query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { group(id: $id) {
      members(first: $first, after: $after, last: $last, before: $before) { totalCount edges { cursor addedAt node { id } } } } }`;
    const page = async (variables: object) =>
      (await cast().admin.run<Page>(query, { id: groupId, ...variables })).data.group.members;
    const rows = await app().database.query<{ user_id: string }>(
      'select user_id from memberships where group_id = $1 order by id desc',
      [groupId],
    );
    const expected = rows.map((row) => row.user_id);
    const all = await page({ first: 100 });
    expect(all.edges.map(({ node }) => node.id)).toEqual(expected);
    expect(all.totalCount).toBe(5);
    expect(all.edges[0]?.addedAt).toBe(app().clock.now().toISOString());
    const rest = await page({ first: 2, after: all.edges[1]?.cursor });
    expect(rest.edges.map(({ node }) => node.id)).toEqual(expected.slice(2, 4));
    const back = await page({ last: 2, before: all.edges[3]?.cursor });
    expect(back.edges.map(({ node }) => node.id)).toEqual(expected.slice(1, 3));
  });
});
