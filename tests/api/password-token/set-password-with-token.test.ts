import { beforeEach, describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  DisableUsersDocument,
  LockUsersDocument,
  RefreshSessionDocument,
  RequirePasswordChangeDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  TokenStatusDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

const NEW_PASSWORD = 'violet harbour lantern seven';

const app = useTestApp();
let admin: Actor;
let number = 0;

beforeEach(async () => {
  ({ admin } = await app().cast());
});

const setPassword = (token: string, more: Record<string, unknown> = {}) =>
  app()
    .anonymous()
    .send(SetPasswordWithTokenDocument, { input: { token, newPassword: NEW_PASSWORD, ...more } });

const codesOf = async (answer: ReturnType<typeof setPassword>) =>
  (await answer).data.setPasswordWithToken?.errors.map(({ code }) => code);

const signInBy = async (identifier: string, password: string, more: Record<string, unknown> = {}) =>
  (
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password, delivery: 'BODY', ...more } })
  ).data.signIn;

interface Invited {
  readonly id: string;
  readonly email: string;
  readonly token: string;
}

const invite = async (): Promise<Invited> => {
  number += 1;
  const email = `invited${number}@token.example`;
  const { data } = await admin.send(CreateUserDocument, {
    input: { email, displayName: `Invited ${number}`, groupIds: [MEMBERS_GROUP_ID] },
  });
  const payload = data.createUser;
  if (payload?.user == null) throw new Error(`No user: ${JSON.stringify(payload)}`);
  return { id: payload.user.id, email, token: await linkTokenOf(app(), email, 'invite') };
};

/** What a refusal leaves: the error given, everything else as it was. */
const refused = async (token: string, change: Record<string, unknown> = {}) => {
  const before = await signInState(app());
  const [answer, records] = await recording(app(), () => setPassword(token, change));
  expect(answer.errors).toEqual([]);
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'FAILED', user: null, tokens: null });
  expect(records).toEqual({ audit: [], events: [] });
  expect(await signInState(app())).toEqual(before);
  return answer.data.setPasswordWithToken;
};

