import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CreateGroupDocument,
  type PermissionInput,
  RegisteredCatalogDocument,
  type ResourceInput,
  SetGroupPermissionsDocument,
} from '../../../generated/client/graphql.ts';
import { callingAt, makeKey } from '../../support/api-keys.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { type Application, decisionsOf, makeApplication, reasonOf, registered } from '../../support/resources.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const parcels: ResourceInput = {
  name: 'parcels',
  title: 'Parcels',
  actions: ['view', 'send', 'return'],
  protectedActions: ['destroy'],
  attributes: [
    { name: 'state', type: 'STRING' },
    { name: 'weight', type: 'NUMBER' },
  ],
};
let application: Application;

beforeAll(async () => {
  application = await makeApplication(app(), 'post');
  await registered(application.key, parcels);
});

const only = (attribute: string, ...values: readonly string[]): NonNullable<PermissionInput['constraints']> => [
  { kind: 'IN', attribute, values: [...values] },
];

/** A group with these grants, made over HTTP by an administrator; its id, or the codes of its errors. */
const makeWith = async (permissions: PermissionInput[], by: TestClient = cast().admin) => {
  const { data, errors } = await by.send(CreateGroupDocument, {
    input: { name: unique('Post'), permissions, allowedOrganizations: { mode: 'ALL' } },
  });
  const payload = data?.createGroup;
  return (
    payload?.group?.id ?? [
      ...errors.map(({ extensions }) => extensions.code),
      ...(payload?.errors ?? []).map(({ code }) => code),
    ]
  );
};

const memberOfGroup = async (groupId: string): Promise<Actor> => {
  const email = `${unique('clerk')}@example.com`;
  await makePerson(app(), { email, groupIds: [groupId as never] });
  return signIn(app(), email);
};

describe('grants of registered permissions', () => {
  test('are taken into groups, with constraints over declared attributes', async () => {
    const groupId = await makeWith([
      { action: 'send', resource: 'post.parcels', constraints: only('state', 'packed') },
      { action: 'view', resource: 'post.parcels' },
    ]);
    expect(groupId).toEqual(expect.any(String));
    const clerk = await memberOfGroup(groupId as string);
    const reasons = await decisionsOf(clerk, [
      { action: 'view', resource: 'post.parcels' },
      { action: 'send', resource: 'post.parcels', attributes: { state: 'packed' } },
      { action: 'send', resource: 'post.parcels', attributes: { state: 'open' } },
      { action: 'return', resource: 'post.parcels' },
    ]);
    expect(reasons.map(({ reason }) => reason)).toEqual(['GRANTED', 'GRANTED', 'CONSTRAINT_FAILED', 'NO_GRANT']);
  });

  test.each<readonly [string, PermissionInput, string]>([
    ['an unknown verb', { action: 'fly', resource: 'post.parcels' }, 'UNKNOWN_PERMISSION'],
    ['an unknown resource', { action: 'view', resource: 'post.letters' }, 'UNKNOWN_PERMISSION'],
    [
      'an undeclared attribute',
      { action: 'send', resource: 'post.parcels', constraints: only('colour', 'red') },
      'INVALID_CONSTRAINT',
    ],
    [
      'a constraint that the type cannot compare',
      { action: 'send', resource: 'post.parcels', constraints: [{ kind: 'MAX', attribute: 'state', max: 1 }] },
      'INVALID_CONSTRAINT',
    ],
  ])('%s is refused', async (_what, permission, code) => {
    expect(await makeWith([permission])).toEqual([code]);
  });

  test('are handed out as far as they are held, protected ones by those who may', async () => {
    const granter = await holderOf(app(), ['create:groups', 'grant:groups', 'view:groups', 'send:post.parcels']);
    expect(await makeWith(grants('send:post.parcels'), granter)).toEqual(expect.any(String));
    expect(await makeWith(grants('return:post.parcels'), granter)).toEqual(['EXCEEDS_OWN_PERMISSIONS']);
    expect(await makeWith(grants('destroy:post.parcels'), granter)).toEqual(['PROTECTED_PERMISSION']);
    expect(await makeWith(grants('destroy:post.parcels'))).toEqual(expect.any(String));
  });

  test('replace others in a group', async () => {
    const groupId = await makeGroup(app(), unique('Replaced'), ['view:users']);
    const { data } = await cast().admin.send(SetGroupPermissionsDocument, {
      input: { id: groupId, permissions: grants('return:post.parcels') },
    });
    expect(data?.setGroupPermissions?.errors).toEqual([]);
    expect(await reasonOf(await memberOfGroup(groupId), { action: 'return', resource: 'post.parcels' })).toBe(
      'GRANTED',
    );
  });

  test('are named in keys, and narrow them', async () => {
    const holder = await holderOf(app(), ['view:post.parcels', 'send:post.parcels']);
    const key = await makeKey(app(), holder, { permissions: grants('view:post.parcels') });
    expect(await reasonOf(key, { action: 'view', resource: 'post.parcels' })).toBe('GRANTED');
    expect(await reasonOf(key, { action: 'send', resource: 'post.parcels' })).toBe('NARROWED_BY_API_KEY');
  });
});

