import { describe, expect, test } from 'vitest';
import {
  AddGroupMembersDocument,
  CreateUserDocument,
  DeleteGroupDocument,
  DisableUsersDocument,
  RemoveGroupMembersDocument,
  SetGroupPermissionsDocument,
  UpdateGroupDocument,
} from '../../../generated/client/graphql.ts';
import type { GroupId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { changing, inParallel, statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Change {
  readonly user?: { readonly id: string } | null;
  readonly gained: readonly Effective[];
  readonly lost: readonly Effective[];
}

interface Effective {
  readonly permission: { readonly action: string; readonly resource: string };
  readonly grantedBy: readonly { readonly name: string }[];
  readonly scope: { readonly mode: string };
}

const words = (permissions: readonly Effective[]): readonly string[] =>
  permissions.map(({ permission }) => `${permission.action}:${permission.resource}`).toSorted();

const told = (changes: readonly Change[] | undefined) =>
  Object.fromEntries(
    (changes ?? []).map(({ user, gained, lost }) => [
      user?.id ?? 'nobody',
      { gained: words(gained), lost: words(lost) },
    ]),
  );

describe('dryRun', () => {
  const app = useTestApp();
  const cast = useCast(app);

  /** Runs what must change nothing: no row of any table. */
  const unchanged = async <T>(work: () => Promise<T>): Promise<T> => {
    const { answer, changed } = await changing(app(), work);
    expect(changed).toEqual([]);
    return answer;
  };

  test('tells who would gain what by a membership, through which group and where, and changes nothing', async () => {
    const name = unique('Lookers');
    const groupId = await makeGroup(app(), name, ['view:users', 'view:groups']);
    const [first, second] = [await somebody(app()), await holderOf(app(), ['view:groups'])];
    const { data } = await unchanged(() =>
      cast().admin.send(AddGroupMembersDocument, { input: { groupId, userIds: [first, second.id], dryRun: true } }),
    );
    const { preview, group, errors } = data.addGroupMembers ?? {};
    expect([group, errors, preview?.verdicts, preview?.affectedCount]).toEqual([null, [], [], 2]);
    expect(told(preview?.changes)).toEqual({
      [first]: { gained: ['view:groups', 'view:users'], lost: [] },
      // has the one already, by another group
      [second.id]: { gained: ['view:users'], lost: [] },
    });
    expect(preview?.changes[0]?.gained[0]).toMatchObject({ grantedBy: [{ name }], scope: { mode: 'ALL' } });
  });

  test('tells what every member would lose and gain by other grants, a narrower reach, or the end of the group', async () => {
    const groupId = await makeGroup(app(), unique('Changing'), ['view:users', 'lock:users']);
    const members = [
      await somebody(app(), [MEMBERS_GROUP_ID, groupId]),
      await somebody(app(), [MEMBERS_GROUP_ID, groupId]),
    ];
    const other = await unchanged(() =>
      cast().admin.send(SetGroupPermissionsDocument, {
        input: {
          id: groupId,
          permissions: [
            { action: 'view', resource: 'users' },
            { action: 'view', resource: 'mail' },
          ],
          dryRun: true,
        },
      }),
    );
    const change = { gained: ['view:mail'], lost: ['lock:users'] };
    expect(told(other.data.setGroupPermissions?.preview?.changes)).toEqual(
      Object.fromEntries(members.map((id) => [id, change])),
    );
    const both = { gained: [], lost: ['lock:users', 'view:users'] };
    const narrowed = await unchanged(() =>
      cast().admin.send(UpdateGroupDocument, {
        input: { id: groupId, allowedOrganizations: { mode: 'LISTED', organizationIds: [] }, dryRun: true },
      }),
    );
    expect(narrowed.data.updateGroup?.preview?.affectedCount).toBe(2);
    const deleted = await unchanged(() =>
      cast().admin.send(DeleteGroupDocument, { input: { id: groupId, dryRun: true } }),
    );
    expect(deleted.data.deleteGroup?.deletedGroupId).toBeNull();
    expect(told(deleted.data.deleteGroup?.preview?.changes)).toEqual(
      Object.fromEntries(members.map((id) => [id, both])),
    );
  });

  /** A group that many people have who have no other. */
  const crowd = async (people: number): Promise<GroupId> => {
    const groupId = await makeGroup(app(), unique('Crowd'), ['view:users']);
    await app().database.query(
      `with made as (insert into users (id, display_name, status, created_at, updated_at)
         select gen_random_uuid(), 'Extra', 'ACTIVE', now(), now() from generate_series(1, $2::int) returning id)
       insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), id, $1, now() from made`,
      [groupId, people],
    );
    return groupId;
  };
  const emptying = async (id: GroupId) => {
    const { data } = await cast().admin.send(SetGroupPermissionsDocument, {
      input: { id, permissions: [], dryRun: true },
    });
    const preview = data.setGroupPermissions?.preview;
    return [preview?.affectedCount, preview?.changes.length];
  };

  test('counts exactly, beyond the hundred that it shows', async () => {
    expect(await emptying(await crowd(130))).toEqual([130, 100]);
  });

  test('reads a crowd by five hundred people, whom no statement and no memory holds at once', async () => {
    const counted: number[] = [];
    for (const people of [150, 450, 1250]) {
      const groupId = await crowd(people);
      const { answer, statements } = await statementsOf(app(), () => emptying(groupId));
      expect(answer).toEqual([people, 100]);
      counted.push(statements);
    }
    const [few = 0] = counted;
    expect(counted).toEqual([few, few, few + 2]);
  });

  test('lets others change access while it reads a crowd', async () => {
    const groupId = await crowd(10);
    const free: Promise<unknown>[] = [];
    const end = app().database.statements.record((text) => {
      if (!text.startsWith('declare access_crowd')) return;
      free.push(app().database.query('select epoch from permission_epoch where id = 1 for update nowait'));
    });
    expect(await emptying(groupId).finally(end)).toEqual([10, 10]);
    expect(await Promise.all(free)).toHaveLength(1);
  });

  test('tells of people who are still to be made, without making them or writing to them', async () => {
    const { data } = await unchanged(() =>
      cast().admin.send(CreateUserDocument, {
        input: {
          email: `${unique('new')}@dry.example`,
          displayName: 'New',
          groupIds: [MEMBERS_GROUP_ID],
          dryRun: true,
        },
      }),
    );
    expect(data.createUser).toMatchObject({ user: null, setupLink: null, errors: [] });
    const [change] = data.createUser?.preview?.changes ?? [];
    // what they will have when they accept
    expect([change?.user, words(change?.gained ?? [])]).toEqual([null, ['create-own:api-keys']]);
  });

  test('tells what somebody shut out loses, and the verdict of the last administrator', async () => {
    const person = await holderOf(app(), ['view:users']);
    const shut = await unchanged(() =>
      cast().admin.send(DisableUsersDocument, { input: { ids: [person.id], reason: 'left', dryRun: true } }),
    );
    expect(told(shut.data.disableUsers?.preview?.changes)).toEqual({
      [person.id]: { gained: [], lost: ['create-own:api-keys', 'view:users'] },
    });
    const last = await unchanged(() =>
      cast().admin.send(RemoveGroupMembersDocument, {
        input: { groupId: ADMINISTRATORS_GROUP_ID, userIds: [cast().admin.id], dryRun: true },
      }),
    );
    const { preview, errors } = last.data.removeGroupMembers ?? {};
    expect([preview?.verdicts.map(({ code }) => code), errors]).toEqual([['LAST_ADMIN'], []]);
    expect(told(preview?.changes)).toEqual({ [cast().admin.id]: { gained: [], lost: ['admin:*'] } });
  });

  test('gives the verdicts that the change would give: escalation, unknown targets, names in use', async () => {
    const groupId = await makeGroup(app(), unique('Tempting'), ['delete:users']);
    const climber = await holderOf(app(), ['assign:groups', 'view:users', 'view:groups', 'delete:users']);
    const own = await unchanged(() =>
      climber.send(AddGroupMembersDocument, { input: { groupId, userIds: [climber.id], dryRun: true } }),
    );
    expect(own.data.addGroupMembers?.preview?.verdicts).toMatchObject([
      { code: 'SELF_ESCALATION', targetId: climber.id },
    ]);
    const nobody = '01890000-0000-7000-8000-00000000dead';
    const unknown = await unchanged(() =>
      cast().admin.send(AddGroupMembersDocument, { input: { groupId, userIds: [nobody], dryRun: true } }),
    );
    expect(unknown.data.addGroupMembers?.preview?.verdicts).toMatchObject([
      { code: 'TARGET_NOT_FOUND', targetId: nobody },
    ]);
    const taken = await unchanged(() =>
      cast().admin.send(UpdateGroupDocument, { input: { id: groupId, name: 'Members', dryRun: true } }),
    );
    expect(taken.data.updateGroup?.preview?.verdicts).toMatchObject([{ code: 'NAME_IN_USE' }]);
  });

  test('needs what the change needs, and shows nobody whom the caller may not see', async () => {
    const groupId = await makeGroup(app(), unique('Hidden'), []);
    const { errors } = await unchanged(() =>
      cast().member.send(AddGroupMembersDocument, { input: { groupId, userIds: [cast().member.id], dryRun: true } }),
    );
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['assign:groups'] });
  });

  test('holds nothing up: many at once, while real changes go on', async () => {
    const groupId = await makeGroup(app(), unique('Busy'), ['view:users']);
    const people = await Promise.all(
      Array.from({ length: 5 }, (_, index) => makePerson(app(), { email: `${unique('busy')}-${index}@dry.example` })),
    );
    const answers = await inParallel(25, (index) =>
      cast().admin.send(AddGroupMembersDocument, {
        input: { groupId, userIds: [people[index % 5] ?? ''], dryRun: index >= 5 },
      }),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const [row] = await app().database.query<{ count: number }>(
      'select count(*)::int as count from memberships where group_id = $1',
      [groupId],
    );
    expect(row?.count).toBe(5);
  });
});
