import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CompletePasskeySignInDocument } from '../../../generated/client/graphql.ts';
import type { Lies } from '../../support/authenticator.ts';
import { inParallel, recording } from '../../support/evidence.ts';
import { answerSignIn, askForRegistration, askForSignIn, makePasskeyHolder } from '../../support/passkeys.ts';
import { signInState } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

type Json = Record<string, unknown>;

const REFUSED = {
  step: 'FAILED',
  user: null,
  tokens: null,
  challenge: null,
  errors: [
    {
      code: 'PASSKEY_INVALID',
      message: "The authenticator's answer failed verification.",
      field: ['passkey'],
      targetId: null,
    },
  ],
};

describe('signing in by passkey, by an attacker', () => {
  const app = useTestApp();

  /** What a refusal must leave alone; the question that was answered is used up. */
  const rest = async (): Promise<unknown> => {
    const state = await signInState(app());
    return { ...state, one_time_tokens: null };
  };

  test.each<[string, Lies]>([
    ['another origin', { origin: 'http://localhost:4001' }],
    ['an origin that only begins like ours', { origin: 'http://localhost:4000.evil.example' }],
    ['another domain', { rpId: 'evil.example' }],
    ['a challenge of their own', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
    ['a registration', { type: 'webauthn.create' }],
    ['a frame in a foreign page', { crossOrigin: true }],
    ['nobody present', { userPresent: false }],
    ['nobody verified', { userVerified: false }],
    ['another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    ['the handle of another account', { userHandle: Buffer.alloc(16, 1).toString('base64url') }],
    ['no account named, where the question was for anybody', { userHandle: null }],
    ['an id that nobody registered', { id: Buffer.alloc(16, 9).toString('base64url') }],
    ['two different ids', { rawId: 'AAAA' }],
  ])('with %s is refused, changes nothing, and uses the question up', async (_, lies) => {
    const { key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous());
    const before = await rest();
    const { answer, audit, events } = await recording(app(), () =>
      answerSignIn(app().anonymous(), asked.challengeToken, key.authenticate(asked.options, lies)),
    );
    expect(answer).toEqual(REFUSED);
    expect(await rest()).toEqual(before);
    expect(audit).toMatchObject([
      { action: 'session.started', result: 'FAILURE', metadata: { method: 'PASSKEY', reason: 'PASSKEY_INVALID' } },
    ]);
    expect(events).toEqual([]);
    const honest = await answerSignIn(app().anonymous(), asked.challengeToken, key.authenticate(asked.options));
    expect(honest).toEqual(REFUSED);
  });

  test.each<[string, (response: Json, inner: Json) => unknown]>([
    ['empty', () => ({})],
    ['without its inner half', ({ id, rawId, type }) => ({ id, rawId, type })],
    ['with texts for objects', (response) => ({ ...response, response: 'x' })],
    ['with objects for texts', (response, inner) => ({ ...response, response: { ...inner, signature: {} } })],
    ['with padding', (response) => ({ ...response, id: `${String(response['id'])}==` })],
    [
      'with a very long part',
      (response, inner) => ({ ...response, response: { ...inner, signature: 'A'.repeat(100_000) } }),
    ],
    ['with no signature', (response, inner) => ({ ...response, response: { ...inner, signature: '' } })],
    ['with short data', (response, inner) => ({ ...response, response: { ...inner, authenticatorData: 'AAAA' } })],
    [
      'with client data that is a list',
      (response, inner) => ({ ...response, response: { ...inner, clientDataJSON: 'W10' } }),
    ],
    ['with an SQL text for an id', (response) => ({ ...response, id: "' or 1=1 --", rawId: "' or 1=1 --" })],
  ])('%s is refused', async (_, change) => {
    const { key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous());
    const response = key.authenticate(asked.options);
    const changed = change({ ...response }, { ...(response['response'] as Json) }) as Json;
    expect(await answerSignIn(app().anonymous(), asked.challengeToken, changed)).toEqual(REFUSED);
  });

  test('with a megabyte is refused by the limit of the body', async () => {
    const answer = await app()
      .anonymous()
      .send(CompletePasskeySignInDocument, {
        input: { passkey: { challengeToken: 'x', response: { id: 'A'.repeat(1_048_576) } } },
      });
    expect(answer.status).toBe(413);
  });

  test('with prototype keys changes no prototype', async () => {
    const query = `mutation ($token: String!) { completePasskeySignIn(input: { passkey: { challengeToken: $token,
      response: { __proto__: { type: "public-key" }, constructor: { prototype: { isAdmin: true } } } } }) {
      step user { id } tokens { accessToken } challenge { token } errors { code message field targetId } } }`;
    const { challengeToken } = await askForSignIn(app().anonymous());
    const { data } = await app().anonymous().run(query, { token: challengeToken });
    expect(data['completePasskeySignIn']).toEqual(REFUSED);
    expect(({} as Json)['isAdmin']).toBeUndefined();
  });

  test('who repeats an answer gets nothing: of fifty at once one signs in', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous());
    const response = key.authenticate(asked.options);
    const payloads = await inParallel(50, () => answerSignIn(app().anonymous(), asked.challengeToken, response));
    expect(payloads.filter((payload) => payload?.step === 'COMPLETE')).toHaveLength(1);
    expect(payloads.filter((payload) => payload?.errors[0]?.code === 'PASSKEY_INVALID')).toHaveLength(49);
    const sessions = await app().database.query(
      `select id from sessions where user_id = $1 and sign_in_method = 'PASSKEY'`,
      [actor.id],
    );
    expect(sessions).toHaveLength(1);
  });

  test('who answers a question for somebody else with a passkey of their own gets nothing', async () => {
    const { actor: victim } = await makePasskeyHolder(app());
    const { key } = await makePasskeyHolder(app());
    for (const identifier of [victim.email, 'nobody@passkey.example']) {
      for (const lies of [{}, { userHandle: null }]) {
        const asked = await askForSignIn(app().anonymous(), identifier);
        const response = key.authenticate(asked.options, lies);
        expect(await answerSignIn(app().anonymous(), asked.challengeToken, response)).toEqual(REFUSED);
      }
    }
  });

  test('who starts a sign-in in the name of somebody else does not disturb theirs', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const asked = await askForSignIn(app().anonymous(), actor.email);
    await askForSignIn(app().anonymous(), actor.email);
    const payload = await answerSignIn(app().anonymous(), asked.challengeToken, key.authenticate(asked.options));
    expect(payload).toMatchObject({ step: 'COMPLETE' });
  });

  test('with a token of another purpose, cut short, made up, or past its life is refused', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const registration = await askForRegistration(actor);
    const asked = await askForSignIn(app().anonymous());
    const token = asked.challengeToken;
    const tokens = [
      registration.challengeToken,
      token.slice(0, -1),
      token.slice(0, 30),
      `${token}a`,
      token.replace('ghc_', 'ghm_'),
      '',
      'x'.repeat(10_000),
    ];
    const response = key.authenticate({ ...asked.options, challenge: asked.options['challenge'] });
    for (const challengeToken of tokens) {
      expect(await answerSignIn(app().anonymous(), challengeToken, response)).toEqual(REFUSED);
    }
    app().clock.advance(301);
    expect(await answerSignIn(app().anonymous(), token, response)).toEqual(REFUSED);
  });

  test('who starts sign-ins without end fills the table for minutes only', async () => {
    const open = async (): Promise<number> => {
      const [row] = await app().database.query<{ count: number }>(
        `select count(*)::int as count from one_time_tokens where kind = 'PASSKEY_ASSERTION'`,
      );
      return row?.count ?? -1;
    };
    await askForSignIn(app().anonymous());
    await app().services.housekeeping.run();
    expect(await open()).toBeGreaterThan(0);
    app().clock.advance(301);
    await app().services.housekeeping.run();
    expect(await open()).toBe(0);
  });

  test('with the challenge of another question is refused', async () => {
    const { key } = await makePasskeyHolder(app());
    const [one, two] = [await askForSignIn(app().anonymous()), await askForSignIn(app().anonymous())];
    expect(await answerSignIn(app().anonymous(), one.challengeToken, key.authenticate(two.options))).toEqual(REFUSED);
  });
});
