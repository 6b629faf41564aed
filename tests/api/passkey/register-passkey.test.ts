import { describe, expect, test } from 'vitest';
import {
  OwnPasskeysDocument,
  StartPasskeyRegistrationDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { answerRegistration, askForRegistration, makePasskeyHolder, registerPasskey } from '../../support/passkeys.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('registering a passkey', () => {
  const app = useTestApp();

  const somebody = async (): Promise<Actor> => {
    const email = `${unique('owner')}@register.example`;
    await makePerson(app(), { email, displayName: 'Owner' });
    return signIn(app(), email);
  };
  const codesOf = (errors: readonly { code: string }[] | undefined): readonly string[] =>
    (errors ?? []).map(({ code }) => code);

  test('asks for a discoverable one with user verification, without attestation', async () => {
    const actor = await somebody();
    const { data } = await actor.send(StartPasskeyRegistrationDocument, { input: {} });
    expect(data.startPasskeyRegistration).toEqual({
      challengeToken: expect.stringMatching(/^ghc_/),
      expiresAt: new Date(app().clock.now().getTime() + 300_000).toISOString(),
      errors: [],
      options: {
        rp: { id: 'localhost', name: 'Gatehouse' },
        user: {
          id: Buffer.from(actor.id.replaceAll('-', ''), 'hex').toString('base64url'),
          name: actor.email,
          displayName: 'Owner',
        },
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' })),
        timeout: 300_000,
        attestation: 'none',
        excludeCredentials: [],
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        extensions: { credProps: true },
        hints: [],
      },
    });
  });

  test('stores the public key, writes the log, publishes an event and tells the owner', async () => {
    const actor = await somebody();
    const key = new SoftwarePasskey({ counter: 7 });
    const asked = await askForRegistration(actor);
    const { answer, audit, events } = await recording(app(), () =>
      answerRegistration(actor, asked, key.register(asked.options), '  Blue key  '),
    );
    const passkey = answer.data.completePasskeyRegistration?.passkey;
    expect(answer.data.completePasskeyRegistration).toEqual({
      passkey: {
        id: expect.any(String),
        name: 'Blue key',
        deviceBound: true,
        backedUp: false,
        transports: ['hybrid', 'internal'],
        createdAt: app().clock.now().toISOString(),
        lastUsedAt: null,
      },
      errors: [],
    });
    expect(audit).toMatchObject([
      {
        action: 'passkey.added',
        result: 'SUCCESS',
        actor: { id: actor.id },
        target: { type: 'User', id: actor.id },
        metadata: { passkeyId: passkey?.id },
        changes: [{ field: 'passkeyName', before: null, after: 'Blue key' }],
      },
    ]);
    expect(events).toEqual([
      {
        type: 'MfaChanged',
        aggregateType: 'User',
        aggregateId: actor.id,
        payload: { userId: actor.id, change: 'PASSKEY_ADDED' },
      },
    ]);
    expect(await messagesTo(app(), actor.email)).toMatchObject([
      { template: 'mfa-changed', variables: { change: 'PASSKEY_ADDED', ipAddress: '127.0.0.1' } },
    ]);
    const rows = await app().database.query(
      `select external_id, counter::int as counter, details, label from credentials where id = $1 and type = 'PASSKEY'`,
      [passkey?.id],
    );
    expect(rows).toEqual([
      {
        external_id: key.id,
        counter: 7,
        label: 'Blue key',
        details: { deviceBound: true, backedUp: false, transports: ['hybrid', 'internal'] },
      },
    ]);
    const own = await actor.send(OwnPasskeysDocument, {});
    // It does not ask for a second factor from now on: only a confirmed TOTP does.
    expect(own.data.viewer?.user.mfa).toEqual({ enabled: false, passkeys: [passkey] });
  });

  test('names those that exist, so that an authenticator does not make a second one', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const { options } = await askForRegistration(actor);
    expect(options['excludeCredentials']).toEqual([
      { id: key.id, transports: ['hybrid', 'internal'], type: 'public-key' },
    ]);
  });

  test('costs a fixed number of statements', async () => {
    const actor = await somebody();
    const key = new SoftwarePasskey();
    await registerPasskey(actor, new SoftwarePasskey()); // loads what is loaded once
    let asked = await askForRegistration(actor);
    // Principal, known passkeys, older challenges, the new one.
    expect(await statementsOf(app(), async () => (asked = await askForRegistration(actor)))).toBe(4);
    // Principal, challenge, its use, lock, known passkeys, the new one, log with event, mail.
    const complete = () => answerRegistration(actor, asked, key.register(asked.options));
    expect(await statementsOf(app(), complete)).toBe(8);
  });

  test('needs a name, and leaves the question open when that does not fit', async () => {
    const actor = await somebody();
    const key = new SoftwarePasskey();
    const asked = await askForRegistration(actor);
    const response = key.register(asked.options);
    for (const [name, code] of [
      ['  ', 'REQUIRED'],
      ['x'.repeat(101), 'TOO_LONG'],
      ['a\u0000b', 'INVALID_VALUE'],
    ] as const) {
      const { data } = await answerRegistration(actor, asked, response, name);
      expect(data.completePasskeyRegistration).toMatchObject({ passkey: null, errors: [{ code, field: ['name'] }] });
    }
    const { data } = await answerRegistration(actor, asked, response, 'x'.repeat(100));
    expect(data.completePasskeyRegistration?.errors).toEqual([]);
  });

  describe('the session', () => {
    const freshUntil = async (actor: Actor): Promise<string | null | undefined> =>
      (await actor.send(ViewerDocument, {})).data.viewer?.freshUntil;

    test('must be confirmed where no password is given', async () => {
      const actor = await somebody();
      const asked = await askForRegistration(actor);
      app().clock.advance(601);
      const start = await actor.send(StartPasskeyRegistrationDocument, { input: {} });
      expect(start.code).toBe('STEP_UP_REQUIRED');
      expect(start.errors[0]?.extensions['required']).toEqual({ assuranceLevel: null, withinMinutes: 10 });
      const complete = await answerRegistration(actor, asked, new SoftwarePasskey().register(asked.options));
      expect(complete.code).toBe('STEP_UP_REQUIRED');
    });

    test('is confirmed by a right password, and not by a wrong one', async () => {
      const actor = await somebody();
      app().clock.advance(601);
      const wrong = await actor.send(StartPasskeyRegistrationDocument, { input: { password: 'wrong guess' } });
      expect(wrong.data.startPasskeyRegistration).toMatchObject({
        options: null,
        challengeToken: null,
        errors: [{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['password'] }],
      });
      expect(await freshUntil(actor)).toBeNull();
      const asked = await askForRegistration(actor, PASSWORD);
      expect(await freshUntil(actor)).not.toBeNull();
      const { data } = await answerRegistration(actor, asked, new SoftwarePasskey().register(asked.options));
      expect(data.completePasskeyRegistration?.errors).toEqual([]);
    });

    test('must have proved the second factor where one is on: a trusted device makes itself no passkey', async () => {
      const actor = await somebody();
      const asked = await askForRegistration(actor);
      await app().database.query('update users set mfa_enabled_at = now() where id = $1', [actor.id]);
      const required = { assuranceLevel: 'AAL2', withinMinutes: null };
      const answers = [
        await actor.send(StartPasskeyRegistrationDocument, { input: { password: PASSWORD } }),
        await answerRegistration(actor, asked, new SoftwarePasskey().register(asked.options)),
      ];
      for (const { code, errors } of answers) {
        expect(code).toBe('STEP_UP_REQUIRED');
        expect(errors[0]?.extensions['required']).toEqual(required);
      }
      const [row] = await app().database.query<{ count: number }>(
        `select count(*)::int as count from credentials where user_id = $1 and type = 'PASSKEY'`,
        [actor.id],
      );
      expect(row?.count).toBe(0);
    });
  });

  test('takes twenty at most, also of two that come at once', async () => {
    const actor = await somebody();
    const other = await signIn(app(), actor.email);
    for (let count = 0; count < 19; count += 1) await registerPasskey(actor, new SoftwarePasskey());
    const first = await askForRegistration(actor);
    // The second question ends the first, so the first is answered from a row made valid again: the limit is what is tried.
    const second = await askForRegistration(other);
    await app().database.query(
      `update one_time_tokens set used_at = null where user_id = $1 and kind = 'PASSKEY_REGISTRATION' and expires_at > $2
       and id in (select id from one_time_tokens where user_id = $1 order by id desc limit 2)`,
      [actor.id, app().clock.now().toISOString()],
    );
    const answers = await Promise.all([
      answerRegistration(actor, first, new SoftwarePasskey().register(first.options)),
      answerRegistration(other, second, new SoftwarePasskey().register(second.options)),
    ]);
    const outcomes = answers.flatMap(({ data }) => codesOf(data.completePasskeyRegistration?.errors));
    expect(outcomes).toEqual(['TOO_MANY_PASSKEYS']);
    const full = await actor.send(StartPasskeyRegistrationDocument, { input: {} });
    expect(codesOf(full.data.startPasskeyRegistration?.errors)).toEqual(['TOO_MANY_PASSKEYS']);
    const own = await actor.send(OwnPasskeysDocument, {});
    expect(own.data.viewer?.user.mfa?.passkeys).toHaveLength(20);
  });

  test('refuses an authenticator that is registered, to whichever account', async () => {
    const { key } = await makePasskeyHolder(app());
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const { data } = await answerRegistration(actor, asked, key.register(asked.options));
    expect(codesOf(data.completePasskeyRegistration?.errors)).toEqual(['PASSKEY_ALREADY_REGISTERED']);
  });

  test('is for signed-in callers', async () => {
    const start = await app().anonymous().send(StartPasskeyRegistrationDocument, { input: {} });
    expect([start.code, start.data]).toEqual(['UNAUTHENTICATED', { startPasskeyRegistration: null }]);
  });
});
