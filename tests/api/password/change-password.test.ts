import { beforeEach, describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  PasswordPolicyDocument,
  RefreshSessionDocument,
  RequirePasswordChangeDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { inParallel } from '../../support/evidence.ts';
import { recording, signInState, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const NEW_PASSWORD = 'violet harbour lantern seven';

const app = useTestApp();
let id: UserId;
let email: string;
let actor: Actor;

beforeEach(async () => {
  email = `${unique('change')}@password.example`;
  id = await makePerson(app(), { email });
  actor = await signIn(app(), email);
});

const change = (input: Record<string, unknown> = {}, by = actor) =>
  by.send(ChangePasswordDocument, { input: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...input } });

const payloadOf = async (answer: ReturnType<typeof change>) => (await answer).data.changePassword;
const codesOf = async (answer: ReturnType<typeof change>) => (await payloadOf(answer))?.errors.map(({ code }) => code);

const stepOf = async (password: string) =>
  (
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password, delivery: 'BODY' } })
  ).data.signIn?.step;

const failuresOf = async (): Promise<unknown> =>
  (await app().database.query('select failed_sign_in_count as failures from devices where user_id = $1', [id]))[0];

const credentials = () =>
  app().database.query<{ type: string; secret: string }>(
    'select type, secret from credentials where user_id = $1 order by type, created_at desc, id desc',
    [id],
  );

/** What a refusal leaves: one line in the log at most, everything else as it was. */
const refused = async (input: Record<string, unknown>, by = actor) => {
  const before = await signInState(app());
  const [answer, records] = await recording(app(), () => change(input, by));
  expect(await signInState(app())).toEqual(before);
  expect(records.events).toEqual([]);
  return { payload: answer.data.changePassword, code: answer.code, audit: records.audit };
};

describe('changePassword', () => {
  test('sets the new password, and tells the log, the outbox and the person', async () => {
    const [answer, { audit, events }] = await recording(app(), () => change());
    expect(answer.data.changePassword).toEqual({
      user: { id, passwordChangeRequired: false },
      endedSessionCount: 0,
      violations: [],
      errors: [],
    });
    expect(audit).toMatchObject([
      { action: 'password.changed', result: 'SUCCESS', actor_id: id, target_type: 'User', target_id: id, metadata: {} },
    ]);
    expect(events).toEqual([{ type: 'PasswordChanged', payload: { userId: id } }]);
    const message = (await messagesTo(app(), email)).find(({ template }) => template === 'password-changed');
    expect(message).toMatchObject({ userId: id, locale: 'en', channel: 'EMAIL' });
    expect(Object.keys(message?.variables ?? {}).toSorted()).toEqual(['at', 'device', 'ipAddress', 'userName']);
    expect(JSON.stringify([audit, events, message])).not.toMatch(/violet|correct horse|argon2/);
    expect([await stepOf(PASSWORD), await stepOf(NEW_PASSWORD)]).toEqual(['FAILED', 'COMPLETE']);
  });

  test('ends the other sessions and keeps this one, whose refresh token goes on working', async () => {
    const others = [await signIn(app(), email), await signIn(app(), email)];
    const [answer, { audit, events }] = await recording(app(), () => change());
    expect(answer.data.changePassword?.endedSessionCount).toBe(2);
    expect(audit.map(({ action }) => action)).toEqual(['password.changed', 'session.ended', 'session.ended']);
    expect(events.map(({ type }) => type)).toEqual(['PasswordChanged', 'SessionRevoked', 'SessionRevoked']);
    expect(new Set(events.slice(1).map(({ payload }) => payload['reason']))).toEqual(new Set(['CREDENTIALS_CHANGED']));
    for (const other of others) {
      expect((await other.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
      const late = await app()
        .anonymous()
        .send(RefreshSessionDocument, { input: { refreshToken: other.refreshToken } });
      expect(late.data.refreshSession?.errors).toHaveLength(1);
    }
    expect((await actor.send(ViewerDocument, {})).data.viewer?.user.id).toBe(id);
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } });
    expect(refreshed.data.refreshSession?.errors).toEqual([]);
    expect(refreshed.data.refreshSession?.tokens?.accessToken).toEqual(expect.any(String));
  });

  test('makes a challenge worthless that came about under the old password', async () => {
    const { admin } = await app().cast();
    await admin.send(RequirePasswordChangeDocument, { input: { ids: [id], endSessions: false } });
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
    const token = begun.data.signIn?.challenge?.token ?? '';
    expect(token).toMatch(/^ghc_/);
    expect((await payloadOf(change()))?.user).toEqual({ id, passwordChangeRequired: false });
    const late = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: 'another harbour lantern' } });
    expect(late.data.setPasswordWithToken?.errors.map(({ code }) => code)).toEqual(['TOKEN_USED']);
    expect(await stepOf(NEW_PASSWORD)).toBe('COMPLETE');
  });

  test('costs a bounded number of statements, however many sessions end', async () => {
    const few = await statementsOf(app(), () => change());
    for (let count = 0; count < 5; count += 1) await signIn(app(), email, NEW_PASSWORD);
    const many = await statementsOf(app(), () =>
      change({ currentPassword: NEW_PASSWORD, newPassword: 'another harbour lantern' }),
    );
    expect([few, many]).toEqual([few, few]);
    expect(few).toBeLessThanOrEqual(11);
  });

  test('writes to no address that nobody proved', async () => {
    await app().database.query('update users set email_verified_at = null where id = $1', [id]);
    expect(await codesOf(change())).toEqual([]);
    expect((await messagesTo(app(), email)).filter(({ template }) => template === 'password-changed')).toEqual([]);
  });
});

