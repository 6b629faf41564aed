import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CompleteMfaDocument,
  ExchangeTokenDocument,
  LinkIdentityDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  SignInOnDeviceDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { overtaking } from '../../support/locks.ts';
import { codeTo, linkTokenOf } from '../../support/messages.ts';
import { enrol, nextCode } from '../../support/mfa.ts';
import { startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { answerSignIn, askForSignIn, registerPasskey } from '../../support/passkeys.ts';
import { askForCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { FOREIGN, FOREIGN_PASSWORD } from '../../support/foreign-hashes.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

let provider: TestProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp({ settings: issuers(issuerEntry(provider.issuer)) });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const somebody = async () => {
  const email = `${unique('late')}@example.com`;
  const userId = await makePerson(app, { email });
  return { email, userId, actor: await signIn(app, email) };
};

const openSessions = async (userId: string): Promise<number> =>
  (await app.database.query('select id from sessions where user_id = $1 and ended_at is null', [userId])).length;

/*
 * Whoever takes a proof away holds the row of the user, changes the credential and ends the sessions that there are. A sign-in
 * that looked at the proof before and is saved after would outlive all of it.
 */
describe('a sign-in that is under way when its proof is taken away begins no session', () => {
  test('by a password that was changed meanwhile', async () => {
    const { email, userId } = await somebody();
    const input = { identifier: email, password: PASSWORD, delivery: 'BODY' } as const;
    const { data } = await app.anonymous().send(SignInOnDeviceDocument, { input });
    const deviceToken = data.signIn?.tokens?.deviceToken ?? '';
    const before = await openSessions(userId);
    const late = await overtaking(
      app.database,
      userId,
      () => app.anonymous().send(SignInDocument, { input: { ...input, client: { deviceToken } } }),
      () =>
        app.database.query(
          `update credentials set secret = 'another', version = version + 1 where user_id = $1 and type = 'PASSWORD'`,
          [userId],
        ),
    );
    expect(late.data.signIn).toMatchObject({
      step: 'FAILED',
      tokens: null,
      errors: [{ code: 'INVALID_CREDENTIALS' }],
    });
    expect(await openSessions(userId)).toBe(before);
  });

  test('by a password that must be changed, and was changed meanwhile: no other one is set by it', async () => {
    const { email, userId } = await somebody();
    const input = { identifier: email, password: PASSWORD, delivery: 'BODY' } as const;
    const { data } = await app.anonymous().send(SignInOnDeviceDocument, { input });
    const client = { deviceToken: data.signIn?.tokens?.deviceToken ?? '' };
    await app.database.query('update users set password_change_required = true where id = $1', [userId]);
    const late = await overtaking(
      app.database,
      userId,
      () => app.anonymous().send(SignInDocument, { input: { ...input, client } }),
      async () => {
        await app.database.query(
          `update credentials set secret = 'another', version = version + 1 where user_id = $1 and type = 'PASSWORD'`,
          [userId],
        );
      },
    );
    const before = await openSessions(userId);
    const token = late.data.signIn?.challenge?.token ?? '';
    const { answer } = await changing(app, () =>
      app.anonymous().send(SetPasswordWithTokenDocument, { input: { token, newPassword: 'seven green umbrellas' } }),
    );
    expect(answer.data.setPasswordWithToken).toMatchObject({ errors: [{ code: 'TOKEN_INVALID', field: ['token'] }] });
    expect(await openSessions(userId)).toBe(before);
    const [row] = await app.database.query<{ secret: string }>(
      `select secret from credentials where user_id = $1 and type = 'PASSWORD'`,
      [userId],
    );
    expect(row?.secret).toBe('another');
  });

  test('by a passkey that was removed meanwhile', async () => {
    const { email, userId, actor } = await somebody();
    const key = new SoftwarePasskey();
    const passkeyId = await registerPasskey(actor, key);
    const asked = await askForSignIn(app.anonymous(), email);
    const before = await openSessions(userId);
    const late = await overtaking(
      app.database,
      userId,
      () => answerSignIn(app.anonymous(), asked.challengeToken, key.authenticate(asked.options)),
      () => app.database.query('delete from credentials where id = $1', [passkeyId]),
    );
    expect(late).toMatchObject({ step: 'FAILED', tokens: null, errors: [{ code: 'INVALID_CREDENTIALS' }] });
    expect(await openSessions(userId)).toBe(before);
  });

  test('by an identity that was unlinked meanwhile', async () => {
    const { userId, actor } = await somebody();
    const subject = unique('subject');
    provider.people.set(subject, { email: `${subject}@people.example`, emailVerified: true, name: 'Late' });
    const { accessToken: subjectToken } = await provider.tokensFor(subject);
    const token = { issuer: provider.issuer, subjectToken, subjectTokenType: 'ACCESS_TOKEN' } as const;
    const linked = await actor.send(LinkIdentityDocument, { input: token });
    const before = await openSessions(userId);
    const late = await overtaking(
      app.database,
      userId,
      () => app.anonymous().send(ExchangeTokenDocument, { input: { ...token, delivery: 'BODY' } }),
      () =>
        app.database.query('delete from external_identities where id = $1', [
          linked.data.linkIdentity?.identity?.id ?? '',
        ]),
    );
    expect(late.data.exchangeToken).toMatchObject({ step: 'FAILED', tokens: null });
    expect(await openSessions(userId)).toBe(before);
  });

  const moved = (userId: string) =>
    app.database.query(`delete from identifiers where user_id = $1 and kind = 'EMAIL'`, [userId]);

  test.each(['CODE', 'LINK'] as const)('by a %s to an address that was given up meanwhile', async (form) => {
    const { email, userId } = await somebody();
    const verificationToken = await askForCode(app, email, form);
    const proof =
      form === 'CODE'
        ? { verificationToken, code: await codeTo(app, email) }
        : { linkToken: await linkTokenOf(app, email, 'sign-in-link') };
    const before = await openSessions(userId);
    const late = await overtaking(
      app.database,
      userId,
      () => app.anonymous().send(VerifySignInCodeDocument, { input: { ...proof, delivery: 'BODY' } }),
      () => moved(userId),
    );
    expect(late.data.verifySignInCode).toMatchObject({
      step: 'FAILED',
      tokens: null,
      errors: [{ code: 'INVALID_CREDENTIALS' }],
    });
    expect(await openSessions(userId)).toBe(before);
  });

  test('by a code to an address that was given up before the second factor is proved', async () => {
    const { email, userId, actor } = await somebody();
    const { secret } = await enrol(app, actor);
    const verificationToken = await askForCode(app, email);
    const input = { verificationToken, code: await codeTo(app, email), delivery: 'BODY' } as const;
    const begun = await app.anonymous().send(VerifySignInCodeDocument, { input });
    expect(begun.data.verifySignInCode?.step).toBe('MFA_REQUIRED');
    await moved(userId);
    const before = await openSessions(userId);
    const challengeToken = begun.data.verifySignInCode?.challenge?.token ?? '';
    const late = await app
      .anonymous()
      .send(CompleteMfaDocument, { input: { challengeToken, code: nextCode(app, secret) } });
    expect(late.data.completeMfa).toMatchObject({ step: 'FAILED', errors: [{ code: 'INVALID_CREDENTIALS' }] });
    expect(await openSessions(userId)).toBe(before);
  });

  test('but a new hash of the same password takes nothing away: parallel sign-ins after a raise of the cost all work', async () => {
    const { email, userId } = await somebody();
    await app.database.query(`update credentials set secret = $2 where user_id = $1 and type = 'PASSWORD'`, [
      userId,
      FOREIGN[0]?.text ?? '',
    ]);
    const answers = await inParallel(4, () =>
      app.anonymous().send(SignInDocument, {
        input: { identifier: email, password: FOREIGN_PASSWORD, delivery: 'BODY' },
      }),
    );
    expect(answers.map(({ data }) => data.signIn?.step)).toEqual(['COMPLETE', 'COMPLETE', 'COMPLETE', 'COMPLETE']);
    const [row] = await app.database.query<{ secret: string }>(
      `select secret from credentials where user_id = $1 and type = 'PASSWORD'`,
      [userId],
    );
    expect(row?.secret).toMatch(/^\$argon2id\$/);
  });
});
