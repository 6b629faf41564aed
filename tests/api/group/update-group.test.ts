import { describe, expect, test } from 'vitest';
import { CreateGroupDocument, UpdateGroupDocument, type UpdateGroupInput } from '../../../generated/client/graphql.ts';
import { type GroupId, newId } from '../../../src/ids.ts';
import { seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('updateGroup', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const update = (actor: Actor, input: UpdateGroupInput) => actor.send(UpdateGroupDocument, { input });
  const refused = async (actor: Actor, input: UpdateGroupInput) => {
    const { answer, changed } = await changing(app(), () => update(actor, input));
    expect(changed).toEqual([]);
    return answer;
  };

  test('changes what is given and keeps the rest, with one line of the log and one event', async () => {
    const id = await makeGroup(app(), unique('Before'), ['view:users']);
    await update(cast().admin, { id, name: 'Before', description: 'old' });
    const { answer, audit, events } = await recording(app(), () => update(cast().admin, { id, name: 'After' }));
    expect(answer.data.updateGroup).toMatchObject({
      errors: [],
      group: {
        id,
        name: 'After',
        description: 'old',
        version: 3,
        permissions: [{ action: 'view', resource: 'users' }],
      },
    });
    expect(audit).toMatchObject([
      {
        action: 'group.updated',
        actor: { id: cast().admin.id },
        target: { type: 'Group', id, label: 'After' },
        changes: [{ field: 'name', before: 'Before', after: 'After' }],
      },
    ]);
    expect(events).toMatchObject([{ type: 'GroupUpdated', aggregateId: id, payload: { groupId: id } }]);
    const cleared = await update(cast().admin, { id, name: null, description: null });
    expect(cleared.data.updateGroup).toMatchObject({ errors: [], group: { name: 'After', description: '' } });
  });

  test('what stays as it is, is no change', async () => {
    const { data } = await cast().admin.send(CreateGroupDocument, {
      input: { name: unique('Same'), description: 'As it was.', permissions: [] },
    });
    const { id = '', name = '', description = '' } = data.createGroup?.group ?? {};
    const allowedOrganizations: UpdateGroupInput['allowedOrganizations'] = { mode: 'LISTED', organizationIds: [] };
    for (const input of [{}, { name: null }, { name, description }, { allowedOrganizations, expectedVersion: 1 }]) {
      app().clock.advance(1);
      const { answer, changed } = await changing(app(), () =>
        cast().admin.send(UpdateGroupDocument, { input: { id, ...input } }),
      );
      expect([answer.data.updateGroup?.errors, answer.data.updateGroup?.group?.version, changed]).toEqual([[], 1, []]);
    }
  });

  test('lets a name change its case, and frees the old one', async () => {
    const id = await makeGroup(app(), 'Casing', []);
    expect((await update(cast().admin, { id, name: 'CASING' })).data.updateGroup?.errors).toEqual([]);
    const other = await makeGroup(app(), 'Other', []);
    const taken = await refused(cast().admin, { id: other, name: 'ｃasing' });
    expect(taken.data.updateGroup?.errors).toMatchObject([{ code: 'NAME_IN_USE', field: ['name'] }]);
    await update(cast().admin, { id, name: 'Moved' });
    expect((await update(cast().admin, { id: other, name: 'casing' })).data.updateGroup?.errors).toEqual([]);
  });

  test('lets exactly one of ten groups have a name that all are given at once', async () => {
    const ids: GroupId[] = [];
    for (let index = 0; index < 10; index += 1) ids.push(await makeGroup(app(), unique('Racer'), []));
    const answers = await inParallel(10, (index) => update(cast().admin, { id: ids[index] ?? '', name: 'Winner' }));
    const codes = answers.map(({ data }) => data.updateGroup?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual([...Array.from({ length: 9 }, () => 'NAME_IN_USE'), 'OK']);
  });

  test('refuses a stale version with the current group, and lets one of five win', async () => {
    const id = await makeGroup(app(), unique('Versioned'), []);
    const answers = await inParallel(5, (index) =>
      update(cast().admin, { id, description: `Try ${index}`, expectedVersion: 1 }),
    );
    const codes = answers.map(({ data }) => data.updateGroup?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual(['OK', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT']);
    const winner = answers.find(({ data }) => data.updateGroup?.errors.length === 0)?.data.updateGroup?.group;
    const { data } = await refused(cast().admin, { id, description: 'late', expectedVersion: 1 });
    expect(data.updateGroup).toMatchObject({
      errors: [{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }],
      group: winner,
    });
  });

  test.each(seededGroups.map(({ name, id }) => [name, id] as const))('refuses the seeded group %s', async (_, id) => {
    const { data } = await refused(cast().admin, { id, name: unique('Renamed') });
    expect(data.updateGroup).toMatchObject({ group: null, errors: [{ code: 'SYSTEM_MANAGED', field: ['id'] }] });
  });

  test('answers TARGET_NOT_FOUND for unknown and malformed ids', async () => {
    for (const id of [newId<GroupId>(), 'nonsense']) {
      const { data } = await refused(cast().admin, { id, name: 'X' });
      expect(data.updateGroup?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['id'], targetId: id }]);
    }
  });

  test('widens the reach only for holders of grant:groups and of what the group gives', async () => {
    const id = await makeGroup(app(), unique('Reach'), ['delete:users'], 'LISTED');
    const allowedOrganizations = { mode: 'ALL' as const };
    const editor = await refused(await holderOf(app(), ['update:groups', 'delete:users']), {
      id,
      allowedOrganizations,
    });
    expect(editor.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['grant:groups'] });
    const granter = await refused(await holderOf(app(), ['update:groups', 'grant:groups']), {
      id,
      allowedOrganizations,
    });
    expect(granter.data.updateGroup?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS' }]);
    const { data } = await update(cast().admin, { id, allowedOrganizations });
    expect(data.updateGroup).toMatchObject({ errors: [], group: { allowedOrganizations: { mode: 'ALL' } } });
  });

  test('is refused without update:groups', async () => {
    const id = await makeGroup(app(), unique('Kept'), []);
    const { errors } = await refused(await holderOf(app(), ['grant:groups', 'create:groups']), { id, name: 'X' });
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['update:groups'] });
  });
});
