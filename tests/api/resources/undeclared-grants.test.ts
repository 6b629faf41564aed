import { describe, expect, test } from 'vitest';
import {
  AddGroupMembersDocument,
  DeleteGroupDocument,
  LockUsersDocument,
  RemoveGroupMembersDocument,
  SetGroupPermissionsDocument,
  UnlockUsersDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { makeApplication, registered, resource } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';

/** Applications declare verbs and drop them again; grants of those stay in their groups and give nothing. */
describe('a grant of what is declared no more', () => {
  const app = useTestApp();
  const cast = useCast(app);

  /** A group with it, and somebody in the group. */
  const stale = async () => {
    const { key } = await makeApplication(app());
    const namespace = unique('depot');
    const declare = (actions: string[]) => registered(key, resource('crates', { actions }), namespace);
    await declare(['view', 'close']);
    const groupId = await makeGroup(app(), unique('Closers'), [`close:${namespace}.crates`]);
    const email = `${unique('closer')}@depot.example`;
    const userId = await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, groupId] });
    await declare(['view']);
    return { groupId, userId, email };
  };

  test('puts nobody beyond the reach of those who lock accounts', async () => {
    const { userId } = await stale();
    const input = { ids: [userId], reason: 'their account was taken over' };
    for (const actor of [cast().admin, cast().support]) {
      expect((await actor.send(LockUsersDocument, { input })).data.lockUsers?.errors).toEqual([]);
      expect((await actor.send(UnlockUsersDocument, { input })).data.unlockUsers?.errors).toEqual([]);
    }
  });

  test('can be taken away, with its members, by whoever may change the group', async () => {
    const { admin } = cast();
    const [first, second] = [await stale(), await stale()];
    const input = { groupId: first.groupId, userIds: [first.userId] };
    expect((await admin.send(RemoveGroupMembersDocument, { input })).data.removeGroupMembers?.errors).toEqual([]);
    const deleted = await admin.send(DeleteGroupDocument, { input: { id: first.groupId } });
    expect(deleted.data.deleteGroup?.errors).toEqual([]);
    const replaced = await admin.send(SetGroupPermissionsDocument, {
      input: { id: second.groupId, permissions: grants('view:users') },
    });
    expect(replaced.data.setGroupPermissions?.errors).toEqual([]);
  });

  test('is handed out, and an account with it taken over, as a protected one: it may be one when it is declared again', async () => {
    const { groupId, userId } = await stale();
    const administrator = await holderOf(app(), ['admin:*']);
    const add = { groupId, userIds: [await somebody(app())] };
    const refused = await administrator.send(AddGroupMembersDocument, { input: add });
    expect(refused.data.addGroupMembers?.errors).toMatchObject([{ code: 'PROTECTED_PERMISSION' }]);
    const email = `${unique('taken')}@depot.example`;
    const kept = await administrator.send(UpdateUserDocument, { input: { id: userId, email } });
    expect(kept.data.updateUser?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
    const { admin } = cast();
    expect((await admin.send(AddGroupMembersDocument, { input: add })).data.addGroupMembers?.errors).toEqual([]);
    const taken = await admin.send(UpdateUserDocument, { input: { id: userId, email } });
    expect(taken.data.updateUser?.errors).toEqual([]);
  });
});
