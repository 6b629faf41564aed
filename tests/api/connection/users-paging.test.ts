import { beforeAll, describe, expect, test } from 'vitest';
import { UsersDocument, type UsersQueryVariables } from '../../../generated/client/graphql.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import { addCrowd } from './crowd.ts';

const ORDERS = [
  ['CREATED_AT', 'created_at'],
  ['DISPLAY_NAME', 'display_name'],
  ['EMAIL', `coalesce(email, '')`],
  ['LAST_SIGN_IN_AT', `coalesce(last_sign_in_at, '-infinity')`],
] as const;
const CASES = ORDERS.flatMap(([field, expression]) =>
  (['ASC', 'DESC'] as const).map((direction) => [field, direction, expression] as const),
);

describe('users, page by page', () => {
  const app = useTestApp();
  const cast = useCast(app);
  beforeAll(() => addCrowd(app()));

  const page = async (variables: UsersQueryVariables) => {
    const { data, errors } = await cast().admin.send(UsersDocument, variables);
    expect(errors).toEqual([]);
    if (data.users == null) throw new Error('There is no page.');
    return data.users;
  };

  test.each(CASES)(
    'in the order of %s %s are everybody once, forward and backward by seven',
    async (field, direction, expression) => {
      const orderBy = { field, direction };
      const rows = await app().database.query<{ id: string }>(
        `select id from users order by ${expression} ${direction}, id ${direction}`,
      );
      const expected = rows.map(({ id }) => id);
      const forward: string[] = [];
      let after: string | null = null;
      for (let more = true; more;) {
        const { nodes, edges, pageInfo } = await page({ first: 7, after, orderBy });
        expect(edges.map(({ node }) => node.id)).toEqual(nodes.map(({ id }) => id));
        expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges.at(0)?.cursor, edges.at(-1)?.cursor]);
        forward.push(...nodes.map(({ id }) => id));
        more = pageInfo.hasNextPage;
        after = pageInfo.endCursor;
      }
      expect(forward).toEqual(expected);
      const backward: string[] = [];
      let before: string | null = null;
      for (let more = true; more;) {
        const { nodes, pageInfo } = await page({ last: 7, before, orderBy });
        backward.unshift(...nodes.map(({ id }) => id));
        more = pageInfo.hasPreviousPage;
        before = pageInfo.startCursor;
      }
      expect(backward).toEqual(expected);
    },
  );

  test('miss and repeat nobody while others are made and deleted between the pages', async () => {
    const orderBy = { field: 'DISPLAY_NAME', direction: 'ASC' } as const;
    const there = await app().database.query<{ id: string }>(
      `select id from users where coalesce(username, '') not like 'late%'`,
    );
    const seen: string[] = [];
    let after: string | null = null;
    for (let more = true, round = 0; more; round += 1) {
      const { nodes, pageInfo } = await page({ first: 7, after, orderBy });
      seen.push(...nodes.map(({ id }) => id));
      more = pageInfo.hasNextPage;
      after = pageInfo.endCursor;
      await app().database.query(
        `insert into users (id, display_name, username, status, created_at, updated_at)
         select gen_random_uuid(), name, 'late' || $1 || name, 'ACTIVE', now(), now() from unnest(array['', 'B', 'Z', 'zz']) name`,
        [String(round)],
      );
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(there.filter(({ id }) => !seen.includes(id))).toEqual([]);
    await app().database.query(`delete from users where username like 'late%'`);
    const { nodes } = await page({ first: 7, after, orderBy });
    expect(nodes).toEqual([]);
  });

  test('are newest first and 25 when nothing is said', async () => {
    const rows = await app().database.query<{ id: string }>(
      'select id from users order by created_at desc, id desc limit 25',
    );
    const { nodes, pageInfo, totalCount } = await page({});
    expect(nodes.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(totalCount).toBe(68);
  });

  test('lie between two cursors when both are given', async () => {
    const { edges } = await page({ first: 10 });
    const between = await page({ first: 100, after: edges[1]?.cursor, before: edges[8]?.cursor });
    expect(between.nodes.map(({ id }) => id)).toEqual(edges.slice(2, 8).map(({ node }) => node.id));
    const last = await page({ last: 2, after: edges[1]?.cursor, before: edges[8]?.cursor });
    expect(last.nodes.map(({ id }) => id)).toEqual(edges.slice(6, 8).map(({ node }) => node.id));
  });

  test('have an empty page after the last one, with null cursors', async () => {
    const { edges } = await page({ last: 1 });
    const { nodes, pageInfo } = await page({ first: 5, after: edges[0]?.cursor });
    expect(nodes).toEqual([]);
    expect(pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null });
  });

  test.each([
    ['first 0', { first: 0 }],
    ['first -1', { first: -1 }],
    ['first 101', { first: 101 }],
    ['last 0', { last: 0 }],
    ['last 101', { last: 101 }],
    ['both first and last', { first: 1, last: 1 }],
  ])('refuse %s', async (_, variables) => {
    const { data, code } = await cast().admin.send(UsersDocument, variables);
    expect([data.users, code]).toEqual([null, 'BAD_USER_INPUT']);
  });

  test('take cursors of the same filter however it says that something is not asked for', async () => {
    const nothing: UsersQueryVariables['filter'][] = [null, {}, { search: null }, { createdAt: { from: null } }];
    const states: UsersQueryVariables['filter'][] = [
      { statusIn: ['ACTIVE'] },
      { statusIn: ['ACTIVE'], search: null, createdAt: {} },
    ];
    for (const filters of [nothing, states]) {
      const [first] = filters;
      const { pageInfo, nodes } = await page({ first: 2, filter: first });
      for (const filter of filters) {
        const behind = await page({ first: 2, filter, after: pageInfo.endCursor });
        expect(behind.nodes).toHaveLength(2);
        expect(nodes.map(({ id }) => id)).not.toContain(behind.nodes[0]?.id);
      }
    }
    const { pageInfo } = await page({ first: 2 });
    const narrowed = { first: 2, filter: { statusIn: [] }, after: pageInfo.endCursor };
    expect((await cast().admin.send(UsersDocument, narrowed)).code).toBe('BAD_USER_INPUT');
  });

  test('take 100', async () => {
    expect((await page({ first: 100 })).nodes).toHaveLength(68);
    expect((await page({ last: 100 })).nodes).toHaveLength(68);
  });

  test('refuse cursors that are forged, changed, cut, of another list, order or filter, and say how to go on', async () => {
    const { pageInfo } = await page({ first: 1 });
    const good = pageInfo.endCursor ?? '';
    const [body = '', signature = ''] = good.split('.');
    const forged = Buffer.from(JSON.stringify([1, '2020-01-01', '00000000-0000-0000-0000-000000000000'])).toString(
      'base64url',
    );
    const injected = Buffer.from(JSON.stringify([1, "x'::text) or true --", 'x'])).toString('base64url');
    const ofGroups = (
      await cast().admin.run<{ groups: { pageInfo: { endCursor: string } } }>(
        '{ groups(first: 1) { pageInfo { endCursor } } }',
      )
    ).data.groups;
    const bad: readonly UsersQueryVariables[] = [
      ...[
        '',
        'x',
        '.',
        '..',
        `${forged}.${signature}`,
        `${injected}.${signature}`,
        body,
        `${good}.x`,
        good.slice(0, -1),
        `A${good}`,
        'x'.repeat(5000),
        '\u0000',
      ].map((after) => ({ after })),
      { before: `${forged}.${signature}` },
      { after: ofGroups.pageInfo.endCursor },
      { after: good, orderBy: { field: 'EMAIL' } },
      { after: good, orderBy: { field: 'CREATED_AT', direction: 'ASC' } },
      { after: good, filter: { search: 'crowd' } },
    ];
    for (const variables of bad) {
      const { data, code, errors } = await cast().admin.send(UsersDocument, { first: 2, ...variables });
      expect([JSON.stringify(variables), data?.users ?? null, code]).toEqual([
        JSON.stringify(variables),
        null,
        'BAD_USER_INPUT',
      ]);
      expect(errors[0]?.message).toContain('start again without it');
    }
  });
});
