import { beforeEach, describe, expect, test } from 'vitest';
import { tree } from '../../../src/permissions/tree.ts';
import { judge } from '../../../src/permissions/judge.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel, statementsOf } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { overtaking } from '../../support/locks.ts';
import { messagesTo } from '../../support/messages.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import { impersonated, key, NOW, person } from '../../unit/permissions/callers.fixture.ts';
import { SignInDocument } from '../../../generated/client/graphql.ts';
import { makeMover, type Mover, requestBy, stepOf, templatesTo } from './email-change-person.ts';

const app = useTestApp();
let mover: Mover;

beforeEach(async () => {
  mover = await makeMover(app());
});

const request = (newEmail = mover.newEmail, more: Record<string, unknown> = {}) =>
  requestBy(mover.actor, newEmail, more);
const codesOf = async (answer: ReturnType<typeof request>) =>
  (await answer).data.requestEmailChange?.errors.map(({ code }) => code);

const tokensOf = () =>
  app().database.query<{ context: object; open: boolean }>(
    `select context, used_at is null as open from one_time_tokens where user_id = $1 and kind = 'EMAIL_CHANGE' order by id`,
    [mover.id],
  );

/** What a refusal leaves: one line in the log at most, everything else as it was. */
const refused = async (newEmail: string, more: Record<string, unknown> = {}) => {
  const before = await signInState(app());
  const [answer, records] = await recording(app(), () => request(newEmail, more));
  expect(await signInState(app())).toEqual(before);
  expect(records.events).toEqual([]);
  expect(await templatesTo(app(), newEmail)).toEqual([]);
  return { payload: answer.data?.requestEmailChange, code: answer.code, audit: records.audit, answer };
};

