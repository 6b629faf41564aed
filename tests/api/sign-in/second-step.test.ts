import { describe, expect, test } from 'vitest';
import {
  CompleteMfaDocument,
  CompleteMfaOnDeviceDocument,
  DisableUsersDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  SignInOnDeviceDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { FOREIGN, FOREIGN_PASSWORD } from '../../support/foreign-hashes.ts';
import { inParallel } from '../../support/evidence.ts';
import { enrolled, nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { cookieOf, jwtParts, recording } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('a sign-in of somebody with a second factor', () => {
  const app = useTestApp();
  const begin = (identifier: string, more: Record<string, unknown> = {}) =>
    app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'BODY', ...more } });
  const challengeOf = async (identifier: string): Promise<string> =>
    (await begin(identifier)).data.signIn?.challenge?.token ?? '';
  const complete = (input: Record<string, unknown>) =>
    app()
      .anonymous()
      .send(CompleteMfaDocument, { input: input as never });
  const codesOf = async (input: Record<string, unknown>) =>
    (await complete(input)).data.completeMfa?.errors.map((error) => error.code);
  const sessionsOf = async (email: string): Promise<number> => {
    const [row] = await app().database.query<{ count: number }>(
      'select count(*)::int as count from sessions s join users u on u.id = s.user_id where u.email = $1',
      [email],
    );
    return row?.count ?? 0;
  };

  test('asks for it after a right password, and makes no session before', async () => {
    const { email } = await enrolled(app());
    const before = await sessionsOf(email);
    const { data } = await begin(email);
    expect(data.signIn).toMatchObject({
      step: 'MFA_REQUIRED',
      user: null,
      tokens: null,
      challenge: { methods: ['TOTP', 'RECOVERY_CODE'], passkeyOptions: null },
      errors: [],
    });
    expect(await sessionsOf(email)).toBe(before);
  });

  test('says nothing of it after a wrong password', async () => {
    const { email } = await enrolled(app());
    const { data } = await begin(email, { password: 'not the password at all' });
    expect(data.signIn).toMatchObject({ step: 'FAILED', challenge: null, errors: [{ code: 'INVALID_CREDENTIALS' }] });
  });

  test('completes with a TOTP code: a session of two factors that says which', async () => {
    const { email, secret, actor } = await enrolled(app());
    const challengeToken = await challengeOf(email);
    const code = nextCode(app(), secret);
    const [answer, { audit }] = await recording(app(), () => complete({ challengeToken, code }));
    const done = answer.data.completeMfa;
    expect(done).toMatchObject({ step: 'COMPLETE', user: { email }, errors: [] });
    const { claims } = jwtParts(done?.tokens?.accessToken ?? '');
    expect(claims).toMatchObject({ sub: actor.id, acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] });
    expect(audit).toMatchObject([{ action: 'session.started', result: 'SUCCESS', actor_id: actor.id }]);
    const viewer = await app()
      .anonymous({ authorization: `Bearer ${done?.tokens?.accessToken}` })
      .send(ViewerDocument, {});
    expect(viewer.data.viewer?.assuranceLevel).toBe('AAL2');
  });

  test('completes with a recovery code, once', async () => {
    const { email, recoveryCodes } = await enrolled(app());
    const [recoveryCode = ''] = recoveryCodes;
    const challengeToken = await challengeOf(email);
    const [first, { audit }] = await recording(app(), () => complete({ challengeToken, recoveryCode }));
    expect(first.data.completeMfa?.step).toBe('COMPLETE');
    // The log says so: whoever did not do it has lost their codes.
    expect(audit).toMatchObject([{ metadata: { method: 'PASSWORD', factors: ['PASSWORD', 'RECOVERY_CODE'] } }]);
    expect(await codesOf({ challengeToken: await challengeOf(email), recoveryCode })).toEqual(['MFA_CODE_INVALID']);
  });

  test('takes either code inline, to save the second step', async () => {
    const { email, secret, recoveryCodes } = await enrolled(app());
    const byTotp = await begin(email, { mfaCode: nextCode(app(), secret) });
    expect(byTotp.data.signIn?.step).toBe('COMPLETE');
    const byRecoveryCode = await begin(email, { mfaCode: recoveryCodes[1] });
    expect(byRecoveryCode.data.signIn?.step).toBe('COMPLETE');
    const wrong = await begin(email, { mfaCode: wrongCode(app(), secret) });
    expect(wrong.data.signIn).toMatchObject({
      step: 'FAILED',
      tokens: null,
      errors: [{ code: 'MFA_CODE_INVALID', field: ['mfaCode'] }],
    });
  });

  test('gives exactly one session for one code in fifty parallel answers', async () => {
    const { email, secret } = await enrolled(app());
    const challenges = await inParallel(5, () => begin(email));
    // The newest challenge is the one that is good.
    const challengeToken = await challengeOf(email);
    expect(challenges.every((one) => one.data.signIn?.step === 'MFA_REQUIRED')).toBe(true);
    const before = await sessionsOf(email);
    const code = nextCode(app(), secret);
    const steps = (await inParallel(50, () => complete({ challengeToken, code }))).map(
      ({ data }) => data.completeMfa?.step,
    );
    expect(steps.filter((step) => step === 'COMPLETE')).toHaveLength(1);
    expect(await sessionsOf(email)).toBe(before + 1);
  });

  test('looks at five answers to a challenge at most, however many come at once', async () => {
    const { email, secret } = await enrolled(app());
    const challengeToken = await challengeOf(email);
    const code = wrongCode(app(), secret);
    const codes = (await inParallel(30, () => complete({ challengeToken, code }))).flatMap(
      ({ data }) => data.completeMfa?.errors.map((error) => error.code) ?? [],
    );
    expect(codes.filter((one) => one === 'MFA_CODE_INVALID').length).toBeLessThanOrEqual(5);
    expect(codes).not.toContain('COMPLETE');
    const [row] = await app().database.query<{ attempts: number }>(
      `select attempts from one_time_tokens where kind = 'MFA' and user_id = (select id from users where email = $1)`,
      [email],
    );
    expect(row?.attempts).toBe(5);
    // New challenges do not buy new guesses: wrong codes count towards the lock of the account.
    expect((await begin(email)).data.signIn).toMatchObject({
      step: 'FAILED',
      errors: [{ code: 'INVALID_CREDENTIALS' }],
    });
  });

  test('adds guesses of the second factor up over several challenges', async () => {
    const { email, secret } = await enrolled(app());
    for (let time = 0; time < 5; time += 1) {
      const challengeToken = await challengeOf(email);
      expect(await codesOf({ challengeToken, code: wrongCode(app(), secret) })).toEqual(['MFA_CODE_INVALID']);
    }
    expect((await begin(email)).data.signIn?.step).toBe('FAILED');
    app().clock.advance(901);
    expect((await begin(email)).data.signIn?.step).toBe('MFA_REQUIRED');
  });

  test('does not take the code of another person', async () => {
    const [mallory, victim] = [await enrolled(app()), await enrolled(app())];
    const challengeToken = await challengeOf(victim.email);
    expect(await codesOf({ challengeToken, code: nextCode(app(), mallory.secret) })).toEqual(['MFA_CODE_INVALID']);
    expect(await codesOf({ challengeToken, recoveryCode: mallory.recoveryCodes[0] })).toEqual(['MFA_CODE_INVALID']);
    // Mallory's code was not used up by that.
    expect((await begin(mallory.email, { mfaCode: totpCode(app(), mallory.secret) })).data.signIn?.step).toBe(
      'COMPLETE',
    );
  });

  test.each([
    ['nothing', {}],
    ['two proofs', { code: '123456', recoveryCode: 'AAAA-BBBB' }],
  ])('refuses %s instead of one proof', async (_what, proof) => {
    const { email } = await enrolled(app());
    expect(await codesOf({ challengeToken: await challengeOf(email), ...proof })).toEqual(['EXACTLY_ONE_REQUIRED']);
  });

  test('refuses challenges that are malformed, truncated, made up, or of another purpose', async () => {
    const { email } = await enrolled(app());
    const challengeToken = await challengeOf(email);
    for (const bad of ['', 'ghc_', challengeToken.slice(0, -1), `${challengeToken}x`, challengeToken.toUpperCase()]) {
      expect(await codesOf({ challengeToken: bad, code: '123456' })).toEqual(['TOKEN_INVALID']);
    }
    const asPassword = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, {
        input: { token: challengeToken, newPassword: 'quite another pass phrase' },
      });
    expect(asPassword.data.setPasswordWithToken?.errors.map((error) => error.code)).toEqual(['TOKEN_INVALID']);
  });

  test('lets a challenge die after ten minutes, and with the account', async () => {
    const cast = await app().cast();
    const { email, secret, actor } = await enrolled(app());
    const old = await challengeOf(email);
    app().clock.advance(601);
    expect(await codesOf({ challengeToken: old, code: totpCode(app(), secret) })).toEqual(['TOKEN_EXPIRED']);
    const fresh = await challengeOf(email);
    await cast.admin.send(DisableUsersDocument, { input: { ids: [actor.id], reason: 'Left.' } });
    const [code = ''] = (await codesOf({ challengeToken: fresh, code: totpCode(app(), secret) })) ?? [];
    expect(['INVALID_CREDENTIALS', 'TOKEN_USED']).toContain(code);
  });

  test('keeps the delivery of the first step', async () => {
    const { email, secret } = await enrolled(app());
    const begun = await begin(email, { delivery: 'COOKIE' });
    const challengeToken = begun.data.signIn?.challenge?.token ?? '';
    const done = await complete({ challengeToken, code: nextCode(app(), secret) });
    expect(done.data.completeMfa?.tokens).toMatchObject({ accessToken: null, refreshToken: null });
    expect(cookieOf(done).name).toBe('gatehouse');
    expect(cookieOf(done, 'device').name).toBe('gatehouse-device');
  });

  test('brings an old hash up to date although the sign-in is not complete yet', async () => {
    const { email, actor } = await enrolled(app());
    const [old] = FOREIGN;
    if (old === undefined) throw new Error('There is no foreign hash.');
    await app().database.query(`update credentials set secret = $2 where user_id = $1 and type = 'PASSWORD'`, [
      actor.id,
      old.text,
    ]);
    expect((await begin(email, { password: FOREIGN_PASSWORD })).data.signIn?.step).toBe('MFA_REQUIRED');
    const [row] = await app().database.query<{ secret: string }>(
      `select secret from credentials where user_id = $1 and type = 'PASSWORD'`,
      [actor.id],
    );
    expect(row?.secret).toMatch(/^\$argon2id\$/);
    expect((await begin(email, { password: FOREIGN_PASSWORD })).data.signIn?.step).toBe('MFA_REQUIRED');
  });

  test('writes no code and no challenge into the log', async () => {
    const { email, secret } = await enrolled(app());
    const challengeToken = await challengeOf(email);
    const code = nextCode(app(), secret);
    await complete({ challengeToken, code });
    const log = app().log.join('\n');
    expect(log).not.toContain(challengeToken);
    expect(log).not.toContain(`"${code}"`);
  });
});

