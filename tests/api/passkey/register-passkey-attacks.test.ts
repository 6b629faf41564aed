import { describe, expect, test } from 'vitest';
import { type Lies, SoftwarePasskey } from '../../support/authenticator.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { inParallel, recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { answerRegistration, askForRegistration, askForSignIn } from '../../support/passkeys.ts';
import { useTestApp } from '../../support/test-app.ts';

type Json = Record<string, unknown>;

describe('registering a passkey, by an attacker', () => {
  const app = useTestApp();

  const somebody = async (): Promise<Actor> => {
    const email = `${unique('owner')}@attacked.example`;
    await makePerson(app(), { email });
    return signIn(app(), email);
  };
  const passkeys = async (): Promise<number> => {
    const [row] = await app().database.query<{ count: number }>(
      `select count(*)::int as count from credentials where type = 'PASSKEY'`,
    );
    return row?.count ?? -1;
  };
  const REFUSED = {
    completePasskeyRegistration: {
      passkey: null,
      errors: [
        {
          code: 'PASSKEY_INVALID',
          message: "The authenticator's answer failed verification.",
          field: ['response'],
          targetId: null,
        },
      ],
    },
  };

  test.each<[string, Lies]>([
    ['another origin', { origin: 'http://localhost:4001' }],
    ['another scheme', { origin: 'https://localhost:4000' }],
    ['an origin that only begins like ours', { origin: 'http://localhost:4000.evil.example' }],
    ['another domain', { rpId: 'evil.example' }],
    ['a challenge of their own', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
    ['no challenge', { challenge: '' }],
    ['an assertion', { type: 'webauthn.get' }],
    ['a frame in a foreign page', { crossOrigin: true }],
    ['nobody present', { userPresent: false }],
    ['nobody verified', { userVerified: false }],
    ['an id that is not that of the key', { rawId: 'AAAA' }],
    ['an empty id', { id: '' }],
  ])('with %s is refused and uses the question up', async (_, lies) => {
    const actor = await somebody();
    const key = new SoftwarePasskey();
    const asked = await askForRegistration(actor);
    const before = await passkeys();
    const { answer, audit, events } = await recording(app(), () =>
      answerRegistration(actor, asked, key.register(asked.options, lies)),
    );
    expect(answer.data).toEqual(REFUSED);
    expect(audit).toMatchObject([{ action: 'passkey.added', result: 'FAILURE', target: { id: actor.id } }]);
    expect(events).toEqual([]);
    const again = await answerRegistration(actor, asked, key.register(asked.options));
    expect(again.data).toEqual(REFUSED);
    expect(await passkeys()).toBe(before);
  });

  test.each<[string, (response: Json) => unknown]>([
    ['empty', () => ({})],
    ['without its inner half', ({ id, rawId, type }) => ({ id, rawId, type })],
    ['with texts for objects', (response) => ({ ...response, response: 'x' })],
    ['with objects for texts', (response) => ({ ...response, id: { toString: 'x' }, rawId: {} })],
    ['with lists for texts', (response) => ({ ...response, id: ['a'], rawId: ['a'] })],
    ['of another type', (response) => ({ ...response, type: 'password' })],
    [
      'with a very long part',
      (response) => ({
        ...response,
        response: { ...(response['response'] as Json), attestationObject: 'A'.repeat(100_000) },
      }),
    ],
    [
      'that is no CBOR',
      (response) => ({ ...response, response: { ...(response['response'] as Json), attestationObject: 'AAAA' } }),
    ],
    [
      'with CBOR that nests without end',
      (response) => ({
        ...response,
        response: {
          ...(response['response'] as Json),
          attestationObject: Buffer.alloc(12_000, 0x81).toString('base64url'),
        },
      }),
    ],
    [
      'with client data that is no JSON',
      (response) => ({
        ...response,
        response: { ...(response['response'] as Json), clientDataJSON: Buffer.from('{').toString('base64url') },
      }),
    ],
  ])('%s is refused', async (_, change) => {
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const response = new SoftwarePasskey().register(asked.options);
    const { status, data } = await answerRegistration(actor, asked, change({ ...response }) as Json);
    expect(status).toBe(200);
    expect(data).toEqual(REFUSED);
  });

  test('with a megabyte is refused by the limit of the body', async () => {
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const { status } = await answerRegistration(actor, asked, { id: 'A'.repeat(1_048_576) });
    expect(status).toBe(413);
  });

  test('with prototype keys changes no prototype', async () => {
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const response = new SoftwarePasskey().register(asked.options);
    const query = `mutation ($token: String!) { completePasskeyRegistration(input: { challengeToken: $token, name: "x",
      response: { __proto__: { type: "public-key" }, constructor: { prototype: { isAdmin: true } } } }) { errors { code } } }`;
    const inline = await actor.run<{ completePasskeyRegistration: { errors: { code: string }[] } }>(query, {
      token: asked.challengeToken,
    });
    expect(inline.data.completePasskeyRegistration.errors.map(({ code }) => code)).toEqual(['PASSKEY_INVALID']);
    const next = await askForRegistration(actor);
    const poisoned = await answerRegistration(actor, next, {
      ...response,
      constructor: { prototype: { isAdmin: true } },
    });
    expect([poisoned.status, poisoned.data]).toEqual([400, undefined]);
    const last = await askForRegistration(actor);
    const odd = { ...new SoftwarePasskey().register(last.options), toString: 'x', hasOwnProperty: 'y' };
    const { data } = await answerRegistration(actor, last, odd);
    expect(data.completePasskeyRegistration?.errors).toEqual([]);
    expect(({} as Json)['isAdmin']).toBeUndefined();
  });

  describe("a question that is not the caller's to answer", () => {
    test("is neither another person's nor that of another session of the same person, and stays open", async () => {
      const [owner, thief] = [await somebody(), await somebody()];
      const elsewhere = await signIn(app(), owner.email);
      const asked = await askForRegistration(owner);
      const key = new SoftwarePasskey();
      const response = key.register(asked.options);
      for (const stranger of [thief, elsewhere]) {
        expect((await answerRegistration(stranger, asked, response)).data).toEqual(REFUSED);
      }
      const { data } = await answerRegistration(owner, asked, response);
      expect(data.completePasskeyRegistration?.errors).toEqual([]);
    });

    test('is none of another purpose, cut short, made up, replaced, or past its life', async () => {
      const actor = await somebody();
      const key = new SoftwarePasskey();
      const signInQuestion = await askForSignIn(actor);
      const replaced = await askForRegistration(actor);
      const asked = await askForRegistration(actor);
      const token = asked.challengeToken;
      const tokens = [
        signInQuestion.challengeToken,
        replaced.challengeToken,
        token.slice(0, -1),
        token.slice(0, 30),
        `${token}a`,
        token.replace('ghc_', 'ghi_'),
        '',
        'x'.repeat(10_000),
      ];
      const response = key.register(asked.options);
      for (const challengeToken of tokens) {
        expect((await answerRegistration(actor, { ...asked, challengeToken }, response)).data).toEqual(REFUSED);
      }
      app().clock.advance(301);
      expect((await answerRegistration(actor, asked, response)).data).toEqual(REFUSED);
    });

    test('is used up by the first of fifty answers', async () => {
      const actor = await somebody();
      const asked = await askForRegistration(actor);
      const before = await passkeys();
      const keys = Array.from({ length: 50 }, () => new SoftwarePasskey());
      const answers = await inParallel(50, (index) =>
        answerRegistration(actor, asked, keys[index]?.register(asked.options) ?? {}),
      );
      const made = answers.filter(({ data }) => data.completePasskeyRegistration?.passkey != null);
      expect(made).toHaveLength(1);
      expect(await passkeys()).toBe(before + 1);
    });
  });

  test('with an attestation nobody asked for has it dropped unread', async () => {
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const attStmt = new Map<string, number | Buffer>([
      ['alg', -7],
      ['sig', Buffer.alloc(70)],
      ['x5c', Buffer.from('no certificate')],
    ]);
    const response = new SoftwarePasskey().register(asked.options, { attestation: { fmt: 'packed', attStmt } });
    const { data } = await answerRegistration(actor, asked, response);
    expect(data.completePasskeyRegistration?.errors).toEqual([]);
  });
});
