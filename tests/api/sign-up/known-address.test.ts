import { describe, expect, test, vi } from 'vitest';
import {
  ResendCodeDocument,
  SignInPendingDocument,
  SignUpDocument,
  VerifySignUpDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { messagesTo } from '../../support/messages.ts';
import { statementsOf } from '../../support/records.ts';
import { signUpWith } from '../../support/sign-up.ts';
import type { Answer } from '../../support/test-client.ts';
import { useTestApp } from '../../support/test-app.ts';

const OTHER_PASSWORD = 'a stranger chose this one';
const HOUR = 3600;

/** The shape of an answer: every text replaced by the form it has. */
const shapeOf = ({ data, headers, status }: Answer<unknown>): string =>
  JSON.stringify([status, data, [...headers.keys()].toSorted()])
    .replaceAll(/gh[a-z]_\w+/g, 'TOKEN')
    .replaceAll(/\w\*\*@/g, 'MASKED@')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, 'AT');

describe('signing up with an address that has an account', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'OPEN' } });
  const signUp = (email: string, password = OTHER_PASSWORD) =>
    app()
      .anonymous()
      .send(SignUpDocument, { input: { email, password, delivery: 'BODY' } });

  /** One of each: an address nobody has, one that waits, one of an account, one that is disabled, one that is invited. */
  const addresses = async (word: string): Promise<readonly string[]> => {
    const people = ['active', 'disabled', 'invited'].map((one) => `${word}-${one}@example.com`);
    for (const email of people) await makePerson(app(), { email });
    await app().database.query(`update users set status = 'DISABLED' where email = $1`, [people[1]]);
    await app().database.query(`update users set status = 'INVITED' where email = $1`, [people[2]]);
    await signUpWith(app(), { email: `${word}-waiting@example.com` });
    app().clock.advance(61);
    return [`${word}-unknown@example.com`, `${word}-waiting@example.com`, ...people];
  };

  test('looks and costs the same at every step: sign-up, wrong code, resend, sign-in', async () => {
    const seen: Record<string, unknown>[] = [];
    for (const email of await addresses('same')) {
      const verify = vi.spyOn(app().services.hasher, 'verify');
      const hash = vi.spyOn(app().services.hasher, 'hash');
      let token = '';
      const shapes: string[] = [];
      const counts: number[] = [];
      const step = async (work: () => Promise<Answer<unknown>>): Promise<void> => {
        counts.push(await statementsOf(app(), async () => void shapes.push(shapeOf(await work()))));
      };
      await step(async () => {
        const answer = await signUp(email);
        token = answer.data.signUp?.verification?.token ?? '';
        return answer;
      });
      for (let guess = 0; guess < 6; guess += 1) {
        await step(() =>
          app()
            .anonymous()
            .send(VerifySignUpDocument, { input: { verificationToken: token, code: `00000${guess}` } }),
        );
      }
      await step(() =>
        app()
          .anonymous()
          .send(ResendCodeDocument, { input: { verificationToken: token } }),
      );
      app().clock.advance(61);
      await step(() =>
        app()
          .anonymous()
          .send(ResendCodeDocument, { input: { verificationToken: token } }),
      );
      await step(() =>
        app()
          .anonymous()
          .send(SignInPendingDocument, { input: { identifier: email, password: OTHER_PASSWORD } }),
      );
      await step(() =>
        app()
          .anonymous()
          .send(SignInPendingDocument, { input: { identifier: email, password: 'wrong' } }),
      );
      app().clock.advance(61);
      seen.push({ shapes, counts, hashes: verify.mock.calls.length + hash.mock.calls.length });
      vi.restoreAllMocks();
    }
    expect(seen).toHaveLength(5);
    for (const one of seen) expect(one).toEqual(seen[0]);
    expect(JSON.stringify(seen[0])).toContain('VERIFICATION_REQUIRED');
  });

  test('sends the code to nobody; the owner is told, at most once an hour', async () => {
    const email = 'owner@example.com';
    const ownerId = await makePerson(app(), { email, displayName: 'The owner' });
    const token = await signUpWith(app(), { email, password: OTHER_PASSWORD });
    await Promise.all(Array.from({ length: 10 }, () => signUp(email)));
    app().clock.advance(61);
    await app()
      .anonymous()
      .send(ResendCodeDocument, { input: { verificationToken: token } });
    app().clock.advance(61);
    await signUp(email);
    expect(await messagesTo(app(), email)).toMatchObject([
      { template: 'sign-up-known', userId: ownerId, variables: { userName: 'The owner' } },
    ]);
    app().clock.advance(HOUR);
    await signUp(email);
    expect(await messagesTo(app(), email)).toHaveLength(2);
    const states = await app().database.query<{ status: string }>(
      `select distinct u.status from identifiers i join users u on u.id = i.user_id where i.value = $1 and i.exclusive`,
      [email],
    );
    expect(states).toEqual([{ status: 'ACTIVE' }]);
  });

  test('even a code that was guessed opens nothing', async () => {
    const email = 'guessed@example.com';
    const ownerId = await makePerson(app(), { email });
    const token = await signUpWith(app(), { email, password: OTHER_PASSWORD });
    // What a guess in a million would do: the code of another sign-up is written into the row.
    const redeem = vi.spyOn(app().services.verifications, 'redeem');
    const [row] = await app().database.query<Awaited<ReturnType<typeof redeem>>>(
      `update verifications set used_at = now() where target = $1 returning *`,
      [email],
    );
    if (row === undefined) throw new Error('There is no code.');
    redeem.mockResolvedValueOnce(row);
    const answer = await app()
      .anonymous()
      .send(VerifySignUpDocument, { input: { verificationToken: token, code: '123456' } });
    expect(answer.data.verifySignUp).toMatchObject({ step: 'FAILED', errors: [{ code: 'EMAIL_IN_USE' }] });
    const owners = await app().database.query(`select user_id from identifiers where value = $1 and exclusive`, [
      email,
    ]);
    expect(owners).toEqual([{ user_id: ownerId }]);
    const signedIn = await app()
      .anonymous()
      .send(SignInPendingDocument, { input: { identifier: email, password: PASSWORD } });
    expect(signedIn.data.signIn?.step).toBe('COMPLETE');
  });

  test('an address gets few messages however many sign up with it', async () => {
    const email = 'flooded@example.com';
    const tokens = await Promise.all(Array.from({ length: 30 }, () => signUpWith(app(), { email })));
    expect(await messagesTo(app(), email)).toHaveLength(1);
    app().clock.advance(61);
    await Promise.all(
      tokens.map((verificationToken) => app().anonymous().send(ResendCodeDocument, { input: { verificationToken } })),
    );
    expect(await messagesTo(app(), email)).toHaveLength(2);
    for (let minute = 0; minute < 30; minute += 1) {
      app().clock.advance(61);
      await app()
        .anonymous()
        .send(ResendCodeDocument, { input: { verificationToken: tokens[minute] ?? '' } });
    }
    expect((await messagesTo(app(), email)).length).toBeLessThanOrEqual(app().config.codes.maximumPerHour);
  });
});