describe('setPasswordWithToken with an invitation', () => {
  test('activates the account, proves its address, and signs in when asked', async () => {
    const { id, email, token } = await invite();
    expect((await signInBy(email, NEW_PASSWORD))?.step).toBe('FAILED');
    const client = { deviceName: 'Phone' };
    const [answer, { audit, events }] = await recording(app(), () => setPassword(token, { delivery: 'BODY', client }));
    const payload = answer.data.setPasswordWithToken;
    const now = app().clock.now().toISOString();
    expect(payload).toMatchObject({ step: 'COMPLETE', violations: [], errors: [] });
    expect(payload?.user).toMatchObject({ id, status: 'ACTIVE', passwordChangeRequired: false, lastSignInAt: now });
    const bearer = app().anonymous({ authorization: `Bearer ${payload?.tokens?.accessToken}` });
    const { data } = await bearer.send(ViewerDocument, {});
    expect(data.viewer?.session?.signInMethod).toBe('INVITATION');
    const sessionId = data.viewer?.session?.id;
    expect(audit).toMatchObject([
      { action: 'password.changed', result: 'SUCCESS', actor_id: id, target_id: id },
      { action: 'session.started', result: 'SUCCESS', actor_id: id, target_id: sessionId },
    ]);
    expect(events).toEqual([
      { type: 'PasswordChanged', payload: { userId: id } },
      { type: 'SessionStarted', payload: { sessionId, userId: id, method: 'INVITATION' } },
    ]);
    const [row] = await app().database.query<{ verified: boolean; device: string }>(
      `select u.email_verified_at is not null as verified, s.device_name as device
       from users u join sessions s on s.user_id = u.id where u.id = $1`,
      [id],
    );
    expect(row).toEqual({ verified: true, device: 'Phone' });
    expect((await signInBy(email, NEW_PASSWORD))?.step).toBe('COMPLETE');
  });

  test('only sets the password when no delivery is given: no session, no cookie', async () => {
    const { id, email, token } = await invite();
    const answer = await setPassword(token);
    expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'COMPLETE', user: null, tokens: null, errors: [] });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app().database.query('select id from sessions where user_id = $1', [id])).toEqual([]);
    expect((await signInBy(email, NEW_PASSWORD))?.step).toBe('COMPLETE');
  });

  test('hands the session over in a cookie when asked', async () => {
    const { email, token } = await invite();
    const answer = await setPassword(token, { delivery: 'COOKIE' });
    expect(answer.data.setPasswordWithToken?.tokens?.accessToken).toBeNull();
    const client = app().anonymous({ cookie: cookieOf(answer).pair });
    expect((await client.send(ViewerDocument, {})).data.viewer?.user.email).toBe(email);
  });

  test('works once: exactly one of fifty uses at once succeeds', async () => {
    const { id, token } = await invite();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_unused, at) =>
        codesOf(setPassword(token, { delivery: 'BODY', newPassword: `violet harbour lantern ${at}` })),
      ),
    );
    expect(answers.filter((codes) => codes?.length === 0)).toHaveLength(1);
    expect(answers.flat()).toEqual(Array.from({ length: 49 }, () => 'TOKEN_USED'));
    expect(await app().database.query('select id from sessions where user_id = $1', [id])).toHaveLength(1);
    expect((await refused(token))?.errors).toMatchObject([{ code: 'TOKEN_USED', field: ['token'] }]);
  });

  test('works for seven days', async () => {
    const [{ token: first }, { token: second }] = [await invite(), await invite()];
    app().clock.advance(7 * 86_400 - 1);
    expect(await codesOf(setPassword(first))).toEqual([]);
    app().clock.advance(1);
    expect((await refused(second))?.errors).toMatchObject([{ code: 'TOKEN_EXPIRED', field: ['token'] }]);
  });

  test('takes the newest link only', async () => {
    const { id, email, token } = await invite();
    app().clock.advance(61);
    const resent = await admin.send(ResendInviteDocument, { input: { userId: id } });
    expect(resent.data.resendInvite?.errors).toEqual([]);
    const newer = await linkTokenOf(app(), email, 'invite');
    expect(newer).not.toBe(token);
    expect((await refused(token))?.errors).toMatchObject([{ code: 'TOKEN_USED' }]);
    expect(await codesOf(setPassword(newer))).toEqual([]);
    const late = await admin.send(ResendInviteDocument, { input: { userId: id } });
    expect(late.data.resendInvite?.errors.map(({ code }) => code)).toEqual(['INVITATION_NOT_PENDING']);
  });

  test('dies when the account is locked or disabled', async () => {
    const [locked, disabled] = [await invite(), await invite()];
    await admin.send(LockUsersDocument, { input: { ids: [locked.id], reason: 'mistake' } });
    await admin.send(DisableUsersDocument, { input: { ids: [disabled.id], reason: 'mistake' } });
    expect((await refused(locked.token, { delivery: 'BODY' }))?.errors).toMatchObject([{ code: 'TOKEN_USED' }]);
    expect((await refused(disabled.token, { delivery: 'BODY' }))?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
  });

  test('refuses tokens that are malformed, unknown, of another kind, or of another holder', async () => {
    const { token } = await invite();
    const setup = createToken('setup').token.reveal();
    for (const text of [
      '',
      token.slice(0, -1),
      token.toUpperCase(),
      `${token}0`,
      createToken('invite').token.reveal(),
      createToken('challenge').token.reveal(),
      setup,
      admin.refreshToken,
      admin.accessToken,
      '\0'.repeat(66),
      'x'.repeat(100_000),
    ]) {
      expect((await refused(text))?.errors).toMatchObject([{ code: 'TOKEN_INVALID', field: ['token'] }]);
    }
    expect(await codesOf(setPassword(token))).toEqual([]);
  });

  test.each([
    ['short', ['MIN_LENGTH'], 'WEAK_PASSWORD'],
    ['password1234', ['BREACH_LIST'], 'BREACHED_PASSWORD'],
    ['the best token.example', ['PERSONAL_DATA'], 'WEAK_PASSWORD'],
    ['y'.repeat(1025), ['MAX_BYTES'], 'WEAK_PASSWORD'],
    ['violet harbour\u0000lantern', [], 'INVALID_VALUE'],
    ['violet harbour lantern \ud83d', [], 'INVALID_VALUE'],
  ])('refuses the password "%.24s" and keeps the token', async (newPassword, violations, code) => {
    const { token } = await invite();
    const payload = await refused(token, { newPassword });
    expect(payload?.errors).toMatchObject([{ code, field: ['newPassword'] }]);
    expect(payload?.violations).toEqual(violations);
    expect(await codesOf(setPassword(token))).toEqual([]);
  });
});

