import { beforeAll, describe, expect, test } from 'vitest';
import { newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('users of an organization', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let [here, below, elsewhere] = [newId<OrganizationId>(), newId<OrganizationId>(), newId<OrganizationId>()];
  let administrator: Actor;

  beforeAll(async () => {
    here = await makeOrganization(app());
    below = await makeOrganization(app(), { parentId: here });
    elsewhere = await makeOrganization(app());
    administrator = await holderWithin(app(), here, ['admin:*']);
  });

  interface Page {
    readonly users: {
      readonly nodes: readonly { readonly id: UserId }[];
      readonly totalCount: number;
      readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
    } | null;
  }
  const list = async (actor: Actor, variables: Readonly<Record<string, unknown>>) => {
    const { data, code } = await actor.run<Page>(
      `query ($first: Int, $after: String, $filter: UserFilter, $orderBy: UserOrder) { users(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { id } totalCount pageInfo { endCursor hasNextPage } } }`,
      variables,
    );
    return { code, ids: data.users?.nodes.map(({ id }) => id) ?? [], ...data.users };
  };

  test('are listed by organization, those below included; a hidden one has none', async () => {
    const [a, b] = [await memberOf(app(), here), await memberOf(app(), below)];
    await joinOrganization(app(), b.id, here);
    const c = await memberOf(app(), elsewhere);
    const filtered = async (actor: Actor, organizationId: string) =>
      new Set((await list(actor, { first: 100, filter: { organizationId } })).ids);
    expect(await filtered(cast().admin, here)).toEqual(new Set([administrator.id, a.id, b.id]));
    expect(await filtered(cast().admin, below)).toEqual(new Set([b.id]));
    expect(await filtered(cast().admin, elsewhere)).toEqual(new Set([c.id]));
    expect(await filtered(administrator, here)).toEqual(new Set([administrator.id, a.id, b.id]));
    for (const id of [elsewhere, newId<OrganizationId>(), 'nonsense'])
      expect(await filtered(administrator, id)).toEqual(new Set());
    const { totalCount } = await list(cast().admin, { filter: { organizationId: here } });
    expect(totalCount).toBe(3);
    const blind = await holderOf(app(), ['view:users']);
    expect((await list(blind, { filter: { organizationId: here } })).code).toBe('FORBIDDEN');
  });

  test('show the groups that they have in organizations out of sight neither by field nor by filter', async () => {
    const [open, hidden] = [
      await makeGroup(app(), unique('Open'), ['view:users'], 'LISTED'),
      await makeGroup(app(), unique('Hidden'), ['view:users'], 'LISTED'),
    ];
    const person = await memberOf(app());
    await joinOrganization(app(), person.id, below, [open]);
    await joinOrganization(app(), person.id, elsewhere, [hidden]);
    const groupsOf = async (actor: Actor) => {
      const { data } = await actor.run<{
        user: { groups: { id: string }[]; permissions: { grantedBy: { id: string }[] }[] };
      }>(`query ($id: ID!) { user(id: $id) { groups { id } permissions { grantedBy { id } } } }`, { id: person.id });
      const named = data.user.permissions.flatMap(({ grantedBy }) => grantedBy.map(({ id }) => id));
      return { groups: data.user.groups.map(({ id }) => id), named };
    };
    const all = await groupsOf(cast().admin);
    expect(all.groups).toEqual(expect.arrayContaining([open, hidden]));
    expect(all.named).toContain(hidden);
    const some = await groupsOf(administrator);
    expect(some.groups).toContain(open);
    expect([...some.groups, ...some.named]).not.toContain(hidden);
    const filtered = async (actor: Actor, group: string) => (await list(actor, { filter: { groupIds: [group] } })).ids;
    expect(await filtered(cast().admin, hidden)).toEqual([person.id]);
    expect(await filtered(administrator, hidden)).toEqual([]);
    expect(await filtered(administrator, open)).toEqual([person.id]);
  });

  test('come in the same pages whether they are few among all or many', async () => {
    const people: UserId[] = [];
    for (let index = 0; index < 7; index += 1) people.push((await memberOf(app(), below)).id);
    await memberOf(app(), elsewhere);
    const walk = async (orderBy: object): Promise<readonly UserId[]> => {
      const found: UserId[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof list>> = await list(administrator, { first: 3, after, orderBy });
        found.push(...page.ids);
        after = page.pageInfo?.hasNextPage === true ? page.pageInfo.endCursor : null;
      } while (after !== null);
      return found;
    };
    const orders = [
      { field: 'CREATED_AT', direction: 'DESC' },
      { field: 'EMAIL', direction: 'ASC' },
    ];
    // Without statistics nobody counts as few; then the table is so large that they do.
    await app().database.query(`update pg_class set reltuples = -1 where oid = 'users'::regclass`);
    const many = [await walk(orders[0] ?? {}), await walk(orders[1] ?? {})];
    await app().database.query(`update pg_class set reltuples = 100000 where oid = 'users'::regclass`);
    const few = [await walk(orders[0] ?? {}), await walk(orders[1] ?? {})];
    expect(few).toEqual(many);
    expect(new Set(few[0]).size).toBe(few[0]?.length);
    expect(few[0]).toEqual(expect.arrayContaining([...people, administrator.id]));
    const { totalCount } = await list(administrator, {});
    expect(totalCount).toBe(few[0]?.length);
    const { statements } = await statementsOf(app(), () => administrator.run('{ users(first: 5) { nodes { id } } }'));
    expect(statements).toBe(2);
  });

  const create = async (actor: Actor, input: object) => {
    interface Created {
      readonly createUser: {
        readonly user: { readonly id: UserId } | null;
        readonly errors: readonly {
          readonly code: string;
          readonly field: readonly string[];
          readonly targetId: string | null;
        }[];
      } | null;
    }
    const { data, code } = await actor.run<Created>(
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code field targetId } } }',
      { input: { email: `${unique('new')}@example.com`, displayName: 'New', groupIds: [MEMBERS_GROUP_ID], ...input } },
    );
    const { user = null, errors = [] } = data.createUser ?? {};
    return { code, user, problems: errors.map((one) => [one.code, one.field.join('.'), one.targetId]) };
  };
  const refused = async (work: () => ReturnType<typeof create>) => {
    const { answer, changed } = await changing(app(), work);
    expect(changed).toEqual([]);
    return answer;
  };

  test('are made by its administrator, with their groups within it; Members holds everywhere', async () => {
    const group = await makeGroup(app(), unique('Within'), ['lock:users'], 'LISTED');
    const groupIds = [MEMBERS_GROUP_ID, group];
    const made = await recording(app(), () => create(administrator, { organizationId: below, groupIds }));
    expect(made.answer.problems).toEqual([]);
    const id = made.answer.user?.id;
    const rows = await app().database.query<{ group_id: string; organization_id: string | null; added_by_id: string }>(
      'select group_id, organization_id, added_by_id from memberships where user_id = $1 order by organization_id nulls first',
      [id],
    );
    expect(rows).toEqual([
      { group_id: MEMBERS_GROUP_ID, organization_id: null, added_by_id: administrator.id },
      { group_id: group, organization_id: below, added_by_id: administrator.id },
    ]);
    const members = await app().database.query(
      'select from organization_members where user_id = $1 and organization_id = $2',
      [id, below],
    );
    expect(members).toHaveLength(1);
    expect(made.audit).toMatchObject([
      { action: 'organization.members-changed', target: { id: below }, metadata: { added: [id] } },
      { action: 'user.created', metadata: { organizationId: below, groupIds } },
    ]);
    expect((await list(administrator, { first: 100 })).ids).toContain(id);
  });

  test('cannot be made without an organization, in another one, or with more than one holds there', async () => {
    expect((await refused(() => create(administrator, {}))).code).toBe('FORBIDDEN');
    for (const organizationId of [elsewhere, newId<OrganizationId>(), 'nonsense']) {
      expect((await refused(() => create(administrator, { organizationId }))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'organizationId', organizationId],
      ]);
    }
    const maker = await holderWithin(app(), here, [
      'create:users',
      'view:users',
      'view:organizations',
      'assign:organizations',
      'assign:groups',
      'view:groups',
    ]);
    const groupIds = [MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID];
    expect((await refused(() => create(maker, { organizationId: here, groupIds }))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupIds', READ_ONLY_GROUP_ID],
    ]);
    expect((await create(maker, { organizationId: here })).problems).toEqual([]);
    const alone = await holderWithin(app(), here, ['create:users', 'view:users', 'view:organizations']);
    expect((await refused(() => create(alone, { organizationId: here }))).code).toBe('FORBIDDEN');
  });

  test('cannot be made in an organization that gives its members more than the maker holds there', async () => {
    const generous = await makeOrganization(app(), { parentId: here });
    const group = await makeGroup(app(), unique('Generous'), ['disable:users'], 'LISTED');
    await app().database.query('insert into organization_groups (organization_id, group_id) values ($1, $2)', [
      generous,
      group,
    ]);
    const maker = await holderWithin(app(), here, [
      'create:users',
      'view:users',
      'view:organizations',
      'assign:organizations',
    ]);
    expect((await refused(() => create(maker, { organizationId: generous }))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'organizationId', group],
    ]);
    expect((await create(administrator, { organizationId: generous })).problems).toEqual([]);
  });
});
