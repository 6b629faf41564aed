import { describe, expect, test } from 'vitest';
import {
  CompleteMfaOnDeviceDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  SignInOnDeviceDocument,
  UnlockUsersDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { enrolled, nextCode, wrongCode } from '../../support/mfa.ts';
import { messagesTo } from '../../support/messages.ts';
import { cookieOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a device that is known', () => {
  const app = useTestApp();
  const person = async (): Promise<string> => {
    const email = `${unique('device')}@example.com`;
    await makePerson(app(), { email });
    return email;
  };
  const attempt = (identifier: string, deviceToken: string | null, password = PASSWORD, userAgent = 'test/1.0') =>
    app()
      .anonymous({ 'user-agent': userAgent })
      .send(SignInOnDeviceDocument, { input: { identifier, password, delivery: 'BODY', client: { deviceToken } } });
  const deviceOf = async (identifier: string, userAgent?: string): Promise<string> =>
    (await attempt(identifier, null, PASSWORD, userAgent)).data.signIn?.tokens?.deviceToken ?? '';
  const devicesOf = (email: string) =>
    app().database.query<{ id: string; name: string; confirmed: boolean; failed: number }>(
      `select d.id, d.name, d.confirmed_at is not null as confirmed, d.failed_sign_in_count as failed
       from devices d join users u on u.id = d.user_id where u.email = $1 order by d.first_seen_at, d.id`,
      [email],
    );

  test('is recognised by its secret, and keeps it', async () => {
    const email = await person();
    const token = await deviceOf(email);
    expect(token).toMatch(/^ghd_/);
    const again = await attempt(email, token);
    expect(again.data.signIn).toMatchObject({ step: 'COMPLETE', tokens: { deviceToken: null } });
    expect(await devicesOf(email)).toEqual([{ id: expect.any(String), name: 'test', confirmed: true, failed: 0 }]);
    const sessions = await app().database.query<{ device_id: string | null }>(
      'select s.device_id from sessions s join users u on u.id = s.user_id where u.email = $1',
      [email],
    );
    expect(new Set(sessions.map((row) => row.device_id))).toEqual(new Set([(await devicesOf(email))[0]?.id]));
  });

  test('is stored as a hash, and not in any log line', async () => {
    const email = await person();
    const token = await deviceOf(email);
    const stored = await app().database.query('select * from devices where selector = $1', [token.slice(4, 16)]);
    expect(JSON.stringify(stored)).not.toContain(token.slice(17, 60));
    expect(app().log.join('\n')).not.toContain(token);
  });

  test('goes on signing in while strangers have locked strangers out', async () => {
    const email = await person();
    const token = await deviceOf(email);
    await inParallel(8, (index) => attempt(email, null, `a guess of a stranger ${index}`));
    expect((await attempt(email, null)).data.signIn?.step).toBe('FAILED');
    expect((await attempt(email, token)).data.signIn?.step).toBe('COMPLETE');
    // The owner's success buys the strangers nothing.
    expect((await attempt(email, null)).data.signIn?.step).toBe('FAILED');
  });

  test('has a lock of its own after five failures, which leaves others alone', async () => {
    const email = await person();
    const token = await deviceOf(email);
    const steps = await inParallel(12, (index) => attempt(email, token, `wrong from the device ${index}`));
    expect(steps.every(({ data }) => data.signIn?.step === 'FAILED')).toBe(true);
    expect((await devicesOf(email))[0]?.failed).toBe(5);
    expect((await attempt(email, token)).data.signIn?.step).toBe('FAILED');
    expect((await attempt(email, null)).data.signIn?.step).toBe('COMPLETE');
    app().clock.advance(901);
    expect((await attempt(email, token)).data.signIn?.step).toBe('COMPLETE');
  });

  test('is free again when an administrator unlocks its owner', async () => {
    const email = await person();
    const token = await deviceOf(email);
    await inParallel(6, (index) => attempt(email, token, `wrong from the device ${index}`));
    expect((await attempt(email, token)).data.signIn?.step).toBe('FAILED');
    const { admin } = await app().cast();
    const [row] = await app().database.query<{ id: string }>('select id from users where email = $1', [email]);
    await admin.send(UnlockUsersDocument, { input: { ids: [row?.id ?? ''], reason: 'Called the help desk.' } });
    expect((await attempt(email, token)).data.signIn?.step).toBe('COMPLETE');
  });

  test('is stopped by a lock of an administrator like any other', async () => {
    const email = await person();
    const token = await deviceOf(email);
    await app().database.query(
      `update users set locked_until = now() + interval '100 years', status_reason = 'Under investigation.' where email = $1`,
      [email],
    );
    expect((await attempt(email, token)).data.signIn?.step).toBe('FAILED');
  });

  test('of somebody else is nobody', async () => {
    const [mallory, victim] = [await person(), await person()];
    const token = await deviceOf(mallory);
    await inParallel(6, (index) => attempt(victim, token, `guess of mallory ${index}`));
    expect((await attempt(victim, token)).data.signIn?.step).toBe('FAILED');
    expect((await devicesOf(mallory))[0]?.failed).toBe(0);
  });

  test('whose client keeps no secret takes one row, however often it signs in', async () => {
    const email = await person();
    await inParallel(6, () => attempt(email, null));
    expect(await devicesOf(email)).toHaveLength(1);
    await attempt(email, null, PASSWORD, 'another/2.0');
    expect(await devicesOf(email)).toHaveLength(2);
  });

  test('lets its owner know when it is new, except at the first sign-in of all', async () => {
    const email = await person();
    const notices = async () => (await messagesTo(app(), email)).filter(({ template }) => template === 'new-device');
    const token = await deviceOf(email, 'first/1.0');
    expect(await notices()).toEqual([]);
    await attempt(email, token, PASSWORD, 'first/1.0');
    await attempt(email, null, PASSWORD, 'first/1.0');
    expect(await notices()).toEqual([]);
    await attempt(email, null, 'a wrong password here', 'second/1.0');
    expect(await notices()).toEqual([]);
    await attempt(email, null, PASSWORD, 'second/1.0');
    expect(await notices()).toMatchObject([{ variables: { device: 'second', ipAddress: '127.0.0.1' } }]);
  });

  test('keeps its secret in a cookie out of reach of scripts with COOKIE delivery', async () => {
    const email = await person();
    const client = app().anonymous();
    const answer = await client.send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    const cookie = cookieOf(answer, 'device');
    expect(cookie).toMatchObject({
      name: 'gatehouse-device',
      attributes: expect.arrayContaining(['HttpOnly', 'SameSite=Lax']),
    });
    expect(answer.data.signIn?.tokens).not.toHaveProperty('deviceToken');
    const again = await app()
      .anonymous({ cookie: cookie.pair })
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    expect(() => cookieOf(again, 'device')).toThrow('no such cookie');
    expect(await devicesOf(email)).toHaveLength(1);
  });

  test('is known in the second step, too, which names none: it goes on while strangers are locked out, and stays one device', async () => {
    const { email, secret } = await enrolled(app());
    const inTwoSteps = async (deviceToken: string | null, code: () => string) => {
      const begun = await attempt(email, deviceToken);
      const challengeToken = begun.data.signIn?.challenge?.token ?? '';
      const input = { challengeToken, code: code() };
      return (await app().anonymous().send(CompleteMfaOnDeviceDocument, { input })).data.completeMfa;
    };
    const right = () => nextCode(app(), secret);
    const token = (await inTwoSteps(null, right))?.tokens?.deviceToken ?? '';
    const before = await devicesOf(email);
    const known = await inTwoSteps(token, right);
    expect(known).toMatchObject({ step: 'COMPLETE', tokens: { deviceToken: null } });
    await inParallel(8, (index) => attempt(email, null, `a guess of a stranger ${index}`));
    expect(await inTwoSteps(token, right)).toMatchObject({ step: 'COMPLETE', tokens: { deviceToken: null } });
    // Wrong codes count where the password was proved.
    await inTwoSteps(token, () => wrongCode(app(), secret));
    const after = await devicesOf(email);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after.map(({ failed }) => failed).filter((count) => count > 0)).toEqual([1]);
  });

  test('is known when a new password is set in between', async () => {
    const email = await person();
    const token = await deviceOf(email);
    const before = await devicesOf(email);
    await app().database.query('update users set password_change_required = true where email = $1', [email]);
    const challengeToken = (await attempt(email, token)).data.signIn?.challenge?.token ?? '';
    const { data } = await app()
      .anonymous({ 'user-agent': 'other/2.0' })
      .send(SetPasswordWithTokenDocument, {
        input: { token: challengeToken, newPassword: 'seven green umbrellas' },
      });
    expect(data.setPasswordWithToken?.step).toBe('COMPLETE');
    expect((await devicesOf(email)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });
});
