import { describe, expect, test } from 'vitest';
import {
  CreateGroupDocument,
  UpdateOrganizationDocument,
  type UpdateOrganizationInput,
} from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import { IMPERSONATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf, problemsOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

const LEVELS = JSON.stringify([
  { name: 'Owner', groups: [] },
  { name: 'Partner', groups: ['Level viewers'] },
  { name: 'Agent', groups: [] },
  { name: 'Client', groups: [] },
]);

describe('updateOrganization', () => {
  const app = useTestApp({ settings: { 'organization-levels': LEVELS } });
  const cast = useCast(app);
  const update = async (actor: Actor, input: UpdateOrganizationInput) => {
    const answer = await actor.send(UpdateOrganizationDocument, { input });
    const payload = answer.data.updateOrganization;
    return { ...answer, now: payload?.organization, problems: problemsOf(payload?.errors) };
  };
  const refused = async (actor: Actor, input: UpdateOrganizationInput) => {
    const { answer, changed } = await changing(app(), () => update(actor, input));
    expect(changed).toEqual([]);
    return answer;
  };
  const usersSeenBy = async (actor: Actor): Promise<number> =>
    (await actor.run<{ users: { totalCount: number } }>('{ users { totalCount } }')).data.users.totalCount;

  test('changes name, level and groups, with a line of what was and an event', async () => {
    const id = await makeOrganization(app(), { name: 'Before' });
    const groupId = await makeGroup(app(), unique('Group'), ['view:users']);
    const { answer, audit, events } = await recording(app(), () =>
      update(cast().admin, { id, name: 'After', level: 2, groupIds: [groupId], expectedVersion: 1 }),
    );
    expect(answer.problems).toEqual([]);
    expect(answer.now).toMatchObject({ name: 'After', version: 2, level: { position: 2, name: 'Agent' } });
    const facts = { level: 2, groupsAdded: [groupId], groupsRemoved: [] };
    expect(audit).toMatchObject([
      {
        action: 'organization.updated',
        target: { type: 'Organization', id, label: 'After' },
        metadata: facts,
        changes: [
          { field: 'name', before: 'Before', after: 'After' },
          { field: 'level', before: '0', after: '2' },
        ],
      },
    ]);
    expect(events.map(({ type, payload }) => [type, payload])).toEqual([
      ['OrganizationUpdated', { organizationId: id, ...facts }],
    ]);
  });

  test('what stays as it is, is no change', async () => {
    const id = await makeOrganization(app(), { name: 'Same' });
    const { answer, changed } = await changing(app(), () =>
      update(cast().admin, { id, name: 'Same', level: 0, groupIds: [] }),
    );
    expect([answer.problems, answer.now?.version, changed]).toEqual([[], 1, []]);
  });

  test('another version is refused with the present organization; of parallel changes of one version one wins', async () => {
    const id = await makeOrganization(app());
    const stale = await refused(cast().admin, { id, name: 'New', expectedVersion: 7 });
    expect(stale.problems).toEqual([['VERSION_CONFLICT', 'expectedVersion', null]]);
    expect(stale.now).toMatchObject({ id, version: 1 });
    const answers = await inParallel(20, (index) =>
      update(cast().admin, { id, name: `New ${index}`, expectedVersion: 1 }),
    );
    expect(answers.filter(({ problems }) => problems.length === 0)).toHaveLength(1);
  });

  test.each([
    ['a blank name', { name: '' }, ['REQUIRED', 'name', null]],
    ['a long name', { name: 'x'.repeat(101) }, ['TOO_LONG', 'name', null]],
    ['a level that the settings do not have', { level: 4 }, ['INVALID_VALUE', 'level', null]],
    ['a group that is no id', { groupIds: ['x'] }, ['TARGET_NOT_FOUND', 'groupIds', 'x']],
  ])('refuses %s', async (_case, change, problem) => {
    const id = await makeOrganization(app());
    expect((await refused(cast().admin, { id, ...change })).problems).toEqual([problem]);
  });

  test('the name of a sibling is refused', async () => {
    const parentId = await makeOrganization(app());
    await makeOrganization(app(), { parentId, name: 'Taken' });
    const id = await makeOrganization(app(), { parentId });
    expect((await refused(cast().admin, { id, name: 'tAKEN' })).problems).toEqual([['NAME_IN_USE', 'name', null]]);
  });

  test('a level stays between those above and below', async () => {
    const root = await makeOrganization(app());
    const middle = await makeOrganization(app(), { parentId: root, level: 2 });
    await makeOrganization(app(), { parentId: middle, level: 3 });
    for (const level of [0, 3]) {
      expect((await refused(cast().admin, { id: middle, level })).problems).toEqual([
        ['LEVEL_NOT_ALLOWED', 'level', null],
      ]);
    }
    expect((await refused(cast().admin, { id: root, level: 2 })).problems).toEqual([
      ['LEVEL_NOT_ALLOWED', 'level', null],
    ]);
  });

  test('members get and lose what the organization gives, from the next request on, there and below', async () => {
    const id = await makeOrganization(app());
    const below = await makeOrganization(app(), { parentId: id });
    await memberOf(app(), below);
    const member = await holderWithin(app(), id, []);
    expect(await usersSeenBy(member)).toBe(1);
    const groupId = await makeGroup(app(), unique('Viewers'), ['view:users'], 'LISTED');
    await update(cast().admin, { id, groupIds: [groupId] });
    expect(await usersSeenBy(member)).toBe(2);
    await update(cast().admin, { id, groupIds: [] });
    expect(await usersSeenBy(member)).toBe(1);
  });

  test('a level gives its groups to the members at it, and one that names a deleted group gives nothing', async () => {
    const name = 'Level viewers';
    const groupId = await makeGroup(app(), name, ['view:users'], 'LISTED');
    const id = await makeOrganization(app());
    await memberOf(app(), id);
    const member = await holderWithin(app(), id, []);
    expect((await update(cast().admin, { id, level: 1 })).problems).toEqual([]);
    expect(await usersSeenBy(member)).toBe(2);
    const lacking = await holderWithin(app(), id, ['update:organizations', 'view:organizations']);
    await app().database.query('delete from organization_members where user_id = $1', [lacking.id]);
    expect((await refused(lacking, { id, level: 2 })).code).toBe('OK');
    const { errors } = await cast().admin.run(
      'mutation ($id: ID!) { deleteGroup(input: { id: $id }) { errors { code } } }',
      { id: groupId },
    );
    expect(errors).toEqual([]);
    expect(await usersSeenBy(member)).toBe(1);
  });

  test('groups of the level count: whoever lacks what they give cannot hand them out or take them away by it', async () => {
    await makeGroup(app(), unique('unused'), []);
    const groupId = await makeGroup(app(), 'Level viewers', ['view:users'], 'LISTED');
    const above = await makeOrganization(app());
    const id = await makeOrganization(app(), { parentId: above, level: 2 });
    const lacking = await holderWithin(app(), above, ['update:organizations', 'view:organizations']);
    expect((await refused(lacking, { id, level: 1 })).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'level', groupId],
    ]);
    await update(cast().admin, { id, level: 1 });
    expect((await refused(lacking, { id, level: 2 })).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'level', groupId],
    ]);
    const member = await holderWithin(app(), id, ['update:organizations', 'view:organizations', 'assign:groups']);
    await update(cast().admin, { id, level: 2 });
    expect((await refused(member, { id, level: 1 })).problems).toEqual([['SELF_ESCALATION', 'level', member.id]]);
  });

  test('groups need assign:groups there, nothing that the caller lacks, and raise no member who gives them', async () => {
    const id = await makeOrganization(app());
    const viewers = await makeGroup(app(), unique('Viewers'), ['view:sessions'], 'LISTED');
    const without = await holderWithin(app(), id, ['update:organizations', 'view:organizations', 'view:sessions']);
    const denied = await refused(without, { id, groupIds: [viewers] });
    expect([denied.code, denied.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['assign:groups']]);
    const above = await makeOrganization(app());
    const child = await makeOrganization(app(), { parentId: above });
    const lacking = await holderWithin(app(), above, ['update:organizations', 'view:organizations', 'assign:groups']);
    expect((await refused(lacking, { id: child, groupIds: [viewers] })).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupIds', viewers],
    ]);
    expect((await refused(lacking, { id: above, groupIds: [viewers] })).problems).toEqual([
      ['SELF_ESCALATION', 'groupIds', lacking.id],
    ]);
    await update(cast().admin, { id: child, groupIds: [viewers] });
    expect((await refused(lacking, { id: child, groupIds: [] })).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupIds', viewers],
    ]);
    const administrator = await holderWithin(app(), id, ['admin:*']);
    expect((await refused(administrator, { id, groupIds: [IMPERSONATORS_GROUP_ID] })).problems).toEqual([
      ['SELF_ESCALATION', 'groupIds', administrator.id],
    ]);
  });

  test('an administrator of one organization changes those in it, and gets one answer for hidden and missing ones', async () => {
    const own = await makeOrganization(app());
    const foreign = await makeOrganization(app());
    const administrator = await holderWithin(app(), own, ['admin:*']);
    expect((await update(administrator, { id: own, name: unique('Mine') })).problems).toEqual([]);
    for (const id of [foreign, newId<OrganizationId>()]) {
      const answer = await refused(administrator, { id, name: 'Theirs', expectedVersion: 9 });
      expect([answer.code, answer.problems, answer.now]).toEqual(['OK', [['TARGET_NOT_FOUND', 'id', id]], null]);
    }
    await joinOrganization(app(), administrator.id, foreign);
    const seen = await refused(administrator, { id: foreign, name: 'Theirs', expectedVersion: 9 });
    expect([seen.code, seen.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['update:organizations']]);
  });
});

