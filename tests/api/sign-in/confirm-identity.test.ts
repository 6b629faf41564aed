import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  RotateSigningKeyDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, jwtParts, recording, signInState } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('confirmIdentity', () => {
  const app = useTestApp();
  const after = (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString();
  const right = { input: { password: PASSWORD } };

  test('lets a session that is no longer fresh do what needs a fresh proof', async () => {
    const { admin } = await app().cast();
    expect((await admin.send(ViewerDocument, {})).data.viewer?.freshUntil).toBe(after(600));
    app().clock.advance(600);
    expect((await admin.send(RotateSigningKeyDocument, { input: {} })).code).toBe('OK');
    app().clock.advance(1);
    expect((await admin.send(ViewerDocument, {})).data.viewer?.freshUntil).toBeNull();
    const before = await app().database.query('select kid, status from signing_keys order by kid');
    const stale = await admin.send(RotateSigningKeyDocument, { input: {} });
    expect(stale.code).toBe('STEP_UP_REQUIRED');
    expect(stale.errors[0]?.extensions['required']).toEqual({ assuranceLevel: null, withinMinutes: 10 });
    expect(await app().database.query('select kid, status from signing_keys order by kid')).toEqual(before);
    const [answer, { audit, events }] = await recording(app(), () => admin.send(ConfirmIdentityDocument, right));
    expect(answer.data.confirmIdentity).toMatchObject({ assuranceLevel: 'AAL2', freshUntil: after(600), errors: [] });
    expect(audit).toMatchObject([
      { action: 'identity.confirmed', result: 'SUCCESS', actor_id: admin.id, target_type: 'User', target_id: admin.id },
    ]);
    expect(events).toEqual([]);
    expect((await admin.send(ViewerDocument, {})).data.viewer?.freshUntil).toBe(after(600));
    expect((await admin.send(RotateSigningKeyDocument, { input: {} })).code).toBe('OK');
  });

  test('gives a body client a new access token that carries the confirmation, and no refresh token', async () => {
    await makePerson(app(), { email: 'body@confirm.example' });
    const actor = await signIn(app(), 'body@confirm.example');
    app().clock.advance(60);
    const { data } = await actor.send(ConfirmIdentityDocument, right);
    const tokens = data.confirmIdentity?.tokens;
    expect(tokens).toEqual({
      accessToken: expect.any(String),
      accessTokenExpiresAt: after(900),
      refreshToken: null,
      refreshTokenExpiresAt: null,
      csrfToken: null,
    });
    const [old, fresh] = [actor.accessToken, tokens?.accessToken ?? ''].map((token) => jwtParts(token).claims);
    expect(Number(fresh?.['auth_time']) - Number(old?.['auth_time'])).toBe(60);
    expect(fresh?.['sid']).toBe(old?.['sid']);
    expect(fresh?.['jti']).not.toBe(old?.['jti']);
    const again = await app()
      .anonymous({ authorization: `Bearer ${tokens?.accessToken}` })
      .send(ViewerDocument, {});
    expect(again.data.viewer?.user.email).toBe('body@confirm.example');
  });

  test('raises a cookie session without giving tokens', async () => {
    await makePerson(app(), { email: 'cookie@confirm.example' });
    const signedIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'cookie@confirm.example', password: PASSWORD } });
    const client = app().anonymous({
      cookie: cookieOf(signedIn).pair,
      'x-csrf-token': signedIn.data.signIn?.tokens?.csrfToken ?? '',
    });
    app().clock.advance(700);
    expect((await client.send(ViewerDocument, {})).data.viewer?.freshUntil).toBeNull();
    const { data } = await client.send(ConfirmIdentityDocument, right);
    expect(data.confirmIdentity).toEqual({ assuranceLevel: 'AAL1', freshUntil: after(600), tokens: null, errors: [] });
    expect((await client.send(ViewerDocument, {})).data.viewer?.freshUntil).toBe(after(600));
  });

  test('raises the session of the request only', async () => {
    await makePerson(app(), { email: 'two@confirm.example' });
    const [first, second] = [await signIn(app(), 'two@confirm.example'), await signIn(app(), 'two@confirm.example')];
    app().clock.advance(700);
    await first.send(ConfirmIdentityDocument, right);
    expect((await first.send(ViewerDocument, {})).data.viewer?.freshUntil).toBe(after(600));
    expect((await second.send(ViewerDocument, {})).data.viewer?.freshUntil).toBeNull();
  });

  test('locks the device of the session after five wrong passwords, not the account, and raises nothing', async () => {
    const id = await makePerson(app(), { email: 'wrong@confirm.example' });
    const actor = await signIn(app(), 'wrong@confirm.example');
    // Beyond the ten minutes of a fresh session, within the fifteen of its access token.
    app().clock.advance(700);
    const before = await signInState(app());
    for (let time = 1; time <= 5; time += 1) {
      const [answer, { audit }] = await recording(app(), () =>
        actor.send(ConfirmIdentityDocument, { input: { password: `wrong guess ${time}` } }),
      );
      expect(answer.data.confirmIdentity).toMatchObject({
        freshUntil: null,
        tokens: null,
        errors: [{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['password'] }],
      });
      expect(audit).toMatchObject([{ action: 'identity.confirmed', result: 'FAILURE', actor_id: id }]);
    }
    expect(await signInState(app())).toEqual(before);
    const locked = await actor.send(ConfirmIdentityDocument, right);
    expect(locked.data.confirmIdentity?.errors.map(({ code }) => code)).toEqual(['CURRENT_PASSWORD_INCORRECT']);
    expect((await actor.send(ViewerDocument, {})).data.viewer).toMatchObject({
      freshUntil: null,
      user: { status: 'ACTIVE' },
    });
    expect((await signIn(app(), 'wrong@confirm.example')).id).toBe(id);
    const until = new Date(app().clock.now().getTime() + 900_000);
    expect(
      await app().database.query(
        'select locked_until = $2::timestamptz as locked from devices where user_id = $1 and failed_sign_in_count > 0',
        [id, until.toISOString()],
      ),
    ).toEqual([{ locked: true }]);
  });

  test('takes the count of wrong passwords back when the right one comes', async () => {
    const id = await makePerson(app(), { email: 'back@confirm.example' });
    const actor = await signIn(app(), 'back@confirm.example');
    for (let time = 1; time <= 4; time += 1)
      await actor.send(ConfirmIdentityDocument, { input: { password: 'wrong' } });
    expect((await actor.send(ConfirmIdentityDocument, right)).data.confirmIdentity?.errors).toEqual([]);
    const rows = await app().database.query(
      'select failed_sign_in_count, locked_until from devices where user_id = $1',
      [id],
    );
    expect(rows).toEqual([{ failed_sign_in_count: 0, locked_until: null }]);
  });

  test('is for signed-in callers', async () => {
    const answer = await app().anonymous().send(ConfirmIdentityDocument, right);
    expect(answer.code).toBe('UNAUTHENTICATED');
    expect(answer.data).toEqual({ confirmIdentity: null });
  });
});
