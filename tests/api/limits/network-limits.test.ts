import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  SignInDocument,
  TokenStatusDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const settings = { 'rates.enabled': 'true', 'rates.failures': '8', 'rates.delayAfter': '1000' };

const running = async <T>(more: Record<string, string>, work: (app: TestApp) => Promise<T>): Promise<T> => {
  const app = await startTestApp({ settings: { ...settings, ...more } });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
};

const guess = (app: TestApp, identifier: string, headers: Record<string, string> = {}) =>
  app
    .anonymous(headers)
    .send(SignInDocument, { input: { identifier, password: 'a wrong guess, really', delivery: 'BODY' } });

describe('limits by network', () => {
  test('stop one network that tries one password on many accounts, and say when to come back', async () => {
    await running({}, async (app) => {
      for (let index = 0; index < 8; index += 1)
        expect((await guess(app, `victim${index}@example.com`)).code).toBe('OK');
      const refused = await guess(app, 'victim9@example.com');
      expect(refused.code).toBe('RATE_LIMITED');
      expect(refused.errors[0]?.extensions['retryAfterSeconds']).toBeGreaterThan(0);
      expect(refused.errors[0]?.extensions['retryAfterSeconds']).toBeLessThanOrEqual(900);
      expect(refused.data.signIn).toBeNull();
    });
  });

  test('let no more than the limit through when all come at once', async () => {
    await running({}, async (app) => {
      const answers = await inParallel(40, (index) => guess(app, `parallel${index}@example.com`));
      expect(answers.filter(({ code }) => code === 'OK')).toHaveLength(8);
      expect(answers.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(32);
    });
  });

  test('do not count what succeeds, nor mistakes that are no guesses', async () => {
    await running({}, async (app) => {
      await makePerson(app, { email: 'often@limits.example' });
      for (let time = 0; time < 12; time += 1) {
        const person = await signIn(app, 'often@limits.example');
        expect((await person.send(ViewerDocument, {})).code).toBe('OK');
        const { refreshToken } = person;
        expect((await app.anonymous().send(RefreshSessionDocument, { input: { refreshToken } })).code).toBe('OK');
      }
    });
  });

  test('count unknown tokens too, under any operation', async () => {
    await running({}, async (app) => {
      for (let index = 0; index < 8; index += 1)
        await app.anonymous().send(TokenStatusDocument, { token: `ghi_${index}` });
      expect((await app.anonymous().send(TokenStatusDocument, { token: 'ghi_9' })).code).toBe('RATE_LIMITED');
      expect((await guess(app, 'somebody@example.com')).code).toBe('RATE_LIMITED');
    });
  });

  test('know an IPv6 network by its /64 and a mapped address by its IPv4, however they are written', async () => {
    await running({ 'server.trustedProxies': '127.0.0.1/32' }, async (app) => {
      const from = (address: string) => guess(app, 'somebody@example.com', { 'x-forwarded-for': address });
      for (let host = 1; host <= 8; host += 1) await from(`2001:db8:0:1::${host}`);
      expect((await from('2001:DB8:0:1:ffff:ffff:ffff:ffff')).code).toBe('RATE_LIMITED');
      expect((await from('2001:db8:0:2::1')).code).toBe('OK');
      for (let time = 0; time < 8; time += 1) await from('198.51.100.7');
      expect((await from('::ffff:198.51.100.7')).code).toBe('RATE_LIMITED');
      // The leftmost entry is the client's own claim: it changes nothing.
      expect((await from('203.0.113.250, 198.51.100.7')).code).toBe('RATE_LIMITED');
      expect((await from('198.51.100.8')).code).toBe('OK');
    });
  });

  test('believe no forwarded address without a trusted proxy', async () => {
    await running({}, async (app) => {
      for (let host = 1; host <= 8; host += 1) {
        await guess(app, 'somebody@example.com', { 'x-forwarded-for': `198.51.100.${host}` });
      }
      const again = await guess(app, 'somebody@example.com', { 'x-forwarded-for': '198.51.100.99' });
      expect(again.code).toBe('RATE_LIMITED');
    });
  });

  test('leave sessions alone: whoever is signed in goes on', async () => {
    await running({}, async (app) => {
      await makePerson(app, { email: 'inside@limits.example' });
      const person = await signIn(app, 'inside@limits.example');
      await inParallel(20, (index) => guess(app, `noise${index}@example.com`));
      expect((await person.send(ViewerDocument, {})).data.viewer?.user.email).toBe('inside@limits.example');
      // The right password from the same network has to wait, too: it cannot be told from a guess before it is looked at.
      const { code } = await app
        .anonymous()
        .send(SignInDocument, { input: { identifier: 'inside@limits.example', password: PASSWORD, delivery: 'BODY' } });
      expect(code).toBe('RATE_LIMITED');
    });
  });
});