describe('a group that takes the name of a level’s group', () => {
  const app = useTestApp({ settings: { 'organization-levels': LEVELS } });
  const cast = useCast(app);

  test('gives its grants wherever the level is, so that who holds them in one place cannot make it, and a try tells who gains', async () => {
    const [own, foreign] = [await makeOrganization(app()), await makeOrganization(app(), { level: 1 })];
    const maker = await holderOf(app(), ['create:groups', 'grant:groups', 'view:groups', 'view:organizations']);
    const within = await makeGroup(app(), unique('Within'), ['delete:users'], 'LISTED');
    await joinOrganization(app(), maker.id, own, [within]);
    const gaining = await memberOf(app(), foreign);
    const make = async (actor: Actor, name: string, dryRun = false) => {
      const reach = { mode: 'LISTED' as const, organizationIds: [own] };
      const permissions = [{ action: 'delete', resource: 'users' }];
      const input = { name, permissions, allowedOrganizations: reach, dryRun };
      return (await actor.send(CreateGroupDocument, { input })).data.createGroup;
    };
    expect((await make(maker, unique('Any other name')))?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () => make(maker, 'Level viewers'));
    expect(problemsOf(answer?.errors)).toEqual([['EXCEEDS_OWN_PERMISSIONS', 'permissions', null]]);
    expect(changed).toEqual([]);
    const tried = await make(cast().admin, 'Level viewers', true);
    expect(tried?.preview).toMatchObject({
      affectedCount: 1,
      changes: [{ user: { id: gaining.id }, gained: [{ permission: { action: 'delete', resource: 'users' } }] }],
    });
  });

  test('is handed out by its name, so that only who holds its grants can rename it so, or back', async () => {
    const strong = await makeGroup(app(), unique('Strong'), ['delete:users']);
    const renamer = await holderOf(app(), ['update:groups', 'view:groups', 'grant:groups']);
    const rename = async (actor: Actor, name: string) =>
      (
        await actor.run<{ updateGroup: { errors: { code: string }[] } }>(
          'mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { errors { code } } }',
          { input: { id: strong, name } },
        )
      ).data.updateGroup.errors.map(({ code }) => code);
    expect(await rename(renamer, 'Level viewers')).toEqual(['EXCEEDS_OWN_PERMISSIONS']);
    expect(await rename(renamer, unique('Harmless'))).toEqual([]);
    expect(await rename(cast().admin, 'Level viewers')).toEqual([]);
    expect(await rename(renamer, unique('Taken back'))).toEqual(['EXCEEDS_OWN_PERMISSIONS']);
  });
});
