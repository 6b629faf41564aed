import { describe, expect, test } from 'vitest';
import {
  CompleteMfaDocument,
  CreateUserDocument,
  RequestPasswordResetDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  UpdateUserDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { sql } from '../../../src/database/sql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { waitForLock } from '../../support/locks.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { enrol, enrolled, nextCode } from '../../support/mfa.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const NEW_PASSWORD = 'violet harbour lantern seven';

describe('setPasswordWithToken with a reset link', () => {
  const app = useTestApp();
  const set = (token: string, more: Record<string, unknown> = {}) =>
    app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: NEW_PASSWORD, ...more } });
  const codesOf = async (answer: ReturnType<typeof set>) =>
    (await answer).data.setPasswordWithToken?.errors.map(({ code }) => code);
  const stepOf = async (identifier: string, password: string) =>
    (
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } })
    ).data.signIn?.step;
  const linkFor = async (email: string): Promise<string> => {
    await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
    return linkTokenOf(app(), email, 'reset');
  };
  const somebody = async () => {
    const email = `${unique('forgetful')}@token.example`;
    return { email, id: await makePerson(app(), { email }) };
  };
  /** Refused, and nothing is other than it was. */
  const refused = async (token: string, more: Record<string, unknown> = {}) => {
    const before = await signInState(app());
    const [answer, records] = await recording(app(), () => set(token, more));
    expect(answer.errors).toEqual([]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'FAILED', user: null, tokens: null });
    expect(records).toEqual({ audit: [], events: [] });
    expect(await signInState(app())).toEqual(before);
    return answer.data.setPasswordWithToken?.errors.map(({ code }) => code);
  };

  test('sets the password, ends every session, tells the owner, and starts no session unless asked', async () => {
    const { email, id } = await somebody();
    const earlier: readonly Actor[] = [await signIn(app(), email), await signIn(app(), email)];
    const token = await linkFor(email);
    const [answer, { audit, events }] = await recording(app(), () => set(token));
    expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'COMPLETE', user: null, tokens: null, errors: [] });
    expect(answer.headers.getSetCookie()).toEqual([]);
    for (const actor of earlier) expect((await actor.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    expect([await stepOf(email, PASSWORD), await stepOf(email, NEW_PASSWORD)]).toEqual(['FAILED', 'COMPLETE']);
    expect(audit.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ['password.changed', id],
      ['session.ended', id],
      ['session.ended', id],
    ]);
    expect(audit[0]?.metadata).toEqual({ by: 'RESET' });
    expect(events.map(({ type }) => type)).toEqual(['PasswordChanged', 'SessionRevoked', 'SessionRevoked']);
    const notice = (await messagesTo(app(), email)).find(({ template }) => template === 'password-changed');
    expect(notice?.variables).toMatchObject({ ipAddress: '127.0.0.1', at: app().clock.now().toISOString() });
    expect(JSON.stringify(notice)).not.toContain(token);
  });

  test('signs in by cookie when asked', async () => {
    const { email } = await somebody();
    const answer = await set(await linkFor(email), { delivery: 'COOKIE' });
    const { data } = await app()
      .anonymous({ cookie: cookieOf(answer).pair })
      .send(ViewerDocument, {});
    expect(data.viewer).toMatchObject({ user: { email }, session: { signInMethod: 'INVITATION' } });
  });

  test('keeps the second factor and asks for it: a mailbox alone opens no account with MFA', async () => {
    const { email, secret, recoveryCodes } = await enrolled(app());
    const answer = await set(await linkFor(email), { delivery: 'BODY' });
    const payload = answer.data.setPasswordWithToken;
    expect(payload).toMatchObject({ step: 'MFA_REQUIRED', user: null, tokens: null, errors: [] });
    expect(payload?.challenge?.methods).toEqual(['TOTP', 'RECOVERY_CODE']);
    const challengeToken = payload?.challenge?.token ?? '';
    const done = await app()
      .anonymous()
      .send(CompleteMfaDocument, { input: { challengeToken, code: nextCode(app(), secret) } });
    expect(done.data.completeMfa).toMatchObject({ step: 'COMPLETE', user: { email } });
    expect(await stepOf(email, NEW_PASSWORD)).toBe('MFA_REQUIRED');
    const again = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: NEW_PASSWORD, mfaCode: recoveryCodes[0] ?? '' } });
    expect(again.data.signIn?.step).toBe('COMPLETE');
  });

  test('works once: of fifty uses at once exactly one succeeds', async () => {
    const { email, id } = await somebody();
    const token = await linkFor(email);
    const answers = await inParallel(50, (at) =>
      codesOf(set(token, { delivery: 'BODY', newPassword: `violet harbour lantern ${at}` })),
    );
    expect(answers.filter((codes) => codes?.length === 0)).toHaveLength(1);
    expect(answers.flat()).toEqual(Array.from({ length: 49 }, () => 'TOKEN_USED'));
    const open = await app().database.query('select id from sessions where user_id = $1 and ended_at is null', [id]);
    expect(open).toHaveLength(1);
    expect(await refused(token)).toEqual(['TOKEN_USED']);
  });

  test('of two links used at once one succeeds: the account gets one password', async () => {
    const { email } = await somebody();
    const first = await linkFor(email);
    app().clock.advance(60);
    const second = await linkFor(email);
    const answers = await inParallel(20, (at) =>
      codesOf(set(at % 2 === 0 ? first : second, { newPassword: `violet harbour lantern ${at}` })),
    );
    expect(answers.filter((codes) => codes?.length === 0)).toHaveLength(1);
    expect(answers.flat()).toEqual(Array.from({ length: 19 }, () => 'TOKEN_USED'));
  });

  test('lasts an hour', async () => {
    const [{ email: one }, { email: two }] = [await somebody(), await somebody()];
    const tokens = [await linkFor(one), await linkFor(two)];
    app().clock.advance(3599);
    expect(await codesOf(set(tokens[0] ?? ''))).toEqual([]);
    app().clock.advance(1);
    expect(await refused(tokens[1] ?? '')).toEqual(['TOKEN_EXPIRED']);
  });

  test('names its one account and purpose: shortened, altered, mixed or renamed it is worth nothing', async () => {
    const [{ email: one }, { email: two }] = [await somebody(), await somebody()];
    const [first, second] = [await linkFor(one), await linkFor(two)];
    const secretOf = (token: string): string => token.slice(token.lastIndexOf('_') + 1);
    const selectorOf = (token: string): string => token.slice(0, token.lastIndexOf('_') + 1);
    for (const text of [
      first.slice(0, -1),
      first.slice(0, 20),
      `${first}A`,
      first.toLowerCase(),
      selectorOf(first) + secretOf(second),
      first.replace('ght_', 'ghi_'),
      first.replace('ght_', 'ghc_'),
      first.replace('ght_', 'ghs_'),
    ]) {
      expect([text, await refused(text)]).toEqual([text, ['TOKEN_INVALID']]);
    }
    expect(await codesOf(set(first))).toEqual([]);
    expect([await stepOf(one, NEW_PASSWORD), await stepOf(two, NEW_PASSWORD)]).toEqual(['COMPLETE', 'FAILED']);
  });

  test('is no answer to a challenge, and the token of a challenge, sign-in or address is no reset', async () => {
    const { email, secret } = await enrolled(app());
    const token = await linkFor(email);
    const asChallenge = await app()
      .anonymous()
      .send(CompleteMfaDocument, { input: { challengeToken: token, code: nextCode(app(), secret) } });
    expect(asChallenge.data.completeMfa?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    expect(await refused(begun.data.signIn?.challenge?.token ?? '')).toEqual(['TOKEN_INVALID']);
    const id = (await app().database.query<{ id: string }>('select id from users where email = $1', [email]))[0]?.id;
    // The same row under another purpose: the prefix of the token and the kind of the row must both fit.
    await app().database.query(
      `update one_time_tokens set kind = 'EMAIL_CHANGE' where user_id = $1 and kind = 'RESET'`,
      [id],
    );
    expect(await refused(token)).toEqual(['TOKEN_INVALID']);
  });

  test('dies with the address it was sent to, and proves no other one', async () => {
    const { admin } = await app().cast();
    const { email, id } = await somebody();
    const token = await linkFor(email);
    await admin.send(UpdateUserDocument, { input: { id, email: `new.${email}` } });
    expect(await refused(token)).toEqual(['TOKEN_USED']);
    // Even if the change of the address had left the token open.
    await app().database.query('update one_time_tokens set used_at = null where user_id = $1', [id]);
    expect(await refused(token)).toEqual(['TOKEN_INVALID']);
  });

  test('is refused when the account was disabled while the request waited, and sets nothing', async () => {
    const { email, id } = await somebody();
    const token = await linkFor(email);
    const waiting = await app().database.transaction(async (em) => {
      await sql(em, `update users set status = 'DISABLED' where id = $1`, [id]);
      const late = set(token, { delivery: 'BODY' });
      await waitForLock(app().database);
      return { late };
    });
    const answer = await waiting.late;
    expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'FAILED', errors: [{ code: 'TOKEN_INVALID' }] });
    await app().database.query(`update users set status = 'ACTIVE' where id = $1`, [id]);
    expect(await stepOf(email, PASSWORD)).toBe('COMPLETE');
  });
});

