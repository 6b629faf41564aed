import { beforeAll, describe, expect, test } from 'vitest';
import type { ResourceInput } from '../../../generated/client/graphql.ts';
import { makeKey } from '../../support/api-keys.ts';
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
    expect(change).toBeLessThanOrEqual(18);
    expect(repetition).toBeLessThanOrEqual(11);
  });
});
