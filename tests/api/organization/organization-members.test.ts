import { describe, expect, test } from 'vitest';
import {
  AddOrganizationMembersDocument,
  RemoveOrganizationMembersDocument,
} from '../../../generated/client/graphql.ts';
import { type GroupId, newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { IMPERSONATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf, problemsOf } from '../../support/organizations.ts';
import { jwtParts } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const ASSIGNING = ['assign:organizations', 'view:organizations', 'view:users'];

describe('addOrganizationMembers and removeOrganizationMembers', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const add = async (
    actor: Actor,
    organizationId: string,
    userIds: readonly string[],
    groupIds?: readonly string[],
  ) => {
    const input = {
      organizationId,
      userIds: [...userIds],
      ...(groupIds === undefined ? {} : { groupIds: [...groupIds] }),
    };
    const answer = await actor.send(AddOrganizationMembersDocument, { input });
    return { ...answer, problems: problemsOf(answer.data.addOrganizationMembers?.errors) };
  };
  const remove = async (actor: Actor, organizationId: string, userIds: readonly string[]) => {
    const answer = await actor.send(RemoveOrganizationMembersDocument, {
      input: { organizationId, userIds: [...userIds] },
    });
    return { ...answer, problems: problemsOf(answer.data.removeOrganizationMembers?.errors) };
  };
  type Change = ReturnType<typeof add> | ReturnType<typeof remove>;
  const refused = async (work: () => Change): Promise<Awaited<Change>> => {
    const { answer, changed } = await changing(app(), async () => work());
    expect(changed).toEqual([]);
    return answer;
  };
  const listedGroup = (...permissions: readonly string[]): Promise<GroupId> =>
    makeGroup(app(), unique('Within'), permissions, 'LISTED');
  const usersSeenBy = async (actor: Actor): Promise<number> =>
    (await actor.run<{ users: { totalCount: number } }>('{ users { totalCount } }')).data.users.totalCount;

  test('members get their groups within the organization from the next request on, and lose them with it', async () => {
    const id = await makeOrganization(app());
    const groupId = await listedGroup('view:users');
    const person = await holderOf(app(), []);
    const other = await somebody(app());
    const added = await recording(app(), () => add(cast().admin, id, [person.id, other], [groupId]));
    expect([added.answer.code, added.answer.problems]).toEqual(['OK', []]);
    expect(await usersSeenBy(person)).toBe(2);
    const both = [person.id, other].toSorted();
    const came = { organizationId: id, added: [groupId], removed: [] };
    expect(added.audit).toMatchObject([
      { action: 'organization.members-changed', target: { id }, metadata: { added: both, removed: [] } },
      ...both.map((userId) => ({
        action: 'user.organization-joined',
        target: { type: 'User', id: userId },
        metadata: came,
      })),
    ]);
    expect(added.events.map(({ type, payload }) => [type, payload])).toEqual([
      ['OrganizationMembersChanged', { organizationId: id, added: both, removed: [] }],
      ...both.map((userId) => ['UserGroupsChanged', { userId, ...came }]),
    ]);
    const removed = await recording(app(), () => remove(cast().admin, id, [person.id]));
    expect(removed.answer.problems).toEqual([]);
    const left = { organizationId: id, added: [], removed: [groupId] };
    expect(removed.audit).toMatchObject([
      { action: 'organization.members-changed', metadata: { added: [], removed: [person.id] } },
      { action: 'user.organization-left', target: { id: person.id }, metadata: left },
    ]);
    expect(removed.events.map(({ type, payload }) => [type, payload])).toEqual([
      ['OrganizationMembersChanged', { organizationId: id, added: [], removed: [person.id] }],
      ['UserGroupsChanged', { userId: person.id, ...left }],
    ]);
    expect(await usersSeenBy(person)).toBe(1);
  });

  test('memberships elsewhere stay, and sessions that acted there act in none', async () => {
    const [here, there] = [await makeOrganization(app()), await makeOrganization(app())];
    const groupId = await listedGroup('view:users');
    const person = await holderWithin(app(), here, []);
    await joinOrganization(app(), person.id, here, [groupId]);
    await joinOrganization(app(), person.id, there, [groupId]);
    const sessionId = jwtParts(person.accessToken).claims['sid'];
    await app().database.query('update sessions set organization_id = $2 where id = $1', [sessionId, here]);
    expect((await remove(cast().admin, here, [person.id])).problems).toEqual([]);
    const [state] = await app().database.query(
      `select (select organization_id from sessions where id = $2) as acting,
         array(select organization_id from memberships where user_id = $1 and organization_id is not null) as within,
         array(select organization_id from organization_members where user_id = $1) as member`,
      [person.id, sessionId],
    );
    expect(state).toEqual({ acting: null, within: [there], member: [there] });
  });

  test('are all or nothing: those who are members, or not, and unknown people are named', async () => {
    const id = await makeOrganization(app());
    const [inside, outside, unknown] = [(await memberOf(app(), id)).id, await somebody(app()), newId<UserId>()];
    expect((await refused(() => add(cast().admin, id, [outside, inside]))).problems).toEqual([
      ['ALREADY_MEMBER', 'userIds', inside],
    ]);
    expect((await refused(() => remove(cast().admin, id, [inside, outside]))).problems).toEqual([
      ['NOT_MEMBER', 'userIds', outside],
    ]);
    for (const change of [add, remove]) {
      expect((await refused(() => change(cast().admin, id, [unknown]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'userIds', unknown],
      ]);
      expect((await refused(() => change(cast().admin, id, []))).problems).toEqual([['REQUIRED', 'userIds', null]]);
      const many = Array.from({ length: 101 }, () => newId<UserId>());
      expect((await refused(() => change(cast().admin, id, many))).problems).toEqual([
        ['TOO_MANY_ITEMS', 'userIds', null],
      ]);
      const absent = newId<OrganizationId>();
      expect((await refused(() => change(cast().admin, absent, [inside]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'organizationId', absent],
      ]);
    }
  });

  test('fifty at once make one member', async () => {
    const id = await makeOrganization(app());
    const person = await somebody(app());
    const answers = await inParallel(50, () => add(cast().admin, id, [person], [MEMBERS_GROUP_ID]));
    const outcomes = answers.map(({ code, problems }) => problems[0]?.[0] ?? code);
    expect(outcomes.filter((one) => one === 'OK')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'ALREADY_MEMBER')).toHaveLength(49);
  });

  test('groups need assign:groups there, and nothing that the caller lacks there', async () => {
    const [own, elsewhere] = [await makeOrganization(app()), await makeOrganization(app())];
    const child = await makeOrganization(app(), { parentId: own });
    const person = await memberOf(app(), own);
    const lockers = await listedGroup('lock:users');
    const without = await holderWithin(app(), own, [...ASSIGNING, 'lock:users']);
    const denied = await refused(() => add(without, child, [person.id], [lockers]));
    expect([denied.code, denied.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['assign:groups']]);
    const lacking = await holderWithin(app(), own, [...ASSIGNING, 'assign:groups']);
    // What is held in another organization counts for nothing here.
    await joinOrganization(app(), lacking.id, elsewhere, [lockers]);
    expect((await refused(() => add(lacking, child, [person.id], [lockers]))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupIds', lockers],
    ]);
    const administrator = await holderWithin(app(), own, ['admin:*']);
    expect((await refused(() => add(administrator, child, [person.id], [IMPERSONATORS_GROUP_ID]))).problems).toEqual([
      ['PROTECTED_PERMISSION', 'groupIds', IMPERSONATORS_GROUP_ID],
    ]);
    expect((await add(administrator, child, [person.id], [lockers])).problems).toEqual([]);
    expect((await refused(() => remove(lacking, child, [person.id]))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'userIds', lockers],
    ]);
  });

  test('what the organization gives to all counts like a group that is named', async () => {
    const own = await makeOrganization(app());
    const child = await makeOrganization(app(), { parentId: own });
    const person = await memberOf(app(), own);
    const lockers = await listedGroup('lock:users');
    await app().database.query('insert into organization_groups values ($1, $2)', [child, lockers]);
    const lacking = await holderWithin(app(), own, ASSIGNING);
    expect((await refused(() => add(lacking, child, [person.id]))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'organizationId', lockers],
    ]);
    const inside = await memberOf(app(), child);
    expect((await refused(() => remove(lacking, child, [inside.id]))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'userIds', lockers],
    ]);
  });

  test('nobody raises their own rights by joining', async () => {
    const own = await makeOrganization(app());
    const child = await makeOrganization(app(), { parentId: own });
    const groupId = await listedGroup('lock:users');
    const assigner = await holderWithin(app(), own, [...ASSIGNING, 'assign:groups']);
    expect((await refused(() => add(assigner, child, [assigner.id], [groupId]))).problems).toEqual([
      ['SELF_ESCALATION', 'userIds', assigner.id],
    ]);
    const harmless = await listedGroup('view:users');
    expect((await refused(() => add(assigner, child, [assigner.id], [harmless]))).problems).toEqual([
      ['SELF_ESCALATION', 'userIds', assigner.id],
    ]);
    const administrator = await holderWithin(app(), own, ['admin:*']);
    expect((await add(administrator, child, [administrator.id], [harmless])).problems).toEqual([]);
  });

  test('an administrator of one organization draws nobody from outside into it', async () => {
    const own = await makeOrganization(app());
    const foreign = await makeOrganization(app());
    const [stranger, homeless] = [(await memberOf(app(), foreign)).id, await somebody(app())];
    const administrator = await holderWithin(app(), own, ['admin:*']);
    for (const id of [stranger, homeless, newId<UserId>()]) {
      expect((await refused(() => add(administrator, own, [id]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'userIds', id],
      ]);
    }
    // Seeing everybody is not reaching everybody.
    const all = await makeGroup(app(), unique('All'), ['view:users']);
    await app().database.query('insert into memberships (id, user_id, group_id, added_at) values ($1, $2, $3, now())', [
      newId(),
      administrator.id,
      all,
    ]);
    const seen = await refused(() => add(administrator, own, [homeless]));
    expect([seen.code, seen.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['assign:organizations']]);
    for (const id of [foreign, newId<OrganizationId>()]) {
      expect((await refused(() => add(administrator, id, [administrator.id]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'organizationId', id],
      ]);
      expect((await refused(() => remove(administrator, id, [stranger]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'organizationId', id],
      ]);
    }
  });

  test('nobody is left without any group, nor in more than a hundred', async () => {
    const id = await makeOrganization(app());
    const only = await makePerson(app(), { email: `${unique('only')}@example.com`, groupIds: [] });
    await joinOrganization(app(), only, id, [await listedGroup()]);
    expect((await refused(() => remove(cast().admin, id, [only]))).problems).toEqual([['NO_GROUPS_LEFT', null, only]]);
    const groups: GroupId[] = [];
    for (let count = 0; count < 100; count += 1) groups.push(await listedGroup());
    const person = await somebody(app());
    expect((await refused(() => add(cast().admin, id, [person], groups))).problems).toEqual([
      ['TOO_MANY_GROUPS', 'userIds', person],
    ]);
    expect((await refused(() => add(cast().admin, id, [person], [...groups, MEMBERS_GROUP_ID]))).problems).toEqual([
      ['TOO_MANY_ITEMS', 'groupIds', null],
    ]);
    expect((await add(cast().admin, id, [person], groups.slice(1))).problems).toEqual([]);
  });

  test('cost the same number of statements for one and for many', async () => {
    const id = await makeOrganization(app());
    const groupId = await listedGroup('view:users');
    const people = await inParallel(12, () => somebody(app()));
    await add(cast().admin, id, [people[0] ?? ''], [groupId]);
    const one = await statementsOf(app(), () => add(cast().admin, id, [people[1] ?? ''], [groupId]));
    const many = await statementsOf(app(), () => add(cast().admin, id, people.slice(2), [groupId]));
    expect([one.answer.problems, many.answer.problems, many.statements]).toEqual([[], [], one.statements]);
    const oneLess = await statementsOf(app(), () => remove(cast().admin, id, [people[0] ?? '']));
    const manyLess = await statementsOf(app(), () => remove(cast().admin, id, people.slice(1)));
    expect([manyLess.answer.problems, manyLess.statements]).toEqual([[], oneLess.statements]);
  });
});
