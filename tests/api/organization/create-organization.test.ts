import { describe, expect, test } from 'vitest';
import { CreateOrganizationDocument, type CreateOrganizationInput } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import { IMPERSONATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { closureFaults, holderWithin, makeOrganization, problemsOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('createOrganization', () => {
  const app = useTestApp({ settings: { 'organization-maximum-depth': '3' } });
  const cast = useCast(app);
  const create = async (actor: Actor, input: CreateOrganizationInput) => {
    const answer = await actor.send(CreateOrganizationDocument, { input });
    const payload = answer.data.createOrganization;
    return { ...answer, made: payload?.organization, problems: problemsOf(payload?.errors) };
  };
  const refused = async (actor: Actor, input: CreateOrganizationInput) => {
    const { answer, changed } = await changing(app(), () => create(actor, input));
    expect(changed).toEqual([]);
    return answer;
  };

  test('makes a root, and below it one at the next level, with a line and an event', async () => {
    const name = unique('Acme');
    const root = await create(cast().admin, { name: `  ${name} ` });
    expect([root.code, root.problems]).toEqual(['OK', []]);
    expect(root.made).toMatchObject({ name, version: 1, level: { position: 0, name: 'Owner' }, parent: null });
    const parentId = root.made?.id ?? '';
    const child = await recording(app(), () => create(cast().admin, { parentId, name: 'North' }));
    const made = child.answer.made;
    expect(made).toMatchObject({
      name: 'North',
      level: { position: 1, name: 'Distributor' },
      parent: { id: parentId },
    });
    expect(child.audit).toMatchObject([
      {
        action: 'organization.created',
        actor: { type: 'User', id: cast().admin.id },
        target: { type: 'Organization', id: made?.id, label: 'North' },
        metadata: { parentId, level: 1, groupIds: [] },
      },
    ]);
    expect(child.events).toEqual([
      {
        type: 'OrganizationCreated',
        aggregateType: 'Organization',
        aggregateId: made?.id,
        payload: { organizationId: made?.id, parentId, level: 1, groupIds: [] },
      },
    ]);
    expect(await closureFaults(app())).toEqual([]);
  });

  test('names are unique among siblings, however they are written, and free elsewhere', async () => {
    const parentId = await makeOrganization(app());
    const other = await makeOrganization(app());
    expect((await create(cast().admin, { parentId, name: 'Straße 1' })).problems).toEqual([]);
    for (const name of ['STRAßE 1', 'straße １']) {
      expect((await refused(cast().admin, { parentId, name })).problems).toEqual([['NAME_IN_USE', 'name', null]]);
    }
    expect((await create(cast().admin, { parentId: other, name: 'Straße 1' })).problems).toEqual([]);
    const root = unique('Root');
    expect((await create(cast().admin, { name: root })).problems).toEqual([]);
    expect((await refused(cast().admin, { name: root.toUpperCase() })).problems).toEqual([
      ['NAME_IN_USE', 'name', null],
    ]);
  });

  test('fifty at once with one name make one', async () => {
    const parentId = await makeOrganization(app());
    const answers = await inParallel(50, () => create(cast().admin, { parentId, name: 'Twin' }));
    const outcomes = answers.map(({ code, problems }) => problems[0]?.[0] ?? code);
    expect(outcomes.filter((one) => one === 'OK')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'NAME_IN_USE')).toHaveLength(49);
    expect(await closureFaults(app())).toEqual([]);
  });

  test.each([
    ['a blank name', { name: ' ' }, ['REQUIRED', 'name', null]],
    ['a long name', { name: 'x'.repeat(101) }, ['TOO_LONG', 'name', null]],
    ['a name of control characters', { name: 'a\u0000b' }, ['INVALID_VALUE', 'name', null]],
    ['a level that the settings do not have', { name: 'A', level: 4 }, ['INVALID_VALUE', 'level', null]],
    ['a level above all', { name: 'A', level: -1 }, ['INVALID_VALUE', 'level', null]],
    ['a parent that is no id', { name: 'A', parentId: 'x' }, ['TARGET_NOT_FOUND', 'parentId', 'x']],
    ['a group that is no id', { name: 'A', groupIds: ['x'] }, ['TARGET_NOT_FOUND', 'groupIds', 'x']],
    ['too many groups', { name: 'A', groupIds: Array(101).fill('x') }, ['TOO_MANY_ITEMS', 'groupIds', null]],
  ])('refuses %s', async (_case, input, problem) => {
    expect((await refused(cast().admin, input)).problems).toEqual([problem]);
  });

  test('a level lies below that of the parent, and the last one has none below', async () => {
    const customer = await makeOrganization(app(), { level: 3 });
    expect((await refused(cast().admin, { name: 'A', parentId: customer })).problems).toEqual([
      ['LEVEL_NOT_ALLOWED', 'level', null],
    ]);
    const reseller = await makeOrganization(app(), { level: 2 });
    expect((await refused(cast().admin, { name: 'A', parentId: reseller, level: 2 })).problems).toEqual([
      ['LEVEL_NOT_ALLOWED', 'level', null],
    ]);
    expect((await create(cast().admin, { name: 'A', parentId: reseller, level: 3 })).problems).toEqual([]);
  });

  test('the tree is no deeper than the settings allow', async () => {
    const root = await makeOrganization(app());
    const second = await makeOrganization(app(), { parentId: root });
    const third = await makeOrganization(app(), { parentId: second });
    expect((await refused(cast().admin, { name: 'A', parentId: third })).problems).toEqual([
      ['DEPTH_LIMIT', 'parentId', null],
    ]);
  });

  test('the same key with the same input makes one; with another input it is refused', async () => {
    const input = { name: unique('Idempotent'), idempotencyKey: unique('key') };
    const answers = await inParallel(10, () => create(cast().admin, input));
    expect(new Set(answers.map(({ made }) => made?.id)).size).toBe(1);
    expect((await refused(cast().admin, { ...input, name: 'Another' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('groups need assign:groups there, and nothing that the caller lacks', async () => {
    const parentId = await makeOrganization(app());
    const viewers = await makeGroup(app(), unique('Viewers'), ['view:users']);
    const without = await holderWithin(app(), parentId, ['create:organizations', 'view:organizations', 'view:users']);
    const denied = await refused(without, { parentId, name: 'A', groupIds: [viewers] });
    expect([denied.code, denied.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['assign:groups']]);
    const lacking = await holderWithin(app(), parentId, [
      'create:organizations',
      'view:organizations',
      'assign:groups',
    ]);
    expect((await refused(lacking, { parentId, name: 'A', groupIds: [viewers] })).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'groupIds', viewers],
    ]);
    const holding = await holderWithin(app(), parentId, ['admin:*']);
    expect((await create(holding, { parentId, name: 'A', groupIds: [viewers] })).problems).toEqual([]);
    expect((await refused(holding, { parentId, name: 'B', groupIds: [IMPERSONATORS_GROUP_ID] })).problems).toEqual([
      ['PROTECTED_PERMISSION', 'groupIds', IMPERSONATORS_GROUP_ID],
    ]);
    const unknown = newId<OrganizationId>();
    expect((await refused(holding, { parentId, name: 'B', groupIds: [unknown] })).problems).toEqual([
      ['TARGET_NOT_FOUND', 'groupIds', unknown],
    ]);
  });

  test('an administrator of one organization makes organizations below it, and nowhere else', async () => {
    const own = await makeOrganization(app());
    const foreign = await makeOrganization(app());
    const administrator = await holderWithin(app(), own, ['admin:*']);
    const made = await create(administrator, { parentId: own, name: 'Branch' });
    expect([made.code, made.problems]).toEqual(['OK', []]);
    expect((await create(administrator, { parentId: made.made?.id ?? '', name: 'Below' })).problems).toEqual([]);
    const hidden = await refused(administrator, { parentId: foreign, name: 'Branch' });
    const missing = newId<OrganizationId>();
    const absent = await refused(administrator, { parentId: missing, name: 'Branch' });
    expect([hidden.problems, absent.problems]).toEqual([
      [['TARGET_NOT_FOUND', 'parentId', foreign]],
      [['TARGET_NOT_FOUND', 'parentId', missing]],
    ]);
    const root = await refused(administrator, { name: unique('Root') });
    expect([root.code, root.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['create:organizations']]);
  });

  test('whoever sees the parent without holding the permission there is told what is missing', async () => {
    const seen = await makeOrganization(app());
    const held = await makeOrganization(app());
    const person = await holderWithin(app(), held, ['create:organizations', 'view:organizations']);
    await app().database.query('insert into organization_members values ($1, $2, null, now())', [person.id, seen]);
    const answer = await refused(person, { parentId: seen, name: 'A' });
    expect([answer.code, answer.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['create:organizations']]);
  });

  test('a right that is lost while the request waits is gone', async () => {
    const person = await holderOf(app(), ['create:organizations', 'view:organizations']);
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [
      person.id,
      person.groupId,
    ]);
    expect((await refused(person, { name: unique('Late') })).code).toBe('FORBIDDEN');
  });

  test('costs the same number of statements at every depth', async () => {
    const root = await makeOrganization(app());
    const child = await makeOrganization(app(), { parentId: root });
    await create(cast().admin, { parentId: root, name: 'Warm' });
    const high = await statementsOf(app(), () => create(cast().admin, { parentId: root, name: 'High' }));
    const low = await statementsOf(app(), () => create(cast().admin, { parentId: child, name: 'Low' }));
    expect([high.answer.problems, low.answer.problems]).toEqual([[], []]);
    expect([high.statements, low.statements]).toEqual([8, 8]);
  });
});
