import { expect, test } from 'vitest';
import {
  CompleteMfaOnDeviceDocument,
  ConfirmIdentityDocument,
  ExchangeTokenDocument,
  LinkIdentityDocument,
  RegenerateRecoveryCodesDocument,
  RequestEmailChangeDocument,
  RequestSignInCodeDocument,
  SignInDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import { codeTo, linkTokenOf } from '../../support/messages.ts';
import { enrolled, nextCode } from '../../support/mfa.ts';
import { startProvider } from '../../support/oidc-provider.ts';
import { answerSignIn, askForSignIn, registerPasskey } from '../../support/passkeys.ts';
import { askForCode, signUpWith } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

/** Everything that stands in a table or in the log, by place. */
const writtenIn = async (app: TestApp): Promise<readonly (readonly [string, string])[]> => {
  const tables = await app.database.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace`,
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] = await app.database.query<{ text: string | null }>(
        `select string_agg(t::text, chr(10)) as text from "${name}" t`,
      );
      return [name, row?.text ?? ''] as const;
    }),
  );
  return [['the log', app.log.join('\n')], ...rows];
};

test('no secret of a second factor, code, link, device, passkey or provider stands anywhere in clear', async () => {
  const provider = await startProvider();
  const app = await startTestApp({
    settings: {
      'log.requests': 'true',
      'signIn.methods': 'PASSWORD,CODE,LINK',
      'signUp.mode': 'OPEN',
      ...issuers(issuerEntry(provider.issuer)),
    },
  });
  const secrets = new Set<string>();
  const keep = (text: string | null | undefined): string => {
    if (text == null || text === '') throw new Error('There is nothing to look for.');
    secrets.add(text);
    return text;
  };
  const person = await enrolled(app);
  const { actor, email } = person;
  keep(person.secret);
  person.recoveryCodes.forEach(keep);

  // A challenge answered by a recovery code, on a device that is known from then on.
  const begun = await app
    .anonymous()
    .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
  const challengeToken = keep(begun.data.signIn?.challenge?.token);
  const recoveryCode = person.recoveryCodes[0] ?? '';
  const done = await app.anonymous().send(CompleteMfaOnDeviceDocument, { input: { challengeToken, recoveryCode } });
  keep(done.data.completeMfa?.tokens?.deviceToken);
  keep(done.data.completeMfa?.tokens?.refreshToken);

  const replaced = await actor.send(RegenerateRecoveryCodesDocument, {
    input: { totpCode: nextCode(app, person.secret) },
  });
  replaced.data.regenerateRecoveryCodes?.recoveryCodes?.forEach(keep);

  const key = new SoftwarePasskey();
  await registerPasskey(actor, key);
  const asked = await askForSignIn(app.anonymous(), email);
  keep(asked.challengeToken);
  expect((await answerSignIn(app.anonymous(), asked.challengeToken, key.authenticate(asked.options)))?.step).toBe(
    'COMPLETE',
  );

  // Codes are six digits that stand in many a number: looked for where they are said to be one.
  const codeToken = keep(await askForCode(app, email));
  const code = await codeTo(app, email);
  await app
    .anonymous()
    .send(VerifySignInCodeDocument, { input: { verificationToken: codeToken, code, delivery: 'BODY' } });
  app.clock.advance(61);
  keep(await askForCode(app, email, 'LINK'));
  const linkToken = keep(await linkTokenOf(app, email, 'sign-in-link'));
  await app.anonymous().send(VerifySignInCodeDocument, { input: { linkToken, delivery: 'BODY' } });
  const stepUp = await actor.send(RequestSignInCodeDocument, { input: { purpose: 'STEP_UP' } });
  const verificationToken = keep(stepUp.data.requestSignInCode?.verification?.token);
  const confirmed = await actor.send(ConfirmIdentityDocument, {
    input: { verificationToken, code: await codeTo(app, email) },
  });
  expect(confirmed.data.confirmIdentity?.errors).toEqual([]);

  await actor.send(RequestEmailChangeDocument, { input: { newEmail: 'new@leak.example', currentPassword: PASSWORD } });
  keep(await linkTokenOf(app, 'new@leak.example', 'email-change'));
  keep(await signUpWith(app, { email: 'applicant@leak.example' }));

  provider.people.set('leak', { email: 'leak@people.example', emailVerified: true, name: 'Leak' });
  const tokens = await provider.tokensFor('leak');
  const given = {
    issuer: provider.issuer,
    subjectToken: keep(tokens.accessToken),
    subjectTokenType: 'ACCESS_TOKEN',
  } as const;
  expect((await actor.send(LinkIdentityDocument, { input: given })).data.linkIdentity?.errors).toEqual([]);
  const exchanged = await app.anonymous().send(ExchangeTokenDocument, { input: { ...given, delivery: 'BODY' } });
  keep(exchanged.data.exchangeToken?.challenge?.token);
  keep(tokens.idToken);
  await app.anonymous().send(ExchangeTokenDocument, {
    input: { ...given, subjectToken: tokens.idToken, subjectTokenType: 'ID_TOKEN', delivery: 'BODY' },
  });
  await app.services.messageWorker.run();

  expect(secrets.size).toBeGreaterThan(25);
  const written = await writtenIn(app);
  expect(written.map(([place]) => place)).toEqual(
    expect.arrayContaining([
      'messages',
      'verifications',
      'one_time_tokens',
      'devices',
      'outbox_events',
      'audit_personal_values',
    ]),
  );
  const leaks = written.flatMap(([place, text]) =>
    [...secrets].filter((secret) => text.includes(secret)).map((secret) => `${place}: ${secret}`),
  );
  expect(leaks).toEqual([]);
  // Six digits stand in many a number; as a value of their own they stand nowhere.
  const values = written.flatMap(([place, text]) =>
    new RegExp(`"${code}"|[(,]${code}[,)]`).test(text) ? [place] : [],
  );
  expect(values).toEqual([]);
  await app.close();
  await provider.close();
}, 60_000);
