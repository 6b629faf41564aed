import { describe, expect, test, vi } from 'vitest';
import {
  CreateUserDocument,
  DisableUsersDocument,
  InvitationOfUserDocument,
  LockUsersDocument,
  RequestPasswordResetDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  TokenStatusDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makePerson } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const ACCEPTED = { requestPasswordReset: { accepted: true, errors: [] } };
const NEW_PASSWORD = 'seven green umbrellas';

/** Only the answer; what follows from the request is not done yet. */
const answerOf = (app: TestApp, email: string) =>
  app.anonymous().send(RequestPasswordResetDocument, { input: { email } });

const askOf = async (app: TestApp, email: string) => {
  const answer = await answerOf(app, email);
  await app.services.resetRequests.run();
  return answer;
};

const stateOf = async (app: TestApp, token: string) =>
  (await app.anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;

const codesOf = async (app: TestApp, token: string) =>
  (
    await app.anonymous().send(SetPasswordWithTokenDocument, { input: { token, newPassword: NEW_PASSWORD } })
  ).data.setPasswordWithToken?.errors.map(({ code }) => code);

describe('requestPasswordReset', () => {
  const app = useTestApp();
  const ask = (email: string) => askOf(app(), email);
  const somebody = async () => {
    const email = `${unique('forgetful')}@example.com`;
    return { email, id: await makePerson(app(), { email, displayName: 'Ada' }) };
  };

  test('sends a link of one hour to the address as it is stored, and writes one line', async () => {
    const { email, id } = await somebody();
    const { answer, audit, events } = await recording(app(), () => ask(` ${email.toUpperCase()} `));
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual(ACCEPTED);
    const token = await linkTokenOf(app(), email, 'reset');
    expect(token).toMatch(/^ght_/);
    const expiresAt = new Date(app().clock.now().getTime() + 3_600_000).toISOString();
    expect(await messagesTo(app(), email)).toMatchObject([
      {
        template: 'reset',
        userId: id,
        variables: { userName: 'Ada', link: `http://localhost:4000/account/reset#token=${token}`, expiresAt },
      },
    ]);
    expect(audit).toMatchObject([
      { action: 'password-reset.requested', result: 'SUCCESS', actor: { id: null }, target: { type: 'User', id } },
    ]);
    expect(JSON.stringify([answer, audit, events, app().log])).not.toContain(token);
    expect(events).toEqual([]);
  });

  test('answers the same for an unknown, disabled, locked and pending account, and sends them nothing', async () => {
    const { admin } = await app().cast();
    const [disabled, locked, pending] = [await somebody(), await somebody(), await somebody()];
    await admin.send(DisableUsersDocument, { input: { ids: [disabled.id], reason: 'left' } });
    await admin.send(LockUsersDocument, { input: { ids: [locked.id], reason: 'odd' } });
    await app().database.query(`update users set status = 'PENDING' where id = $1`, [pending.id]);
    await app().database.query('update identifiers set exclusive = false where user_id = $1', [pending.id]);
    for (const email of ['nobody@example.com', disabled.email, locked.email, pending.email]) {
      const { answer, changed } = await changing(app(), () => ask(email));
      expect(answer.data).toEqual(ACCEPTED);
      expect(changed).toEqual(['audit_events']);
      expect(await messagesTo(app(), email)).toEqual([]);
    }
  });

  test('sends a link to an account that guesses have locked, and setting the password opens it', async () => {
    const { email } = await somebody();
    const signIn = (password: string) =>
      app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: email, password, delivery: 'BODY' } });
    for (let tries = 0; tries < 5; tries += 1) await signIn('wrong password');
    await ask(email);
    const token = await linkTokenOf(app(), email, 'reset');
    expect(await codesOf(app(), token)).toEqual([]);
    expect((await signIn(NEW_PASSWORD)).data.signIn?.step).toBe('COMPLETE');
  });

  test('within a minute drops a second request, so that the first link lives', async () => {
    const { email } = await somebody();
    await ask(email);
    const token = await linkTokenOf(app(), email, 'reset');
    app().clock.advance(59);
    const { answer, audit } = await recording(app(), () => ask(email));
    expect(answer.data).toEqual(ACCEPTED);
    expect(audit).toMatchObject([{ result: 'FAILURE', metadata: { reason: 'NOT_SENT' } }]);
    expect(await messagesTo(app(), email)).toHaveLength(1);
    expect(await stateOf(app(), token)).toBe('VALID');
  });

  test('sends one mail when fifty ask at once, and four workers on two replicas do what they asked', async () => {
    const { email } = await somebody();
    const replica = await startTestApp({ beside: app() });
    const answers = await inParallel(50, (index) => answerOf(index % 2 === 0 ? app() : replica, email));
    const done = await inParallel(4, (index) => (index % 2 === 0 ? app() : replica).services.resetRequests.run());
    expect(done.reduce((sum, count) => sum + count, 0)).toBe(50);
    await replica.close();
    for (const { data } of answers) expect(data).toEqual(ACCEPTED);
    expect(await messagesTo(app(), email)).toHaveLength(1);
  });

  test('keeps earlier links alive until a password is set; then all of them die', async () => {
    const { email } = await somebody();
    await ask(email);
    const first = await linkTokenOf(app(), email, 'reset');
    app().clock.advance(60);
    await ask(email);
    const second = await linkTokenOf(app(), email, 'reset');
    expect(await Promise.all([first, second].map((token) => stateOf(app(), token)))).toEqual(['VALID', 'VALID']);
    expect(await codesOf(app(), first)).toEqual([]);
    expect(await Promise.all([first, second].map((token) => stateOf(app(), token)))).toEqual(['USED', 'USED']);
    expect(await codesOf(app(), second)).toEqual(['TOKEN_USED']);
  });

  test('sends somebody invited the set-up link again, a new one, which activates the account', async () => {
    const { admin } = await app().cast();
    const email = `${unique('invited')}@example.com`;
    const input = { email, displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] };
    const id = (await admin.send(CreateUserDocument, { input })).data.createUser?.user?.id ?? '';
    const first = await linkTokenOf(app(), email, 'invite');
    await ask(email);
    expect(await linkTokenOf(app(), email, 'invite')).toBe(first);
    app().clock.advance(60);
    const { answer, audit } = await recording(app(), () => ask(email));
    expect(answer.data).toEqual(ACCEPTED);
    expect(audit).toMatchObject([{ action: 'invitation.resent', target: { id } }]);
    const second = await linkTokenOf(app(), email, 'invite');
    expect(await Promise.all([first, second].map((token) => stateOf(app(), token)))).toEqual(['USED', 'VALID']);
    expect(await codesOf(app(), second)).toEqual([]);
    const { data } = await admin.send(InvitationOfUserDocument, { id });
    expect(data.user?.invitation).toMatchObject({ state: 'ACCEPTED', invitedBy: null });
  });

  test.each(['', 'ada', 'ada@', '\0@example.com', `${'a'.repeat(90_000)}@example.com`])(
    'refuses "%.20s", which is no address',
    async (email) => {
      const { answer, changed } = await changing(app(), () => ask(email));
      expect(answer.data).toMatchObject({
        requestPasswordReset: { accepted: false, errors: [{ code: 'INVALID_EMAIL', field: ['email'] }] },
      });
      expect(changed).toEqual([]);
    },
  );

  test('answers after one statement, the same one whoever has the address, and does the rest afterwards', async () => {
    const { email } = await somebody();
    for (const address of [email, email, 'nobody@example.com']) {
      const { answer, changed } = await changing(app(), () => answerOf(app(), address));
      expect(answer.data).toEqual(ACCEPTED);
      expect(changed).toEqual(['reset_requests']);
    }
    const known = await statementsOf(app(), () => answerOf(app(), email));
    const unknown = await statementsOf(app(), () => answerOf(app(), 'nobody@example.com'));
    expect([known.statements, unknown.statements]).toEqual([1, 1]);
    expect(await app().services.resetRequests.run()).toBe(5);
    expect(await app().database.query('select id from reset_requests')).toEqual([]);
    expect(await messagesTo(app(), email)).toHaveLength(1);
  });

  test('loses no request with the process that took it, and gives up what always fails', async () => {
    const { email } = await somebody();
    await answerOf(app(), email);
    const { recorder, resetRequests } = app().services;
    const failing = vi.spyOn(recorder, 'record').mockRejectedValue(new Error('the database is away'));
    expect(await resetRequests.run()).toBe(1);
    expect(await resetRequests.run()).toBe(0);
    expect(await app().database.query('select attempts from reset_requests')).toEqual([{ attempts: 1 }]);
    failing.mockRestore();
    app().clock.advance(60);
    expect(await resetRequests.run()).toBe(1);
    expect(await messagesTo(app(), email)).toHaveLength(1);
    await answerOf(app(), email);
    const always = vi.spyOn(recorder, 'record').mockRejectedValue(new Error('the database is away'));
    for (let tries = 0; tries < 10; tries += 1) {
      expect(await resetRequests.run()).toBe(1);
      app().clock.advance(60);
    }
    always.mockRestore();
    expect(await resetRequests.run()).toBe(0);
    expect(await app().database.query('select id from reset_requests')).toEqual([]);
  });

  test('is looked after by itself once the server runs, and to its end when it stops', async () => {
    const { email } = await somebody();
    const { resetRequests } = app().services;
    resetRequests.start();
    await answerOf(app(), email);
    const sent = () => app().database.query('select from messages where recipient = $1', [email]);
    await vi.waitFor(async () => expect(await sent()).toHaveLength(1), { timeout: 10_000 });
    await resetRequests.stop();
    await answerOf(app(), email);
    expect(await app().database.query('select id from reset_requests')).toHaveLength(1);
    expect(await resetRequests.run()).toBe(1);
  });
});

