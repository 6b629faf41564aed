import { describe, expect, test } from 'vitest';
import {
  CompletePasskeySignInDocument,
  OwnPasskeysDocument,
  StartPasskeySignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import {
  answerSignIn,
  askForSignIn,
  makePasskeyHolder,
  registerPasskey,
  signInByPasskey,
} from '../../support/passkeys.ts';
import { cookieOf, jwtParts, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('signing in by passkey', () => {
  const app = useTestApp();

  const allowed = async (identifier: string | null): Promise<readonly { id: string; transports: string[] }[]> => {
    const { options } = await askForSignIn(app().anonymous(), identifier);
    return (options['allowCredentials'] ?? []) as { id: string; transports: string[] }[];
  };

  test('works without a name, by whichever passkey the device offers', async () => {
    const { actor, key, passkeyId } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous());
    expect(asked.options).toEqual({
      rpId: 'localhost',
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      timeout: 300_000,
      userVerification: 'required',
    });
    const { answer, audit, events } = await recording(app(), () =>
      answerSignIn(app().anonymous(), asked.challengeToken, key.authenticate(asked.options)),
    );
    expect(answer).toMatchObject({ step: 'COMPLETE', user: { id: actor.id }, challenge: null, errors: [] });
    expect(audit).toMatchObject([
      { action: 'session.started', result: 'SUCCESS', actor: { id: actor.id }, metadata: { method: 'PASSKEY' } },
    ]);
    expect(events).toMatchObject([{ type: 'SessionStarted', payload: { userId: actor.id, method: 'PASSKEY' } }]);
    const { claims } = jwtParts(answer?.tokens?.accessToken ?? '');
    expect(claims).toMatchObject({ sub: actor.id, amr: ['hwk', 'mfa'] });
    const session = app().anonymous({ authorization: `Bearer ${answer?.tokens?.accessToken}` });
    const { data } = await session.send(ViewerDocument, {});
    expect(data.viewer).toMatchObject({
      assuranceLevel: 'AAL2',
      session: { signInMethod: 'PASSKEY', assuranceLevel: 'AAL2' },
    });
    const own = await session.send(OwnPasskeysDocument, {});
    expect(own.data.viewer?.user.mfa?.passkeys).toMatchObject([
      { id: passkeyId, lastUsedAt: app().clock.now().toISOString() },
    ]);
    const [row] = await app().database.query<{ factors: object[] }>('select factors from sessions where id = $1', [
      claims['sid'],
    ]);
    expect(row?.factors).toEqual([{ method: 'PASSKEY', credentialId: passkeyId, at: app().clock.now().toISOString() }]);
  });

  test('works with a name, also from an authenticator that does not name its account', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous(), ` ${actor.email.toUpperCase()} `);
    expect(asked.options['allowCredentials']).toEqual([
      { id: key.id, transports: ['hybrid', 'internal'], type: 'public-key' },
    ]);
    const response = key.authenticate(asked.options, { userHandle: null });
    const payload = await answerSignIn(app().anonymous(), asked.challengeToken, response);
    expect(payload).toMatchObject({ step: 'COMPLETE', user: { id: actor.id } });
  });

  test('hands the session over by cookie where nothing else is asked for', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous());
    const answer = await app()
      .anonymous()
      .send(CompletePasskeySignInDocument, {
        input: {
          passkey: { challengeToken: asked.challengeToken, response: { ...key.authenticate(asked.options) } },
          client: { clientName: 'Browser' },
        },
      });
    const tokens = answer.data.completePasskeySignIn?.tokens;
    expect(tokens).toMatchObject({ accessToken: null, refreshToken: null, csrfToken: expect.any(String) });
    const pairs = answer.headers.getSetCookie().map((text) => text.split('; ')[0] ?? '');
    const session = app().anonymous({ cookie: pairs.join('; ') });
    const { data } = await session.send(ViewerDocument, {});
    expect(data.viewer).toMatchObject({ user: { id: actor.id }, session: { clientName: 'Browser' } });
    expect(
      cookieOf({ headers: new Headers([['set-cookie', answer.headers.getSetCookie()[0] ?? '']]) }).attributes,
    ).toContain('HttpOnly');
  });

  test('costs a fixed number of statements, as many for unknown names as for known ones', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    await signInByPasskey(app(), key);
    let asked = await askForSignIn(app().anonymous());
    const start = (identifier: string | null) => async () =>
      (asked = await askForSignIn(app().anonymous(), identifier));
    expect(await statementsOf(app(), start('nobody@passkey.example'))).toBe(2);
    expect(await statementsOf(app(), start(actor.email))).toBe(2);
    expect(await statementsOf(app(), start(null))).toBe(1);
    // Challenge, its use, passkey, its use, account, and everything that a session is made of.
    const complete = () => answerSignIn(app().anonymous(), asked.challengeToken, key.authenticate(asked.options));
    expect(await statementsOf(app(), complete)).toBe(6);
  });

  describe('a name', () => {
    test('without an account looks like one with a passkey, and the same each time', async () => {
      const { actor } = await makePasskeyHolder(app());
      const [known] = await allowed(actor.email);
      const [unknown, again, other] = [
        await allowed('nobody@passkey.example'),
        await allowed(' NOBODY@passkey.example'),
        await allowed('somebody.else@passkey.example'),
      ];
      expect(unknown).toHaveLength(1);
      expect(Object.keys(unknown[0] ?? {})).toEqual(Object.keys(known ?? {}));
      expect(unknown[0]?.id).toMatch(/^[\w-]{22,86}$/);
      expect(again).toEqual(unknown);
      expect(other).not.toEqual(unknown);
    });

    test('of an account without passkeys looks like one without an account', async () => {
      const email = `${unique('plain')}@passkey.example`;
      const before = await allowed(email);
      await makePerson(app(), { email });
      expect(before).toHaveLength(1);
      expect(await allowed(email)).toEqual(before);
    });

    test.each(['', ' ', 'no address', '\u0000', 'x'.repeat(100_000), '+1', "' or 1=1 --"])(
      'that is none is asked for like any other: %j',
      async (identifier) => {
        const { data, code } = await app().anonymous().send(StartPasskeySignInDocument, { input: { identifier } });
        expect(code).toBe('OK');
        expect(data.startPasskeySignIn).toMatchObject({ challengeToken: expect.any(String), errors: [] });
      },
    );
  });

  describe('the account', () => {
    const lock = (id: string, reason: string | null) =>
      app().database.query('update users set locked_until = $2, status_reason = $3 where id = $1', [
        id,
        new Date(app().clock.now().getTime() + 600_000).toISOString(),
        reason,
      ]);

    test('may be locked automatically, which anybody can cause', async () => {
      const { actor, key } = await makePasskeyHolder(app());
      await lock(actor.id, null);
      await expect(signIn(app(), actor.email)).rejects.toThrow('INVALID_CREDENTIALS');
      expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'COMPLETE', user: { id: actor.id } });
      expect(await signInByPasskey(app(), key, { identifier: actor.email })).toMatchObject({ step: 'COMPLETE' });
    });

    test.each<[string, (id: string) => Promise<unknown>]>([
      ['locked by an administrator', (id) => lock(id, 'Investigation.')],
      ['disabled', (id) => app().database.query(`update users set status = 'DISABLED' where id = $1`, [id])],
      ['pending', (id) => app().database.query(`update users set status = 'PENDING' where id = $1`, [id])],
    ])('must not be %s', async (_, change) => {
      const { actor, key } = await makePasskeyHolder(app());
      await change(actor.id);
      const { answer, audit } = await recording(app(), () => signInByPasskey(app(), key));
      expect(answer).toMatchObject({
        step: 'FAILED',
        user: null,
        tokens: null,
        errors: [{ code: 'INVALID_CREDENTIALS' }],
      });
      expect(audit).toMatchObject([
        { action: 'session.started', result: 'FAILURE', target: { id: actor.id }, metadata: { method: 'PASSKEY' } },
      ]);
    });

    test('may have to choose a new password: that is for sign-ins by password', async () => {
      const { actor, key } = await makePasskeyHolder(app());
      await app().database.query('update users set password_change_required = true where id = $1', [actor.id]);
      expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'COMPLETE' });
    });

    test('may have a password still, which alone signs in at the lower level', async () => {
      const { actor } = await makePasskeyHolder(app());
      const session = await signIn(app(), actor.email, PASSWORD);
      expect((await session.send(ViewerDocument, {})).data.viewer?.assuranceLevel).toBe('AAL1');
    });
  });

  describe('the counter', () => {
    test('goes on from sign-in to sign-in, and tells of a copy when it does not', async () => {
      const { actor, key, passkeyId } = await makePasskeyHolder(app(), new SoftwarePasskey({ counter: 10 }));
      expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'COMPLETE' });
      expect(await signInByPasskey(app(), key, { lies: { counter: 1000 } })).toMatchObject({ step: 'COMPLETE' });
      for (const counter of [1000, 999, 1, 0]) {
        const { answer, audit } = await recording(app(), () => signInByPasskey(app(), key, { lies: { counter } }));
        expect(answer).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID', field: ['passkey'] }] });
        expect(audit).toMatchObject([
          {
            action: 'passkey.copy-suspected',
            result: 'FAILURE',
            target: { type: 'User', id: actor.id },
            metadata: { passkeyId, counter },
          },
          { action: 'session.started', result: 'FAILURE', metadata: { method: 'PASSKEY', reason: 'PASSKEY_INVALID' } },
        ]);
      }
      expect(await signInByPasskey(app(), key, { lies: { counter: 1001 } })).toMatchObject({ step: 'COMPLETE' });
    });

    test('may stand still at nought: synchronised passkeys do not count', async () => {
      const { key } = await makePasskeyHolder(app());
      for (let time = 0; time < 3; time += 1) {
        expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'COMPLETE' });
      }
    });
  });

  test('asks signed-in callers for their own passkeys', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const { key: stranger } = await makePasskeyHolder(app());
    const asked = await askForSignIn(actor);
    expect(asked.options['allowCredentials']).toMatchObject([{ id: key.id }]);
    const wrong = await answerSignIn(app().anonymous(), asked.challengeToken, stranger.authenticate(asked.options));
    expect(wrong).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID' }] });
  });

  test('knows several passkeys of one person apart', async () => {
    const { actor, key, passkeyId } = await makePasskeyHolder(app());
    const second = new SoftwarePasskey();
    const secondId = await registerPasskey(actor, second, 'Phone');
    app().clock.advance(60);
    expect(await signInByPasskey(app(), second)).toMatchObject({ user: { id: actor.id } });
    const own = await actor.send(OwnPasskeysDocument, {});
    expect(own.data.viewer?.user.mfa?.passkeys).toMatchObject([
      { id: passkeyId, name: 'Laptop', lastUsedAt: null },
      { id: secondId, name: 'Phone', lastUsedAt: app().clock.now().toISOString() },
    ]);
    expect(await signInByPasskey(app(), key)).toMatchObject({ user: { id: actor.id } });
  });
});