describe('the present password', () => {
  test('that is wrong five times is not looked at any more, which locks nobody out, and changes nothing', async () => {
    for (let time = 1; time <= 5; time += 1) {
      const { payload, audit } = await refused({ currentPassword: `wrong guess ${time}` });
      expect(payload).toEqual({
        user: null,
        endedSessionCount: null,
        violations: [],
        errors: [{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['currentPassword'] }],
      });
      expect(audit).toMatchObject([{ action: 'password.changed', result: 'FAILURE', actor_id: id, target_id: id }]);
      expect(await failuresOf()).toEqual({ failures: time });
    }
    expect((await refused({})).payload?.errors.map(({ code }) => code)).toEqual(['CURRENT_PASSWORD_INCORRECT']);
    expect(await stepOf(PASSWORD)).toBe('COMPLETE');
    app().clock.advance(900);
    expect(await codesOf(change())).toEqual([]);
  });

  test('that is right forgets the failures before', async () => {
    for (let time = 1; time <= 4; time += 1) await change({ currentPassword: 'wrong guess' });
    expect(await codesOf(change())).toEqual([]);
    expect(await failuresOf()).toEqual({ failures: 0 });
  });

  test('must be given by whoever has one, however fresh the session', async () => {
    for (const missing of [null, undefined]) {
      const { payload, audit } = await refused({ currentPassword: missing });
      expect(payload?.errors).toEqual([{ code: 'REQUIRED', field: ['currentPassword'] }]);
      expect(audit).toEqual([]);
    }
  });

  test('that does not exist is replaced by a session confirmed within ten minutes', async () => {
    await app().database.query('delete from credentials where user_id = $1', [id]);
    expect((await refused({})).payload?.errors.map(({ code }) => code)).toEqual(['CURRENT_PASSWORD_INCORRECT']);
    app().clock.advance(601);
    const stale = await refused({ currentPassword: null });
    expect(stale.code).toBe('STEP_UP_REQUIRED');
    await app().database.query('update sessions set authenticated_at = $2 where user_id = $1', [
      id,
      app().clock.now().toISOString(),
    ]);
    expect(await codesOf(change({ currentPassword: null }))).toEqual([]);
    expect(await stepOf(NEW_PASSWORD)).toBe('COMPLETE');
  });

  test('cannot be left out because it was there a moment ago', async () => {
    await app().database.query('delete from credentials where user_id = $1', [id]);
    const answers = await inParallel(20, (at) =>
      payloadOf(change({ currentPassword: null, newPassword: `violet harbour lantern ${at}` })),
    );
    expect(answers.filter((payload) => payload?.errors.length === 0)).toHaveLength(1);
    expect((await credentials()).map(({ type }) => type)).toEqual(['PASSWORD']);
  });
});

