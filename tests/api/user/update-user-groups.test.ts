import { describe, expect, test } from 'vitest';
import { DeleteGroupDocument, UpdateUserDocument, UsersDocument } from '../../../generated/client/graphql.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  IMPERSONATORS_GROUP_ID,
  MEMBERS_GROUP_ID,
  READ_ONLY_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, raiseToAal2 } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the groups of updateUser', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const setGroups = (actor: Actor, id: string, groupIds: readonly string[] | null) =>
    actor.send(UpdateUserDocument, { input: { id, groupIds: groupIds === null ? null : [...groupIds] } });
  const refused = async (actor: Actor, id: string, groupIds: readonly string[]) => {
    const { answer, changed } = await changing(app(), () => setGroups(actor, id, groupIds));
    expect(changed).toEqual([]);
    return answer;
  };

  test('are replaced as a whole, with one line of the log and one event that tell the difference', async () => {
    const { admin } = cast();
    const id = await somebody(app(), [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID]);
    const { answer, audit, events } = await recording(app(), () =>
      setGroups(admin, id, [MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID]),
    );
    expect(answer.data.updateUser?.user?.groups?.map(({ name }) => name)).toEqual(['Members', 'Read-only']);
    const difference = { added: [READ_ONLY_GROUP_ID], removed: [SUPPORT_GROUP_ID] };
    expect(audit).toMatchObject([
      { action: 'user.groups-changed', actor: { id: admin.id }, target: { type: 'User', id }, metadata: difference },
    ]);
    expect(events).toMatchObject([
      { type: 'UserGroupsChanged', aggregateId: id, payload: { userId: id, ...difference } },
    ]);
  });

  test('stay when absent, null, or the same', async () => {
    const id = await somebody(app(), [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID]);
    for (const groupIds of [null, [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID]]) {
      const { answer, audit } = await recording(app(), () => setGroups(cast().admin, id, groupIds));
      expect(answer.data.updateUser?.user?.groups?.map(({ name }) => name)).toEqual(['Members', 'Support']);
      expect(audit).toEqual([]);
    }
  });

  test('hold from the next request on, for the person concerned', async () => {
    const person = await holderOf(app(), []);
    const count = async () => (await person.send(UsersDocument, { first: 5 })).data.users?.nodes.length;
    expect(await count()).toBe(1);
    await setGroups(cast().admin, person.id, [READ_ONLY_GROUP_ID]);
    expect(await count()).toBe(5);
    await setGroups(cast().admin, person.id, [MEMBERS_GROUP_ID]);
    expect(await count()).toBe(1);
  });

  test('beyond Members need assign:groups, also to be taken away', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users']);
    const id = await somebody(app(), [SUPPORT_GROUP_ID]);
    for (const groupIds of [[SUPPORT_GROUP_ID, READ_ONLY_GROUP_ID], [MEMBERS_GROUP_ID]]) {
      const { errors } = await refused(editor, id, groupIds);
      expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['assign:groups'] });
    }
    const member = await setGroups(editor, id, [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID]);
    expect(member.data.updateUser?.errors).toEqual([]);
  });

  test('neither give nor take more than the caller holds', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users', 'assign:groups']);
    const id = await somebody(app(), [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID]);
    const given = await refused(editor, id, [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID, ADMINISTRATORS_GROUP_ID]);
    expect(given.data.updateUser?.errors).toMatchObject([
      { code: 'EXCEEDS_OWN_PERMISSIONS', field: ['groupIds'], targetId: ADMINISTRATORS_GROUP_ID },
    ]);
    const taken = await refused(editor, id, [MEMBERS_GROUP_ID]);
    expect(taken.data.updateUser?.errors).toMatchObject([
      { code: 'EXCEEDS_OWN_PERMISSIONS', targetId: SUPPORT_GROUP_ID },
    ]);
    const administrator = await holderOf(app(), ['admin:*']);
    const guarded = await refused(administrator, id, [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID, IMPERSONATORS_GROUP_ID]);
    expect(guarded.data.updateUser?.errors).toMatchObject([
      { code: 'PROTECTED_PERMISSION', targetId: IMPERSONATORS_GROUP_ID },
    ]);
  });

  test('raise nobody by their own hand', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users', 'assign:groups']);
    const raised = await refused(editor, editor.id, [editor.groupId, MEMBERS_GROUP_ID, ADMINISTRATORS_GROUP_ID]);
    expect(raised.data.updateUser?.errors.map(({ code }) => code)).toEqual([
      'EXCEEDS_OWN_PERMISSIONS',
      'SELF_ESCALATION',
    ]);
    const held = ['view:users', 'update:users', 'assign:groups', 'grant-protected:groups'];
    const keyMaster = await raiseToAal2(app(), await holderOf(app(), held));
    const guarded = await refused(keyMaster, keyMaster.id, [
      keyMaster.groupId,
      MEMBERS_GROUP_ID,
      IMPERSONATORS_GROUP_ID,
    ]);
    expect(guarded.data.updateUser?.errors).toMatchObject([
      { code: 'SELF_ESCALATION', field: ['groupIds'], targetId: keyMaster.id },
    ]);
    const harmless = await makeGroup(app(), 'Harmless', ['view:users']);
    const joined = await setGroups(editor, editor.id, [editor.groupId, MEMBERS_GROUP_ID, harmless]);
    expect(joined.data.updateUser?.errors).toEqual([]);
  });

  test('never leave the installation without an active administrator', async () => {
    const { admin } = cast();
    await app().database.query(
      `delete from memberships m using group_grants p where p.group_id = m.group_id and p.action = 'admin' and m.user_id <> $1`,
      [admin.id],
    );
    const left = await refused(admin, admin.id, [MEMBERS_GROUP_ID]);
    expect(left.data.updateUser?.errors).toMatchObject([{ code: 'LAST_ADMIN', targetId: admin.id }]);
    const second = await somebody(app(), [ADMINISTRATORS_GROUP_ID]);
    for (const condition of [
      `status = 'DISABLED'`,
      `status = 'INVITED'`,
      `status = 'ACTIVE', locked_until = '9999-01-01', status_reason = 'by hand'`,
    ]) {
      await app().database.query(`update users set ${condition} where id = $1`, [second]);
      const inactive = await refused(admin, admin.id, [MEMBERS_GROUP_ID]);
      expect(inactive.data.updateUser?.errors).toMatchObject([{ code: 'LAST_ADMIN' }]);
    }
    await app().database.query('update users set status_reason = null where id = $1', [second]);
    expect((await setGroups(admin, admin.id, [MEMBERS_GROUP_ID])).data.updateUser?.errors).toEqual([]);
    expect((await setGroups(admin, second, [MEMBERS_GROUP_ID])).code).toBe('FORBIDDEN');
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), $1, $2, now()',
      [admin.id, ADMINISTRATORS_GROUP_ID],
    );
  });

  test('must exist: a group that is gone is TARGET_NOT_FOUND', async () => {
    const { admin } = cast();
    const gone = await makeGroup(app(), 'Gone', []);
    const id = await somebody(app());
    await setGroups(admin, id, [MEMBERS_GROUP_ID]);
    await admin.send(DeleteGroupDocument, { input: { id: gone } });
    const { data } = await refused(admin, id, [MEMBERS_GROUP_ID, gone]);
    expect(data.updateUser?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['groupIds'], targetId: gone }]);
  });

  test('of a user being changed by ten requests at once end as one of the sets', async () => {
    const { admin } = cast();
    const id = await somebody(app());
    const sets = [[MEMBERS_GROUP_ID, SUPPORT_GROUP_ID], [READ_ONLY_GROUP_ID], [SUPPORT_GROUP_ID, READ_ONLY_GROUP_ID]];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => setGroups(admin, id, sets[index % sets.length] ?? [])),
    );
    expect(answers.flatMap(({ data }) => data.updateUser?.errors ?? [])).toEqual([]);
    const rows = await app().database.query<{ group_id: string }>(
      'select group_id from memberships where user_id = $1 order by group_id',
      [id],
    );
    expect(sets.map((set) => set.toSorted())).toContainEqual(rows.map((row) => row.group_id));
  });
});
