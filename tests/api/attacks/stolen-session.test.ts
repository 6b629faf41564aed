import { describe, expect, test, vi } from 'vitest';
import {
  ChangePasswordDocument,
  ConfirmIdentityDocument,
  RevokeSessionsDocument,
  SignInDocument,
  SignInOnDeviceDocument,
  SignOutDocument,
  SignOutEverywhereDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { enrolled, nextCode, wrongCode } from '../../support/mfa.ts';
import { beginSession, type BegunSession } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';
import { confirmBy, makeMover, requestBy, requested } from '../profile/email-change-person.ts';

const MOST = 5;

describe('somebody in a stolen session who guesses the password', () => {
  const app = useTestApp();
  const victim = async (): Promise<{ email: string; actor: Actor }> => {
    const email = `${unique('victim')}@stolen.example`;
    await makePerson(app(), { email });
    return { email, actor: await signIn(app(), email) };
  };
  const confirm = async (actor: Actor, password: string) =>
    (await actor.send(ConfirmIdentityDocument, { input: { password } })).data.confirmIdentity?.errors[0]?.code ?? 'OK';
  const change = async (actor: Actor, currentPassword: string) =>
    (
      await actor.send(ChangePasswordDocument, {
        input: { currentPassword, newPassword: 'violet harbour lantern seven' },
      })
    ).data.changePassword?.errors[0]?.code ?? 'OK';

  test('is stopped after five, whatever is asked for, for a quarter of an hour', async () => {
    const { actor } = await victim();
    for (let time = 0; time < 3; time += 1) await confirm(actor, `guess ${time}`);
    for (let time = 0; time < 2; time += 1) await change(actor, `guess ${time}`);
    expect(await confirm(actor, PASSWORD)).toBe('CURRENT_PASSWORD_INCORRECT');
    expect(await change(actor, PASSWORD)).toBe('CURRENT_PASSWORD_INCORRECT');
    app().clock.advance(899);
    expect(await confirm(actor, PASSWORD)).toBe('CURRENT_PASSWORD_INCORRECT');
    app().clock.advance(1);
    expect(await confirm(actor, PASSWORD)).toBe('OK');
  });

  test('has five looked at when fifty are tried at once', async () => {
    const { actor } = await victim();
    const verify = vi.spyOn(app().services.hasher, 'verify');
    await inParallel(50, (index) => confirm(actor, `guess ${index}`));
    // What is not looked at is compared with a decoy.
    const looked = verify.mock.calls.filter(([hash]) => hash !== null);
    verify.mockRestore();
    expect(looked).toHaveLength(MOST);
    const [row] = await app().database.query<{ failed: number; locked: boolean }>(
      `select d.failed_sign_in_count as failed, d.locked_until is not null as locked
       from devices d where d.user_id = $1`,
      [actor.id],
    );
    expect(row).toEqual({ failed: MOST, locked: true });
    expect(await confirm(actor, PASSWORD)).toBe('CURRENT_PASSWORD_INCORRECT');
  });

  test('is counted on the session where it runs on no device, and parallel tries as well', async () => {
    const { actor } = await victim();
    await app().database.query('update sessions set device_id = null where user_id = $1', [actor.id]);
    await inParallel(50, (index) => confirm(actor, `guess ${index}`));
    const [row] = await app().database.query<{ failed: number; locked: boolean }>(
      `select failed_proof_count as failed, proof_locked_until is not null as locked from sessions where user_id = $1`,
      [actor.id],
    );
    expect(row).toEqual({ failed: MOST, locked: true });
    expect(await confirm(actor, PASSWORD)).toBe('CURRENT_PASSWORD_INCORRECT');
    app().clock.advance(900);
    expect(await confirm(actor, PASSWORD)).toBe('OK');
    const [free] = await app().database.query<{ failed: number; locked: boolean }>(
      `select failed_proof_count as failed, proof_locked_until is not null as locked from sessions where user_id = $1`,
      [actor.id],
    );
    expect(free).toEqual({ failed: 0, locked: false });
  });

  test('does not lock the account: its owner signs in on another device', async () => {
    const { email, actor } = await victim();
    for (let time = 0; time < MOST; time += 1) await confirm(actor, `guess ${time}`);
    const { data } = await app()
      .anonymous({ 'user-agent': 'another device' })
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
    expect(data.signIn?.step).toBe('COMPLETE');
  });

  test('is stopped as before where an administrator locked the account', async () => {
    const { actor } = await victim();
    await app().database.query(
      `update users set locked_until = $2::timestamptz + interval '1 day', status_reason = 'A test.' where id = $1`,
      [actor.id, app().clock.now().toISOString()],
    );
    expect((await actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } })).code).toBe('UNAUTHENTICATED');
  });
});

