import { beforeAll, describe, expect, test } from 'vitest';
import {
  OrganizationDocument,
  OrganizationMembersDocument,
  OrganizationsDocument,
  type OrganizationsQueryVariables,
} from '../../../generated/client/graphql.ts';
import { type GroupId, newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { inParallel, statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

const LEVELS = JSON.stringify([
  { name: 'Owner', groups: ['Members'] },
  { name: 'Partner', groups: [] },
  { name: 'Client', groups: [] },
]);

describe('organizations', () => {
  const app = useTestApp({ settings: { 'organization-levels': LEVELS } });
  const cast = useCast(app);
  /** acme > north > (oslo, bergen); zeta > south. */
  const tree: Record<'acme' | 'north' | 'oslo' | 'bergen' | 'zeta' | 'south', OrganizationId> = {} as never;
  let administrator: Actor;
  let member: Actor;

  beforeAll(async () => {
    const make = async (name: keyof typeof tree, parentId: OrganizationId | null = null): Promise<void> => {
      tree[name] = await makeOrganization(app(), { name: name.charAt(0).toUpperCase() + name.slice(1), parentId });
      app().clock.advance(1);
    };
    await make('zeta');
    await make('acme');
    await make('north', tree.acme);
    await make('oslo', tree.north);
    await make('bergen', tree.north);
    await make('south', tree.zeta);
    administrator = await holderWithin(app(), tree.north, ['admin:*']);
    member = await holderWithin(app(), tree.oslo, []);
  });

  const list = async (actor: Actor, variables: OrganizationsQueryVariables = {}) => {
    const answer = await actor.send(OrganizationsDocument, variables);
    const page = answer.data?.organizations;
    return { ...answer, page, names: page?.nodes.map(({ name }) => name), total: page?.totalCount };
  };

  describe('the list', () => {
    test('holds all for who sees all, by name, or by time, or backwards', async () => {
      expect((await list(cast().admin)).names).toEqual(['Acme', 'Bergen', 'North', 'Oslo', 'South', 'Zeta']);
      expect((await list(cast().reader, { orderBy: { field: 'CREATED_AT', direction: 'DESC' } })).names).toEqual([
        'South',
        'Bergen',
        'Oslo',
        'North',
        'Acme',
        'Zeta',
      ]);
    });

    test.each([
      ['a part of the name', { search: 'OR' }, ['North']],
      ['its wildcards taken literally', { search: '%o' }, []],
      ['the parent', () => ({ parentId: tree.north }), ['Bergen', 'Oslo']],
      ['a parent that is no id', { parentId: 'x' }, []],
      ['levels', { levelIn: [0, 1] }, ['Acme', 'North', 'South', 'Zeta']],
      ['no level', { levelIn: [] }, []],
      ['levels and search', { levelIn: [2], search: 'os' }, ['Oslo']],
      ['a member', () => ({ memberId: member.id }), ['Oslo']],
      ['a member who is no id', { memberId: 'x' }, []],
    ])('is filtered by %s', async (_case, filter, names) => {
      const answer = await list(cast().admin, { filter: typeof filter === 'function' ? filter() : filter });
      expect([answer.code, answer.names, answer.total]).toEqual(['OK', names, names.length]);
    });

    test('is read page by page, forwards and backwards, in every order', async () => {
      for (const field of ['NAME', 'CREATED_AT'] as const) {
        for (const direction of ['ASC', 'DESC'] as const) {
          const orderBy = { field, direction };
          const all = (await list(cast().admin, { orderBy, first: 100 })).names ?? [];
          const forwards: string[] = [];
          let after: string | null = null;
          for (let page = 0; page < 3; page += 1) {
            const answer = await list(cast().admin, { orderBy, first: 2, after });
            forwards.push(...(answer.names ?? []));
            after = answer.page?.pageInfo.endCursor ?? null;
            expect(answer.page?.pageInfo).toMatchObject({ hasNextPage: page < 2, hasPreviousPage: page > 0 });
          }
          expect(forwards).toEqual(all);
          const last = await list(cast().admin, { orderBy, last: 2 });
          expect(last.names).toEqual(all.slice(-2));
          const before = last.page?.pageInfo.startCursor ?? null;
          expect((await list(cast().admin, { orderBy, last: 3, before })).names).toEqual(all.slice(1, 4));
        }
      }
    });

    test('cursors of another filter are refused', async () => {
      const cursor = (await list(cast().admin, { first: 1 })).page?.pageInfo.endCursor ?? null;
      expect((await list(cast().admin, { filter: { levelIn: [0] }, after: cursor })).code).toBe('BAD_USER_INPUT');
    });

    test('costs one statement and one for the total, whatever it selects beside', async () => {
      const whole = `{ organizations(first: 100) { totalCount nodes { id level { name groups { id } } parent { id }
        ancestors { id } groups { id } children { nodes { id } } members { nodes { id } edges { groups { id } } } } } }`;
      await cast().admin.run(whole);
      const { answer, statements } = await statementsOf(app(), () => cast().admin.run(whole));
      expect(answer.errors).toEqual([]);
      // The session, the page, the total; then once each: those above, groups, children, members.
      expect(statements).toBe(7);
    });

    test('costs one statement more for all totals of a field, however many rows there are', async () => {
      const totals = `{ organizations(first: 100) { nodes { children(first: 1) { totalCount }
        members(first: 1) { totalCount } invitations(first: 1) { totalCount } } } }`;
      await cast().admin.run(totals);
      const ofOrganizations = await statementsOf(app(), () => cast().admin.run(totals));
      expect(ofOrganizations.answer.errors).toEqual([]);
      // The session and the page; then twice each: children, members, invitations.
      expect(ofOrganizations.statements).toBe(8);
      const ofUsers = await statementsOf(app(), () =>
        cast().admin.run('{ users(first: 100) { nodes { organizations(first: 1) { totalCount } } } }'),
      );
      expect([ofUsers.answer.errors, ofUsers.statements]).toEqual([[], 4]);
    });

    test('counts for each row of a page what belongs to it, and nothing for those without', async () => {
      const root = await makeOrganization(app());
      const [two, none] = [
        await makeOrganization(app(), { parentId: root, name: 'A two' }),
        await makeOrganization(app(), { parentId: root, name: 'B none' }),
      ];
      await makeOrganization(app(), { parentId: two });
      await memberOf(app(), two, root);
      await memberOf(app(), two);
      const { data } = await cast().admin.run(
        `query ($root: ID!) { organizations(filter: { parentId: $root }) { nodes { id children(first: 1) { totalCount }
          members(first: 1) { totalCount nodes { organizations(first: 1) { totalCount } } } } } }`,
        { root },
      );
      expect(data).toEqual({
        organizations: {
          nodes: [
            {
              id: two,
              children: { totalCount: 1 },
              members: { totalCount: 2, nodes: [{ organizations: { totalCount: 1 } }] },
            },
            { id: none, children: { totalCount: 0 }, members: { totalCount: 0, nodes: [] } },
          ],
        },
      });
    });
  });

  describe('visibility', () => {
    const ids = () => Object.values(tree);
    const visibleTo = async (actor: Actor): Promise<Record<string, readonly string[]>> => {
      const entities = await actor.run<{ _entities: ({ name: string } | null)[] }>(
        'query ($all: [_Any!]!) { _entities(representations: $all) { ... on Organization { name } } }',
        { all: ids().map((id) => ({ __typename: 'Organization', id })) },
      );
      const single = await Promise.all(ids().map((id) => actor.send(OrganizationDocument, { id })));
      const names = (all: readonly ({ name: string } | null | undefined)[]) =>
        all.flatMap((one) => one?.name ?? []).toSorted();
      return {
        entities: names(entities.data._entities),
        single: names(single.map(({ data }) => data?.organization)),
        list: (await list(actor)).names ?? [],
      };
    };

    test('an administrator of one organization sees it and what lies below, on every path', async () => {
      const seen = ['Bergen', 'North', 'Oslo'];
      expect(await visibleTo(administrator)).toEqual({ entities: seen, single: seen, list: seen });
      expect((await list(administrator)).total).toBe(3);
    });

    test('the same answer for a hidden and a missing one', async () => {
      const answers = await Promise.all(
        [tree.zeta, newId<OrganizationId>(), 'x'].map((id) => administrator.send(OrganizationDocument, { id })),
      );
      expect(answers.map(({ code, data }) => [code, data?.organization ?? null])).toEqual(
        answers.map(() => ['NOT_FOUND', null]),
      );
      const entities = await administrator.run<{ _entities: unknown[] }>(
        'query ($all: [_Any!]!) { _entities(representations: $all) { ... on Organization { id name members { totalCount } } } }',
        { all: [tree.acme, tree.zeta, newId()].map((id) => ({ __typename: 'Organization', id })) },
      );
      expect([entities.errors, entities.data._entities]).toEqual([[], [null, null, null]]);
    });

    test('what lies above is hidden: no parent, no ancestors', async () => {
      const { data } = await administrator.send(OrganizationDocument, { id: tree.oslo });
      expect(data.organization).toMatchObject({ parent: { id: tree.north }, ancestors: [{ name: 'North' }] });
      const top = await administrator.send(OrganizationDocument, { id: tree.north });
      expect(top.data.organization).toMatchObject({ parent: null, ancestors: [] });
    });

    test('the filter by parent finds nothing below one that is hidden', async () => {
      expect(await list(administrator, { filter: { parentId: tree.acme } })).toMatchObject({ names: [], total: 0 });
      expect(await list(administrator, { filter: { parentId: tree.north } })).toMatchObject({
        names: ['Bergen', 'Oslo'],
        total: 2,
      });
      expect((await list(cast().admin, { filter: { parentId: tree.acme } })).names).toContain('North');
    });

    test('members see their own by their account, and nothing of it that takes a permission', async () => {
      expect((await list(member)).code).toBe('FORBIDDEN');
      const own = await member.run<{ viewer: { user: { organizations: { nodes: object[]; totalCount: number } } } }>(
        `{ viewer { user { organizations { totalCount nodes { name version parent { id } ancestors { id } groups { id }
          children { nodes { id } totalCount } } } } } }`,
      );
      expect(own.errors).toEqual([]);
      expect(own.data.viewer.user.organizations).toEqual({
        totalCount: 1,
        nodes: [
          { name: 'Oslo', version: 1, parent: null, ancestors: [], groups: [], children: { nodes: [], totalCount: 0 } },
        ],
      });
      const more = await member.run('{ viewer { user { organizations { nodes { members { totalCount } } } } } }');
      expect(more.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      expect(await visibleTo(member)).toMatchObject({ entities: ['Oslo'], single: [], list: [] });
    });

    test('nested paths show no more than the root', async () => {
      const person = await memberOf(app(), tree.oslo, tree.south);
      const path = `query ($id: ID!) { user(id: $id) { organizations { totalCount nodes { name } } } }`;
      const { data } = await administrator.run<{ user: { organizations: unknown } }>(path, { id: person.id });
      expect(data.user.organizations).toEqual({ totalCount: 1, nodes: [{ name: 'Oslo' }] });
      expect((await list(administrator, { filter: { memberId: person.id } })).names).toEqual(['Oslo']);
      const outside = await memberOf(app(), tree.south);
      expect((await list(administrator, { filter: { memberId: outside.id } })).names).toEqual([]);
    });

    test('sharing an organization with somebody tells nothing of who else is in it', async () => {
      const shared = await makeOrganization(app(), { name: unique('Shared') });
      const elsewhere = await makeOrganization(app(), { name: unique('Elsewhere') });
      const viewer = await holderWithin(app(), elsewhere, ['view:organizations', 'view:users']);
      await joinOrganization(app(), viewer.id, shared);
      const person = await memberOf(app(), shared, elsewhere);
      expect((await list(viewer, { filter: { memberId: person.id } })).total).toBe(1);
      const answer = await viewer.run<{ user: { organizations: { nodes: { id: string }[] } } }>(
        'query ($id: ID!) { user(id: $id) { organizations { nodes { id } } } }',
        { id: person.id },
      );
      expect(answer.data.user.organizations.nodes).toEqual([{ id: elsewhere }]);
      const members = await viewer.send(OrganizationMembersDocument, { id: shared });
      expect([members.code, members.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['view:organizations']]);
    });

    test('groups of an organization take view:groups there, or membership', async () => {
      const id = await makeOrganization(app(), { name: unique('Grouped') });
      const groupId = await makeGroup(app(), unique('Given'), [], 'LISTED');
      await app().database.query('insert into organization_groups values ($1, $2)', [id, groupId]);
      const elsewhere = await makeOrganization(app(), { name: unique('Elsewhere') });
      const outsider = await holderOf(app(), ['view:organizations']);
      await joinOrganization(app(), outsider.id, elsewhere, [
        await makeGroup(app(), unique('V'), ['view:groups'], 'LISTED'),
      ]);
      const read = async (actor: Actor) => await actor.send(OrganizationDocument, { id });
      expect((await read(outsider)).code).toBe('FORBIDDEN');
      await joinOrganization(app(), outsider.id, id);
      expect((await read(outsider)).data.organization?.groups).toEqual([{ id: groupId }]);
      expect((await read(cast().reader)).data.organization?.groups).toEqual([{ id: groupId }]);
    });

    test('the groups of a level take view:groups', async () => {
      const document = 'query ($id: ID!) { organization(id: $id) { level { name position groups { name } } } }';
      const { data } = await cast().admin.run<{ organization: unknown }>(document, { id: tree.acme });
      expect(data.organization).toEqual({ level: { name: 'Owner', position: 0, groups: [{ name: 'Members' }] } });
      expect((await (await holderOf(app(), ['view:organizations'])).run(document, { id: tree.acme })).code).toBe(
        'FORBIDDEN',
      );
    });
  });

  describe('members', () => {
    let id: OrganizationId;
    let groupId: GroupId;
    let people: readonly UserId[];

    beforeAll(async () => {
      id = await makeOrganization(app(), { name: unique('Members') });
      groupId = await makeGroup(app(), unique('Within'), [], 'LISTED');
      people = await inParallel(5, () => somebody(app()));
      for (const person of people) {
        app().clock.advance(1);
        await joinOrganization(app(), person, id, [groupId]);
      }
      await app().database.query(`update users set display_name = 'Needle' where id = $1`, [people[2]]);
    });

    const read = async (actor: Actor, args: object = {}) => {
      const answer = await actor.send(OrganizationMembersDocument, { id, ...args });
      const page = answer.data?.organization?.members;
      return { ...answer, page, ids: page?.edges.map(({ node }) => node.id) };
    };

    test('come newest first with their groups within the organization, page by page', async () => {
      const all = await read(cast().admin);
      expect(all.ids).toEqual([...people].toReversed());
      expect(all.page?.totalCount).toBe(5);
      expect(all.page?.edges.every(({ groups }) => groups.length === 1 && groups[0]?.id === groupId)).toBe(true);
      const first = await read(cast().admin, { first: 2 });
      const next = await read(cast().admin, { first: 2, after: first.page?.edges.at(-1)?.cursor });
      expect([...(first.ids ?? []), ...(next.ids ?? [])]).toEqual(all.ids?.slice(0, 4));
      expect((await read(cast().admin, { last: 2 })).ids).toEqual(all.ids?.slice(-2));
    });

    test('are searched', async () => {
      const found = await read(cast().admin, { search: 'NEEDLE' });
      expect([found.ids, found.page?.totalCount]).toEqual([[people[2]], 1]);
      expect((await read(cast().admin, { search: 'x' })).code).toBe('BAD_USER_INPUT');
    });

    test('are those whom the caller may see', async () => {
      const viewer = await holderWithin(app(), id, ['view:organizations']);
      const seen = await read(viewer);
      expect([seen.ids, seen.page?.totalCount]).toEqual([[viewer.id], 1]);
    });
  });
});
