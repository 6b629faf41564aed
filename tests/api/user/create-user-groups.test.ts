import { describe, expect, test } from 'vitest';
import { CreateUserDocument, DeleteGroupDocument } from '../../../generated/client/graphql.ts';
import { newId, type GroupId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  IMPERSONATORS_GROUP_ID,
  MEMBERS_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { holderOf, unique } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const create = (actor: Actor, groupIds: readonly string[]) =>
  actor.send(CreateUserDocument, {
    input: { email: `${unique('new')}@example.com`, displayName: 'New', groupIds: [...groupIds] },
  });

describe('the groups of createUser', () => {
  const app = useTestApp();

  test('put the user into each of them once', async () => {
    const { admin } = await app().cast();
    const { data } = await create(admin, [SUPPORT_GROUP_ID, MEMBERS_GROUP_ID, SUPPORT_GROUP_ID.toUpperCase()]);
    expect(data.createUser?.user?.groups?.map(({ name }) => name)).toEqual(['Members', 'Support']);
    const rows = await app().database.query<{ added_by_id: string }>(
      'select added_by_id from memberships where user_id = $1',
      [data.createUser?.user?.id],
    );
    expect(rows).toEqual([{ added_by_id: admin.id }, { added_by_id: admin.id }]);
  });

  test('must exist: unknown, deleted and malformed ids are TARGET_NOT_FOUND, each by its id', async () => {
    const { admin } = await app().cast();
    const unknown = newId<GroupId>();
    const first = await create(admin, [unknown, 'nonsense', MEMBERS_GROUP_ID]);
    expect(first.data.createUser?.errors.map(({ code, field, targetId }) => [code, field, targetId])).toEqual([
      ['TARGET_NOT_FOUND', ['groupIds'], 'nonsense'],
      ['TARGET_NOT_FOUND', ['groupIds'], unknown],
    ]);
    const gone = await makeGroup(app(), 'Gone', []);
    await create(admin, [gone, MEMBERS_GROUP_ID]);
    expect((await admin.send(DeleteGroupDocument, { input: { id: gone } })).data.deleteGroup?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () => create(admin, [gone, MEMBERS_GROUP_ID]));
    expect(answer.data.createUser).toMatchObject({
      user: null,
      errors: [{ code: 'TARGET_NOT_FOUND', field: ['groupIds'], targetId: gone }],
    });
    expect(changed).toEqual([]);
  });

  test('beyond Members need assign:groups', async () => {
    const creator = await holderOf(app(), ['create:users', 'view:users']);
    expect((await create(creator, [MEMBERS_GROUP_ID])).data.createUser?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () => create(creator, [SUPPORT_GROUP_ID]));
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['assign:groups'] });
    expect(changed).toEqual([]);
  });

  test('must not give more than the creator holds', async () => {
    const creator = await holderOf(app(), ['create:users', 'assign:groups', 'view:users']);
    const small = await makeGroup(app(), 'Small', ['view:users']);
    expect((await create(creator, [small])).data.createUser?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () =>
      create(creator, [small, SUPPORT_GROUP_ID, ADMINISTRATORS_GROUP_ID]),
    );
    expect(answer.data.createUser?.errors.map(({ code, targetId }) => [code, targetId])).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', SUPPORT_GROUP_ID],
      ['EXCEEDS_OWN_PERMISSIONS', ADMINISTRATORS_GROUP_ID],
    ]);
    expect(changed).toEqual([]);
  });

  test('with protected grants need grant-protected:groups, which admin:* does not cover', async () => {
    const administrator = await holderOf(app(), ['admin:*']);
    const { answer, changed } = await changing(app(), () => create(administrator, [IMPERSONATORS_GROUP_ID]));
    expect(answer.data.createUser?.errors).toMatchObject([
      { code: 'PROTECTED_PERMISSION', field: ['groupIds'], targetId: IMPERSONATORS_GROUP_ID },
    ]);
    expect(changed).toEqual([]);
    const { admin } = await app().cast();
    expect((await create(admin, [IMPERSONATORS_GROUP_ID])).data.createUser?.errors).toEqual([]);
    app().clock.advance(601);
    const stale = await create(admin, [IMPERSONATORS_GROUP_ID]);
    expect(stale.errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: null, withinMinutes: 10 },
    });
  });

  test('can be 100, not 101', async () => {
    const { admin } = await app().cast();
    const ids: GroupId[] = [];
    for (let index = 0; index < 101; index += 1) ids.push(await makeGroup(app(), `Many ${index}`, []));
    const { answer, changed } = await changing(app(), () => create(admin, ids));
    expect(answer.data.createUser?.errors).toMatchObject([{ code: 'TOO_MANY_GROUPS', field: ['groupIds'] }]);
    expect(changed).toEqual([]);
    const fits = await create(admin, ids.slice(1));
    expect(fits.data.createUser?.errors).toEqual([]);
    expect(fits.data.createUser?.user?.groups).toHaveLength(100);
  });

  test('deleted at the same time either keep the user out or stay: nobody is left without any group', async () => {
    const { admin } = await app().cast();
    for (let round = 0; round < 10; round += 1) {
      const group = await makeGroup(app(), `Race ${round}`, []);
      await create(admin, [MEMBERS_GROUP_ID]); // every replica knows the group by now
      const [created, deleted] = await Promise.all([
        create(admin, [group]),
        admin.send(DeleteGroupDocument, { input: { id: group } }),
      ]);
      expect([created.code, deleted.code]).toEqual(['OK', 'OK']);
      const codes = [created.data.createUser?.errors[0]?.code, deleted.data.deleteGroup?.errors[0]?.code];
      expect([
        ['TARGET_NOT_FOUND', undefined],
        [undefined, 'NO_GROUPS_LEFT'],
      ]).toContainEqual(codes);
    }
    const stranded = await app().database.query(
      'select id from users u where not exists (select from memberships m where m.user_id = u.id)',
    );
    expect(stranded).toEqual([]);
  });

  test('by a creator who is deleted at the same time never end as an internal error', async () => {
    const { admin } = await app().cast();
    for (let round = 0; round < 5; round += 1) {
      const creator = await holderOf(app(), ['create:users', 'view:users']);
      const answers = await Promise.all([
        create(creator, [MEMBERS_GROUP_ID]),
        admin.run('mutation($id: ID!) { deleteUsers(input: { ids: [$id] }) { errors { code } } }', { id: creator.id }),
      ]);
      expect(answers.map(({ code }) => code)).not.toContain('INTERNAL_SERVER_ERROR');
    }
  });
});