describe('somebody with the password and a trusted device', () => {
  const app = useTestApp({ settings: { 'devices.trustSeconds': '86400' } });

  test('gets no more guesses of the second factor by signing in again in between', async () => {
    const { email, secret, actor } = await enrolled(app());
    const device = await app().database.query<{ id: string }>('select id from devices where user_id = $1', [actor.id]);
    const begin = (deviceToken: string | null, mfaCode: string | null) =>
      app()
        .anonymous({ 'user-agent': 'trusted' })
        .send(SignInOnDeviceDocument, {
          input: { identifier: email, password: PASSWORD, delivery: 'BODY', mfaCode, client: { deviceToken } },
        });
    const first = await begin(null, nextCode(app(), secret));
    const deviceToken = first.data.signIn?.tokens?.deviceToken ?? '';
    await app().database.query(
      `update devices set trusted_until = $2::timestamptz + interval '1 day' where user_id = $1 and id <> all($3::uuid[])`,
      [actor.id, app().clock.now().toISOString(), device.map(({ id }) => id)],
    );
    let steps = 0;
    for (let round = 0; round < 4; round += 1) {
      const { data } = await begin(deviceToken, null);
      if (data.signIn?.step !== 'COMPLETE') continue;
      steps += 1;
      const thief = app().anonymous({ authorization: `Bearer ${data.signIn.tokens?.accessToken ?? ''}` });
      for (let time = 0; time < 2; time += 1)
        await thief.send(ConfirmIdentityDocument, { input: { code: wrongCode(app(), secret) } });
    }
    // Two guesses a sign-in: the third sign-in begins with four failures and its own try, which locks; right, it takes that back.
    expect(steps).toBeLessThanOrEqual(3);
    const [row] = await app().database.query<{ locked: boolean }>(
      'select locked_until is not null as locked from devices where user_id = $1 and trusted_until is not null',
      [actor.id],
    );
    expect(row?.locked).toBe(true);
  });
});

describe('somebody in a stolen session who asks for another address', () => {
  const app = useTestApp();
  const begun = async () => {
    const mover = await makeMover(app());
    const thief = await beginSession(app(), mover.email, { userAgent: 'thief' });
    await requestBy(thief.client, mover.newEmail);
    return { ...mover, thief, token: await linkTokenOf(app(), mover.newEmail, 'email-change') };
  };
  const codesOf = async (token: string) =>
    (await confirmBy(app().anonymous(), token)).data.confirmEmailChange?.errors.map(({ code }) => code);
  const everywhere = (actor: Actor) => actor.send(SignOutEverywhereDocument, { input: { exceptCurrent: true } });

  test.each<readonly [string, (actor: Actor, thief: BegunSession) => Promise<unknown>]>([
    ['in the list of sessions', (actor, { id }) => actor.send(RevokeSessionsDocument, { input: { ids: [id] } })],
    ['by signing out everywhere', (actor) => everywhere(actor)],
    [
      'by signing out everywhere, having signed out themselves',
      async (actor, { client }) => {
        await client.send(SignOutDocument, { input: {} });
        await everywhere(actor);
      },
    ],
  ])('gets it no more when they are thrown out %s', async (_how, throwOut) => {
    const { actor, thief, token } = await begun();
    await throwOut(actor, thief);
    expect(await codesOf(token)).toEqual(['TOKEN_USED']);
  });

  test('is told apart from the owner, who signs out there or throws others out', async () => {
    const [one, two] = [await makeMover(app()), await makeMover(app())];
    const tokens = [await requested(app(), one), await requested(app(), two)];
    await one.actor.send(SignOutDocument, { input: {} });
    await everywhere(two.actor);
    for (const token of tokens) expect(await codesOf(token)).toEqual([]);
  });
});
