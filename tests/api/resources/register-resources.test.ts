import { beforeAll, describe, expect, test } from 'vitest';
import type { ResourceInput } from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey } from '../../support/api-keys.ts';
import { makeGroup } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { recording, statementsOf } from '../../support/records.ts';
import { type Application, makeApplication, register, registered, resource } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

/** Things that leave marks of use, whatever is asked. */
const marks = new Set(['api_keys']);
const stateOf = async () =>
  Object.fromEntries(Object.entries(await databaseState(app())).filter(([table]) => !marks.has(table)));

const invoices: ResourceInput = {
  name: 'invoices',
  title: 'Invoices',
  actions: ['view', 'cancel-own', 'cancel-any'],
  protectedActions: ['pay'],
  actionDetails: [
    {
      action: 'pay',
      title: 'Pay invoices',
      description: 'Spends money.',
      grantableToApiKey: false,
      whileImpersonating: 'ALWAYS',
      dependsOn: ['view:billing.invoices', 'view:users'],
    },
  ],
  attributes: [
    { name: 'creator', type: 'STRING' },
    { name: 'amount', type: 'NUMBER', title: 'Amount in euro' },
  ],
  ownerRule: { attribute: 'creator', subject: 'USER' },
  systemGroups: [
    {
      id: '00000000-0000-5000-8000-0000000000b1',
      name: 'Payers',
      description: 'Pay what is due.',
      permissions: [
        { action: 'pay', resource: 'billing.invoices', constraints: [{ kind: 'MAX', attribute: 'amount', max: 100 }] },
        { action: 'view', resource: 'billing.invoices' },
      ],
    },
  ],
};

describe('a first registration', () => {
  test('claims the namespace, takes the resources into the catalogue, seeds the groups', async () => {
    const { key, owner } = await makeApplication(app(), 'Billing');
    const [payload, records] = await recording(app(), () => register(key, invoices));
    expect(payload).toEqual({
      errors: [],
      resources: [
        {
          name: 'billing.invoices',
          title: 'Invoices',
          namespace: 'billing',
          version: 1,
          attributes: [
            { name: 'creator', type: 'STRING', title: 'creator' },
            { name: 'amount', type: 'NUMBER', title: 'Amount in euro' },
          ],
          ownerRule: { attribute: 'creator', subject: 'USER' },
        },
      ],
      systemGroups: [
        {
          id: '00000000-0000-5000-8000-0000000000b1',
          name: 'Payers',
          description: 'Pay what is due.',
          systemManaged: true,
          version: 1,
          permissions: [
            {
              action: 'pay',
              resource: 'billing.invoices',
              constraints: [{ kind: 'MAX', attribute: 'amount', values: null }],
            },
            { action: 'view', resource: 'billing.invoices', constraints: [] },
          ],
        },
      ],
    });
    expect(records.audit).toMatchObject([
      { action: 'group.created', actor_id: key.keyId, target_type: 'Group', metadata: { namespace: 'billing' } },
      {
        action: 'resources.registered',
        result: 'SUCCESS',
        actor_id: key.keyId,
        target_type: 'Resource',
        target_id: 'billing',
        metadata: { namespace: 'billing', resources: ['billing.invoices'] },
      },
    ]);
    expect(records.events.map(({ type }) => type)).toEqual(['GroupCreated', 'ResourcesRegistered']);
    const claimed = await app().database.query('select namespace, owner_id from resource_namespaces');
    expect(claimed).toEqual([{ namespace: 'billing', owner_id: owner.id }]);
  });

  test('is listed in the catalogue, with its resource and the key that registered it', async () => {
    const { data } = await cast().admin.run<{
      permissionCatalog: readonly { readonly action: string; readonly resource: string }[];
    }>(
      `{ permissionCatalog { action resource title description protected requiredAssurance impliedByAdmin grantableToApiKey
         whileImpersonating dependsOn resourceDefinition { name version namespace registeredBy { name } } } }`,
    );
    const own = data.permissionCatalog.filter((entry) => entry.resource === 'billing.invoices');
    const resourceDefinition = {
      name: 'billing.invoices',
      version: 1,
      namespace: 'billing',
      registeredBy: { name: 'Billing' },
    };
    expect(own.map(({ action }) => action)).toEqual(['view', 'cancel-own', 'cancel-any', 'pay']);
    expect(own[1]).toMatchObject({ title: 'Cancel own', protected: false, impliedByAdmin: true, resourceDefinition });
    expect(own[3]).toEqual({
      action: 'pay',
      resource: 'billing.invoices',
      title: 'Pay invoices',
      description: 'Spends money.',
      protected: true,
      requiredAssurance: 'AAL2',
      impliedByAdmin: false,
      grantableToApiKey: false,
      whileImpersonating: 'NEVER',
      dependsOn: ['view:billing.invoices', 'view:users'],
      resourceDefinition,
    });
    expect(data.permissionCatalog.find(({ resource: name }) => name === 'users')).toMatchObject({
      resourceDefinition: { name: 'users', version: 1, namespace: null, registeredBy: null },
    });
  });

  test('from a session belongs to the person', async () => {
    const person = await holderOf(app(), ['register:resources']);
    const { resources } = await registered(person, resource('notes'), unique('personal'));
    expect(resources).toMatchObject([{ version: 1 }]);
  });

  test('without a namespace takes the name of the key, later the one that was claimed', async () => {
    const { key, owner } = await makeApplication(app(), 'Müller & Söhne: Kasse 2');
    const first = await registered(key, resource('tills'));
    expect(first.resources[0]?.name).toBe('muller-sohne-kasse-2.tills');
    const other = await makeKey(app(), owner, { name: 'Another name' });
    const second = await registered(other, resource('drawers'));
    expect(second.resources[0]?.name).toBe('muller-sohne-kasse-2.drawers');
    await registered(key, resource('coins'), unique('second'));
    expect((await register(key, resource('notes'))).errors).toEqual([
      { code: 'REQUIRED', field: ['namespace'], targetId: null },
    ]);
  });
});

