import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  SignInDocument,
  SignUpDocument,
  VerifySignInCodeDocument,
  VerifySignUpDocument,
} from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, PASSWORD } from '../../support/cast.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { makeApplication, registered, resource } from '../../support/resources.ts';
import { isAlive } from '../../support/sessions.ts';
import { askForCode } from '../../support/sign-up.ts';
import { type TestApp, useTestApp } from '../../support/test-app.ts';

const codesOf = async (app: TestApp, input: Parameters<typeof signUp>[1]) =>
  (await signUp(app, input)).data.signUp?.errors.map(({ code, field }) => `${code} ${field?.join() ?? ''}`.trim());

const signUp = (
  app: TestApp,
  input: {
    email?: string;
    phone?: string;
    username?: string;
    displayName?: string;
    invitationToken?: string;
    password?: string;
  },
) => app.anonymous().send(SignUpDocument, { input: { password: PASSWORD, delivery: 'BODY', ...input } });

describe('sign-up CLOSED, as outside development', () => {
  const app = useTestApp();

  test('nobody can sign up, and nothing is looked at', async () => {
    expect(await codesOf(app(), { email: 'ada@example.com' })).toEqual(['SIGN_UP_CLOSED']);
    expect(await codesOf(app(), { username: 'ada', invitationToken: 'ghi_x' })).toEqual(['SIGN_UP_CLOSED']);
    expect(await app().database.query('select from users')).toEqual([]);
  });
});

describe('sign-up INVITE_ONLY', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'INVITE_ONLY' } });
  const invited = async (email: string): Promise<{ id: string; token: string }> => {
    const { admin } = await app().cast();
    const answer = await admin.send(CreateUserDocument, {
      input: { email, displayName: 'As typed by the administrator', groupIds: [MEMBERS_GROUP_ID] },
    });
    const id = answer.data.createUser?.user?.id ?? '';
    const [message] = await messagesTo(app(), email);
    const link = message?.variables['link'] ?? '';
    return { id, token: /ghi_\w+/.exec(link)?.[0] ?? '' };
  };

  test('the invited account is completed, not duplicated', async () => {
    const { id, token } = await invited('guest@example.com');
    const answer = await signUp(app(), { email: 'Guest@Example.com', displayName: 'Guest', invitationToken: token });
    expect(answer.data.signUp).toMatchObject({
      step: 'COMPLETE',
      user: { id, status: 'ACTIVE', displayName: 'Guest' },
      verification: null,
      errors: [],
    });
    expect(await app().database.query(`select user_id from identifiers where value = 'guest@example.com'`)).toEqual([
      { user_id: id },
    ]);
    const signedIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'guest@example.com', password: PASSWORD } });
    expect(signedIn.data.signIn).toMatchObject({ step: 'COMPLETE', user: { displayName: 'Guest' } });
    expect(await codesOf(app(), { email: 'guest@example.com', invitationToken: token })).toEqual([
      'TOKEN_USED invitationToken',
    ]);
  });

  test('without an invitation, with a made-up one, or with that of somebody else there is no account', async () => {
    const { token } = await invited('invited@example.com');
    const count = () => app().database.query('select from users');
    const before = await count();
    expect(await codesOf(app(), { email: 'other@example.com' })).toEqual(['INVITATION_REQUIRED invitationToken']);
    expect(await codesOf(app(), { username: 'other' })).toEqual(['INVITATION_REQUIRED invitationToken']);
    for (const wrong of ['', 'ghi_', token.slice(0, -1), 'x'.repeat(100_000)]) {
      expect(await codesOf(app(), { email: 'invited@example.com', invitationToken: wrong })).toEqual([
        'TOKEN_INVALID invitationToken',
      ]);
    }
    expect(await codesOf(app(), { email: 'other@example.com', invitationToken: token })).toEqual([
      'TOKEN_INVALID invitationToken',
    ]);
    expect(await codesOf(app(), { email: 'invited@example.com', invitationToken: token, password: 'short' })).toEqual([
      'WEAK_PASSWORD password',
    ]);
    expect(await count()).toEqual(before);
    const answer = await signUp(app(), { email: 'invited@example.com', invitationToken: token });
    expect(answer.data.signUp?.step).toBe('COMPLETE');
  });

  test('of parallel sign-ups with one invitation one wins', async () => {
    const { token } = await invited('parallel@example.com');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => signUp(app(), { email: 'parallel@example.com', invitationToken: token })),
    );
    expect(answers.filter(({ data }) => data.signUp?.step === 'COMPLETE')).toHaveLength(1);
  });
});

