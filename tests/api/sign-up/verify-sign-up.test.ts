import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  RequestSignInCodeDocument,
  SignInPendingDocument,
  VerifySignInCodeDocument,
  VerifySignUpDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { recording } from '../../support/records.ts';
import { askForCode, otherCode, signUpWith } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('proving the address of a sign-up', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'OPEN' } });
  const verify = (verificationToken: string, code: string) =>
    app().anonymous().send(VerifySignUpDocument, { input: { verificationToken, code } });
  const codesOf = async (verificationToken: string, code: string) =>
    (await verify(verificationToken, code)).data.verifySignUp?.errors.map(
      (one) => `${one.code} ${one.field?.join() ?? ''}`,
    );
  const begun = async () => {
    const email = `${unique('pending')}@example.com`;
    const token = await signUpWith(app(), { email });
    return { email, token, code: await codeTo(app(), email) };
  };

  test('a code works once, also among fifty at the same time', async () => {
    const { token, code, email } = await begun();
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(token, code)));
    const steps = answers.map(({ data }) => data.verifySignUp?.step);
    expect(steps.filter((step) => step === 'COMPLETE')).toHaveLength(1);
    expect(steps.filter((step) => step === 'FAILED')).toHaveLength(49);
    const [row] = await app().database.query<{ count: number }>(
      `select count(*)::int as count from sessions s join users u on u.id = s.user_id where u.email = $1`,
      [email],
    );
    expect(row?.count).toBe(1);
    expect(await codesOf(token, code)).toEqual(['VERIFICATION_NOT_PENDING verificationToken']);
  });

  test('of fifty guesses at the same time five are looked at, and the right code among the rest is too late', async () => {
    const { token, code } = await begun();
    const guesses = await Promise.all(Array.from({ length: 50 }, () => verify(token, otherCode(code))));
    const codes = guesses.map(({ data }) => data.verifySignUp?.errors[0]?.code);
    expect(codes.filter((one) => one === 'CODE_INVALID')).toHaveLength(5);
    expect(codes.filter((one) => one === 'CODE_ATTEMPTS_EXCEEDED')).toHaveLength(45);
    expect(await codesOf(token, code)).toEqual(['CODE_ATTEMPTS_EXCEEDED code']);
  });

  test('a code dies with its time, and what does not prove an address stands in the log', async () => {
    const { token, code } = await begun();
    app().clock.advance(301);
    const [codes, { audit }] = await recording(app(), () => codesOf(token, code));
    expect(codes).toEqual(['CODE_EXPIRED code']);
    const metadata = { reason: 'CODE_EXPIRED' };
    expect(audit).toMatchObject([{ action: 'sign-up.completed', result: 'FAILURE', target_type: 'User', metadata }]);
  });

  test('blanks in a code are what people type; anything else is no code', async () => {
    const { token, code } = await begun();
    for (const wrong of ['', ' ', '12345', '1234567', `${code}0`, '１２３４５６', 'x'.repeat(200_000)]) {
      const answer = await verify(token, wrong);
      expect(answer.data.verifySignUp?.errors[0]?.code ?? answer.code).toMatch(/^CODE_(INVALID|ATTEMPTS_EXCEEDED)$/);
    }
    const other = await begun();
    const typed = `${other.code.slice(0, 3)} ${other.code.slice(3)}`;
    expect((await verify(other.token, typed)).data.verifySignUp?.step).toBe('COMPLETE');
  });

  test('tokens that are cut, changed or made up are nothing', async () => {
    const { token, code } = await begun();
    const changed = `${token.slice(0, 30)}${token[30] === 'a' ? 'b' : 'a'}${token.slice(31)}`;
    for (const wrong of [
      '',
      token.slice(0, -1),
      token.slice(0, 20),
      changed,
      `${token} `,
      'ghv_',
      'x'.repeat(200_000),
    ]) {
      expect(await codesOf(wrong, code)).toEqual(['TOKEN_INVALID verificationToken']);
    }
    expect((await verify(token, code)).data.verifySignUp?.step).toBe('COMPLETE');
  });

  test('a code opens the sign-up that it belongs to and nothing else', async () => {
    const mine = await begun();
    const theirs = await begun();
    expect(await codesOf(mine.token, theirs.code)).toEqual(mine.code === theirs.code ? [] : ['CODE_INVALID code']);

    const email = `${unique('active')}@example.com`;
    await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    const signInToken = await askForCode(app(), email);
    const signInCode = await codeTo(app(), email);
    expect(await codesOf(signInToken, signInCode)).toEqual(['TOKEN_INVALID verificationToken']);
    const asSignIn = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, {
        input: { verificationToken: mine.token, code: mine.code },
      });
    expect(asSignIn.data.verifySignInCode?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    const asStepUp = await actor.send(ConfirmIdentityDocument, {
      input: { verificationToken: mine.token, code: mine.code },
    });
    expect(asStepUp.data.confirmIdentity?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    expect((await verify(mine.token, mine.code)).data.verifySignUp?.step).toBe('COMPLETE');
  });

  test('whoever proves the address gets it; other sign-ups that wait for it are gone', async () => {
    const email = `${unique('wanted')}@example.com`;
    const attacker = await signUpWith(app(), { email, password: 'chosen by a stranger' });
    app().clock.advance(61);
    const owner = await signUpWith(app(), { email });
    const code = await codeTo(app(), email);
    expect(await codesOf(attacker, code)).toEqual(['CODE_INVALID code']);
    expect((await verify(owner, code)).data.verifySignUp).toMatchObject({ step: 'COMPLETE', errors: [] });
    const left = await app().database.query(
      `select u.status from users u join identifiers i on i.user_id = u.id where i.value = $1`,
      [email],
    );
    expect(left).toEqual([{ status: 'ACTIVE' }]);
    expect(await codesOf(attacker, code)).toEqual(['TOKEN_INVALID verificationToken']);
    const stranger = await app()
      .anonymous()
      .send(SignInPendingDocument, { input: { identifier: email, password: 'chosen by a stranger' } });
    expect(stranger.data.signIn?.errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }]);
  });

  test('a pending sign-up never blocks the address: whoever completes first wins, at the same moment too', async () => {
    const email = `${unique('raced')}@example.com`;
    const people: { token: string; code: string }[] = [];
    for (let index = 0; index < 5; index += 1) {
      const token = await signUpWith(app(), { email, password: `${PASSWORD} ${index}` });
      people.push({ token, code: await codeTo(app(), email) });
      app().clock.advance(61);
    }
    // The oldest codes have expired by now: all get their time back.
    await app().database.query(
      `update verifications set expires_at = $2::timestamptz + interval '1 hour' where target = $1`,
      [email, app().clock.now().toISOString()],
    );
    const answers = await Promise.all(people.map(({ token, code }) => verify(token, code)));
    const results = answers.map(({ data }) => data.verifySignUp?.step);
    expect(results.filter((step) => step === 'COMPLETE')).toHaveLength(1);
    const codes = answers.flatMap(({ data }) => data.verifySignUp?.errors.map(({ code }) => code) ?? []);
    expect(codes).toHaveLength(4);
    for (const code of codes) expect(['VERIFICATION_NOT_PENDING', 'TOKEN_INVALID', 'EMAIL_IN_USE']).toContain(code);
    const rows = await app().database.query(`select exclusive from identifiers where value = $1`, [email]);
    expect(rows).toEqual([{ exclusive: true }]);
  });

  test('an administrator who gives the address to somebody meanwhile wins as well', async () => {
    const { email, token, code } = await begun();
    const ownerId = await makePerson(app(), { email });
    expect(await codesOf(token, code)).toEqual(['EMAIL_IN_USE verificationToken']);
    const rows = await app().database.query(`select user_id from identifiers where value = $1 and exclusive`, [email]);
    expect(rows).toEqual([{ user_id: ownerId }]);
  });

  test('the right password of an account that waits sends the code again; a wrong one is a wrong one', async () => {
    const { email, token, code } = await begun();
    const signInAs = async (password: string) =>
      (
        await app()
          .anonymous()
          .send(SignInPendingDocument, { input: { identifier: email, password, delivery: 'BODY' } })
      ).data.signIn;
    expect(await signInAs('something else')).toMatchObject({
      step: 'FAILED',
      errors: [{ code: 'INVALID_CREDENTIALS' }],
    });

    const within = await signInAs(PASSWORD);
    expect(within).toMatchObject({ step: 'VERIFICATION_REQUIRED', user: null, tokens: null, errors: [] });
    expect(await messagesTo(app(), email)).toHaveLength(1);
    expect(within?.verification?.token).not.toBe(token);
    expect(await codesOf(token, code)).toEqual(['TOKEN_INVALID verificationToken']);

    app().clock.advance(61);
    const later = await signInAs(PASSWORD);
    expect(await messagesTo(app(), email)).toHaveLength(2);
    const newest = await codeTo(app(), email);
    const done = await verify(later?.verification?.token ?? '', newest);
    expect(done.data.verifySignUp).toMatchObject({ step: 'COMPLETE', errors: [] });
    expect(done.data.verifySignUp?.tokens?.refreshToken).not.toBeNull();
  });

  test('an account that waits gets no code to sign in', async () => {
    const { email } = await begun();
    app().clock.advance(61);
    const answer = await app()
      .anonymous()
      .send(RequestSignInCodeDocument, { input: { identifier: email } });
    expect(answer.data.requestSignInCode?.verification).not.toBeNull();
    expect(await messagesTo(app(), email)).toHaveLength(1);
  });

  test('a sign-up that nobody completes is removed after its day', async () => {
    const { email } = await begun();
    app().clock.advance(86_400 - 60);
    await app().services.housekeeping.run();
    expect(await app().database.query('select from users where email = $1', [email])).toHaveLength(1);
    app().clock.advance(61);
    await app().services.housekeeping.run();
    expect(await app().database.query('select from users where email = $1', [email])).toHaveLength(0);
    expect(await app().database.query('select from identifiers where value = $1', [email])).toHaveLength(0);
    app().clock.advance(86_400);
    await app().services.housekeeping.run();
    expect(await app().database.query('select from verifications where target = $1', [email])).toHaveLength(0);
  });
});
