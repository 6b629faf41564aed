import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  CompleteMfaDocument,
  ConfirmIdentityDocument,
  DisableTotpDocument,
  ExchangeTokenDocument,
  LinkIdentityDocument,
  RequestEmailChangeDocument,
  RequestPasswordResetDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { enrolled, nextCode, wrongCode } from '../../support/mfa.ts';
import { startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

/** Guesses of a second factor that were looked at; beyond five within a quarter of an hour nothing is. */
const LOOKED_AT = 'MFA_CODE_INVALID';
const MOST = 5;

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

const begin = (identifier: string, more: Readonly<Record<string, unknown>> = {}) =>
  app.anonymous().send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'BODY', ...more } });

const answerOf = async (challengeToken: string, code: string) => {
  const { data } = await app.anonymous().send(CompleteMfaDocument, { input: { challengeToken, code } });
  return data.completeMfa?.errors[0]?.code ?? data.completeMfa?.step;
};

const lookedAt = (codes: readonly unknown[]): number => codes.filter((code) => code === LOOKED_AT).length;

describe('somebody with one factor of another person who guesses the second', () => {
  test('gets no more guesses by beginning anew at an identity provider, which no lock stops', async () => {
    const victim = await enrolled(app);
    provider.people.set('victim', { email: victim.email, emailVerified: true, name: 'Victim' });
    const { accessToken: subjectToken } = await provider.tokensFor('victim');
    const token = { issuer: provider.issuer, subjectToken, subjectTokenType: 'ACCESS_TOKEN' } as const;
    const linked = await victim.actor.send(LinkIdentityDocument, { input: token });
    expect(linked.data.linkIdentity?.errors).toEqual([]);

    const codes: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { data } = await app.anonymous().send(ExchangeTokenDocument, { input: { ...token, delivery: 'BODY' } });
      const challengeToken = data.exchangeToken?.challenge?.token ?? '';
      for (let time = 0; time < 5; time += 1) codes.push(await answerOf(challengeToken, wrongCode(app, victim.secret)));
    }
    expect(lookedAt(codes)).toBe(MOST);
    // A while later the owner, who knows the code, gets in.
    app.clock.advance(901);
    const { data } = await app.anonymous().send(ExchangeTokenDocument, { input: { ...token, delivery: 'BODY' } });
    expect(await answerOf(data.exchangeToken?.challenge?.token ?? '', nextCode(app, victim.secret))).toBe('COMPLETE');
  });

  test('gets no more guesses by answering the last challenge many times at once', async () => {
    const victim = await enrolled(app);
    const codes: unknown[] = [];
    const first = (await begin(victim.email)).data.signIn?.challenge?.token ?? '';
    for (let time = 0; time < 4; time += 1) codes.push(await answerOf(first, wrongCode(app, victim.secret)));
    const second = (await begin(victim.email)).data.signIn?.challenge?.token ?? '';
    codes.push(...(await inParallel(10, () => answerOf(second, wrongCode(app, victim.secret)))));
    expect(lookedAt(codes)).toBe(MOST);
  });

  test('gets no guess for nothing while sign-ins with the right password are under way', async () => {
    const victim = await enrolled(app);
    const codes: unknown[] = [];
    for (let round = 0; round < 8; round += 1) {
      const challengeToken = (await begin(victim.email)).data.signIn?.challenge?.token ?? '';
      const guesses = inParallel(5, () => answerOf(challengeToken, wrongCode(app, victim.secret)));
      const signIns = inParallel(5, () => begin(victim.email));
      codes.push(...(await guesses));
      await signIns;
    }
    expect(lookedAt(codes)).toBeLessThanOrEqual(MOST);
  });

  test('is forgotten with the right second factor: mistakes of the owner do not add up', async () => {
    const owner = await enrolled(app);
    for (let round = 0; round < 3; round += 1) {
      const challengeToken = (await begin(owner.email)).data.signIn?.challenge?.token ?? '';
      for (let time = 0; time < 3; time += 1)
        expect(await answerOf(challengeToken, wrongCode(app, owner.secret))).toBe(LOOKED_AT);
      expect(await answerOf(challengeToken, nextCode(app, owner.secret))).toBe('COMPLETE');
    }
  });

  test.each([
    [
      'confirming the identity',
      (thief: TestClientOf) => thief.send(ConfirmIdentityDocument, { input: { password: PASSWORD } }),
    ],
    [
      'proposing a password that is refused',
      (thief: TestClientOf) =>
        thief.send(ChangePasswordDocument, { input: { currentPassword: PASSWORD, newPassword: PASSWORD } }),
    ],
    [
      'asking for another address',
      (thief: TestClientOf) =>
        thief.send(RequestEmailChangeDocument, {
          input: { newEmail: 'thief@example.com', currentPassword: PASSWORD },
        }),
    ],
  ])('in a stolen session gets no more guesses by %s in between', async (_, forgive) => {
    const victim = await enrolled(app);
    const codes: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let time = 0; time < 4; time += 1) {
        const input = { code: wrongCode(app, victim.secret) };
        const { data } = await victim.actor.send(ConfirmIdentityDocument, { input });
        codes.push(data.confirmIdentity?.errors[0]?.code);
      }
      await forgive(victim.actor);
    }
    // Wrong codes and codes that are not looked at answer the same: the count of the device tells them apart.
    const [row] = await app.database.query<{ locked: boolean }>(
      'select locked_until is not null as locked from devices where user_id = $1',
      [victim.actor.id],
    );
    expect(row?.locked).toBe(true);
    expect(codes).toHaveLength(16);
    const right = nextCode(app, victim.secret);
    const { data } = await victim.actor.send(ConfirmIdentityDocument, { input: { code: right } });
    expect(data.confirmIdentity?.errors[0]?.code).toBe(LOOKED_AT);
  });

  test('in a stolen session gets no more guesses by switching off with the right password in between', async () => {
    const victim = await enrolled(app);
    for (let round = 0; round < 3; round += 1) {
      for (let time = 0; time < 3; time += 1)
        await victim.actor.send(DisableTotpDocument, {
          input: { password: PASSWORD, code: wrongCode(app, victim.secret) },
        });
      await victim.actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } });
    }
    const { data } = await victim.actor.send(DisableTotpDocument, {
      input: { password: PASSWORD, code: nextCode(app, victim.secret) },
    });
    expect(data.disableTotp?.errors[0]?.code).toBe('MFA_AUTH_FAILED');
  });

  test('who reads the mail gets no more guesses by resetting the password in between', async () => {
    const victim = await enrolled(app);
    let looked = 0;
    for (let round = 0; round < 4; round += 1) {
      await app.anonymous().send(RequestPasswordResetDocument, { input: { email: victim.email } });
      const token = await linkTokenOf(app, victim.email, 'reset');
      const newPassword = `another long enough secret ${round}`;
      await app.anonymous().send(SetPasswordWithTokenDocument, { input: { token, newPassword } });
      for (let time = 0; time < 5; time += 1) {
        const { data } = await begin(victim.email, {
          password: newPassword,
          mfaCode: wrongCode(app, victim.secret),
        });
        if (data.signIn?.errors[0]?.code === LOOKED_AT) looked += 1;
      }
      app.clock.advance(61);
    }
    // One guess a link may remain: the link takes the lock off, or the owner could not get in after a reset.
    expect(looked).toBeLessThanOrEqual(MOST + 3);
  });
});

type TestClientOf = Awaited<ReturnType<typeof enrolled>>['actor'];
