import { describe, expect, test } from 'vitest';
import {
  RequestSignInCodeDocument,
  ResendCodeDocument,
  SignInDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { inParallel, recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { codeTo, linkTokenOf, messagesTo } from '../../support/messages.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a stranger who asks for codes to the address of somebody else', () => {
  const app = useTestApp({ settings: { 'server.trustedProxies': '127.0.0.1/32' } });
  const from = (network: number): Readonly<Record<string, string>> => ({ 'x-forwarded-for': `198.51.100.${network}` });
  const owner = async (): Promise<string> => {
    const email = `${unique('coded')}@attacks.example`;
    await makePerson(app(), { email });
    return email;
  };
  const request = async (identifier: string, headers: Readonly<Record<string, string>> = {}) =>
    (await app().anonymous(headers).send(RequestSignInCodeDocument, { input: { identifier } })).data.requestSignInCode;
  /** The cookie of a device that the owner has signed in on. */
  const knownDevice = async (identifier: string): Promise<Readonly<Record<string, string>>> => {
    const { headers } = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'COOKIE' } });
    const cookies = headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    return { cookie: cookies.find((pair) => pair.includes('-device=')) ?? '' };
  };
  const verify = async (verificationToken: string, code: string) =>
    (
      await app()
        .anonymous()
        .send(VerifySignInCodeDocument, { input: { verificationToken, code, delivery: 'BODY' } })
    ).data.verifySignInCode;

  test('gets at no code of the owner, whose token is another', async () => {
    const email = await owner();
    const mine = await askForCode(app(), email);
    app().clock.advance(61);
    await askForCode(app(), email);
    const code = await codeTo(app(), email);
    expect((await verify(mine, code))?.step).toBe('FAILED');
  });

  test('does not make the code void that the owner is about to type', async () => {
    const email = await owner();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    app().clock.advance(61);
    await request(email);
    expect((await verify(token, code))?.step).toBe('COMPLETE');
  });

  test('does not make the link void that the owner is about to follow', async () => {
    const email = await owner();
    await askForCode(app(), email, 'LINK');
    const linkToken = await linkTokenOf(app(), email, 'sign-in-link');
    app().clock.advance(61);
    await askForCode(app(), email, 'LINK');
    const { data } = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { linkToken, delivery: 'BODY' } });
    expect(data.verifySignInCode?.step).toBe('COMPLETE');
  });

  test('does not keep the owner from getting one elsewhere, also after an hour of asking each minute', async () => {
    const email = await owner();
    await request(email, from(1));
    app().clock.advance(5);
    expect((await request(email, from(2)))?.verification).not.toBeNull();
    for (let minute = 0; minute < 30; minute += 1) {
      app().clock.advance(61);
      await request(email, from(1));
    }
    // The stranger's own share is spent long since.
    expect((await request(email, from(1)))?.verification).toBeNull();
    expect((await request(email, from(2)))?.verification).not.toBeNull();
  });

  test('from many networks floods no mailbox, and does not keep a known device of the owner from getting one', async () => {
    const email = await owner();
    const device = await knownDevice(email);
    await inParallel(60, (index) => request(email, from(index + 1)));
    const codes = async () => (await messagesTo(app(), email)).filter(({ template }) => template === 'code');
    expect(await codes()).toHaveLength(30);
    expect((await request(email, from(99)))?.verification).toBeNull();
    const mine = await request(email, device);
    // It has a cooldown of its own, as everybody has.
    expect((await request(email, device))?.verification).toBeNull();
    expect((await verify(mine?.verification?.token ?? '', await codeTo(app(), email)))?.step).toBe('COMPLETE');
  });

  test('gets no more guesses by asking for more codes, at once or one after another', async () => {
    const email = await owner();
    const device = await knownDevice(email);
    const tokens: string[] = [];
    for (let time = 0; time < 4; time += 1) {
      tokens.push((await request(email, from(1)))?.verification?.token ?? '');
      app().clock.advance(61);
    }
    const open = await app().database.query<{ selector: string }>(
      'update verifications set expires_at = expires_at + interval $$10 minutes$$ where target = $1 returning selector',
      [email],
    );
    expect(open).toHaveLength(4);
    const wrong = '123456';
    const guesses = await inParallel(
      50,
      async (index) => (await verify(tokens[index % 4] ?? '', wrong))?.errors[0]?.code,
    );
    expect(guesses.filter((code) => code === 'CODE_INVALID').length).toBeLessThanOrEqual(10);
    const networks = await inParallel(
      20,
      async (index) => (await request(email, from(index + 10)))?.verification?.token,
    );
    const more = await inParallel(
      100,
      async (index) => (await verify(networks[index % 20] ?? '', wrong))?.errors[0]?.code,
    );
    expect(more.filter((code) => code === 'CODE_INVALID').length).toBeLessThanOrEqual(40);
    const mine = await request(email, device);
    expect((await verify(mine?.verification?.token ?? '', await codeTo(app(), email)))?.step).toBe('COMPLETE');
  });

  test('has one code used once, when fifty try it at once', async () => {
    const email = await owner();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    const steps = await inParallel(50, async () => (await verify(token, code))?.step);
    expect(steps.filter((step) => step === 'COMPLETE')).toHaveLength(1);
  });

  test('tries a code five times in all, however often it is sent again within its cooldown', async () => {
    const email = await owner();
    const token = await askForCode(app(), email);
    const wrong = otherCode(await codeTo(app(), email));
    const tried = await inParallel(20, async () => {
      await app()
        .anonymous()
        .send(ResendCodeDocument, { input: { verificationToken: token } });
      return (await verify(token, wrong))?.errors[0]?.code;
    });
    expect(tried.filter((code) => code === 'CODE_INVALID')).toHaveLength(5);
    expect(await messagesTo(app(), email)).toHaveLength(1);
  });

  test('leaves a line in the log with each guess, about whom it was; for nobody too', async () => {
    const email = await owner();
    const token = await askForCode(app(), email);
    const guess = { action: 'session.started', result: 'FAILURE' };
    const metadata = { method: 'CODE', reason: 'CODE_INVALID' };
    const wrong = otherCode(await codeTo(app(), email));
    expect((await recording(app(), () => verify(token, wrong))).audit).toMatchObject([
      { ...guess, target: { type: 'User', label: email }, metadata },
    ]);
    const decoy = await askForCode(app(), `${unique('nobody')}@attacks.example`);
    expect((await recording(app(), () => verify(decoy, wrong))).audit).toMatchObject([
      { ...guess, target: { type: null, label: null }, metadata },
    ]);
    expect((await recording(app(), () => verify('ghv_x', wrong))).audit).toMatchObject([
      { ...guess, metadata: { method: 'CODE', reason: 'TOKEN_INVALID' } },
    ]);
  });

  test('learns nothing from the answers: those for nobody are the same, step by step', async () => {
    const walk = async (email: string): Promise<readonly unknown[]> => {
      const first = await request(email);
      const token = first?.verification?.token ?? '';
      const answers: unknown[] = [Object.keys(first?.verification ?? {}), token.length, token.slice(0, 4)];
      answers.push((await request(email))?.retryAfterSeconds, (await request(email))?.verification);
      const again = () =>
        app()
          .anonymous()
          .send(ResendCodeDocument, { input: { verificationToken: token } });
      answers.push((await again()).data.resendCode?.retryAfterSeconds);
      for (let time = 0; time < 7; time += 1) answers.push((await verify(token, '000000'))?.errors);
      app().clock.advance(61);
      answers.push((await again()).data.resendCode?.retryAfterSeconds, (await verify(token, '000000'))?.errors);
      for (let time = 0; time < 6; time += 1) {
        app().clock.advance(61);
        answers.push((await again()).data.resendCode?.retryAfterSeconds);
      }
      app().clock.advance(700);
      answers.push((await verify(token, '000000'))?.errors);
      return answers;
    };
    expect(await walk(await owner())).toEqual(await walk(`${unique('nobody')}@attacks.example`));
  });
});
