import { beforeAll, describe, expect, test } from 'vitest';
import type { ResourceInput } from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey } from '../../support/api-keys.ts';
import { makeGroup } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { unique, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { type Application, makeApplication, register, registered, resource } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

/** Things that leave marks of use, whatever is asked. */
const marks = new Set(['api_keys']);
const stateOf = async () =>
  Object.fromEntries(Object.entries(await databaseState(app())).filter(([table]) => !marks.has(table)));

describe('an attacker', () => {
  let victim: Application;
  let attacker: Application;
  const seeded = { id: '00000000-0000-5000-8000-0000000000e1', name: 'Victims', permissions: [] };

  beforeAll(async () => {
    victim = await makeApplication(app(), 'victim');
    attacker = await makeApplication(app(), 'attacker');
    await registered(victim.key, resource('safes', { protectedActions: ['open'], systemGroups: [seeded] }));
  });

  /** The errors of a try that changed nothing. */
  const refusalOf = async (resources: ResourceInput, namespace?: string) => {
    const before = await stateOf();
    const payload = await register(attacker.key, resources, namespace);
    expect(payload).toMatchObject({ resources: [], systemGroups: [] });
    expect(await stateOf()).toEqual(before);
    return payload.errors;
  };
  const notYours = [{ code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['namespace'], targetId: null }];
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
    expect(await refusalOf(resource('safes'), 'victim')).toEqual(notYours);
    expect(await refusalOf(resource('traps'), 'victim')).toEqual(notYours);
  });

  test('does not get a namespace whose owner is gone', async () => {
    const gone = await makeApplication(app(), 'orphaned');
    await registered(gone.key, resource('things'));
    await app().database.query('update resource_namespaces set owner_id = null where namespace = $1', ['orphaned']);
    expect(await refusalOf(resource('things'), 'orphaned')).toEqual(notYours);
  });

  test.each(['admin:*', 'view:*', 'view:users', 'open:victim.safes', 'impersonate:users'])(
    'seeds no group that gives %s',
    async (permission) => {
      expect(await refusalOf(group('00000000-0000-5000-8000-0000000000e2', 'Robbers', permission))).toEqual([
        {
          code: 'EXCEEDS_OWN_PERMISSIONS',
          field: ['resources', '0', 'systemGroups', '0', 'permissions', '0', 'resource'],
          targetId: null,
        },
      ]);
    },
  );

  test('takes over no group: neither of another application, nor of Gatehouse, nor of a person', async () => {
    const ordinary = await makeGroup(app(), 'Ordinary', ['view:users']);
    for (const id of [seeded.id, ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID, ordinary]) {
      expect(await refusalOf(group(id, 'Mine', 'view:attacker.tools'))).toEqual([
        { code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['resources', '0', 'systemGroups', '0', 'id'], targetId: id },
      ]);
    }
    const namesake = group('00000000-0000-5000-8000-0000000000e3', 'administrators', 'view:attacker.tools');
    expect(await refusalOf(namesake)).toEqual([
      { code: 'NAME_IN_USE', field: ['resources', '0', 'systemGroups', '0', 'name'], targetId: null },
    ]);
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
