import { describe, expect, test } from 'vitest';
import {
  CompleteMfaDocument,
  DisableUsersDocument,
  RequestSignInCodeDocument,
  ResendCodeDocument,
  SignInDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { enrolled, nextCode } from '../../support/mfa.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { jwtParts, recording, statementsOf } from '../../support/records.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import type { Answer } from '../../support/test-client.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('signing in by code', () => {
  const app = useTestApp();
  const person = async (): Promise<string> => {
    const email = `${unique('coded')}@example.com`;
    await makePerson(app(), { email });
    return email;
  };
  const verify = (verificationToken: string, code: string) =>
    app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { verificationToken, code, delivery: 'BODY' } });
  const codesOf = async (token: string, code: string) =>
    (await verify(token, code)).data.verifySignInCode?.errors.map((one) =>
      `${one.code} ${one.field?.join() ?? ''}`.trim(),
    );

  test('a mailed code signs in, once, and the session says how', async () => {
    const email = await person();
    const token = await askForCode(app(), `  ${email.toUpperCase()} `);
    expect(await messagesTo(app(), email)).toMatchObject([{ template: 'code', variables: { purpose: 'SIGN_IN' } }]);
    const code = await codeTo(app(), email);
    const [answer, records] = await recording(app(), () => verify(token, code));
    expect(answer.data.verifySignInCode).toMatchObject({ step: 'COMPLETE', user: { email }, errors: [] });
    const { claims } = jwtParts(answer.data.verifySignInCode?.tokens?.accessToken ?? '');
    expect(claims).toMatchObject({ acr: 'aal1', amr: ['otp'] });
    expect(records.audit).toMatchObject([{ action: 'session.started', metadata: { method: 'CODE' } }]);
    expect(await codesOf(token, code)).toEqual(['VERIFICATION_NOT_PENDING verificationToken']);
  });

  test('of fifty parallel uses one signs in', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(token, code)));
    expect(answers.filter(({ data }) => data.verifySignInCode?.step === 'COMPLETE')).toHaveLength(1);
  });

  test('five wrong codes are the end of it, and a wrong one costs the lock of the account nothing', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    const answers = await Promise.all(Array.from({ length: 20 }, () => codesOf(token, otherCode(code))));
    expect(answers.filter((one) => one?.[0] === 'CODE_INVALID code')).toHaveLength(5);
    expect(await codesOf(token, code)).toEqual(['CODE_ATTEMPTS_EXCEEDED code']);
    const [row] = await app().database.query('select failed_sign_in_count from users where email = $1', [email]);
    expect(row).toEqual({ failed_sign_in_count: 0 });
  });

  test('a code dies with its time, and by no newer one, which anybody can ask for', async () => {
    const email = await person();
    const first = await askForCode(app(), email);
    const firstCode = await codeTo(app(), email);
    app().clock.advance(61);
    const second = await askForCode(app(), email);
    const secondCode = await codeTo(app(), email);
    const crossed = firstCode === secondCode ? otherCode(secondCode) : firstCode;
    expect(await codesOf(second, crossed)).toEqual(['CODE_INVALID code']);
    expect(await codesOf(first, firstCode)).toEqual([]);
    app().clock.advance(301);
    expect(await codesOf(second, secondCode)).toEqual(['CODE_EXPIRED code']);
  });

  test('resending replaces the code under the same token; within the cooldown it says how long to wait', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    const older = await codeTo(app(), email);
    const resend = async () =>
      (
        await app()
          .anonymous()
          .send(ResendCodeDocument, { input: { verificationToken: token } })
      ).data.resendCode;
    app().clock.advance(20);
    expect(await resend()).toMatchObject({ verification: { token }, retryAfterSeconds: 40, errors: [] });
    expect(await messagesTo(app(), email)).toHaveLength(1);
    app().clock.advance(41);
    const sent = await Promise.all(Array.from({ length: 20 }, resend));
    expect(sent.filter((one) => one?.retryAfterSeconds === null)).toHaveLength(1);
    expect(await messagesTo(app(), email)).toHaveLength(2);
    const newer = await codeTo(app(), email);
    const stale = older === newer ? otherCode(newer) : older;
    expect(await codesOf(token, stale)).toEqual(['CODE_INVALID code']);
    expect(await codesOf(token, newer)).toEqual([]);
    expect((await resend())?.errors).toMatchObject([{ code: 'VERIFICATION_NOT_PENDING' }]);
    const unknown = await app()
      .anonymous()
      .send(ResendCodeDocument, { input: { verificationToken: 'ghv_x' } });
    expect(unknown.data.resendCode?.errors).toMatchObject([{ code: 'TOKEN_INVALID', field: ['verificationToken'] }]);
  });

  test('an address gets one code at a time and few within an hour', async () => {
    const email = await person();
    const ask = async () =>
      (
        await app()
          .anonymous()
          .send(RequestSignInCodeDocument, { input: { identifier: email } })
      ).data.requestSignInCode;
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(answers.filter((one) => one?.verification != null)).toHaveLength(1);
    expect(answers.find((one) => one?.verification == null)).toMatchObject({ retryAfterSeconds: 60, errors: [] });
    for (let minute = 0; minute < 30; minute += 1) {
      app().clock.advance(61);
      await ask();
    }
    expect(await messagesTo(app(), email)).toHaveLength(10);
    app().clock.advance(3600);
    await ask();
    expect(await messagesTo(app(), email)).toHaveLength(11);
  });

  test('an unknown address, and one of an account that may not sign in, looks and costs like any other', async () => {
    const [active, disabled, invited] = [await person(), await person(), await person()];
    await app().database.query(`update users set status = 'DISABLED' where email = $1`, [disabled]);
    await app().database.query(`update users set status = 'INVITED' where email = $1`, [invited]);
    const shapes: unknown[] = [];
    for (const email of [active, 'nobody-at-all@example.com', disabled, invited]) {
      let token = '';
      const steps: unknown[] = [];
      const step = async (work: () => Promise<Answer<unknown>>): Promise<void> => {
        const count = await statementsOf(app(), async () => {
          const { data, status } = await work();
          steps.push(
            status,
            JSON.stringify(data)
              .replaceAll(/ghv_\w+/g, 'TOKEN')
              .replaceAll(/\w\*\*@/g, 'MASKED@'),
          );
        });
        steps.push(count);
      };
      const ask = () =>
        app()
          .anonymous()
          .send(RequestSignInCodeDocument, { input: { identifier: email } });
      await step(async () => {
        const answer = await ask();
        token = answer.data.requestSignInCode?.verification?.token ?? '';
        return answer;
      });
      await step(ask);
      await step(() =>
        app()
          .anonymous()
          .send(ResendCodeDocument, { input: { verificationToken: token } }),
      );
      for (let guess = 0; guess < 6; guess += 1) await step(() => verify(token, '99999x'));
      await step(() =>
        app()
          .anonymous()
          .send(RequestSignInCodeDocument, { input: { identifier: email, form: 'LINK' } }),
      );
      app().clock.advance(61);
      await step(() =>
        app()
          .anonymous()
          .send(RequestSignInCodeDocument, { input: { identifier: email, form: 'LINK' } }),
      );
      shapes.push(JSON.stringify(steps).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'AT'));
    }
    expect(new Set(shapes).size).toBe(1);
    for (const email of [disabled, invited]) expect(await messagesTo(app(), email)).toEqual([]);
  });

  test('asking costs three statements, the check of a code four beside the sign-in', async () => {
    // Hours went by in the tests before: keys and groups are read anew once.
    const warm = await person();
    await verify(await askForCode(app(), warm), await codeTo(app(), warm));
    const email = await person();
    let token = '';
    const asking = await statementsOf(app(), async () => {
      token = await askForCode(app(), email);
    });
    const code = await codeTo(app(), email);
    // The account; lock, code with its message.
    expect(asking).toBe(3);
    // The token; lock, try; the address; the sign-in, two.
    expect(await statementsOf(app(), () => verify(token, code))).toBe(6);
  });

  test('an automatic lock holds for codes', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    for (let guess = 0; guess < 5; guess += 1) {
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: email, password: 'wrong' } });
    }
    expect(await codesOf(token, await codeTo(app(), email))).toEqual(['INVALID_CREDENTIALS']);
  });

  test('an account that is disabled between code and sign-in stays closed', async () => {
    const { admin } = await app().cast();
    const email = `${unique('closed')}@example.com`;
    const id = await makePerson(app(), { email });
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    await admin.send(DisableUsersDocument, { input: { ids: [id], reason: 'A test.' } });
    expect((await verify(token, code)).data.verifySignInCode).toMatchObject({ step: 'FAILED', tokens: null });
  });

  test('an address that the account gave up proves nothing of it', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    await app().database.query(`update identifiers set value = 'moved-' || value where value = $1`, [email]);
    expect(await codesOf(token, code)).toEqual(['INVALID_CREDENTIALS']);
  });

  test('a second factor is still asked for', async () => {
    const { email, secret } = await enrolled(app());
    const token = await askForCode(app(), email);
    const first = await verify(token, await codeTo(app(), email));
    expect(first.data.verifySignInCode).toMatchObject({ step: 'MFA_REQUIRED', tokens: null });
    const challengeToken = first.data.verifySignInCode?.challenge?.token ?? '';
    const done = await app()
      .anonymous()
      .send(CompleteMfaDocument, { input: { challengeToken, code: nextCode(app(), secret) } });
    expect(done.data.completeMfa?.step).toBe('COMPLETE');
  });

  test('forms that no client of ours sends are refused', async () => {
    const ask = async (input: Record<string, unknown>) => {
      const answer = await app().anonymous().send(RequestSignInCodeDocument, { input });
      return answer.data.requestSignInCode?.errors.map((one) => `${one.code} ${one.field?.join() ?? ''}`);
    };
    expect(await ask({})).toEqual(['REQUIRED identifier']);
    expect(await ask({ identifier: 'a.user.name' })).toEqual(['INVALID_VALUE identifier']);
    expect(await ask({ identifier: 'x'.repeat(200_000) })).toEqual(['INVALID_VALUE identifier']);
    expect(await ask({ identifier: '+39 348 123 4567', form: 'LINK' })).toEqual(['INVALID_VALUE form']);
    const sign = async (input: Record<string, unknown>) => {
      const answer = await app().anonymous().send(VerifySignInCodeDocument, { input });
      return answer.data.verifySignInCode?.errors.map((one) => one.code);
    };
    expect(await sign({})).toEqual(['EXACTLY_ONE_REQUIRED']);
    expect(await sign({ code: '123456' })).toEqual(['EXACTLY_ONE_REQUIRED']);
    expect(await sign({ verificationToken: 'ghv_x' })).toEqual(['EXACTLY_ONE_REQUIRED']);
    expect(await sign({ verificationToken: 'ghv_x', code: '123456', linkToken: 'ghm_x' })).toEqual([
      'EXACTLY_ONE_REQUIRED',
    ]);
  });

  test('leaves no code and no token in the log', async () => {
    const email = await person();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    await verify(token, otherCode(code));
    await verify(token, code);
    const log = app().log.join('\n');
    for (const secret of [token, `"${code}"`]) expect(log).not.toContain(secret);
  });
});

describe('ways to sign in that are switched off', () => {
  const app = useTestApp({ settings: { 'signIn.methods': 'LINK' } });

  test('are refused as such, whoever asks', async () => {
    const email = 'ada@example.com';
    await makePerson(app(), { email });
    const signIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: 'wrong' } });
    expect(signIn.data.signIn?.errors).toMatchObject([{ code: 'DISABLED_BY_SETTING' }]);
    const ask = await app()
      .anonymous()
      .send(RequestSignInCodeDocument, { input: { identifier: email } });
    expect(ask.data.requestSignInCode?.errors).toMatchObject([{ code: 'DISABLED_BY_SETTING', field: ['form'] }]);
    const verify = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { verificationToken: 'ghv_x', code: '123456' } });
    expect(verify.data.verifySignInCode?.errors).toMatchObject([{ code: 'DISABLED_BY_SETTING', field: ['code'] }]);
    expect(await askForCode(app(), email, 'LINK')).toMatch(/^ghv_/);
  });
});