describe('the new password', () => {
  test.each([
    ['short', ['MIN_LENGTH'], ['WEAK_PASSWORD']],
    ['tinkerbell1953', ['BREACH_LIST'], ['BREACHED_PASSWORD']],
    ['TINKERBELL1953', ['BREACH_LIST'], ['BREACHED_PASSWORD']],
    ['my password.example kiln', ['PERSONAL_DATA'], ['WEAK_PASSWORD']],
    ['somebody1234', ['BREACH_LIST', 'PERSONAL_DATA'], ['BREACHED_PASSWORD', 'WEAK_PASSWORD']],
    ['y'.repeat(1025), ['MAX_BYTES'], ['WEAK_PASSWORD']],
    ['violet harbour\u0000lantern', [], ['INVALID_VALUE']],
  ])('%.24j is refused before a hash is computed or a try is counted', async (newPassword, violations, codes) => {
    const { payload, audit } = await refused({ newPassword, currentPassword: 'not even right' });
    expect(payload?.errors).toEqual(codes.map((code) => ({ code, field: ['newPassword'] })));
    expect(payload?.violations).toEqual(violations);
    expect(audit).toEqual([]);
    expect(await failuresOf()).toEqual({ failures: 0 });
  });

  test('of 200 kB is refused like any other that is too long, of a megabyte at the door; neither is hashed', async () => {
    const [long, huge] = [20_000, 100_000].map((times) => 'long kiln '.repeat(times));
    const { payload, audit } = await refused({ newPassword: long });
    expect(payload?.violations).toEqual(['MAX_BYTES']);
    expect(audit).toEqual([]);
    expect((await change({ newPassword: huge })).status).toBe(413);
    expect([await stepOf(PASSWORD), await stepOf(long ?? '')]).toEqual(['COMPLETE', 'FAILED']);
  });

  test('may not be the present one nor one of the five before, and may be the one before those', async () => {
    const next = (number: number): string => `violet harbour lantern ${number}`;
    let current = PASSWORD;
    for (let number = 1; number <= 6; number += 1) {
      expect(await codesOf(change({ currentPassword: current, newPassword: next(number) }))).toEqual([]);
      current = next(number);
    }
    expect((await credentials()).map(({ type }) => type)).toEqual([
      'PASSWORD',
      ...Array.from({ length: 5 }, () => 'PASSWORD_HISTORY'),
    ]);
    for (const number of [6, 5, 4, 3, 2, 1]) {
      const { payload } = await refused({ currentPassword: current, newPassword: next(number) });
      expect(payload?.errors).toEqual([{ code: 'REUSED_PASSWORD', field: ['newPassword'] }]);
      expect(payload?.violations).toEqual(['HISTORY']);
      expect(await failuresOf()).toEqual({ failures: 0 });
    }
    expect(await codesOf(change({ currentPassword: current, newPassword: PASSWORD }))).toEqual([]);
    expect(await credentials()).toHaveLength(6);
    expect(await stepOf(next(1))).toBe('FAILED');
  });

  test('one of fifty sent at once is set, once', async () => {
    const answers = await inParallel(50, (at) => change({ newPassword: `violet harbour lantern ${at}` }));
    const done = answers.flatMap(({ data }, at) => (data.changePassword?.errors.length === 0 ? [at] : []));
    expect(done).toHaveLength(1);
    expect((await credentials()).map(({ type }) => type)).toEqual(['PASSWORD', 'PASSWORD_HISTORY']);
    app().clock.advance(901);
    expect(await stepOf(`violet harbour lantern ${done[0]}`)).toBe('COMPLETE');
    const changed = await app().database.query(
      `select id from audit_events where action = 'password.changed' and result = 'SUCCESS' and target_id = $1`,
      [id],
    );
    expect(changed).toHaveLength(1);
  });
});

test('no password and no hash is in the log, whatever was answered', async () => {
  app().log.length = 0;
  await change({ currentPassword: 'a wrong kiln guess' });
  await change({ newPassword: 'tinkerbell1953' });
  await change();
  await change({ currentPassword: NEW_PASSWORD, newPassword: PASSWORD });
  await change({ newPassword: 'long kiln '.repeat(100_000) });
  const text = app().log.join('\n');
  expect(text).toContain('ChangePassword');
  expect(text).not.toMatch(/kiln|tinkerbell|correct horse|violet|argon2id/);
});

describe('who may change a password', () => {
  test('is nobody who is not signed in', async () => {
    const answer = await app()
      .anonymous()
      .send(ChangePasswordDocument, { input: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD } });
    expect(answer.code).toBe('UNAUTHENTICATED');
    expect(answer.data).toEqual({ changePassword: null });
  });

  test('is nobody whose session ended while the hash was computed', async () => {
    const [answer] = await Promise.all([
      change(),
      app().database.query(`update sessions set ended_at = now(), end_reason = 'REVOKED' where user_id = $1`, [id]),
    ]);
    expect(answer.code).toBe('UNAUTHENTICATED');
    expect([await stepOf(PASSWORD), await stepOf(NEW_PASSWORD)]).toEqual(['COMPLETE', 'FAILED']);
  });
});

test('passwordPolicy says what is checked', async () => {
  const { data } = await app().anonymous().send(PasswordPolicyDocument, {});
  expect(data.passwordPolicy).toEqual({
    minLength: 12,
    maxBytes: 1024,
    historySize: 5,
    breachListChecked: true,
    personalDataChecked: true,
  });
});
