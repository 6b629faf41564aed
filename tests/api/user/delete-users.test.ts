import { describe, expect, test } from 'vitest';
import {
  CreateGroupDocument,
  CreateUserDocument,
  DeleteUsersDocument,
  TokenStatusDocument,
  UpdateUserDocument,
  UserDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey } from '../../support/api-keys.ts';
import { recording } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('deleteUsers', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const remove = (ids: readonly string[], reason?: string) =>
    cast().admin.send(DeleteUsersDocument, { input: { ids: [...ids], reason } });

  test('takes the account and all that belongs to it away, at once and in every replica', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), ['view:users']);
    await replica.anonymous(person.headers).send(ViewerDocument, {});
    const { answer, audit, events } = await recording(app(), () => remove([person.id], 'asked for it'));
    expect(answer.data.deleteUsers).toEqual({ deletedUserIds: [person.id], preview: null, errors: [] });
    expect((await replica.anonymous(person.headers).send(ViewerDocument, {})).status).toBe(401);
    await replica.close();
    for (const table of ['identifiers', 'credentials', 'memberships', 'sessions', 'one_time_tokens']) {
      expect(await app().database.query(`select id from ${table} where user_id = $1`, [person.id])).toEqual([]);
    }
    expect((await cast().admin.send(UserDocument, { id: person.id })).code).toBe('NOT_FOUND');
    expect(audit.filter(({ action }) => action === 'user.deleted')).toMatchObject([
      {
        actor: { type: 'User', id: cast().admin.id, label: 'admin@cast.example' },
        target: { type: 'User', id: person.id, label: person.email },
        metadata: { reason: 'asked for it' },
      },
    ]);
    expect(events.filter(({ type }) => type === 'UserDeleted')).toEqual([
      {
        type: 'UserDeleted',
        aggregateType: 'User',
        aggregateId: person.id,
        payload: { userId: person.id, endedSessions: 1 },
      },
    ]);
  });

  test('tells of the keys that end with their owner, and not of those that ended before', async () => {
    const person = await holderOf(app(), ['view:users', 'create-own:api-keys', 'view-own:api-keys']);
    const works = await makeKey(app(), person, { name: 'Works', permissions: [{ action: 'view', resource: 'users' }] });
    const revoked = await makeKey(app(), person, {
      name: 'Revoked',
      permissions: [{ action: 'view', resource: 'users' }],
    });
    await app().database.query('update api_keys set revoked_at = now() where id = $1', [revoked.keyId]);
    const { audit, events } = await recording(app(), () => remove([person.id]));
    expect(audit.filter(({ action }) => action === 'api-key.deleted')).toMatchObject([
      { target: { type: 'ApiKey', id: works.keyId, label: 'Works' }, metadata: { ownerId: person.id } },
    ]);
    expect(events.filter(({ type }) => type === 'ApiKeyRevoked')).toMatchObject([
      { payload: { apiKeyId: works.keyId, ownerId: person.id, withOwner: true } },
    ]);
    expect((await works.send(ViewerDocument, {})).status).toBe(401);
  });

  test('keeps the lines that the log has about the person, by and to whom', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users', 'create:groups']);
    const other = await somebody(app());
    await editor.send(UpdateUserDocument, { input: { id: other, displayName: 'Renamed' } });
    await editor.send(CreateGroupDocument, { input: { name: 'Left behind' } });
    const lines = () =>
      app().database.query(
        `select e.action, e.actor_id, e.target_id, p.values->>'actorLabel' as label from audit_events e
         join audit_personal_values p on p.event_id = e.id
         where e.actor_id = any($1::uuid[]) and e.action <> 'session.started' order by e.id`,
        [[editor.id, other]],
      );
    const before = await lines();
    expect(before).toMatchObject([
      { action: 'user.updated', actor_id: editor.id, target_id: other, label: editor.email },
      { action: 'group.created', actor_id: editor.id, label: editor.email },
    ]);
    expect((await remove([editor.id, other])).data.deleteUsers?.errors).toEqual([]);
    expect(await lines()).toEqual(before);
    const groups = await app().database.query(`select created_by_id from groups where name = 'Left behind'`);
    expect(groups).toEqual([{ created_by_id: null }]);
    const shown = await cast().admin.run(
      '{ groups(filter: { search: "Left behind" }) { nodes { name createdBy { id } } } }',
    );
    expect(shown.data).toEqual({ groups: { nodes: [{ name: 'Left behind', createdBy: null }] } });
  });

  test('frees the addresses and lets open links die', async () => {
    const input = { email: `${unique('again')}@example.com`, displayName: 'A', groupIds: [MEMBERS_GROUP_ID] };
    const first = (await cast().admin.send(CreateUserDocument, { input })).data.createUser;
    const link = (await messagesTo(app(), input.email))[0]?.variables['link'] ?? '';
    await remove([first?.user?.id ?? '']);
    const token = /#token=(.+)/.exec(link)?.[1] ?? '';
    expect((await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state).toBe('USED');
    const second = (await cast().admin.send(CreateUserDocument, { input })).data.createUser;
    expect(second?.errors).toEqual([]);
    expect(second?.user?.id).not.toBe(first?.user?.id);
  });

  test('of the same person twice succeeds once', async () => {
    const id = await somebody(app());
    const answers = await Promise.all([remove([id]), remove([id])]);
    const codes = answers.map(({ data }) => data.deleteUsers?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual(['OK', 'TARGET_NOT_FOUND']);
  });
});
