import { describe, expect, test } from 'vitest';
import {
  RequestSignInCodeDocument,
  ResendCodeDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a stranger who asks for codes to the address of somebody else', () => {
  const app = useTestApp();
  const owner = async (): Promise<string> => {
    const email = `${unique('coded')}@attacks.example`;
    await makePerson(app(), { email });
    return email;
  };
  const request = async (identifier: string) =>
    (await app().anonymous().send(RequestSignInCodeDocument, { input: { identifier } })).data.requestSignInCode;
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

  test.fails('does not make the code void that the owner is about to type', async () => {
    const email = await owner();
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    app().clock.advance(61);
    await request(email);
    expect((await verify(token, code))?.step).toBe('COMPLETE');
  });

  test.fails('does not keep the owner from getting one', async () => {
    const email = await owner();
    await request(email);
    app().clock.advance(5);
    expect((await request(email))?.verification).not.toBeNull();
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