describe('a trusted device', () => {
  const trusting = async (seconds: string) => {
    const app = await startTestApp({ settings: { 'trusted-device-ttl': seconds } });
    const person = await enrolled(app);
    const begin = (deviceToken: string | null) =>
      app.anonymous().send(SignInOnDeviceDocument, {
        input: { identifier: person.email, password: PASSWORD, delivery: 'BODY', client: { deviceToken } },
      });
    const challengeToken = (await begin(null)).data.signIn?.challenge?.token ?? '';
    const input = { challengeToken, code: nextCode(app, person.secret), trustDevice: true };
    const [done, { audit }] = await recording(app, () => app.anonymous().send(CompleteMfaOnDeviceDocument, { input }));
    const deviceToken = done.data.completeMfa?.tokens?.deviceToken ?? null;
    return { app, person, begin, deviceToken, noted: audit[0]?.metadata['deviceTrusted'] };
  };

  test('is not asked for the second factor while the trust lasts, and its session has one factor', async () => {
    const { app, begin, deviceToken, noted } = await trusting('1h');
    try {
      expect(noted).toBe(true);
      expect(deviceToken).toMatch(/^ghd_/);
      const trusted = (await begin(deviceToken)).data.signIn;
      expect(trusted?.step).toBe('COMPLETE');
      expect(jwtParts(trusted?.tokens?.accessToken ?? '').claims).toMatchObject({ acr: 'aal1', amr: ['pwd', 'rba'] });
      expect(trusted?.tokens?.deviceToken).toBeNull();
      expect((await begin(null)).data.signIn?.step).toBe('MFA_REQUIRED');
      expect((await begin(`${deviceToken?.slice(0, -7)}AAAAAAA`)).data.signIn?.step).toBe('MFA_REQUIRED');
      app.clock.advance(3600);
      expect((await begin(deviceToken)).data.signIn?.step).toBe('MFA_REQUIRED');
    } finally {
      await app.close();
    }
  });

  test('does not exist where the settings do not allow it', async () => {
    const { app, begin, deviceToken, noted } = await trusting('0');
    try {
      expect(noted).toBeUndefined();
      expect((await begin(deviceToken)).data.signIn?.step).toBe('MFA_REQUIRED');
    } finally {
      await app.close();
    }
  });

  test('of one person means nothing for another', async () => {
    const { app, deviceToken } = await trusting('1h');
    try {
      const other = await enrolled(app);
      const { data } = await app.anonymous().send(SignInOnDeviceDocument, {
        input: { identifier: other.email, password: PASSWORD, delivery: 'BODY', client: { deviceToken } },
      });
      expect(data.signIn?.step).toBe('MFA_REQUIRED');
    } finally {
      await app.close();
    }
  });
});