describe('setPasswordWithToken with the challenge of a sign-in', () => {
  const person = async (name: string) => {
    const email = `${name}@token.example`;
    const id = await makePerson(app(), { email });
    const earlier = await signIn(app(), email);
    const { data } = await admin.send(RequirePasswordChangeDocument, { input: { ids: [id], endSessions: false } });
    expect(data.requirePasswordChange?.errors).toEqual([]);
    return { id, email, earlier };
  };

  test('is asked for by signIn, which then starts no session', async () => {
    const { id, email } = await person('asked');
    const [payload, { audit, events }] = await recording(app(), () => signInBy(email, PASSWORD));
    expect(payload).toMatchObject({ step: 'PASSWORD_CHANGE_REQUIRED', user: null, tokens: null, errors: [] });
    expect(payload?.challenge?.token).toMatch(/^ghc_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(payload?.challenge?.expiresAt).toBe(new Date(app().clock.now().getTime() + 600_000).toISOString());
    expect(audit).toMatchObject([{ action: 'password-change.required', actor_id: id, target_id: id }]);
    expect(events).toEqual([]);
    const wrong = await signInBy(email, 'not the right password');
    expect(wrong).toMatchObject({ step: 'FAILED', challenge: null, errors: [{ code: 'INVALID_CREDENTIALS' }] });
  });

  test('goes on with the delivery and client of the first step, and ends the other sessions', async () => {
    const { id, email, earlier } = await person('goes-on');
    const begun = await signInBy(email, PASSWORD, { client: { deviceName: 'First step' } });
    const token = begun?.challenge?.token ?? '';
    expect((await earlier.send(ViewerDocument, {})).code).toBe('OK');
    const [answer, { events }] = await recording(app(), () =>
      setPassword(token, { client: { deviceName: 'Second step' } }),
    );
    const payload = answer.data.setPasswordWithToken;
    expect(payload).toMatchObject({ step: 'COMPLETE', errors: [] });
    expect(payload?.user).toMatchObject({ id, passwordChangeRequired: false });
    expect(payload?.tokens?.refreshToken).toMatch(/^ghr_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const sessions = await app().database.query(
      'select device_name, sign_in_method, end_reason from sessions where user_id = $1 order by created_at, id',
      [id],
    );
    expect(sessions).toEqual(
      expect.arrayContaining([
        { device_name: null, sign_in_method: 'PASSWORD', end_reason: 'CREDENTIALS_CHANGED' },
        { device_name: 'First step', sign_in_method: 'PASSWORD', end_reason: null },
      ]),
    );
    expect(sessions).toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual(['PasswordChanged', 'SessionRevoked', 'SessionStarted']);
    expect((await earlier.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: earlier.refreshToken } });
    expect(refreshed.data.refreshSession?.errors.map(({ code }) => code)).toEqual(['TOKEN_EXPIRED']);
    expect((await signInBy(email, PASSWORD))?.step).toBe('FAILED');
    expect((await signInBy(email, NEW_PASSWORD))?.step).toBe('COMPLETE');
  });

  test('hands a cookie over when the first step asked for one', async () => {
    const { email } = await person('cookie');
    const begun = await signInBy(email, PASSWORD, { delivery: 'COOKIE' });
    const answer = await setPassword(begun?.challenge?.token ?? '');
    const client = app().anonymous({ cookie: cookieOf(answer).pair });
    expect((await client.send(ViewerDocument, {})).data.viewer?.user.email).toBe(email);
    expect(answer.data.setPasswordWithToken?.tokens).toMatchObject({ accessToken: null, refreshToken: null });
  });

  test.each(['BODY', 'COOKIE'])(
    'refuses the delivery %s in the later step, and the challenge stays good',
    async (delivery) => {
      const { email } = await person(`later-${delivery.toLowerCase()}`);
      const token = (await signInBy(email, PASSWORD))?.challenge?.token ?? '';
      expect((await refused(token, { delivery }))?.errors).toMatchObject([
        { code: 'INVALID_VALUE', field: ['delivery'] },
      ]);
      expect(await codesOf(setPassword(token))).toEqual([]);
    },
  );

  test('lasts ten minutes, and a newer sign-in replaces it', async () => {
    const { email } = await person('lasts');
    const first = (await signInBy(email, PASSWORD))?.challenge?.token ?? '';
    const second = (await signInBy(email, PASSWORD))?.challenge?.token ?? '';
    expect((await refused(first))?.errors).toMatchObject([{ code: 'TOKEN_USED' }]);
    app().clock.advance(600);
    expect((await refused(second))?.errors).toMatchObject([{ code: 'TOKEN_EXPIRED' }]);
  });

  test('does not prove an address that was not proved', async () => {
    const { id, email } = await person('unproved');
    await app().database.query('update users set email_verified_at = null where id = $1', [id]);
    const token = (await signInBy(email, PASSWORD))?.challenge?.token ?? '';
    expect(await codesOf(setPassword(token))).toEqual([]);
    expect(await app().database.query('select email_verified_at from users where id = $1', [id])).toEqual([
      { email_verified_at: null },
    ]);
  });

  test('is nothing that tokenStatus tells about', async () => {
    const { email } = await person('status');
    const token = (await signInBy(email, PASSWORD))?.challenge?.token ?? '';
    const { data } = await app().anonymous().send(TokenStatusDocument, { token });
    expect(data.tokenStatus).toEqual({ state: 'USED', kind: null, maskedEmail: null, passwordNeeded: null });
  });

  test('is refused once the account was disabled or locked', async () => {
    const [disabled, locked] = [await person('disabled'), await person('locked')];
    const tokens = [await signInBy(disabled.email, PASSWORD), await signInBy(locked.email, PASSWORD)].map(
      (payload) => payload?.challenge?.token ?? '',
    );
    await admin.send(DisableUsersDocument, { input: { ids: [disabled.id], reason: 'left' } });
    await admin.send(LockUsersDocument, { input: { ids: [locked.id], reason: 'left' } });
    for (const token of tokens) expect((await refused(token))?.errors).toHaveLength(1);
  });
});
