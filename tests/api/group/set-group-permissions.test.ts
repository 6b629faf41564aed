import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  type PermissionInput,
  SetGroupPermissionsDocument,
} from '../../../generated/client/graphql.ts';
import { type GroupId, newId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, PASSWORD, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { grants, manyGrants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const GRANTING = ['view:groups', 'grant:groups'];

describe('setGroupPermissions', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const set = (actor: Actor, id: string, permissions: PermissionInput[], expectedVersion?: number) =>
    actor.send(SetGroupPermissionsDocument, { input: { id, permissions, expectedVersion } });
  const refused = async (actor: Actor, id: string, permissions: PermissionInput[], expectedVersion?: number) => {
    const { answer, changed } = await changing(app(), () => set(actor, id, permissions, expectedVersion));
    expect(changed).toEqual([]);
    return answer;
  };
  const group = (...permissions: readonly string[]): Promise<GroupId> => makeGroup(app(), unique('Group'), permissions);

  test('replaces the whole list, in its order, with one line of the log and one event that tell before and after', async () => {
    const id = await group('view:users', 'lock:users');
    const { answer, audit, events } = await recording(app(), () =>
      set(cast().admin, id, grants('view:audit', 'view:users')),
    );
    expect(answer.data.setGroupPermissions).toMatchObject({ errors: [], group: { id, version: 2 } });
    expect(
      answer.data.setGroupPermissions?.group?.permissions.map(({ action, resource }) => `${action}:${resource}`),
    ).toEqual(['view:audit', 'view:users']);
    const difference = { before: ['view:users', 'lock:users'], after: ['view:audit', 'view:users'] };
    expect(audit).toMatchObject([
      {
        action: 'group.permissions-changed',
        actor: { id: cast().admin.id },
        target: { type: 'Group', id },
        metadata: difference,
      },
    ]);
    expect(events).toMatchObject([
      { type: 'GroupPermissionsChanged', aggregateId: id, payload: { groupId: id, ...difference } },
    ]);
    expect((await set(cast().admin, id, [])).data.setGroupPermissions?.group?.permissions).toEqual([]);
  });

  test('a change of constraints alone stands in the log and in the event', async () => {
    const id = await group('view:users', 'lock:users');
    const constraints = [{ kind: 'NETWORKS' as const, networks: ['10.0.0.0/8'] }];
    const { audit, events } = await recording(app(), () =>
      set(cast().admin, id, [...grants('view:users'), { action: 'lock', resource: 'users', constraints }]),
    );
    const same = ['view:users', 'lock:users'];
    const difference = { before: same, after: same, constraintsChanged: ['lock:users'] };
    expect(audit).toMatchObject([{ action: 'group.permissions-changed', metadata: difference }]);
    expect(events).toMatchObject([{ payload: { groupId: id, ...difference } }]);
  });

  test('keeps constraints as they were given', async () => {
    const timeWindow = {
      days: ['MONDAY' as const, 'FRIDAY' as const],
      start: '22:00',
      end: '06:00',
      timeZone: 'Europe/Rome',
    };
    const constraints = [
      { kind: 'NETWORKS' as const, networks: ['10.0.0.0/8', '2001:db8::/32'] },
      { kind: 'TIME_WINDOW' as const, timeWindow },
      { kind: 'MINIMUM_ASSURANCE' as const, minimumAssurance: 'AAL2' as const },
    ];
    const id = await group();
    await set(cast().admin, id, [{ action: 'view', resource: 'users', constraints }]);
    const { data } = await cast().admin.run(
      `query($id: ID!) { group(id: $id) { permissions { constraints {
        kind attribute values prefix max withinSeconds networks minimumAssurance timeWindow { days start end timeZone } } } } }`,
      { id },
    );
    const none = {
      attribute: null,
      values: null,
      prefix: null,
      max: null,
      withinSeconds: null,
      networks: null,
      minimumAssurance: null,
      timeWindow: null,
    };
    expect(data).toEqual({
      group: { permissions: [{ constraints: constraints.map((one) => ({ ...none, ...one })) }] },
    });
  });

  test.each([
    ['IN', { kind: 'IN', attribute: 'status', values: ['ACTIVE'] }, 'attribute'],
    ['NOT_IN', { kind: 'NOT_IN', attribute: 'status', values: [] }, 'attribute'],
    ['PREFIX', { kind: 'PREFIX', attribute: '__proto__', prefix: 'x' }, 'attribute'],
    ['MAX', { kind: 'MAX', attribute: 'constructor', max: 1 }, 'attribute'],
    ['WITHIN', { kind: 'WITHIN', attribute: 'createdAt', withinSeconds: 1 }, 'attribute'],
    ['NETWORKS without a range', { kind: 'NETWORKS', networks: [] }, 'networks'],
    [
      'NETWORKS of 101 ranges',
      { kind: 'NETWORKS', networks: Array.from({ length: 101 }, (_, index) => `10.0.${index}.0/24`) },
      'networks',
    ],
    ['NETWORKS that are none', { kind: 'NETWORKS', networks: ['10.0.0.0/33'] }, 'networks.0'],
    [
      'an empty TIME_WINDOW',
      { kind: 'TIME_WINDOW', timeWindow: { days: [], start: '08:00', end: '17:00', timeZone: 'UTC' } },
      'timeWindow.days',
    ],
    [
      'a zone that is none',
      { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '08:00', end: '17:00', timeZone: 'Mars/Base' } },
      'timeWindow.timeZone',
    ],
    ['fields of another kind', { kind: 'NETWORKS', networks: ['10.0.0.0/8'], max: 3 }, 'max'],
  ])('refuses the constraint %s on a built-in resource', async (_, constraint, path) => {
    const permissions = [{ action: 'view', resource: 'users', constraints: [constraint] }] as PermissionInput[];
    const { data } = await refused(cast().admin, await group(), permissions);
    const field = ['permissions', '0', 'constraints', '0', ...path.split('.')];
    expect(data.setGroupPermissions).toMatchObject({ group: null, errors: [{ code: 'INVALID_CONSTRAINT', field }] });
  });

  test('takes 100 grants, not 101', async () => {
    const id = await group();
    const { data } = await refused(cast().admin, id, manyGrants(101));
    expect(data.setGroupPermissions?.errors).toMatchObject([{ code: 'TOO_MANY_PERMISSIONS', field: ['permissions'] }]);
    expect((await set(cast().admin, id, manyGrants(100))).data.setGroupPermissions?.group?.permissions).toHaveLength(
      100,
    );
  });

  test('neither gives nor takes more than the caller holds', async () => {
    const granter = await holderOf(app(), [...GRANTING, 'view:users']);
    const id = await group('view:users');
    for (const more of ['delete:users', 'admin:*', 'view:*']) {
      const { data } = await refused(granter, id, grants('view:users', more));
      expect(data.setGroupPermissions?.errors).toMatchObject([
        { code: 'EXCEEDS_OWN_PERMISSIONS', field: ['permissions'] },
      ]);
    }
    const strong = await refused(granter, await group('delete:users'), []);
    expect(strong.data.setGroupPermissions?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
    expect((await set(granter, id, [])).data.setGroupPermissions?.errors).toEqual([]);
  });

  test('raises nobody by their own hand: a group of one’s own gets nothing that one lacks', async () => {
    const granter = await holderOf(app(), [...GRANTING, 'view:users']);
    const { data } = await refused(granter, granter.groupId, grants(...GRANTING, 'view:users', 'delete:users'));
    expect(data.setGroupPermissions?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
  });

  test('does not widen what its giver holds under a constraint', async () => {
    const granter = await holderOf(app(), GRANTING);
    const narrow = {
      action: 'view',
      resource: 'users',
      constraints: [{ kind: 'NETWORKS' as const, networks: ['127.0.0.0/8'] }],
    };
    await set(cast().admin, granter.groupId, [...grants(...GRANTING), narrow]);
    const id = await group();
    const { data } = await refused(granter, id, grants('view:users'));
    expect(data.setGroupPermissions?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
    expect((await set(granter, id, [narrow])).data.setGroupPermissions?.errors).toEqual([]);
  });

  test('gives protected permissions only by grant-protected:groups, to give and to take', async () => {
    const administrator = await holderOf(app(), ['admin:*']);
    for (const [id, permissions] of [
      [await group('view:users'), grants('view:users', 'impersonate:users')],
      [await group('impersonate:users'), grants()],
    ] as const) {
      const { data } = await refused(administrator, id, permissions);
      expect(data.setGroupPermissions?.errors).toMatchObject([
        { code: 'PROTECTED_PERMISSION', field: ['permissions'] },
      ]);
    }
  });

  test('wants two factors and the identity confirmed before protected permissions change hands', async () => {
    const email = `${unique('stale')}@example.com`;
    await makePerson(app(), { email, groupIds: [ADMINISTRATORS_GROUP_ID, await group('grant-protected:groups')] });
    const actor = await signIn(app(), email);
    const id = await group();
    const weak = await refused(actor, id, grants('impersonate:users'));
    expect(weak.errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: 'AAL2', withinMinutes: null },
    });
    await raiseToAal2(app(), actor);
    app().clock.advance(601);
    const { errors } = await refused(actor, id, grants('impersonate:users'));
    expect(errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: null, withinMinutes: 10 },
    });
    expect((await set(actor, id, grants('view:users'))).data.setGroupPermissions?.errors).toEqual([]);
    await actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } });
    expect((await set(actor, id, grants('impersonate:users'))).data.setGroupPermissions?.errors).toEqual([]);
  });

  test('refuses a stale version with the current group, and lets one of five win', async () => {
    const id = await group('view:users');
    const answers = await inParallel(5, () => set(cast().admin, id, grants('view:audit'), 1));
    const codes = answers.map(({ data }) => data.setGroupPermissions?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual(['OK', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT']);
    const { data } = await refused(cast().admin, id, [], 1);
    expect(data.setGroupPermissions?.group).toMatchObject({
      id,
      version: 2,
      permissions: [{ action: 'view', resource: 'audit' }],
    });
  });

  test.each(seededGroups.map(({ name, id }) => [name, id] as const))('refuses the seeded group %s', async (_, id) => {
    const { data } = await refused(cast().admin, id, grants('view:users'));
    expect(data.setGroupPermissions).toMatchObject({
      group: null,
      errors: [{ code: 'SYSTEM_MANAGED', field: ['id'] }],
    });
  });

  test('leaves an active administrator', async () => {
    const boss = await holderOf(app(), ['admin:*']);
    await app().database.query('delete from memberships where group_id = $1', [ADMINISTRATORS_GROUP_ID]);
    await app().database.query(
      `delete from memberships m using group_grants p where p.group_id = m.group_id and p.action = 'admin' and m.user_id <> $1`,
      [boss.id],
    );
    for (const permissions of [
      [],
      [{ action: 'admin', resource: '*', constraints: [{ kind: 'NETWORKS' as const, networks: ['127.0.0.0/8'] }] }],
    ]) {
      const { data } = await refused(boss, boss.groupId, permissions);
      expect(data.setGroupPermissions?.errors).toMatchObject([{ code: 'LAST_ADMIN' }]);
    }
  });

  test('answers TARGET_NOT_FOUND for unknown ids, and is refused without grant:groups', async () => {
    const granter = await holderOf(app(), GRANTING);
    const unknown = newId<GroupId>();
    const { data } = await refused(granter, unknown, []);
    expect(data.setGroupPermissions?.errors).toMatchObject([
      { code: 'TARGET_NOT_FOUND', field: ['id'], targetId: unknown },
    ]);
    const { errors } = await refused(await holderOf(app(), ['update:groups', 'assign:groups']), await group(), []);
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['grant:groups'] });
  });
});
