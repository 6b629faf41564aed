import { describe, expect, test } from 'vitest';
import { AddGroupMembersDocument, RemoveGroupMembersDocument } from '../../../generated/client/graphql.ts';
import { type GroupId, newId, type UserId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  IMPERSONATORS_GROUP_ID,
  MEMBERS_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, raiseToAal2 } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const ASSIGNING = ['assign:groups', 'view:users', 'view:groups'];

describe('addGroupMembers and removeGroupMembers', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const add = async (actor: Actor, groupId: string, userIds: readonly string[]) => {
    const answer = await actor.send(AddGroupMembersDocument, { input: { groupId, userIds: [...userIds] } });
    return { ...answer, problems: problemsOf(answer.data.addGroupMembers?.errors) };
  };
  const remove = async (actor: Actor, groupId: string, userIds: readonly string[]) => {
    const answer = await actor.send(RemoveGroupMembersDocument, { input: { groupId, userIds: [...userIds] } });
    return { ...answer, problems: problemsOf(answer.data.removeGroupMembers?.errors) };
  };
  type Change = ReturnType<typeof add> | ReturnType<typeof remove>;
  const refused = async (work: () => Change): Promise<Awaited<Change>> => {
    const { answer, changed } = await changing(app(), async () => work());
    expect(changed).toEqual([]);
    return answer;
  };
  const group = (...permissions: readonly string[]): Promise<GroupId> => makeGroup(app(), unique('Group'), permissions);

  test('give and take rights from the next request on, in every replica, with a line and an event for each person', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), []);
    const other = await somebody(app());
    const elsewhere = replica.anonymous(person.headers);
    const sees = async () =>
      (await elsewhere.run('query($id: ID!) { user(id: $id) { email } }', { id: cast().member.id })).code;
    const id = await group('view:users');
    expect(await sees()).toBe('FORBIDDEN');
    const added = await recording(app(), () => add(cast().admin, id, [person.id, other]));
    expect(added.answer.data.addGroupMembers).toMatchObject({ errors: [], group: { id } });
    expect(await sees()).toBe('OK');
    const line = (userId: string, change: object) => ({
      action: 'user.groups-changed',
      actor: { type: 'User', id: cast().admin.id },
      target: { type: 'User', id: userId },
      metadata: change,
    });
    const both = [person.id, other].toSorted();
    expect(added.audit).toMatchObject(both.map((userId) => line(userId, { added: [id], removed: [] })));
    expect(added.events.map(({ type, payload }) => [type, payload])).toEqual(
      both.map((userId) => ['UserGroupsChanged', { userId, added: [id], removed: [] }]),
    );
    const removed = await recording(app(), () => remove(cast().admin, id, [person.id]));
    expect(removed.answer.data.removeGroupMembers).toMatchObject({ errors: [], group: { id } });
    expect(removed.audit).toMatchObject([line(person.id, { added: [], removed: [id] })]);
    expect(await sees()).toBe('FORBIDDEN');
    await replica.close();
  });

  test('are all or nothing: members, strangers to the group and unknown people are named, and nobody changes', async () => {
    const id = await group();
    const [inside, outside, unknown] = [
      await somebody(app(), [id, MEMBERS_GROUP_ID]),
      await somebody(app()),
      newId<UserId>(),
    ];
    expect((await refused(() => add(cast().admin, id, [outside, inside]))).problems).toEqual([
      ['ALREADY_MEMBER', 'userIds', inside],
    ]);
    expect((await refused(() => remove(cast().admin, id, [inside, outside]))).problems).toEqual([
      ['NOT_MEMBER', 'userIds', outside],
    ]);
    for (const change of [add, remove]) {
      expect((await refused(() => change(cast().admin, id, [inside, unknown]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'userIds', unknown],
      ]);
      expect((await refused(() => change(cast().admin, unknown, [inside]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'groupId', unknown],
      ]);
      expect((await refused(() => change(cast().admin, id, []))).problems).toEqual([['REQUIRED', 'userIds', null]]);
      const many = Array.from({ length: 101 }, () => inside);
      expect((await refused(() => change(cast().admin, id, many))).problems).toEqual([
        ['TOO_MANY_ITEMS', 'userIds', null],
      ]);
    }
  });

  test('take 100 people, each once', async () => {
    const id = await group();
    const ids = await app().database.query<{ id: UserId }>(
      `insert into users (id, display_name, status, created_at, updated_at)
       select gen_random_uuid(), 'Bare', 'ACTIVE', now(), now() from generate_series(1, 100) returning id`,
    );
    const people = ids.map((row) => row.id);
    expect((await add(cast().admin, MEMBERS_GROUP_ID, people)).problems).toEqual([]);
    expect((await add(cast().admin, id, people)).problems).toEqual([]);
    const again = await refused(() => add(cast().admin, id, people));
    expect(again.problems).toHaveLength(100);
    expect((await remove(cast().admin, id, people)).problems).toEqual([]);
  });

  test('let somebody join a hundredth group, not another one', async () => {
    const person = await somebody(app());
    await app().database.query(
      `with made as (insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
         select gen_random_uuid(), 'Filler ' || n, 'filler ' || n, '', false, 'LISTED', 1, now(), now() from generate_series(1, 98) n returning id)
       insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), $1, id, now() from made`,
      [person],
    );
    expect((await add(cast().admin, await group(), [person])).problems).toEqual([]);
    const full = await group();
    expect((await refused(() => add(cast().admin, full, [person]))).problems).toEqual([
      ['TOO_MANY_GROUPS', 'userIds', person],
    ]);
  });

  test('need assign:groups and every grant of the group, so that its holder removes no administrator', async () => {
    const assigner = await holderOf(app(), ASSIGNING);
    const [boss, peer] = [await somebody(app(), [ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID]), await somebody(app())];
    const denied = ['EXCEEDS_OWN_PERMISSIONS', 'groupId', ADMINISTRATORS_GROUP_ID];
    expect((await refused(() => remove(assigner, ADMINISTRATORS_GROUP_ID, [boss]))).problems).toEqual([denied]);
    expect((await refused(() => add(assigner, ADMINISTRATORS_GROUP_ID, [peer]))).problems).toEqual([denied]);
    const fits = await group('view:users');
    expect((await add(assigner, fits, [peer])).problems).toEqual([]);
    const without = await holderOf(app(), ['view:users', 'view:groups', 'update:users', 'grant:groups']);
    for (const change of [add, remove]) {
      const { errors } = await refused(() => change(without, fits, [peer]));
      expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['assign:groups'] });
    }
  });

  test('with protected grants need grant-protected:groups', async () => {
    const administrator = await holderOf(app(), ['admin:*']);
    const peer = await somebody(app());
    const denied = ['PROTECTED_PERMISSION', 'groupId', IMPERSONATORS_GROUP_ID];
    expect((await refused(() => add(administrator, IMPERSONATORS_GROUP_ID, [peer]))).problems).toEqual([denied]);
    expect(
      (await refused(() => remove(administrator, IMPERSONATORS_GROUP_ID, [cast().impersonator.id]))).problems,
    ).toEqual([denied]);
    expect((await add(cast().admin, IMPERSONATORS_GROUP_ID, [peer])).problems).toEqual([]);
  });

  test('raise nobody by their own hand', async () => {
    const held = [...ASSIGNING, 'update:users', 'grant-protected:groups'];
    const guardian = await raiseToAal2(app(), await holderOf(app(), held));
    expect((await refused(() => add(guardian, IMPERSONATORS_GROUP_ID, [guardian.id]))).problems).toEqual([
      ['SELF_ESCALATION', 'userIds', guardian.id],
    ]);
    const assigner = await holderOf(app(), ASSIGNING);
    const harmless = await group('view:users');
    expect((await refused(() => add(assigner, harmless, [assigner.id]))).problems).toEqual([
      ['SELF_ESCALATION', 'userIds', assigner.id],
    ]);
    expect((await add(guardian, harmless, [guardian.id])).problems).toEqual([]);
  });

  test('leave nobody without any group, even when two of their groups go at once', async () => {
    const groups = [await group(), await group()];
    const person = await somebody(app(), groups);
    const answers = await Promise.all(groups.map((id) => remove(cast().admin, id, [person])));
    expect(answers.map(({ problems }) => problems[0]?.[0] ?? 'OK').toSorted()).toEqual(['NO_GROUPS_LEFT', 'OK']);
  });

  test('lets one of five add the same person to the same group', async () => {
    const [id, person] = [await group(), await somebody(app())];
    const answers = await inParallel(5, () => add(cast().admin, id, [person]));
    expect(answers.map(({ problems }) => problems[0]?.[0] ?? 'OK').toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'ALREADY_MEMBER'),
      'OK',
    ]);
  });

  test('answer the same for hidden people as for none', async () => {
    const blind = await holderOf(app(), ['assign:groups']);
    const [id, hidden, nobody] = [await group(), await somebody(app()), newId<UserId>()];
    for (const change of [add, remove]) {
      expect((await refused(() => change(blind, id, [hidden, nobody]))).problems).toEqual([
        ['TARGET_NOT_FOUND', 'userIds', hidden],
        ['TARGET_NOT_FOUND', 'userIds', nobody],
      ]);
    }
  });

  test('are the one change that seeded groups take', async () => {
    const person = await somebody(app());
    expect((await add(cast().admin, SUPPORT_GROUP_ID, [person])).problems).toEqual([]);
    expect((await remove(cast().admin, SUPPORT_GROUP_ID, [person])).problems).toEqual([]);
  });
});

type Errors = readonly {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly targetId: string | null;
}[];

const problemsOf = (errors: Errors | undefined) =>
  (errors ?? []).map(({ code, field, targetId }) => [code, field?.join('.') ?? null, targetId]);