describe('the first proof of an address by a reset', () => {
  const app = useTestApp();
  const reset = async (email: string) => {
    await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
    const token = await linkTokenOf(app(), email, 'reset');
    return app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: NEW_PASSWORD, delivery: 'BODY' } });
  };

  test('drops what whoever made the account had set: sessions, second factor, devices, earlier passwords', async () => {
    const { admin } = await app().cast();
    const email = 'owner@token.example';
    const password = 'the words of a stranger';
    // Somebody makes an account for an address that is not theirs, signs in with it and switches on a second factor.
    const input = { email, displayName: 'V', groupIds: [MEMBERS_GROUP_ID], password, passwordChangeRequired: false };
    const id = (await admin.send(CreateUserDocument, { input })).data.createUser?.user?.id ?? '';
    const stranger = await signIn(app(), email, password);
    await enrol(app(), stranger, password);
    const [answer, { audit }] = await recording(app(), () => reset(email));
    expect(answer.data.setPasswordWithToken).toMatchObject({ step: 'COMPLETE', user: { id }, errors: [] });
    expect((await stranger.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    const kinds = await app().database.query<{ type: string }>('select type from credentials where user_id = $1', [id]);
    expect(kinds.map(({ type }) => type)).toEqual(['PASSWORD']);
    const [row] = await app().database.query(
      `select u.mfa_enabled_at, u.email_verified_at is not null as proved, i.verified_at is not null as marked,
         (select count(*)::int from sessions s where s.user_id = u.id and s.ended_at is null) as sessions
       from users u join identifiers i on i.user_id = u.id where u.id = $1`,
      [id],
    );
    expect(row).toEqual({ mfa_enabled_at: null, proved: true, marked: true, sessions: 1 });
    expect(audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['address.proved', 'mfa.reset', 'password.changed', 'session.ended', 'session.started']),
    );
  });

  test('happens once: what the owner sets afterwards stays at the next reset', async () => {
    const email = 'owner@token.example';
    const owner = await signIn(app(), email, NEW_PASSWORD);
    await enrol(app(), owner, NEW_PASSWORD);
    app().clock.advance(60);
    await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
    const token = await linkTokenOf(app(), email, 'reset');
    const input = { token, newPassword: 'amber compass thicket nine', delivery: 'BODY' as const };
    const { data } = await app().anonymous().send(SetPasswordWithTokenDocument, { input });
    expect(data.setPasswordWithToken?.step).toBe('MFA_REQUIRED');
  });
});

