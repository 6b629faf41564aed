import { describe, expect, test } from 'vitest';
import {
  ResendCodeDocument,
  SignInDocument,
  TokenStatusDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { jwtParts, recording, statementsOf } from '../../support/records.ts';
import { askForCode } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('signing in by mailed link', () => {
  const app = useTestApp();
  const begun = async () => {
    const email = `${unique('linked')}@example.com`;
    await makePerson(app(), { email });
    const verificationToken = await askForCode(app(), email, 'LINK');
    return { email, verificationToken, linkToken: await linkTokenOf(app(), email, 'sign-in-link') };
  };
  const follow = (linkToken: string) =>
    app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { linkToken, delivery: 'BODY' } });
  const codesOf = async (linkToken: string) =>
    (await follow(linkToken)).data.verifySignInCode?.errors.map((one) => `${one.code} ${one.field?.join() ?? ''}`);

  test('the link signs in, once among fifty, and carries its token where no server sees it', async () => {
    const { email, linkToken } = await begun();
    const [message] = await messagesTo(app(), email);
    expect(message?.variables['link']).toBe(`http://localhost:4000/account/sign-in#token=${linkToken}`);
    const answers = await Promise.all(Array.from({ length: 50 }, () => follow(linkToken)));
    const complete = answers.filter(({ data }) => data.verifySignInCode?.step === 'COMPLETE');
    expect(complete).toHaveLength(1);
    const { claims } = jwtParts(complete[0]?.data.verifySignInCode?.tokens?.accessToken ?? '');
    expect(claims).toMatchObject({ acr: 'aal1', amr: ['otp'] });
    const [again, { audit }] = await recording(app(), () => codesOf(linkToken));
    expect(again).toEqual(['TOKEN_USED linkToken']);
    const metadata = { method: 'LINK', reason: 'TOKEN_USED' };
    expect(audit).toMatchObject([{ action: 'session.started', result: 'FAILURE', target_type: 'User', metadata }]);
    expect(app().log.join('\n')).not.toContain(linkToken);
  });

  test('dies after fifteen minutes, and by no newer one, which anybody can ask for', async () => {
    const { email, linkToken } = await begun();
    app().clock.advance(61);
    await askForCode(app(), email, 'LINK');
    const newer = await linkTokenOf(app(), email, 'sign-in-link');
    app().clock.advance(841);
    expect(await codesOf(linkToken)).toEqual(['TOKEN_EXPIRED linkToken']);
    app().clock.advance(60);
    expect(await codesOf(newer)).toEqual(['TOKEN_EXPIRED linkToken']);
  });

  test('dies when another one was followed', async () => {
    const { email, linkToken } = await begun();
    app().clock.advance(61);
    await askForCode(app(), email, 'LINK');
    expect(await codesOf(linkToken)).toEqual([]);
    expect(await codesOf(await linkTokenOf(app(), email, 'sign-in-link'))).toEqual(['TOKEN_USED linkToken']);
  });

  test('what belongs to the link is no code: no six digits fit it, and sending again sends a link', async () => {
    const { email, verificationToken, linkToken } = await begun();
    app().clock.advance(61);
    const again = await app().anonymous().send(ResendCodeDocument, { input: { verificationToken } });
    expect(again.data.resendCode).toMatchObject({ retryAfterSeconds: null, errors: [] });
    expect((await messagesTo(app(), email)).map(({ template }) => template)).toEqual(['sign-in-link', 'sign-in-link']);
    expect(await linkTokenOf(app(), email, 'sign-in-link')).not.toBe(linkToken);
    const guess = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { verificationToken, code: '123456' } });
    expect(guess.data.verifySignInCode?.errors).toMatchObject([{ code: 'CODE_INVALID' }]);
    expect(await codesOf(await linkTokenOf(app(), email, 'sign-in-link'))).toEqual([]);
  });

  test('an automatic lock, which anybody can cause, does not stop it; that of an administrator does', async () => {
    const { email, linkToken } = await begun();
    for (let guess = 0; guess < 5; guess += 1) {
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: email, password: 'wrong' } });
    }
    expect((await follow(linkToken)).data.verifySignInCode?.step).toBe('COMPLETE');
    const locked = await begun();
    await app().database.query(
      `update users set locked_until = $2::timestamptz + interval '1 day', status_reason = 'A test.' where email = $1`,
      [locked.email, app().clock.now().toISOString()],
    );
    expect((await follow(locked.linkToken)).data.verifySignInCode).toMatchObject({ step: 'FAILED', tokens: null });
  });

  test('tokens that are cut, made up, or for something else are nothing', async () => {
    const { linkToken, verificationToken } = await begun();
    for (const wrong of ['', linkToken.slice(0, -1), `${linkToken}x`, verificationToken, 'x'.repeat(200_000)]) {
      expect(await codesOf(wrong)).toEqual(['TOKEN_INVALID linkToken']);
    }
    const status = await app().anonymous().send(TokenStatusDocument, { token: linkToken });
    expect(status.data.tokenStatus).toMatchObject({ state: 'USED', kind: null });
    expect(await codesOf(linkToken)).toEqual([]);
  });

  test('costs four statements beside the sign-in', async () => {
    const { linkToken } = await begun();
    expect(await statementsOf(app(), () => follow(linkToken))).toBe(6);
  });
});
