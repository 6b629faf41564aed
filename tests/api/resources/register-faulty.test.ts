import { beforeAll, describe, expect, test } from 'vitest';
import type { ResourceInput } from '../../../generated/client/graphql.ts';
import { databaseState } from '../../support/database-state.ts';
import { type Application, makeApplication, register, registered, resource } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();

/** Things that leave marks of use, whatever is asked. */
const marks = new Set(['api_keys']);
const stateOf = async () =>
  Object.fromEntries(Object.entries(await databaseState(app())).filter(([table]) => !marks.has(table)));

describe('a declaration that contradicts itself', () => {
  let application: Application;
  beforeAll(async () => {
    application = await makeApplication(app(), 'faulty');
  });

  const invalid = (...field: readonly string[]) => ({ code: 'INVALID_RESOURCE', field, targetId: null });
  const owned = { attributes: [{ name: 'owner', type: 'STRING' as const }], ownerRule: { attribute: 'owner' } };
  const detail = { action: 'view', title: 'View', description: '' };
  const at = (...path: readonly string[]) => ['resources', '0', ...path];

  test.each<readonly [string, ResourceInput, object]>([
    ['a name with capitals', resource('Things'), invalid(...at('name'))],
    ['a name with the own namespace', resource('faulty.things'), invalid(...at('name'))],
    ['a name of several words without hyphens', resource('my_things'), invalid(...at('name'))],
    ['no verb', resource('things', { actions: [] }), invalid(...at('actions'))],
    ['a verb with capitals', resource('things', { actions: ['View'] }), invalid(...at('actions', '0'))],
    ['all verbs at once', resource('things', { actions: ['view', '*'] }), invalid(...at('actions', '1'))],
    ['a verb twice', resource('things', { actions: ['view', 'view'] }), invalid(...at('actions', '1'))],
    [
      'a verb both open and protected',
      resource('things', { protectedActions: ['view'] }),
      invalid(...at('protectedActions', '0')),
    ],
    [
      'a verb for own rows without an owner',
      resource('things', { actions: ['drop-own'] }),
      invalid(...at('actions', '0')),
    ],
    [
      'details of a verb that is not there',
      resource('things', { actionDetails: [{ ...detail, action: 'drop' }] }),
      invalid(...at('actionDetails', '0', 'action')),
    ],
    [
      'an attribute twice',
      resource('things', { attributes: [...owned.attributes, ...owned.attributes] }),
      invalid(...at('attributes', '1', 'name')),
    ],
    [
      'an attribute that is no name',
      resource('things', { attributes: [{ name: '__proto__', type: 'STRING' }] }),
      invalid(...at('attributes', '0', 'name')),
    ],
    [
      'an owner that is no attribute',
      resource('things', { ownerRule: { attribute: 'owner' } }),
      invalid(...at('ownerRule', 'attribute')),
    ],
    [
      'an owner that is a number',
      resource('things', { ...owned, attributes: [{ name: 'owner', type: 'NUMBER' }] }),
      invalid(...at('ownerRule', 'attribute')),
    ],
    ['no title', resource('things', { title: ' ' }), { code: 'REQUIRED', field: at('title'), targetId: null }],
    [
      'a title that is too long',
      resource('things', { title: 'x'.repeat(101) }),
      { code: 'TOO_LONG', field: at('title'), targetId: null },
    ],
    [
      'the verb of administrators',
      resource('things', { actions: ['admin'] }),
      { code: 'RESERVED_NAME', field: at('actions', '0'), targetId: null },
    ],
    ['a resource of Gatehouse', resource('users'), { code: 'RESERVED_NAME', field: at('name'), targetId: null }],
    [
      'a name in another namespace',
      resource('billing.things'),
      { code: 'RESERVED_NAME', field: at('name'), targetId: null },
    ],
    [
      'an unknown dependency',
      resource('things', { actionDetails: [{ ...detail, dependsOn: ['fly:things'] }] }),
      { code: 'UNKNOWN_PERMISSION', field: at('actionDetails', '0', 'dependsOn', '0'), targetId: null },
    ],
    [
      'too many verbs',
      resource('things', { actions: Array.from({ length: 51 }, (_, index) => `do-${index}`) }),
      { code: 'TOO_MANY_ITEMS', field: at('actions'), targetId: null },
    ],
    [
      'a group whose id is none',
      resource('things', { systemGroups: [{ id: '7', name: 'Seven', permissions: [] }] }),
      { code: 'INVALID_VALUE', field: at('systemGroups', '0', 'id'), targetId: null },
    ],
    [
      'a group with an unknown verb',
      resource('things', {
        systemGroups: [
          {
            id: '00000000-0000-5000-8000-0000000000d1',
            name: 'D',
            permissions: [{ action: 'fly', resource: 'faulty.things' }],
          },
        ],
      }),
      { code: 'UNKNOWN_PERMISSION', field: at('systemGroups', '0', 'permissions', '0', 'action'), targetId: null },
    ],
    [
      'a group with a constraint on nothing',
      resource('things', {
        systemGroups: [
          {
            id: '00000000-0000-5000-8000-0000000000d1',
            name: 'D',
            permissions: [
              {
                action: 'view',
                resource: 'faulty.things',
                constraints: [{ kind: 'IN', attribute: 'size', values: ['1'] }],
              },
            ],
          },
        ],
      }),
      {
        code: 'INVALID_CONSTRAINT',
        field: at('systemGroups', '0', 'permissions', '0', 'constraints', '0', 'attribute'),
        targetId: null,
      },
    ],
  ])('%s is refused, and nothing changes', async (_what, declaration, error) => {
    const before = await stateOf();
    expect(await register(application.key, declaration)).toEqual({ resources: [], systemGroups: [], errors: [error] });
    expect(await stateOf()).toEqual(before);
  });

  test.each([
    ['none', [], 'REQUIRED'],
    ['101', Array.from({ length: 101 }, (_, index) => resource(`thing-${index}`)), 'TOO_MANY_ITEMS'],
  ])('%s resources are refused', async (_what, list, code) => {
    expect((await register(application.key, list)).errors).toMatchObject([{ code, field: ['resources'] }]);
  });

  test('100 resources are taken', async () => {
    const many = await makeApplication(app(), 'many');
    const list = Array.from({ length: 100 }, (_, index) => resource(`thing-${index}`));
    expect((await registered(many.key, list)).resources).toHaveLength(100);
  });

  test('a resource that stands there twice is refused', async () => {
    const { errors } = await register(application.key, [resource('twins'), resource('twins')]);
    expect(errors).toMatchObject([{ code: 'INVALID_RESOURCE', field: ['resources', '1', 'name'] }]);
  });

  test.each(['Faulty', 'a.b', '-a', 'a--b', 'x'.repeat(51)])('the namespace %s is refused', async (namespace) => {
    expect((await register(application.key, resource('things'), namespace)).errors).toMatchObject([
      { code: 'INVALID_RESOURCE', field: ['namespace'] },
    ]);
  });

  test.each(['users', 'groups', 'gatehouse', 'admin'])('the namespace %s is reserved', async (namespace) => {
    expect((await register(application.key, resource('things'), namespace)).errors).toMatchObject([
      { code: 'RESERVED_NAME', field: ['namespace'] },
    ]);
  });
});