describe('requestEmailChange', () => {
  test('mails a link to the new address, tells the log, and changes nothing of the account', async () => {
    const { id, email, newEmail } = mover;
    const [answer, { audit, events }] = await recording(app(), () => request());
    const expiresAt = new Date(app().clock.now().getTime() + 3_600_000).toISOString();
    expect(answer.data.requestEmailChange).toEqual({ pendingEmail: newEmail, expiresAt, errors: [] });
    expect(audit).toMatchObject([
      { action: 'email-change.requested', result: 'SUCCESS', actor_id: id, target_id: id, metadata: {} },
    ]);
    expect(events).toEqual([]);
    const [message, ...others] = await messagesTo(app(), newEmail);
    expect(others).toEqual([]);
    expect(message).toMatchObject({ template: 'email-change', userId: id, channel: 'EMAIL', locale: 'en' });
    expect(message?.variables).toEqual({
      userName: 'Ada',
      expiresAt,
      link: expect.stringMatching(/^http:\/\/localhost:4000\/account\/email-change#token=ghe_[\w]{62}$/),
    });
    expect(await templatesTo(app(), email)).not.toContain('email-change');
    const [user] = await app().database.query('select email, version from users where id = $1', [id]);
    expect(user).toEqual({ email, version: 1 });
    expect([await stepOf(app(), email), await stepOf(app(), newEmail)]).toEqual(['COMPLETE', 'FAILED']);
  });

  test('links lead to the base URL, whatever host the request names', async () => {
    const forged = mover.actor.with({ host: 'evil.example', 'x-forwarded-host': 'evil.example' });
    await requestBy(forged, mover.newEmail);
    const [message] = await messagesTo(app(), mover.newEmail);
    expect(message?.variables['link']).toMatch(/^http:\/\/localhost:4000\//);
  });

  test('answers the same, at the same number of statements, for an address that somebody has; nothing is sent there', async () => {
    const taken = `${unique('taken')}@old.example`;
    await makePerson(app(), { email: taken });
    const other = await makeMover(app());
    const inUse = await statementsOf(app(), () => request(taken.toUpperCase()));
    const free = await statementsOf(app(), () => requestBy(other.actor, other.newEmail));
    expect(inUse.statements).toBe(free.statements);
    expect(inUse.statements).toBeLessThanOrEqual(13);
    expect(inUse.answer.data.requestEmailChange).toEqual({
      ...free.answer.data.requestEmailChange,
      pendingEmail: taken.toUpperCase(),
    });
    expect(await templatesTo(app(), taken)).toEqual([]);
    expect(await templatesTo(app(), taken.toUpperCase())).toEqual([]);
    const [token] = await tokensOf();
    const sessionId = expect.any(String) as string;
    expect(token).toEqual({ context: { shown: taken.toUpperCase(), value: taken, sessionId }, open: true });
  });

  test('keeps the newest link only, and sends one a minute, to whatever address', async () => {
    await request();
    const second = `${unique('second')}@new.example`;
    app().clock.advance(59);
    const { code, answer } = await refused(second);
    expect(code).toBe('RATE_LIMITED');
    expect(answer.errors[0]?.extensions['retryAfterSeconds']).toBe(1);
    app().clock.advance(1);
    expect(await codesOf(request(second))).toEqual([]);
    expect((await tokensOf()).map(({ open }) => open)).toEqual([false, true]);
  });

  test('sends one link for fifty requests at once', async () => {
    const outcomes = await inParallel(50, async (index) => {
      const { code, data } = await requestBy(mover.actor, `${index}.${mover.newEmail}`);
      return code === 'OK' ? (data.requestEmailChange?.errors[0]?.code ?? 'SENT') : code;
    });
    expect(outcomes.filter((one) => one === 'SENT')).toHaveLength(1);
    // Tries at once count before any of them is known to be right; the lock that follows looks like a wrong password.
    const others = outcomes.filter((one) => !['SENT', 'RATE_LIMITED', 'CURRENT_PASSWORD_INCORRECT'].includes(one));
    expect(others).toEqual([]);
    expect(await tokensOf()).toHaveLength(1);
  });

  test('answers a repetition with the same key as the first time, and sends once', async () => {
    const idempotencyKey = unique('key');
    const first = await request(mover.newEmail, { idempotencyKey });
    app().clock.advance(30);
    const again = await request(mover.newEmail, { idempotencyKey });
    expect(again.data).toEqual(first.data);
    expect(await templatesTo(app(), mover.newEmail)).toEqual(['email-change']);
    expect((await request(`x.${mover.newEmail}`, { idempotencyKey })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await codesOf(request(mover.newEmail, { idempotencyKey, currentPassword: 'wrong' }))).toEqual([
      'CURRENT_PASSWORD_INCORRECT',
    ]);
    const [kept] = await app().database.query<{ answer: object }>(
      `select answer from idempotency_keys where key = $1`,
      [idempotencyKey],
    );
    expect(JSON.stringify(kept)).not.toMatch(/ghe_|correct horse/);
  });

  test.each([
    ['', 'INVALID_EMAIL'],
    ['nobody', 'INVALID_EMAIL'],
    ['a@b@c', 'INVALID_EMAIL'],
    [`${'x'.repeat(250)}@example.com`, 'INVALID_EMAIL'],
    ['x\u0000y@example.com', 'INVALID_EMAIL'],
    ['x@example.com\r\nbcc: all@example.com', 'INVALID_EMAIL'],
  ])('refuses %.40j before the password is looked at', async (newEmail, code) => {
    const before = await signInState(app());
    const [answer, { audit }] = await recording(app(), () => request(newEmail, { currentPassword: 'wrong' }));
    expect(answer.data.requestEmailChange).toEqual({
      pendingEmail: null,
      expiresAt: null,
      errors: [{ code, field: ['newEmail'] }],
    });
    expect(audit).toEqual([]);
    expect(await signInState(app())).toEqual(before);
  });

  test('refuses the address that the account has, however it is written', async () => {
    const { payload } = await refused(` ${mover.email.toUpperCase()} `);
    expect(payload?.errors).toEqual([{ code: 'INVALID_VALUE', field: ['newEmail'] }]);
  });
});

describe('the present password', () => {
  test('that is wrong five times is not looked at any more, which locks nobody out, and is in the log', async () => {
    for (let time = 1; time <= 5; time += 1) {
      const { payload, audit } = await refused(mover.newEmail, { currentPassword: `wrong ${time}` });
      expect(payload?.errors).toEqual([{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['currentPassword'] }]);
      expect(audit).toMatchObject([{ action: 'email-change.requested', result: 'FAILURE', target_id: mover.id }]);
    }
    expect((await refused(mover.newEmail)).payload?.errors.map(({ code }) => code)).toEqual([
      'CURRENT_PASSWORD_INCORRECT',
    ]);
    expect(await stepOf(app(), mover.email)).toBe('COMPLETE');
  });

  test('that is right forgets the failures before, also when the minute is not over', async () => {
    await request();
    for (let time = 1; time <= 4; time += 1) await request(mover.newEmail, { currentPassword: 'wrong' });
    expect((await request()).code).toBe('RATE_LIMITED');
    const [row] = await app().database.query(
      'select failed_sign_in_count as failures from devices where user_id = $1',
      [mover.id],
    );
    expect(row).toEqual({ failures: 0 });
  });

  test('must be given by whoever has one', async () => {
    const { payload, audit } = await refused(mover.newEmail, { currentPassword: null });
    expect(payload?.errors).toEqual([{ code: 'REQUIRED', field: ['currentPassword'] }]);
    expect(audit).toEqual([]);
  });

  test('that does not exist is replaced by a session confirmed within ten minutes', async () => {
    await app().database.query('delete from credentials where user_id = $1', [mover.id]);
    app().clock.advance(601);
    expect((await refused(mover.newEmail, { currentPassword: null })).code).toBe('STEP_UP_REQUIRED');
    await app().database.query('update sessions set authenticated_at = $2 where user_id = $1', [
      mover.id,
      app().clock.now().toISOString(),
    ]);
    expect(await codesOf(request(mover.newEmail, { currentPassword: null }))).toEqual([]);
  });
});

describe('who may ask', () => {
  test('is nobody who is not signed in, whose session ended, or who acts as somebody else', async () => {
    expect((await requestBy(app().anonymous(), mover.newEmail)).code).toBe('UNAUTHENTICATED');
    const rule = tree.Mutation.requestEmailChange;
    const codeFor = (principal: ReturnType<typeof person> | ReturnType<typeof key>) => {
      const verdict = judge(rule, { principal, args: {}, parent: null, now: NOW });
      return verdict.allowed ? null : verdict.code;
    };
    expect([
      codeFor(person()),
      codeFor(impersonated('ACT', 'admin:*')),
      codeFor(impersonated('READ_ONLY')),
      codeFor(key()),
    ]).toEqual([null, 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    const late = await overtaking(app().database, mover.id, request, () =>
      app().database.query(`update sessions set ended_at = now(), end_reason = 'REVOKED' where user_id = $1`, [
        mover.id,
      ]),
    );
    expect(late.code).toBe('UNAUTHENTICATED');
    expect(await tokensOf()).toEqual([]);
  });

  test('is no page of others: a cookie alone does not do', async () => {
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: mover.email, password: PASSWORD } });
    const cookie = cookieOf(begun).pair;
    expect((await requestBy(app().anonymous({ cookie }), mover.newEmail)).code).toBe('FORBIDDEN');
    expect(await tokensOf()).toEqual([]);
    const token = begun.data.signIn?.tokens?.csrfToken ?? '';
    const own = await requestBy(app().anonymous({ cookie, 'x-csrf-token': token }), mover.newEmail);
    expect(own.data.requestEmailChange?.errors).toEqual([]);
  });

  test('tries one password a request', async () => {
    const two = `mutation { a: requestEmailChange(input: { newEmail: "a@b.example", currentPassword: "x" }) { errors { code } }
      b: requestEmailChange(input: { newEmail: "a@b.example", currentPassword: "y" }) { errors { code } } }`;
    expect((await mover.actor.run(two)).code).toBe('QUERY_TOO_COMPLEX');
  });

  test('cannot name anybody else, nor a state of the address', async () => {
    for (const more of ['userId', 'emailVerifiedAt', 'verified', 'token', 'expiresAt']) {
      const { code } = await mover.actor.run(
        'mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { errors { code } } }',
        { input: { newEmail: mover.newEmail, currentPassword: PASSWORD, [more]: mover.id } },
      );
      expect([more, code]).toEqual([more, 'BAD_USER_INPUT']);
    }
  });
});

test('neither password nor token nor address is in the log', async () => {
  app().log.length = 0;
  const { newEmail } = mover;
  await request(newEmail, { currentPassword: 'a wrong kiln guess' });
  await request();
  const token = (await messagesTo(app(), newEmail))[0]?.variables['link']?.split('#token=')[1] ?? '';
  const text = app().log.join('\n');
  expect(text).toContain('RequestEmailChange');
  expect(token).toMatch(/^ghe_/);
  for (const secret of ['kiln', 'correct horse', token, token.slice(17), newEmail]) expect(text).not.toContain(secret);
  expect(await signIn(app(), mover.email)).toBeDefined();
});
