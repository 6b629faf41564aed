import { describe, expect, test } from 'vitest';
import {
  CompleteMfaDocument,
  ConfirmIdentityDocument,
  StartPasskeyRegistrationDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { enrol } from '../../support/mfa.ts';
import {
  answerSignIn,
  askForSignIn,
  makePasskeyHolder,
  registerPasskey,
  signInByPasskey,
} from '../../support/passkeys.ts';
import { jwtParts, recording } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

type Json = Readonly<Record<string, unknown>>;

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) {
  step tokens { accessToken } challenge { token methods passkeyOptions } } }`;

interface FirstStep {
  readonly signIn: {
    readonly step: string;
    readonly challenge: { readonly token: string; readonly methods: string[]; readonly passkeyOptions: Json | null };
  };
}

describe('a passkey as second factor', () => {
  const app = useTestApp();

  /** Somebody with TOTP on and one passkey. */
  const guarded = async (key = new SoftwarePasskey()): Promise<{ actor: Actor; key: SoftwarePasskey }> => {
    const email = `${unique('guarded')}@passkey.example`;
    await makePerson(app(), { email });
    const { actor } = await enrol(app(), await signIn(app(), email));
    await registerPasskey(actor, key);
    return { actor, key };
  };
  const firstStep = async (identifier: string): Promise<FirstStep['signIn']> => {
    const { data } = await app()
      .anonymous()
      .run<FirstStep>(SIGN_IN, { input: { identifier, password: PASSWORD, delivery: 'BODY' } });
    return data.signIn;
  };
  const answer = async (challengeToken: string, passkeyResponse: Json) => {
    const input = { challengeToken, passkeyResponse: { ...passkeyResponse } };
    return (await app().anonymous().send(CompleteMfaDocument, { input })).data.completeMfa;
  };

  test('answers the question that a password sign-in asks', async () => {
    const { actor, key } = await guarded();
    const { step, challenge } = await firstStep(actor.email);
    expect(step).toBe('MFA_REQUIRED');
    expect(challenge.methods).toContain('PASSKEY');
    expect(challenge.passkeyOptions).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: key.id }],
    });
    const payload = await answer(challenge.token, key.authenticate(challenge.passkeyOptions));
    expect(payload).toMatchObject({ step: 'COMPLETE', user: { id: actor.id }, errors: [] });
    expect(jwtParts(payload?.tokens?.accessToken ?? '').claims['amr']).toEqual(['pwd', 'hwk', 'mfa']);
  });

  test('is not asked for where only passkeys are registered: those do not switch it on', async () => {
    const { actor } = await makePasskeyHolder(app());
    expect((await firstStep(actor.email)).step).toBe('COMPLETE');
  });

  test('spares the question where it is the first factor', async () => {
    const { actor, key } = await guarded();
    expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'COMPLETE', user: { id: actor.id } });
  });

  test('of somebody else, for another question, or of a copied key, is refused and not in the log as a success', async () => {
    const { actor, key } = await guarded(new SoftwarePasskey({ counter: 5 }));
    const { key: foreign } = await guarded();
    const { challenge } = await firstStep(actor.email);
    const { challenge: other } = await firstStep(actor.email);
    const open = await askForSignIn(app().anonymous());
    const options = other.passkeyOptions;
    const answers = [
      foreign.authenticate(options),
      foreign.authenticate(options, { userHandle: key.userHandle }),
      key.authenticate(challenge.passkeyOptions),
      key.authenticate(options, { counter: 1 }),
    ];
    const refused = { step: 'FAILED', tokens: null, errors: [{ code: 'PASSKEY_INVALID', field: ['passkeyResponse'] }] };
    for (const response of answers) {
      const [payload, { audit }] = await recording(app(), () => answer(other.token, response));
      expect(payload).toMatchObject(refused);
      expect(audit.map(({ result }) => result)).not.toContain('SUCCESS');
    }
    // Neither does an answer to the second step open the first one, nor the other way round.
    const second = key.authenticate(options);
    expect(await answerSignIn(app().anonymous(), open.challengeToken, second)).toMatchObject({ step: 'FAILED' });
    expect(await answerSignIn(app().anonymous(), other.token, second)).toMatchObject({ step: 'FAILED' });
    const first = await answer(open.challengeToken, key.authenticate(open.options));
    expect(first?.errors.map(({ code }) => code)).toEqual(['TOKEN_INVALID']);
  });

  test('completes one sign-in, however often its answer is sent at once', async () => {
    const { actor, key } = await guarded();
    const { challenge } = await firstStep(actor.email);
    const response = key.authenticate(challenge.passkeyOptions);
    const payloads = await inParallel(50, () => answer(challenge.token, response));
    expect(payloads.filter((payload) => payload?.step === 'COMPLETE')).toHaveLength(1);
  });

  test('is registered only in a session that proved the second factor', async () => {
    const { actor } = await guarded();
    await app().database.query(`update sessions set assurance_level = 'AAL1' where user_id = $1`, [actor.id]);
    const { code } = await actor.send(StartPasskeyRegistrationDocument, { input: { password: PASSWORD } });
    expect(code).toBe('STEP_UP_REQUIRED');
  });
});

describe('confirmIdentity by passkey', () => {
  const app = useTestApp();
  const confirm = (actor: Actor, challengeToken: string, response: Json) =>
    actor.send(ConfirmIdentityDocument, { input: { passkey: { challengeToken, response: { ...response } } } });

  test('makes the session fresh and raises it to two factors', async () => {
    const { actor, key } = await makePasskeyHolder(app());
    app().clock.advance(700);
    const asked = await askForSignIn(actor);
    const { data } = await confirm(actor, asked.challengeToken, key.authenticate(asked.options));
    expect(data.confirmIdentity).toMatchObject({ assuranceLevel: 'AAL2', errors: [] });
    const { viewer } = (await actor.send(ViewerDocument, {})).data;
    expect(viewer).toMatchObject({ assuranceLevel: 'AAL2', freshUntil: data.confirmIdentity?.freshUntil });
  });

  test("takes nobody else's passkey, and no answer twice", async () => {
    const { actor, key } = await makePasskeyHolder(app());
    const { key: foreign, actor: stranger } = await makePasskeyHolder(app());
    app().clock.advance(700);
    const open = await askForSignIn(app().anonymous());
    const own = await askForSignIn(actor);
    const theirs = await askForSignIn(stranger);
    const tries = [
      [open.challengeToken, foreign.authenticate(open.options)],
      [own.challengeToken, foreign.authenticate(own.options, { userHandle: null })],
      [theirs.challengeToken, key.authenticate(theirs.options)],
    ] as const;
    for (const [token, response] of tries) {
      const { data } = await confirm(actor, token, response);
      expect(data.confirmIdentity).toMatchObject({ freshUntil: null, errors: [{ code: 'PASSKEY_INVALID' }] });
    }
    const asked = await askForSignIn(actor);
    const response = key.authenticate(asked.options);
    const answers = await inParallel(50, () => confirm(actor, asked.challengeToken, response));
    expect(answers.filter(({ data }) => data.confirmIdentity?.errors.length === 0)).toHaveLength(1);
  });
});
