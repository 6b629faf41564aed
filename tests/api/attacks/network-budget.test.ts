import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  RequestPasswordResetDocument,
  SignInDocument,
  StartPasskeySignInDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const running = async <T>(more: Record<string, string>, work: (app: TestApp) => Promise<T>): Promise<T> => {
  const app = await startTestApp({
    settings: { 'rates.enabled': 'true', 'rates.failures': '8', 'rates.delayAfter': '1000', ...more },
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
};

describe('many people behind one address', () => {
  test('are not shut out by their own success, when more come at once than may fail', async () => {
    await running({}, async (app) => {
      await makePerson(app, { email: 'crowd@limits.example' });
      const send = () =>
        app.anonymous().send(SignInDocument, {
          input: { identifier: 'crowd@limits.example', password: PASSWORD, delivery: 'BODY' },
        });
      await inParallel(40, send);
      expect((await send()).data.signIn?.step).toBe('COMPLETE');
    });
  });

  test('keep their sessions while somebody among them guesses', async () => {
    await running({}, async (app) => {
      await makePerson(app, { email: 'neighbour@limits.example' });
      const { refreshToken } = await signIn(app, 'neighbour@limits.example');
      await inParallel(20, (index) =>
        app.anonymous().send(SignInDocument, {
          input: { identifier: `nobody${index}@example.com`, password: 'a wrong guess, really', delivery: 'BODY' },
        }),
      );
      const { data, code } = await app.anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
      expect(code).toBe('OK');
      expect(data.refreshSession?.errors).toEqual([]);
    });
  });
});

describe('one network that asks for much', () => {
  test('cannot have reset links mailed to any number of people', async () => {
    await running({ 'rates.messages': '5' }, async (app) => {
      const codes: string[] = [];
      for (let index = 0; index < 8; index += 1) {
        const email = `somebody${index}@example.com`;
        codes.push((await app.anonymous().send(RequestPasswordResetDocument, { input: { email } })).code);
      }
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(3);
    });
  });

  test('cannot fill the table of open questions: passkeys', async () => {
    await running({ 'rates.messages': '5' }, async (app) => {
      const codes = await inParallel(1200, () => app.anonymous().send(StartPasskeySignInDocument, { input: {} }));
      expect(codes.filter(({ code }) => code === 'RATE_LIMITED').length).toBeGreaterThan(0);
    });
  });
});