describe('the link of an invitation', () => {
  test.each([
    ['that was mailed proves the address', {}, true],
    ['that was handed over proves none', { 'mail.transport': 'none' }, false],
  ])('%s', async (_what, settings: Record<string, string>, proved) => {
    const app = await startTestApp({ settings });
    const { admin } = await app.cast();
    const email = 'invited@token.example';
    const input = { email, displayName: 'I', groupIds: [MEMBERS_GROUP_ID] };
    const created = (await admin.send(CreateUserDocument, { input })).data.createUser;
    const link = created?.setupLink?.split('#token=')[1] ?? (await linkTokenOf(app, email, 'invite'));
    const { data } = await app
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token: link, newPassword: NEW_PASSWORD } });
    expect(data.setPasswordWithToken?.errors).toEqual([]);
    const [row] = await app.database.query(
      `select u.status, u.email_verified_at is not null as shown, i.verified_at is not null as marked
       from users u join identifiers i on i.user_id = u.id where u.id = $1`,
      [created?.user?.id],
    );
    expect(row).toEqual({ status: 'ACTIVE', shown: proved, marked: proved });
    const late = await admin.send(ResendInviteDocument, { input: { userId: created?.user?.id ?? '' } });
    expect(late.data.resendInvite?.errors).toMatchObject([{ code: 'INVITATION_NOT_PENDING' }]);
    await app.close();
  });
});