describe('a repeated registration', () => {
  let application: Application;
  const group = { id: '00000000-0000-5000-8000-0000000000c1', name: 'Repeaters', permissions: [] };
  const declared = resource('things', { actions: ['view', 'move'], systemGroups: [group] });

  beforeAll(async () => {
    application = await makeApplication(app(), 'repeated');
    await registered(application.key, declared);
  });

  test('changes nothing: no version, no epoch, no line in the log', async () => {
    const before = await stateOf();
    const [payload, records] = await recording(app(), () =>
      register(application.key, { ...declared, actions: ['move', 'view'] }),
    );
    expect(payload).toMatchObject({ errors: [], resources: [{ version: 1 }], systemGroups: [{ version: 1 }] });
    expect(records).toEqual({ audit: [], events: [] });
    expect(await stateOf()).toEqual(before);
  });

  test('changes what differs, and only that', async () => {
    const changed = { ...declared, title: 'Other things' };
    const payload = await registered(application.key, [changed, resource('more')]);
    expect(payload.resources.map(({ version }) => version)).toEqual([2, 1]);
    expect(payload.systemGroups).toMatchObject([{ version: 1 }]);
    const renamed = {
      ...changed,
      systemGroups: [{ ...group, name: 'Again', permissions: [{ action: 'view', resource: 'repeated.things' }] }],
    };
    const [after, records] = await recording(app(), () => registered(application.key, renamed));
    expect(after).toMatchObject({ resources: [{ version: 2 }], systemGroups: [{ version: 2, name: 'Again' }] });
    expect(records.audit.map(({ action }) => action)).toEqual(['group.permissions-changed', 'resources.registered']);
  });

  test('lets groups exchange their names', async () => {
    const pair = (one: string, two: string) =>
      resource('pairs', {
        systemGroups: [
          { id: '00000000-0000-5000-8000-0000000000c2', name: one, permissions: [] },
          { id: '00000000-0000-5000-8000-0000000000c3', name: two, permissions: [] },
        ],
      });
    await registered(application.key, pair('Left', 'Right'));
    const { systemGroups } = await registered(application.key, pair('Right', 'Left'));
    expect(systemGroups.map(({ name }) => name)).toEqual(['Right', 'Left']);
  });

  test('keeps the members of a group', async () => {
    const person = await holderOf(app(), ['view:users']);
    await app().database.query(
      `insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())`,
      [person.id, group.id],
    );
    await registered(application.key, { ...declared, systemGroups: [{ ...group, name: 'Kept' }] });
    const rows = await app().database.query('select user_id from memberships where group_id = $1', [group.id]);
    expect(rows).toEqual([{ user_id: person.id }]);
  });

  test('takes few statements', async () => {
    const change = await statementsOf(app(), () => registered(application.key, { ...declared, title: 'Last' }));
    const repetition = await statementsOf(app(), () => registered(application.key, { ...declared, title: 'Last' }));
    expect([change, repetition].map((count) => count <= 18)).toEqual([true, true]);
    expect(repetition).toBeLessThanOrEqual(10);
  });
});

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