describe('requestPasswordReset where no mail is configured', () => {
  const app = useTestApp({ settings: { 'mail.transport': 'none' } });

  test('leaves the set-up link alone that was handed over: a new one would reach nobody', async () => {
    const { admin } = await app().cast();
    const input = { email: 'handed@example.com', displayName: 'Handed', groupIds: [MEMBERS_GROUP_ID] };
    const { data } = await admin.send(CreateUserDocument, { input });
    const token = data.createUser?.setupLink?.split('#token=')[1] ?? '';
    app().clock.advance(3600);
    expect((await askOf(app(), input.email)).data).toEqual(ACCEPTED);
    expect(await stateOf(app(), token)).toBe('VALID');
  });
});

describe('requestPasswordReset where nobody signs in by password', () => {
  const app = useTestApp();

  test('mails nothing, and a link from before lets nobody in: the settings name no way in by the mailbox', async () => {
    const email = `${unique('passwordless')}@example.com`;
    await makePerson(app(), { email });
    await askOf(app(), email);
    const token = await linkTokenOf(app(), email, 'reset');
    const other = await startTestApp({ beside: app(), settings: { 'signIn.methods': '' } });
    const refused = { errors: [{ code: 'DISABLED_BY_SETTING' }] };
    for (const asked of [email, 'nobody-at-all@example.com']) {
      const { data } = await askOf(other, asked);
      expect(data.requestPasswordReset).toMatchObject({ accepted: false, ...refused });
    }
    const input = { token, newPassword: NEW_PASSWORD, delivery: 'BODY' } as const;
    const { answer, changed } = await changing(app(), () =>
      other.anonymous().send(SetPasswordWithTokenDocument, { input }),
    );
    expect([answer.data.setPasswordWithToken, changed]).toMatchObject([{ step: 'FAILED', ...refused }, []]);
    await other.close();
  });
});
