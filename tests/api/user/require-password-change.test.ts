import { describe, expect, test } from 'vitest';
import {
  RequirePasswordChangeDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { PASSWORD, signIn } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('requirePasswordChange', () => {
  const app = useTestApp();
  const cast = useCast(app);

  test('ends the sessions, and the next sign-in must set a new password before it begins a session', async () => {
    const person = await holderOf(app(), []);
    const { answer, audit, events } = await recording(app(), () =>
      cast().admin.send(RequirePasswordChangeDocument, { input: { ids: [person.id] } }),
    );
    expect(answer.data.requirePasswordChange).toMatchObject({
      errors: [],
      users: [{ id: person.id, passwordChangeRequired: true, status: 'ACTIVE' }],
    });
    expect(audit.map(({ action, actor }) => [action, actor.id])).toEqual([
      ['session.ended', cast().admin.id],
      ['user.password-change-required', cast().admin.id],
    ]);
    expect(events.map(({ type }) => type)).toEqual(['UserStatusChanged', 'SessionRevoked']);
    expect((await person.send(ViewerDocument, {})).status).toBe(401);
    const first = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: person.email, password: PASSWORD, delivery: 'BODY' } });
    expect(first.data.signIn).toMatchObject({ step: 'PASSWORD_CHANGE_REQUIRED', tokens: null });
    const newPassword = 'seven green umbrellas';
    const changed = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, {
        input: { token: first.data.signIn?.challenge?.token ?? '', newPassword },
      });
    expect(changed.data.setPasswordWithToken).toMatchObject({ step: 'COMPLETE', errors: [] });
    expect((await signIn(app(), person.email, newPassword)).id).toBe(person.id);
  });

  test('leaves the sessions when told so', async () => {
    const person = await holderOf(app(), []);
    await cast().admin.send(RequirePasswordChangeDocument, { input: { ids: [person.id], endSessions: false } });
    const { data } = await person.send(ViewerDocument, {});
    expect(data.viewer?.user).toMatchObject({ id: person.id, passwordChangeRequired: true });
  });

  test('may be asked of oneself', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users']);
    const { data } = await editor.send(RequirePasswordChangeDocument, {
      input: { ids: [editor.id], endSessions: false },
    });
    expect(data.requirePasswordChange).toMatchObject({ errors: [], users: [{ passwordChangeRequired: true }] });
  });
});