describe('what is declared no more', () => {
  test('stays granted and gives nothing, until it is declared again', async () => {
    const { key } = await makeApplication(app(), 'fading');
    const full: ResourceInput = {
      name: 'lamps',
      title: 'Lamps',
      actions: ['view', 'light'],
      attributes: [{ name: 'room', type: 'STRING' }],
    };
    await registered(key, full);
    const groupId = await makeWith([
      { action: 'light', resource: 'fading.lamps' },
      { action: 'view', resource: 'fading.lamps', constraints: only('room', 'hall') },
    ]);
    const clerk = await memberOfGroup(groupId as string);
    const ask = async () =>
      (
        await decisionsOf(clerk, [
          { action: 'light', resource: 'fading.lamps' },
          { action: 'view', resource: 'fading.lamps', attributes: { room: 'hall' } },
        ])
      ).map(({ reason }) => reason);
    expect(await ask()).toEqual(['GRANTED', 'GRANTED']);
    await registered(key, { ...full, actions: ['view'], attributes: [] });
    expect(await ask()).toEqual(['UNKNOWN_PERMISSION', 'CONSTRAINT_FAILED']);
    const stored = await app().database.query('select action from group_grants where group_id = $1 order by position', [
      groupId,
    ]);
    expect(stored).toEqual([{ action: 'light' }, { action: 'view' }]);
    await registered(key, full);
    expect(await ask()).toEqual(['GRANTED', 'GRANTED']);
  });

  test('becomes protected at once where it is declared so', async () => {
    const { key } = await makeApplication(app(), 'hardening');
    const open: ResourceInput = { name: 'gates', title: 'Gates', actions: ['view', 'open'] };
    await registered(key, open);
    expect(await reasonOf(cast().admin, { action: 'open', resource: 'hardening.gates' })).toBe('GRANTED');
    await registered(key, { ...open, actions: ['view'], protectedActions: ['open'] });
    expect(await reasonOf(cast().admin, { action: 'open', resource: 'hardening.gates' })).toBe('PROTECTED');
  });
});

describe('a second replica', () => {
  let second: TestApp | null = null;
  beforeAll(async () => {
    second = await startTestApp({ beside: app() });
  });
  afterAll(async () => {
    await second?.close();
  });

  test('knows at its next request what was registered at the first one', async () => {
    const there = new TestClient(`${second?.url ?? ''}/graphql`, cast().admin.headers);
    const resources = async () => {
      const { data } = await there.send(RegisteredCatalogDocument, {});
      return new Set(data?.permissionCatalog?.map((entry) => entry.resource));
    };
    expect(await resources()).not.toContain('swift.birds');
    const { key } = await makeApplication(app(), 'swift');
    await registered(key, { name: 'birds', title: 'Birds', actions: ['watch'] });
    expect(await resources()).toContain('swift.birds');
    expect(await reasonOf(there, { action: 'watch', resource: 'swift.birds' })).toBe('GRANTED');
    await registered(callingAt(second as TestApp, key), { name: 'nests', title: 'Nests', actions: ['watch'] });
    expect(await reasonOf(cast().admin, { action: 'watch', resource: 'swift.nests' })).toBe('GRANTED');
  });

  test('asks the database for nothing more once it knows', async () => {
    const count = await statementsOf(app(), () =>
      decisionsOf(cast().admin, [{ action: 'view', resource: 'post.parcels' }]),
    );
    expect(count).toBe(1);
  });
});

describe('a try', () => {
  test('tells what members of a group would gain, and registers nothing', async () => {
    const { key } = await makeApplication(app(), 'tried');
    const group = { id: '00000000-0000-5000-8000-0000000000f1', name: unique('Tried'), permissions: [] };
    await registered(key, { name: 'beds', title: 'Beds', actions: ['make'], systemGroups: [group] });
    const member = await memberOfGroup(group.id);
    const { data } = await key.run<{ registerResources: { resources: unknown[]; errors: unknown[]; preview: object } }>(
      `mutation ($input: RegisterResourcesInput!) { registerResources(input: $input) { resources { name } errors { code }
         preview { affectedCount verdicts { code } changes { gained { permission { action resource } } lost { scope { mode } } } } } }`,
      {
        input: {
          dryRun: true,
          resources: [
            {
              name: 'beds',
              title: 'Beds',
              actions: ['make', 'break'],
              systemGroups: [{ ...group, permissions: grants('break:tried.beds') }],
            },
          ],
        },
      },
    );
    expect(data.registerResources).toMatchObject({
      resources: [],
      errors: [],
      preview: {
        affectedCount: 1,
        verdicts: [],
        changes: [{ gained: [{ permission: { action: 'break', resource: 'tried.beds' } }], lost: [] }],
      },
    });
    expect(await reasonOf(member, { action: 'break', resource: 'tried.beds' })).toBe('UNKNOWN_PERMISSION');
  });
});
