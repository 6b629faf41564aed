import { describe, expect, test } from 'vitest';
import { DeleteGroupDocument, GroupDocument } from '../../../generated/client/graphql.ts';
import { type GroupId, newId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID, seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('deleteGroup', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const remove = (actor: Actor, id: string, expectedVersion?: number) =>
    actor.send(DeleteGroupDocument, { input: { id, expectedVersion } });
  const refused = async (actor: Actor, id: string, expectedVersion?: number) => {
    const { answer, changed } = await changing(app(), () => remove(actor, id, expectedVersion));
    expect(changed).toEqual([]);
    return answer;
  };

  test('takes the group from its members at once, in every replica, and says so', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), ['view:users']);
    const elsewhere = replica.anonymous(person.headers);
    const sees = async () =>
      (await elsewhere.run('query($id: ID!) { user(id: $id) { email } }', { id: cast().member.id })).code;
    expect(await sees()).toBe('OK');
    const { answer, audit, events } = await recording(app(), () => remove(cast().admin, person.groupId, 1));
    expect(answer.data.deleteGroup).toEqual({
      deletedGroupId: person.groupId,
      group: null,
      preview: null,
      errors: [],
    });
    expect(await sees()).toBe('FORBIDDEN');
    await replica.close();
    expect((await cast().admin.send(GroupDocument, { id: person.groupId })).code).toBe('NOT_FOUND');
    expect(audit).toMatchObject([
      {
        action: 'group.deleted',
        actor: { id: cast().admin.id },
        target: { type: 'Group', id: person.groupId, label: person.email.split('@')[0] },
      },
    ]);
    expect(events).toMatchObject([
      { type: 'GroupDeleted', aggregateId: person.groupId, payload: { groupId: person.groupId } },
    ]);
  });

  test('leaves nobody without any group, and names each who would be', async () => {
    const id = await makeGroup(app(), unique('Only'), []);
    const stranded = [await somebody(app(), [id]), await somebody(app(), [id])];
    await somebody(app(), [id, MEMBERS_GROUP_ID]);
    const { data } = await refused(cast().admin, id);
    expect(data.deleteGroup?.deletedGroupId).toBeNull();
    expect(data.deleteGroup?.errors.map(({ code, targetId }) => [code, targetId]).toSorted()).toEqual(
      stranded.toSorted().map((targetId) => ['NO_GROUPS_LEFT', targetId]),
    );
  });

  test('of thousands of members names the first hundred who would be left without any group, else takes it from all', async () => {
    const id = await makeGroup(app(), unique('Huge'), []);
    const members = 10_050;
    await app().database.query(
      `with made as (insert into users (id, display_name, status, created_at, updated_at)
         select gen_random_uuid(), 'Extra ' || n, 'ACTIVE', now(), now() from generate_series(1, $2::int) n returning id, display_name)
       insert into memberships (id, user_id, group_id, added_at)
       select gen_random_uuid(), id, $1::uuid, now() from made union all
       select gen_random_uuid(), id, $3::uuid, now() from made where right(display_name, 2) not in ('00', '50')`,
      [id, members, MEMBERS_GROUP_ID],
    );
    const stranded = await app().database.query<{ id: string }>(
      `select user_id::text as id from memberships group by user_id having bool_and(group_id = $1)`,
      [id],
    );
    expect(stranded).toHaveLength(201);
    const { data } = await refused(cast().admin, id);
    const told = data.deleteGroup?.errors.map(({ code, targetId }) => [
      code,
      stranded.some((row) => row.id === targetId),
    ]);
    expect(told).toEqual(Array.from({ length: 100 }, () => ['NO_GROUPS_LEFT', true]));
    expect(new Set(data.deleteGroup?.errors.map(({ targetId }) => targetId)).size).toBe(100);
    await app().database.query(
      `insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), unnest($1::uuid[]), $2, now()`,
      [stranded.map((row) => row.id), MEMBERS_GROUP_ID],
    );
    expect((await remove(cast().admin, id)).data.deleteGroup?.deletedGroupId).toBe(id);
    const [left] = await app().database.query(
      `select count(*)::int as people, sum(of)::int as memberships from
         (select count(*) as of from memberships where user_id in (select id from users where display_name ~ '^Extra ') group by user_id) m`,
    );
    expect(left).toEqual({ people: members, memberships: members });
  });

  test('refuses a stale version with the current group', async () => {
    const id = await makeGroup(app(), unique('Versioned'), ['view:users']);
    const { data } = await refused(cast().admin, id, 7);
    expect(data.deleteGroup).toMatchObject({
      deletedGroupId: null,
      group: { id, version: 1 },
      errors: [{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }],
    });
  });

  test.each(seededGroups.map(({ name, id }) => [name, id] as const))('refuses the seeded group %s', async (_, id) => {
    const { data } = await refused(cast().admin, id);
    expect(data.deleteGroup?.errors).toMatchObject([{ code: 'SYSTEM_MANAGED', field: ['id'] }]);
  });

  test('does not reach groups that give more than the caller holds', async () => {
    const deleter = await holderOf(app(), ['delete:groups', 'grant:groups', 'view:users']);
    const strong = await refused(deleter, await makeGroup(app(), unique('Strong'), ['delete:users']));
    expect(strong.data.deleteGroup?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
    const guarded = await refused(
      await holderOf(app(), ['admin:*']),
      await makeGroup(app(), unique('Guarded'), ['erase:users']),
    );
    expect(guarded.data.deleteGroup?.errors).toMatchObject([{ code: 'PROTECTED_PERMISSION' }]);
    expect(
      (await remove(deleter, await makeGroup(app(), unique('Weak'), ['view:users']))).data.deleteGroup?.errors,
    ).toEqual([]);
  });

  test('of the same group twice succeeds once', async () => {
    const id = await makeGroup(app(), unique('Twice'), []);
    const answers = await Promise.all([remove(cast().admin, id), remove(cast().admin, id)]);
    const codes = answers.map(({ data }) => data.deleteGroup?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual(['OK', 'TARGET_NOT_FOUND']);
  });

  test('answers TARGET_NOT_FOUND for unknown ids, and is refused without delete:groups', async () => {
    for (const id of [newId<GroupId>(), 'nonsense']) {
      const { data } = await refused(cast().admin, id);
      expect(data.deleteGroup?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['id'], targetId: id }]);
    }
    const id = await makeGroup(app(), unique('Kept'), []);
    const { errors } = await refused(await holderOf(app(), ['update:groups', 'grant:groups']), id);
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['delete:groups'] });
  });

  test('leaves an active administrator', async () => {
    const boss = await holderOf(app(), ['admin:*']);
    await app().database.query('delete from memberships where group_id = $1', [ADMINISTRATORS_GROUP_ID]);
    await app().database.query(
      `delete from memberships m using group_grants p where p.group_id = m.group_id and p.action = 'admin' and m.user_id <> $1`,
      [boss.id],
    );
    const { data } = await refused(boss, boss.groupId);
    expect(data.deleteGroup?.errors).toMatchObject([{ code: 'LAST_ADMIN' }]);
  });
});
