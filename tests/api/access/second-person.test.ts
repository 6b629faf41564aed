import { describe, expect, test } from 'vitest';
import {
  DisableUsersDocument,
  EnableUsersDocument,
  LockUsersDocument,
  MoveOrganizationDocument,
  type PermissionInput,
  RemoveOrganizationMembersDocument,
  SetGroupPermissionsDocument,
  UnlockUsersDocument,
  UpdateGroupDocument,
  UpdateOrganizationDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import { DATA_OFFICERS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, PASSWORD } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { somebody, unique, useCast } from '../../support/holder.ts';
import { invitationsOf } from '../../support/organization-invitations.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the second person, where protected permissions change hands,', () => {
  const app = useTestApp({ settings: { 'approvals.twoPersonRule': 'protected', 'approvals.breakGlass': 'true' } });
  const cast = useCast(app);

  const isOfficer = async (userId: string): Promise<boolean> => {
    const rows = await app().database.query('select from memberships where user_id = $1 and group_id = $2', [
      userId,
      DATA_OFFICERS_GROUP_ID,
    ]);
    return rows.length > 0;
  };

  test('is not asked before they are taken away, whichever way, nor about those that stay as they are', async () => {
    const { admin } = cast();
    const view = { action: 'view', resource: 'users' };
    const erase = { action: 'erase', resource: 'users' };
    const lock = { action: 'lock', resource: 'users' };
    const giving = (scope: 'ALL' | 'LISTED' = 'ALL') =>
      makeGroup(app(), unique('Erasers'), ['view:users', 'erase:users'], scope);
    const [first, second, third] = [await giving(), await giving(), await giving()];
    const place = await makeOrganization(app());
    const member = await somebody(app());
    await joinOrganization(app(), member, place, [third]);
    await app().database.query('insert into organization_groups (organization_id, group_id) values ($1, $2)', [
      place,
      third,
    ]);
    const officer = await somebody(app(), [MEMBERS_GROUP_ID, DATA_OFFICERS_GROUP_ID]);
    const narrowed = { mode: 'LISTED' as const, organizationIds: [place] };
    const grant = (id: string, permissions: PermissionInput[]) =>
      admin.send(SetGroupPermissionsDocument, { input: { id, permissions } });
    const ways = [
      (await grant(first, [view, erase, lock])).data.setGroupPermissions,
      (await grant(first, [view])).data.setGroupPermissions,
      (await admin.send(UpdateGroupDocument, { input: { id: second, allowedOrganizations: narrowed } })).data
        .updateGroup,
      (await admin.send(UpdateUserDocument, { input: { id: officer, groupIds: [MEMBERS_GROUP_ID] } })).data.updateUser,
      (await admin.send(UpdateOrganizationDocument, { input: { id: place, groupIds: [] } })).data.updateOrganization,
      (await admin.send(RemoveOrganizationMembersDocument, { input: { organizationId: place, userIds: [member] } }))
        .data.removeOrganizationMembers,
    ];
    expect(ways.map((way) => way?.errors)).toEqual(ways.map(() => []));
    expect(await isOfficer(officer)).toBe(false);
  });

  test('is asked before they reach further than they did: by a wider reach, and by what moves below their holders', async () => {
    const { admin } = cast();
    const [here, there] = [await makeOrganization(app()), await makeOrganization(app())];
    const group = await makeGroup(app(), unique('Erasers'), ['view:users', 'erase:users'], 'LISTED');
    await app().database.query('insert into group_organizations (group_id, organization_id) values ($1, $2)', [
      group,
      here,
    ]);
    await app().database.query('update permission_epoch set epoch = epoch + 1');
    await app().database.query('update groups set changed_epoch = (select epoch from permission_epoch) where id = $1', [
      group,
    ]);
    const reach = (organizationIds: readonly string[]) =>
      admin.send(UpdateGroupDocument, {
        input: { id: group, allowedOrganizations: { mode: 'LISTED', organizationIds: [...organizationIds] } },
      });
    expect((await reach([here, there])).data.updateGroup?.errors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
    const moved = await makeOrganization(app(), { level: 1 });
    const move = (parentId: string | null) => admin.send(MoveOrganizationDocument, { input: { id: moved, parentId } });
    expect((await move(there)).data.moveOrganization?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () => move(here));
    expect(answer.data.moveOrganization?.errors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
    expect(changed).not.toContain('organizations');
    await app().database.query('delete from group_organizations where organization_id = $1', [here]);
    expect((await move(null)).data.moveOrganization?.errors).toEqual([]);
  });

  test('is asked before somebody gets hold of an account that holds them, whose way in is its address', async () => {
    const { admin } = cast();
    const officer = await somebody(app(), [MEMBERS_GROUP_ID, DATA_OFFICERS_GROUP_ID]);
    const email = `${unique('taken-over')}@two.example`;
    const { answer, audit } = await recording(app(), () =>
      admin.send(UpdateUserDocument, { input: { id: officer, email } }),
    );
    expect(answer.data.updateUser?.errors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
    expect(audit.map(({ action }) => action)).toEqual(['approval.requested']);
    const named = await admin.send(UpdateUserDocument, { input: { id: officer, displayName: 'Still the officer' } });
    expect(named.data.updateUser?.errors).toEqual([]);
    const plain = await admin.send(UpdateUserDocument, { input: { id: await somebody(app()), email } });
    expect(plain.data.updateUser?.errors).toEqual([]);
  });

  test('is asked before somebody who holds them is let in again, or sooner, but not after an automatic lock', async () => {
    const { admin } = cast();
    const officer = await somebody(app(), [MEMBERS_GROUP_ID, DATA_OFFICERS_GROUP_ID]);
    const plain = await somebody(app());
    const input = (id: string) => ({ ids: [id], reason: 'A test.' });
    const soon = new Date(app().clock.now().getTime() + 60_000).toISOString();
    const enable = async (id: string) => (await admin.send(EnableUsersDocument, { input: input(id) })).data.enableUsers;
    const unlock = async (id: string) => (await admin.send(UnlockUsersDocument, { input: input(id) })).data.unlockUsers;
    const relock = async (id: string) =>
      (await admin.send(LockUsersDocument, { input: { ...input(id), until: soon } })).data.lockUsers;
    const asked = [{ code: 'APPROVAL_REQUIRED' }];

    await admin.send(DisableUsersDocument, { input: { ids: [officer, plain], reason: 'Left.' } });
    const { answer, changed } = await changing(app(), () => enable(officer));
    expect([answer?.errors, changed.includes('users')]).toMatchObject([asked, false]);
    expect((await enable(plain))?.errors).toEqual([]);

    await app().database.query(`update users set status = 'ACTIVE', status_reason = null where id = $1`, [officer]);
    expect((await admin.send(LockUsersDocument, { input: input(officer) })).data.lockUsers?.errors).toEqual([]);
    expect((await unlock(officer))?.errors).toMatchObject(asked);
    expect((await relock(officer))?.errors).toMatchObject(asked);

    await app().database.query('update users set status_reason = null where id = $1', [officer]);
    expect((await unlock(officer))?.errors).toEqual([]);
  });

  test('is not passed by an invitation that was made before its group came to give them', async () => {
    const { admin } = cast();
    const { invited, invite, accept, tokenFor, group } = invitationsOf(app, cast);
    const groupId = await group();
    const before = await invited({ groupId });
    app().clock.advance(1);
    const permissions = [
      { action: 'view', resource: 'users' },
      { action: 'erase', resource: 'users' },
    ];
    // Whoever agrees to this sees its members, not who will be one.
    const granted = await admin.send(SetGroupPermissionsDocument, {
      input: { id: groupId, permissions, breakGlassReason: 'stands for a second person' },
    });
    expect(granted.data.setGroupPermissions?.errors).toEqual([]);
    app().clock.advance(1);
    const { answer, changed } = await changing(app(), () => accept({ token: before.token, password: PASSWORD }));
    expect([answer.problems, changed]).toEqual([[['TOKEN_INVALID', 'token', null]], []]);
    const email = `${unique('agreed')}@two.example`;
    const { organizationId } = before;
    expect((await invite(admin, { organizationId, email, groupIds: [groupId] })).problems).toMatchObject([
      ['APPROVAL_REQUIRED', null, null],
    ]);
    const skipping = { organizationId, email, groupIds: [groupId], breakGlassReason: 'stands for a second person' };
    expect((await invite(admin, skipping)).problems).toEqual([]);
    expect((await accept({ token: await tokenFor(email), password: PASSWORD })).problems).toEqual([]);
  });
});
