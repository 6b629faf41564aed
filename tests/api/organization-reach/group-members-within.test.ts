import { beforeAll, describe, expect, test } from 'vitest';
import { type GroupId, newId, type OrganizationId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  IMPERSONATORS_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, signIn } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

type Problems = readonly (readonly [string, string | null, string | null])[];

interface Changed {
  readonly change: {
    readonly errors: readonly {
      readonly code: string;
      readonly field: readonly string[] | null;
      readonly targetId: string | null;
    }[];
  } | null;
}

describe('members of groups within an organization', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let [here, below, elsewhere] = [newId<OrganizationId>(), newId<OrganizationId>(), newId<OrganizationId>()];
  let administrator: Actor & { groupId: GroupId };

  beforeAll(async () => {
    here = await makeOrganization(app());
    below = await makeOrganization(app(), { parentId: here });
    elsewhere = await makeOrganization(app());
    administrator = await holderWithin(app(), here, ['admin:*']);
  });

  const change = async (name: string, actor: Actor, input: object): Promise<{ problems: Problems; code: string }> => {
    const document = `mutation ($input: ${name}Input!) { change: ${name.charAt(0).toLowerCase()}${name.slice(1)}(input: $input) {
      group { id } errors { code field targetId } } }`;
    const { data, code } = await actor.run<Changed | null>(document, { input });
    const errors = data?.change?.errors ?? [];
    return {
      code,
      problems: errors.map(({ code: one, field, targetId }) => [one, field?.join('.') ?? null, targetId]),
    };
  };
  interface MemberInput {
    readonly groupId: string;
    readonly userIds: readonly string[];
    readonly organizationId?: string | null;
  }
  const add = (actor: Actor, input: MemberInput) => change('AddGroupMembers', actor, input);
  const remove = (actor: Actor, input: MemberInput) => change('RemoveGroupMembers', actor, input);
  const refused = async (work: () => ReturnType<typeof add>) => {
    const { answer, changed } = await changing(app(), work);
    expect(changed).toEqual([]);
    return answer;
  };

  test('hold there and below from the next request on, nowhere else, and say where in log and event', async () => {
    const { id, email } = await memberOf(app(), here);
    const person = await signIn(app(), email);
    const inside = await memberOf(app(), below);
    const outside = await memberOf(app(), elsewhere);
    const group = await makeGroup(app(), unique('Seeing'), ['view:users']);
    const sees = async (userId: string) =>
      (await person.run('query($id: ID!) { user(id: $id) { id } }', { id: userId })).code;
    expect(await sees(inside.id)).toBe('FORBIDDEN');
    const given = await recording(app(), () =>
      add(administrator, { groupId: group, userIds: [id], organizationId: here }),
    );
    expect(given.answer.problems).toEqual([]);
    expect([await sees(inside.id), await sees(outside.id)]).toEqual(['OK', 'NOT_FOUND']);
    const facts = { added: [group], removed: [], organizationId: here };
    expect(given.audit).toMatchObject([{ action: 'user.groups-changed', target: { id }, metadata: facts }]);
    expect(given.events.map(({ payload }) => payload)).toEqual([{ userId: id, ...facts }]);
    expect((await remove(administrator, { groupId: group, userIds: [id], organizationId: here })).problems).toEqual([]);
    expect(await sees(inside.id)).toBe('FORBIDDEN');
  });

  test('are one membership for each group and place', async () => {
    const { id } = await memberOf(app(), here);
    await joinOrganization(app(), id, below);
    const group = await makeGroup(app(), unique('Group'), []);
    const input = (organizationId: OrganizationId | null) => ({ groupId: group, userIds: [id], organizationId });
    expect((await add(administrator, input(here))).problems).toEqual([]);
    expect((await refused(() => add(administrator, input(here)))).problems).toEqual([
      ['ALREADY_MEMBER', 'userIds', id],
    ]);
    expect((await refused(() => remove(administrator, input(below)))).problems).toEqual([
      ['NOT_MEMBER', 'userIds', id],
    ]);
    expect((await add(administrator, input(below))).problems).toEqual([]);
    expect((await add(cast().admin, input(null))).problems).toEqual([]);
    expect((await remove(cast().admin, input(null))).problems).toEqual([]);
    const left = await app().database.query<{ organization_id: string }>(
      'select organization_id from memberships where user_id = $1 and group_id = $2',
      [id, group],
    );
    expect(left.map((row) => row.organization_id).toSorted()).toEqual([here, below].toSorted());
  });

  test('count towards the hundred of a user', async () => {
    const { id } = await memberOf(app(), here);
    await app().database.query(
      `with made as (insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
         select gen_random_uuid(), 'Within ' || n, 'within ' || n, '', false, 'LISTED', 1, now(), now() from generate_series(1, 98) n returning id)
       insert into memberships (id, user_id, group_id, organization_id, added_at) select gen_random_uuid(), $1, id, $2, now() from made`,
      [id, here],
    );
    const [last, tooMany] = [await makeGroup(app(), unique('Last'), []), await makeGroup(app(), unique('More'), [])];
    expect((await add(administrator, { groupId: last, userIds: [id], organizationId: here })).problems).toEqual([]);
    for (const organizationId of [here, null]) {
      const actor = organizationId === null ? cast().admin : administrator;
      const answer = await refused(() => add(actor, { groupId: tooMany, userIds: [id], organizationId }));
      expect(answer.problems).toEqual([['TOO_MANY_GROUPS', 'userIds', id]]);
    }
  });

  test('are for members of that organization only: others look like nobody', async () => {
    const group = await makeGroup(app(), unique('Group'), []);
    const inside = await memberOf(app(), here);
    for (const { id } of [await memberOf(app(), elsewhere), await memberOf(app(), below), { id: newId() }]) {
      for (const actor of [administrator, cast().admin]) {
        const userIds = [inside.id, id];
        const answer = await refused(() => add(actor, { groupId: group, userIds, organizationId: here }));
        expect(answer.problems).toEqual([['TARGET_NOT_FOUND', 'userIds', id]]);
      }
    }
  });

  test('cannot be given in an organization out of reach, nor without one', async () => {
    const group = await makeGroup(app(), unique('Group'), []);
    const { id } = await memberOf(app(), here);
    const stranger = await memberOf(app(), elsewhere);
    for (const organizationId of [elsewhere, newId<OrganizationId>(), 'nonsense']) {
      const answer = await refused(() =>
        add(administrator, { groupId: group, userIds: [stranger.id], organizationId }),
      );
      expect(answer.problems).toEqual([['TARGET_NOT_FOUND', 'organizationId', organizationId]]);
    }
    expect((await refused(() => add(administrator, { groupId: group, userIds: [id] }))).code).toBe('FORBIDDEN');
    const groupOfAdministrators = { groupId: ADMINISTRATORS_GROUP_ID, userIds: [id] };
    expect((await refused(() => add(administrator, groupOfAdministrators))).code).toBe('FORBIDDEN');
  });

  test('are no way above what the giver holds there', async () => {
    const limited = await holderWithin(app(), below, [
      'assign:groups',
      'view:users',
      'view:groups',
      'view:organizations',
    ]);
    const { id } = await memberOf(app(), below);
    const input = (groupId: string) => ({ groupId, userIds: [id], organizationId: below });
    expect((await refused(() => add(limited, input(SUPPORT_GROUP_ID)))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupId', SUPPORT_GROUP_ID],
    ]);
    expect((await refused(() => add(administrator, input(IMPERSONATORS_GROUP_ID)))).problems).toEqual([
      ['PROTECTED_PERMISSION', 'groupId', IMPERSONATORS_GROUP_ID],
    ]);
    const raise = { groupId: limited.groupId, userIds: [limited.id], organizationId: below };
    expect((await remove(administrator, raise)).problems).toEqual([]);
    expect((await refused(() => add(limited, raise))).code).toBe('FORBIDDEN');
  });

  test('are no way to raise oneself: what one gives oneself needs update:users there and may give nothing new', async () => {
    const giver = await holderWithin(app(), here, ['assign:groups', 'view:users', 'view:groups', 'view:organizations']);
    const group = await makeGroup(app(), unique('Nothing new'), ['view:users']);
    const self = { groupId: group, userIds: [giver.id], organizationId: here };
    expect((await refused(() => add(giver, self))).problems).toEqual([['SELF_ESCALATION', 'userIds', giver.id]]);
    const own = { groupId: ADMINISTRATORS_GROUP_ID, userIds: [administrator.id], organizationId: here };
    expect((await add(administrator, own)).problems).toEqual([]);
    const users = await administrator.run<{ users: { nodes: { id: string }[] } }>(
      '{ users(first: 100) { nodes { id } } }',
    );
    const outside = await memberOf(app(), elsewhere);
    expect(users.data.users.nodes.map(({ id }) => id)).not.toContain(outside.id);
    expect((await administrator.run('mutation { createGroup(input: { name: "Global" }) { group { id } } }')).code).toBe(
      'FORBIDDEN',
    );
  });

  test('are shown with where they hold, by whom, and for one organization alone', async () => {
    const { id } = await memberOf(app(), here, elsewhere);
    const group = await makeGroup(app(), unique('Shown'), []);
    await add(cast().admin, { groupId: group, userIds: [id] });
    await add(cast().admin, { groupId: group, userIds: [id], organizationId: elsewhere });
    await add(administrator, { groupId: group, userIds: [id], organizationId: here });
    interface Members {
      readonly group: {
        readonly members: { readonly edges: readonly object[]; readonly totalCount: number };
        readonly memberCount: number;
      };
    }
    const query = `query($id: ID!, $organizationId: ID) { group(id: $id) { memberCount members(organizationId: $organizationId) {
      totalCount edges { organization { id } addedBy { id } node { id } } } } }`;
    const seen = async (actor: Actor, organizationId: string | null) =>
      (await actor.run<Members>(query, { id: group, organizationId })).data.group;
    const edge = (organizationId: string | null, addedBy: string | null) => ({
      organization: organizationId === null ? null : { id: organizationId },
      addedBy: addedBy === null ? null : { id: addedBy },
      node: { id },
    });
    const all = await seen(cast().admin, null);
    expect(all.members.edges).toEqual([
      edge(here, administrator.id),
      edge(elsewhere, cast().admin.id),
      edge(null, cast().admin.id),
    ]);
    expect([all.members.totalCount, all.memberCount]).toEqual([3, 1]);
    expect((await seen(cast().admin, elsewhere)).members.edges).toEqual([edge(elsewhere, cast().admin.id)]);
    expect((await seen(administrator, null)).members).toEqual({
      totalCount: 2,
      edges: [edge(here, administrator.id), edge(null, null)],
    });
    for (const organizationId of [elsewhere, 'nonsense']) {
      expect((await seen(administrator, organizationId)).members).toEqual({ totalCount: 0, edges: [] });
    }
  });
});