describe('an attacker', () => {
  let victim: Application;
  let attacker: Application;
  const seeded = { id: '00000000-0000-5000-8000-0000000000e1', name: 'Victims', permissions: [] };

  beforeAll(async () => {
    victim = await makeApplication(app(), 'victim');
    attacker = await makeApplication(app(), 'attacker');
    await registered(victim.key, resource('safes', { protectedActions: ['open'], systemGroups: [seeded] }));
  });

  const refused = async (resources: ResourceInput, error: object, namespace?: string): Promise<void> => {
    const before = await stateOf();
    const payload = await register(attacker.key, resources, namespace);
    expect(payload).toMatchObject({ resources: [], systemGroups: [], errors: [error] });
    expect(await stateOf()).toEqual(before);
  };
  const group = (id: string, name: string, ...permissions: readonly string[]) =>
    resource('tools', {
      systemGroups: [
        {
          id,
          name,
          permissions: permissions.map((one) => ({
            action: one.split(':')[0] ?? '',
            resource: one.split(':')[1] ?? '',
          })),
        },
      ],
    });

  test('registers nothing in the namespace of another', async () => {
    await refused(resource('safes'), { code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['namespace'] }, 'victim');
    await refused(resource('traps'), { code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['namespace'] }, 'victim');
  });

  test('does not get a namespace whose owner is gone', async () => {
    const gone = await makeApplication(app(), 'orphaned');
    await registered(gone.key, resource('things'));
    await app().database.query('update resource_namespaces set owner_id = null where namespace = $1', ['orphaned']);
    await refused(resource('things'), { code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['namespace'] }, 'orphaned');
  });

  test.each(['admin:*', 'view:*', 'view:users', 'open:victim.safes', 'impersonate:users'])(
    'seeds no group that gives %s',
    async (permission) => {
      await refused(group('00000000-0000-5000-8000-0000000000e2', 'Robbers', permission), {
        code: 'EXCEEDS_OWN_PERMISSIONS',
        field: ['resources', '0', 'systemGroups', '0', 'permissions', '0', 'resource'],
      });
    },
  );

  test('takes over no group: neither of another application, nor of Gatehouse, nor of a person', async () => {
    const ordinary = await makeGroup(app(), 'Ordinary', ['view:users']);
    for (const id of [seeded.id, ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID, ordinary]) {
      await refused(group(id, 'Mine', 'view:attacker.tools'), {
        code: 'RESOURCE_OWNED_BY_ANOTHER',
        field: ['resources', '0', 'systemGroups', '0', 'id'],
        targetId: id,
      });
    }
    await refused(group('00000000-0000-5000-8000-0000000000e3', 'administrators', 'view:attacker.tools'), {
      code: 'NAME_IN_USE',
      field: ['resources', '0', 'systemGroups', '0', 'name'],
    });
  });

  test('needs the permission, and a key that carries it', async () => {
    const { owner: reader } = await makeApplication(app(), unique('reader'), ['view:users']);
    const narrow = await makeKey(app(), reader, { permissions: [{ action: 'view', resource: 'users' }] });
    const clients = [cast().member, cast().anonymous, narrow];
    for (const client of clients) {
      await expect(register(client, resource('tools'))).rejects.toThrow(/FORBIDDEN|UNAUTHENTICATED/);
    }
    const { owner, key } = await makeApplication(app(), unique('demoted'));
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [
      owner.id,
      owner.groupId,
    ]);
    await expect(register(key, resource('tools'))).rejects.toThrow('FORBIDDEN');
  });

  test('cannot change a seeded group by hand', async () => {
    const { data } = await cast().admin.run<{ updateGroup: { errors: readonly { code: string }[] } }>(
      'mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { errors { code } } }',
      { input: { id: seeded.id, name: 'Changed' } },
    );
    expect(data.updateGroup.errors).toEqual([{ code: 'SYSTEM_MANAGED' }]);
  });
});

describe('in parallel', () => {
  test('one of fifty claims a namespace', async () => {
    const applications: Application[] = [];
    for (let index = 0; index < 10; index += 1) applications.push(await makeApplication(app(), 'racing'));
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const which = index % 10;
        const payload = await register((applications[which] as Application).key, resource(`thing-${index}`), 'race');
        return { which, code: payload.errors[0]?.code ?? 'DONE' };
      }),
    );
    const winners = new Set(answers.filter(({ code }) => code === 'DONE').map(({ which }) => which));
    expect(winners.size).toBe(1);
    expect(answers.filter(({ code }) => code === 'DONE')).toHaveLength(5);
    expect(answers.filter(({ code }) => code === 'RESOURCE_OWNED_BY_ANOTHER')).toHaveLength(45);
    const rows = await app().database.query<{ owner_id: string }>(
      `select owner_id from resource_namespaces where namespace = 'race'`,
    );
    expect(rows).toEqual([{ owner_id: applications[[...winners][0] ?? -1]?.owner.id }]);
  });

  test('the same declaration changes something once', async () => {
    const { key } = await makeApplication(app(), unique('same'));
    const [payloads, records] = await recording(app(), () =>
      Promise.all(Array.from({ length: 20 }, () => registered(key, resource('things')))),
    );
    expect(new Set(payloads.flatMap(({ resources }) => resources.map(({ version }) => version)))).toEqual(new Set([1]));
    expect(records.audit).toHaveLength(1);
  });
});
