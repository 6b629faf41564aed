import { describe, expect, test } from 'vitest';
import {
  SignInDocument,
  SignUpDocument,
  SignUpOptionsDocument,
  VerifySignUpDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { jwtParts, recording, statementsOf } from '../../support/records.ts';
import { signUpWith } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('signing up', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'OPEN' } });

  test('by mail: the account waits, the code opens it, and both proofs stand in the session', async () => {
    const email = 'ada@example.com';
    const [answer, started] = await recording(app(), () =>
      app()
        .anonymous()
        .send(SignUpDocument, {
          input: { email: ' Ada@Example.com ', password: PASSWORD, displayName: 'Ada', locale: 'it', delivery: 'BODY' },
        }),
    );
    const now = app().clock.now().getTime();
    expect(answer.data.signUp).toEqual({
      step: 'VERIFICATION_REQUIRED',
      user: null,
      tokens: null,
      challenge: null,
      verification: {
        token: expect.stringMatching(/^ghv_/) as string,
        channel: 'EMAIL',
        maskedTarget: 'a**@example.com',
        expiresAt: new Date(now + 300_000).toISOString(),
        resendAt: new Date(now + 60_000).toISOString(),
      },
      violations: [],
      errors: [],
    });
    expect(started.audit).toMatchObject([{ action: 'sign-up.started', result: 'SUCCESS' }]);
    expect(started.events).toEqual([]);
    expect(
      await app().database.query(`select status, email, email_verified_at from users where display_name = 'Ada'`),
    ).toEqual([{ status: 'PENDING', email: 'Ada@Example.com', email_verified_at: null }]);
    expect(await messagesTo(app(), email)).toMatchObject([
      { template: 'code', channel: 'EMAIL', locale: 'it', variables: { purpose: 'SIGN_UP', userName: 'Ada' } },
    ]);

    const verificationToken = answer.data.signUp?.verification?.token ?? '';
    const code = await codeTo(app(), email);
    const [done, completed] = await recording(app(), () =>
      app().anonymous().send(VerifySignUpDocument, { input: { verificationToken, code } }),
    );
    expect(done.data.verifySignUp).toMatchObject({
      step: 'COMPLETE',
      user: { email: 'Ada@Example.com', status: 'ACTIVE', displayName: 'Ada', locale: 'it' },
      errors: [],
    });
    const { accessToken } = done.data.verifySignUp?.tokens ?? {};
    expect(jwtParts(accessToken ?? '').claims).toMatchObject({ acr: 'aal1', amr: ['pwd', 'otp'], groups: ['Members'] });
    expect(completed.audit.map(({ action }) => action)).toEqual(['session.started', 'sign-up.completed']);
    expect(completed.events.map(({ type }) => type)).toEqual(['SessionStarted', 'UserRegistered']);
    const [identifier] = await app().database.query<{ exclusive: boolean; verified: boolean }>(
      `select exclusive, verified_at is not null as verified from identifiers where value = $1`,
      [email],
    );
    expect(identifier).toEqual({ exclusive: true, verified: true });
    const [session] = await app().database.query<{
      sign_in_method: string;
      factors: { method: string; credentialId: string | null }[];
    }>(`select sign_in_method, factors from sessions s join users u on u.id = s.user_id where u.display_name = 'Ada'`);
    expect(session?.sign_in_method).toBe('SIGN_UP');
    expect(session?.factors.map(({ method }) => method)).toEqual(['PASSWORD', 'CODE']);
    expect(session?.factors[0]?.credentialId).not.toBeNull();
    const again = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    expect(again.data.signIn?.step).toBe('COMPLETE');
  });

  test('the delivery that was chosen first holds: a cookie', async () => {
    const email = `${unique('cookie')}@example.com`;
    const answer = await app()
      .anonymous()
      .send(SignUpDocument, { input: { email, password: PASSWORD } });
    const verificationToken = answer.data.signUp?.verification?.token ?? '';
    const done = await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken, code: await codeTo(app(), email) } });
    expect(done.data.verifySignUp).toMatchObject({
      step: 'COMPLETE',
      tokens: { accessToken: null, refreshToken: null },
    });
    expect(done.headers.getSetCookie().join('\n')).toMatch(/gatehouse=ghx_/);
  });

  test('by phone: the code comes as a text message', async () => {
    const token = await signUpWith(app(), { phone: '+39 348 123 4567' });
    const [message] = await messagesTo(app(), '+393481234567');
    expect(message).toMatchObject({ template: 'code', channel: 'SMS' });
    const code = await codeTo(app(), '+393481234567');
    const done = await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken: token, code } });
    expect(done.data.verifySignUp).toMatchObject({ step: 'COMPLETE', user: { phone: '+393481234567' } });
    const signedIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: '+393481234567', password: PASSWORD } });
    expect(signedIn.data.signIn?.step).toBe('COMPLETE');
  });

  test('by user name: active at once, with tokens; names in use and names that look alike are said', async () => {
    const signUp = (username: string) =>
      app()
        .anonymous()
        .send(SignUpDocument, { input: { username, password: PASSWORD, delivery: 'BODY' } });
    const answer = await signUp('Grace.Hopper');
    expect(answer.data.signUp).toMatchObject({
      step: 'COMPLETE',
      user: { username: 'Grace.Hopper' },
      verification: null,
    });
    const bearer = { authorization: `Bearer ${answer.data.signUp?.tokens?.accessToken ?? ''}` };
    const { data } = await app().anonymous(bearer).send(ViewerDocument, {});
    expect(data.viewer?.user.username).toBe('Grace.Hopper');

    const refused = async (username: string) => (await signUp(username)).data.signUp?.errors.map(({ code }) => code);
    expect(await refused('grace.hopper')).toEqual(['USERNAME_IN_USE']);
    expect(await refused('grace.h0pper')).toEqual(['USERNAME_CONFUSABLE']);
    expect(await refused('ɡrace.hopper')).toEqual(['USERNAME_CONFUSABLE']); // U+0261, a Latin letter too
    expect(await refused('grаce.hopper')).toEqual(['INVALID_USERNAME']); // a Cyrillic letter among Latin ones
    expect(await refused('ab')).toEqual(['INVALID_USERNAME']);
    expect(await refused('grace.hopper2')).toEqual([]);
  });

  test('of parallel sign-ups with one user name, or with names that look alike, one wins', async () => {
    const names = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'linus' : 'l1nus'));
    const answers = await Promise.all(
      names.map((username) =>
        app()
          .anonymous()
          .send(SignUpDocument, { input: { username, password: PASSWORD } }),
      ),
    );
    const steps = answers.map(({ data }) => data.signUp?.step);
    expect(steps.filter((step) => step === 'COMPLETE')).toHaveLength(1);
    expect(steps.filter((step) => step === 'FAILED')).toHaveLength(19);
  });

  test('addresses of one domain in two writings are one', async () => {
    const verificationToken = await signUpWith(app(), { email: 'idn@münchen.example' });
    const code = await codeTo(app(), 'idn@xn--mnchen-3ya.example');
    await app().anonymous().send(VerifySignUpDocument, { input: { verificationToken, code } });
    const answer = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'IDN@XN--mnchen-3ya.example', password: PASSWORD } });
    expect(answer.data.signIn?.step).toBe('COMPLETE');
    const encoded = await app()
      .anonymous()
      .send(SignUpDocument, { input: { email: 'idn@exa%6dple.com', password: PASSWORD } });
    expect(encoded.data.signUp?.errors).toMatchObject([{ code: 'INVALID_EMAIL', field: ['email'] }]);
  });

  test('says what is wrong with the form, and nothing happens', async () => {
    const refused = async (input: Parameters<typeof signUpWith>[1] & { locale?: string }) => {
      const answer = await app()
        .anonymous()
        .send(SignUpDocument, { input: { password: PASSWORD, ...input } });
      return answer.data.signUp?.errors.map(({ code, field }) => `${code} ${field?.join('.') ?? ''}`);
    };
    const [, records] = await recording(app(), async () => {
      expect(await refused({})).toEqual(['EXACTLY_ONE_REQUIRED email']);
      expect(await refused({ email: 'a@example.com', username: 'somebody' })).toEqual(['EXACTLY_ONE_REQUIRED email']);
      expect(await refused({ email: 'nobody' })).toEqual(['INVALID_EMAIL email']);
      expect(await refused({ phone: '0123' })).toEqual(['INVALID_PHONE phone']);
      expect(await refused({ email: 'a@example.com', password: 'short' })).toEqual(['WEAK_PASSWORD password']);
      expect(await refused({ email: 'a@example.com', displayName: 'x'.repeat(101) })).toEqual(['TOO_LONG displayName']);
      expect(await refused({ email: 'a@example.com', locale: 'xx' })).toEqual(['INVALID_LOCALE locale']);
      for (const field of ['email', 'phone', 'username', 'displayName'] as const) {
        const texts = field === 'displayName' ? { email: 'a@example.com' } : {};
        expect(await refused({ ...texts, [field]: 'x'.repeat(200_000) })).toHaveLength(1);
      }
    });
    expect(records).toEqual({ audit: [], events: [] });
  });

  test('takes neither status, groups, verification nor security settings from the client', async () => {
    for (const field of ['status', 'groupIds', 'emailVerifiedAt', 'mfaEnabled', 'passwordChangeRequired']) {
      const answer = await app()
        .anonymous()
        .run(`mutation ($input: SignUpInput!) { signUp(input: $input) { step } }`, {
          input: { email: 'mallory@example.com', password: PASSWORD, [field]: true },
        });
      expect(answer.code).toBe('BAD_USER_INPUT');
    }
  });

  test('writes no secret into the log', async () => {
    const email = `${unique('quiet')}@example.com`;
    const token = await signUpWith(app(), { email });
    const code = await codeTo(app(), email);
    await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken: token, code } });
    const log = app().log.join('\n');
    for (const secret of [token, PASSWORD, `"${code}"`]) expect(log).not.toContain(secret);
  });

  test('costs the statements that it has to', async () => {
    const email = `${unique('counted')}@example.com`;
    let token = '';
    const signingUp = await statementsOf(app(), async () => {
      token = await signUpWith(app(), { email });
    });
    const code = await codeTo(app(), email);
    const verifying = await statementsOf(app(), () =>
      app()
        .anonymous()
        .send(VerifySignUpDocument, { input: { verificationToken: token, code } }),
    );
    // Facts; lock, account, line in the log, code with its message.
    expect(signingUp).toBe(5);
    // The token; lock, try; lock, account, rivals, line in the log; the sign-in, two.
    expect(verifying).toBe(9);
  });

  test('the options of the page say so', async () => {
    const { data } = await app().anonymous().send(SignUpOptionsDocument, {});
    expect(data.signInOptions).toMatchObject({
      methods: ['PASSWORD', 'CODE', 'LINK', 'PASSKEY'],
      signUpMode: 'OPEN',
      verificationMode: 'REQUIRED',
      identifierKinds: ['EMAIL', 'PHONE', 'USERNAME'],
      trustedDevices: false,
    });
  });
});
