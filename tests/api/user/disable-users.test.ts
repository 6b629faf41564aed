import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  DisableUsersDocument,
  EnableUsersDocument,
  LockUsersDocument,
  RefreshSessionDocument,
  RemoveGroupMembersDocument,
  SetPasswordWithTokenDocument,
  TokenStatusDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { signIn } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('disableUsers and enableUsers', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const disable = (id: string) => cast().admin.send(DisableUsersDocument, { input: { ids: [id], reason: 'left' } });
  const enable = (id: string) => cast().admin.send(EnableUsersDocument, { input: { ids: [id], reason: 'came back' } });

  test('ends every session at once, on every replica, bearer and refresh token alike', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), []);
    const second = await signIn(app(), person.email);
    const { answer, audit, events } = await recording(app(), () => disable(person.id));
    expect(answer.data.disableUsers).toMatchObject({ errors: [], users: [{ id: person.id, status: 'DISABLED' }] });
    for (const actor of [person, second]) {
      expect((await replica.anonymous(actor.headers).send(ViewerDocument, {})).status).toBe(401);
      const { refreshToken } = actor;
      const refreshed = await replica.anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
      expect(refreshed.data.refreshSession?.tokens).toBeNull();
    }
    await replica.close();
    expect(audit.map(({ action, actor }) => [action, actor.id])).toEqual([
      ['session.ended', cast().admin.id],
      ['session.ended', cast().admin.id],
      ['user.disabled', cast().admin.id],
    ]);
    expect(audit[2]).toMatchObject({ target: { id: person.id, label: person.email }, metadata: { reason: 'left' } });
    expect(events.map(({ type }) => type)).toEqual(['UserStatusChanged', 'SessionRevoked', 'SessionRevoked']);
    expect(events[0]?.payload).toEqual({ userId: person.id, status: 'DISABLED' });
    await expect(signIn(app(), person.email)).rejects.toThrow('INVALID_CREDENTIALS');
  });

  test('brings somebody with a password back as ACTIVE, without the old sessions', async () => {
    const person = await holderOf(app(), []);
    await disable(person.id);
    const { answer, audit, events } = await recording(app(), () => enable(person.id));
    expect(answer.data.enableUsers).toMatchObject({ errors: [], users: [{ status: 'ACTIVE' }] });
    expect(audit).toMatchObject([
      { action: 'user.enabled', target: { id: person.id }, metadata: { reason: 'came back' } },
    ]);
    expect(events).toMatchObject([{ type: 'UserStatusChanged', payload: { status: 'ACTIVE' } }]);
    expect((await person.send(ViewerDocument, {})).status).toBe(401);
    expect((await signIn(app(), person.email)).id).toBe(person.id);
  });

  test('lets open invitation links die, and brings an invited person back as INVITED', async () => {
    const { data } = await cast().admin.send(CreateUserDocument, {
      input: { email: `${unique('invited')}@example.com`, displayName: 'I', groupIds: [MEMBERS_GROUP_ID] },
    });
    const id = data.createUser?.user?.id ?? '';
    const token = await linkTokenOf(app(), data.createUser?.user?.email ?? '', 'invite');
    await disable(id);
    const status = async () => (await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;
    expect(await status()).toBe('USED');
    expect((await enable(id)).data.enableUsers?.users).toMatchObject([{ status: 'INVITED' }]);
    expect(await status()).toBe('USED');
    const accepted = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, {
        input: { token, newPassword: 'seven green umbrellas', delivery: 'BODY' },
      });
    expect(accepted.data.setPasswordWithToken?.errors).toMatchObject([{ code: 'TOKEN_USED' }]);
  });

  test('brings a sign-up that was never verified back as PENDING, not as an account that may sign in', async () => {
    const person = await holderOf(app(), []);
    await app().database.query(`update users set status = 'PENDING' where id = $1`, [person.id]);
    await app().database.query('update identifiers set exclusive = false, verified_at = null where user_id = $1', [
      person.id,
    ]);
    await disable(person.id);
    expect((await enable(person.id)).data.enableUsers).toMatchObject({ errors: [], users: [{ status: 'PENDING' }] });
  });

  test('brings somebody who comes from an external provider back as ACTIVE, password or not', async () => {
    const person = await holderOf(app(), []);
    await app().database.query('update users set last_sign_in_at = null where id = $1', [person.id]);
    await app().database.query('delete from credentials where user_id = $1', [person.id]);
    await app().database.query(
      `insert into external_identities (id, user_id, issuer, subject, linked_at)
       values (gen_random_uuid(), $1, 'https://issuer.example', 'subject-of-disabled', now())`,
      [person.id],
    );
    await disable(person.id);
    expect((await enable(person.id)).data.enableUsers).toMatchObject({ errors: [], users: [{ status: 'ACTIVE' }] });
  });

  test('enabling changes nothing about somebody who is not disabled', async () => {
    const person = await holderOf(app(), []);
    expect((await enable(person.id)).data.enableUsers?.users).toMatchObject([{ status: 'ACTIVE' }]);
    expect((await person.send(ViewerDocument, {})).data.viewer?.user.id).toBe(person.id);
  });

  test('leaves a lock by an administrator what it was, so that its holder does not count as an active administrator', async () => {
    const { admin } = cast();
    const id = await somebody(app(), [ADMINISTRATORS_GROUP_ID]);
    await admin.send(LockUsersDocument, { input: { ids: [id], reason: 'under suspicion' } });
    await disable(id);
    expect((await enable(id)).data.enableUsers).toMatchObject({ errors: [], users: [{ id, status: 'LOCKED' }] });
    const { data } = await admin.send(RemoveGroupMembersDocument, {
      input: { groupId: ADMINISTRATORS_GROUP_ID, userIds: [admin.id] },
    });
    expect(data.removeGroupMembers?.errors).toMatchObject([{ code: 'LAST_ADMIN', targetId: admin.id }]);
  });
});
