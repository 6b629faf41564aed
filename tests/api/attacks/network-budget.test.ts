import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  RequestPasswordResetDocument,
  SignInDocument,
  StartPasskeySignInDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { startProvider } from '../../support/oidc-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

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

  test('cannot fill the table of what is begun and waits for its answer', async () => {
    const provider = await startProvider();
    const settings = { 'rates.questions': '10', ...issuers(issuerEntry(provider.issuer, { redirect: true })) };
    try {
      await running(settings, async (app) => {
        const begin = () => app.anonymous().send(StartPasskeySignInDocument, { input: {} });
        const answers = await inParallel(20, begin);
        expect(answers.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(10);
        const start = `${app.url}/auth/external/start?issuer=${encodeURIComponent(provider.issuer)}`;
        expect((await fetch(start, { redirect: 'manual' })).status).toBe(429);
        const [row] = await app.database.query<{ count: number }>('select count(*)::int as count from one_time_tokens');
        expect(row?.count).toBe(10);
      });
    } finally {
      await provider.close();
    }
  });
});
