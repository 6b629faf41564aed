import { describe, expect, test } from 'vitest';
import { CreateGroupDocument, type CreateGroupInput } from '../../../generated/client/graphql.ts';
import type { Actor } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { grants, manyGrants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('createGroup', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const create = (actor: Actor, input: Partial<CreateGroupInput>) =>
    actor.send(CreateGroupDocument, { input: { name: unique('Group'), ...input } });
  const refused = async (actor: Actor, input: Partial<CreateGroupInput>) => {
    const { answer, changed } = await changing(app(), () => create(actor, input));
    expect(changed).toEqual([]);
    return answer;
  };

  test('makes a group with its grants, and says so in the log and the outbox', async () => {
    const { admin } = cast();
    const { answer, audit, events } = await recording(app(), () =>
      create(admin, { name: ' Night Shift ', description: ' Awake ', permissions: grants('view:users', 'lock:users') }),
    );
    const group = answer.data.createGroup?.group;
    expect(answer.data.createGroup).toMatchObject({
      errors: [],
      group: {
        name: 'Night Shift',
        description: 'Awake',
        systemManaged: false,
        version: 1,
        allowedOrganizations: { mode: 'LISTED' },
      },
    });
    expect(group?.permissions).toEqual([
      { action: 'view', resource: 'users', constraints: [] },
      { action: 'lock', resource: 'users', constraints: [] },
    ]);
    expect(audit).toMatchObject([
      {
        action: 'group.created',
        actor: { type: 'User', id: admin.id, label: 'admin@cast.example' },
        target: { type: 'Group', id: group?.id, label: 'Night Shift' },
        metadata: { grants: ['view:users', 'lock:users'] },
      },
    ]);
    expect(events).toEqual([
      {
        type: 'GroupCreated',
        aggregateType: 'Group',
        aggregateId: group?.id,
        payload: { groupId: group?.id, grants: ['view:users', 'lock:users'] },
      },
    ]);
  });

  test('needs no more than a name', async () => {
    const creator = await holderOf(app(), ['create:groups']);
    expect((await create(creator, {})).data.createGroup).toMatchObject({
      errors: [],
      group: { description: '', permissions: [] },
    });
  });

  test.each([
    ['a blank name', { name: ' ' }, 'REQUIRED', ['name']],
    ['a name of 101 characters', { name: 'n'.repeat(101) }, 'TOO_LONG', ['name']],
    ['a name with a control character', { name: 'a\u0007b' }, 'INVALID_VALUE', ['name']],
    ['a description of 1,001 characters', { description: 'd'.repeat(1001) }, 'TOO_LONG', ['description']],
    [
      'an unknown verb',
      { permissions: grants('view:users', 'fly:users') },
      'UNKNOWN_PERMISSION',
      ['permissions', '1', 'action'],
    ],
    [
      'an unknown resource',
      { permissions: grants('view:moon') },
      'UNKNOWN_PERMISSION',
      ['permissions', '0', 'resource'],
    ],
    [
      'a key of the prototype',
      { permissions: grants('constructor:__proto__') },
      'UNKNOWN_PERMISSION',
      ['permissions', '0', 'resource'],
    ],
    [
      'the same grant twice',
      { permissions: grants('view:users', 'view:users') },
      'INVALID_VALUE',
      ['permissions', '1'],
    ],
    ['101 grants', { permissions: manyGrants(101) }, 'TOO_MANY_PERMISSIONS', ['permissions']],
    ['an empty idempotency key', { idempotencyKey: '' }, 'INVALID_VALUE', ['idempotencyKey']],
  ] as const)('refuses %s and makes nothing', async (_, input, code, field) => {
    const { data } = await refused(cast().admin, input);
    expect(data.createGroup).toMatchObject({ group: null, errors: [{ code, field }] });
  });

  test('takes 100 grants, a name of 100 characters and a description of 1,000', async () => {
    const { data } = await create(cast().admin, {
      name: '名'.repeat(100),
      description: 'd'.repeat(1000),
      permissions: manyGrants(100),
    });
    expect(data.createGroup?.errors).toEqual([]);
    expect(data.createGroup?.group?.permissions).toHaveLength(100);
  });

  test.each([
    ['case', 'ONCALL team'],
    ['compatibility forms', 'ＯｎＣａｌｌ ｔｅａｍ'],
    ['blanks around it', '  OnCall team '],
  ])('takes names for the same whatever their %s', async (_, name) => {
    await create(cast().admin, { name: 'OnCall team' });
    const { data } = await refused(cast().admin, { name });
    expect(data.createGroup).toMatchObject({ group: null, errors: [{ code: 'NAME_IN_USE', field: ['name'] }] });
  });

  test('makes exactly one of twenty groups with one name at once, on two replicas', async () => {
    const replica = await startTestApp({ beside: app() });
    const elsewhere = replica.anonymous(cast().admin.headers);
    const answers = await inParallel(20, (index) =>
      (index % 2 === 0 ? cast().admin : elsewhere).send(CreateGroupDocument, {
        input: { name: index % 3 === 0 ? 'Race' : 'race' },
      }),
    );
    await replica.close();
    const codes = answers.map(({ data }) => data.createGroup?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual([...Array.from({ length: 19 }, () => 'NAME_IN_USE'), 'OK']);
  });

  test('answers a repeated idempotency key as the first time, and refuses it with other input', async () => {
    const input = { name: 'Once', permissions: grants('view:users'), idempotencyKey: 'once' };
    const answers = await inParallel(10, () => create(cast().admin, input));
    expect(new Set(answers.map(({ data }) => data.createGroup?.group?.id)).size).toBe(1);
    expect(answers.flatMap(({ data }) => data.createGroup?.errors ?? [])).toEqual([]);
    expect((await refused(cast().admin, { ...input, permissions: [] })).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('with grants needs grant:groups, and so does reach over every organization', async () => {
    const creator = await holderOf(app(), ['create:groups', 'view:users']);
    for (const input of [{ permissions: grants('view:users') }, { allowedOrganizations: { mode: 'ALL' as const } }]) {
      const { errors } = await refused(creator, input);
      expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['grant:groups'] });
    }
  });

  test('gives nobody more than its maker holds', async () => {
    const creator = await holderOf(app(), ['create:groups', 'grant:groups', 'view:users']);
    expect((await create(creator, { permissions: grants('view:users') })).data.createGroup?.errors).toEqual([]);
    for (const more of ['admin:*', 'view:*', 'delete:users']) {
      const { data } = await refused(creator, { permissions: grants('view:users', more) });
      expect(data.createGroup?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['permissions'] }]);
    }
    const guarded = await refused(await holderOf(app(), ['admin:*']), { permissions: grants('impersonate:users') });
    expect(guarded.data.createGroup?.errors).toMatchObject([{ code: 'PROTECTED_PERMISSION', field: ['permissions'] }]);
  });

  test('is refused without create:groups', async () => {
    const { errors } = await refused(await holderOf(app(), ['grant:groups', 'update:groups']), {});
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['create:groups'] });
  });
});