describe('verification OPTIONAL', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'OPEN', 'signUp.verification': 'OPTIONAL' } });

  test('signs in at once and sends a code that proves the address when it comes back', async () => {
    const email = 'optional@example.com';
    const answer = await signUp(app(), { email });
    expect(answer.data.signUp).toMatchObject({ step: 'COMPLETE', user: { email, status: 'ACTIVE' }, errors: [] });
    const verificationToken = answer.data.signUp?.verification?.token ?? '';
    const state = async () =>
      app().database.query(
        `select i.exclusive, i.verified_at is not null as proved, u.email_verified_at is not null as shown
         from identifiers i join users u on u.id = i.user_id where i.value = $1`,
        [email],
      );
    expect(await state()).toEqual([{ exclusive: true, proved: false, shown: false }]);
    const done = await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken, code: await codeTo(app(), email) } });
    expect(done.data.verifySignUp?.step).toBe('COMPLETE');
    expect(await state()).toEqual([{ exclusive: true, proved: true, shown: true }]);
    // Whoever holds the token chose the password: nothing is dropped.
    const bearer = { authorization: `Bearer ${answer.data.signUp?.tokens?.accessToken ?? ''}` };
    expect(await isAlive(app().anonymous(bearer))).toBe(true);
    expect(await codesOf(app(), { email })).toEqual(['EMAIL_IN_USE email']);
  });

  test('the owner who comes later by code finds nothing of the stranger', async () => {
    const email = 'hijacked@example.com';
    const stranger = await signUp(app(), { email, password: 'chosen by a stranger' });
    const strangersToken = stranger.data.signUp?.verification?.token ?? '';
    const strangersCode = await codeTo(app(), email);
    const bearer = { authorization: `Bearer ${stranger.data.signUp?.tokens?.accessToken ?? ''}` };
    const token = await askForCode(app(), email);
    const done = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, {
        input: { verificationToken: token, code: await codeTo(app(), email), delivery: 'BODY' },
      });
    expect(done.data.verifySignInCode).toMatchObject({ step: 'COMPLETE', user: { email } });
    expect(await isAlive(app().anonymous(bearer))).toBe(false);
    const again = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: 'chosen by a stranger' } });
    expect(again.data.signIn?.errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }]);
    const late = await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken: strangersToken, code: strangersCode } });
    expect(late.data.verifySignUp?.errors).toMatchObject([{ code: 'VERIFICATION_NOT_PENDING' }]);
  });
});

describe('verification NONE', () => {
  const app = useTestApp({
    settings: { 'signUp.mode': 'OPEN', 'signUp.verification': 'NONE', 'signUp.identifiers': 'EMAIL' },
  });

  test('signs in at once, sends nothing, and of parallel sign-ups with one address one wins', async () => {
    const email = 'none@example.com';
    const answers = await Promise.all(Array.from({ length: 20 }, () => signUp(app(), { email })));
    const complete = answers.filter(({ data }) => data.signUp?.step === 'COMPLETE');
    expect(complete).toHaveLength(1);
    expect(complete[0]?.data.signUp?.verification).toBeNull();
    expect(answers.flatMap(({ data }) => data.signUp?.errors.map(({ code }) => code) ?? [])).toEqual(
      Array.from({ length: 19 }, () => 'EMAIL_IN_USE'),
    );
    expect(await messagesTo(app(), email)).toEqual([]);
  });

  test('kinds of identifiers that are not on the list are refused', async () => {
    expect(await codesOf(app(), { username: 'somebody' })).toEqual(['DISABLED_BY_SETTING username']);
    expect(await codesOf(app(), { phone: '+39 348 123 4567' })).toEqual(['DISABLED_BY_SETTING phone']);
  });
});

describe('groups of people who sign up', () => {
  const app = useTestApp({
    settings: { 'signUp.mode': 'OPEN', 'signUp.groups': `readers,burners,nowhere,${ADMINISTRATORS_GROUP_ID}` },
  });

  test('are those of the settings; never one that gives everything', async () => {
    await makePerson(app(), { email: 'first@example.com' });
    expect(await groupsAfter('early')).toEqual(['Members']);
    await makeGroup(app(), 'Readers', ['view:users']);
    expect(await groupsAfter('later')).toEqual(['Readers']);
    expect(app().log.filter((line) => line.includes('signUp.groups'))).toHaveLength(1);
  });

  test('never one with a protected permission of an application', async () => {
    const { key } = await makeApplication(app(), 'depot');
    await registered(key, resource('crates', { protectedActions: ['burn'] }), 'depot');
    await makeGroup(app(), 'Burners', ['burn:depot.crates']);
    expect(await groupsAfter('burner')).not.toContain('Burners');
  });

  const groupsAfter = async (username: string): Promise<string[]> => {
    const { data } = await signUp(app(), { username });
    const rows = await app().database.query<{ name: string }>(
      `select g.name from memberships m join groups g on g.id = m.group_id where m.user_id = $1`,
      [data.signUp?.user?.id],
    );
    return rows.map(({ name }) => name);
  };
});
