import { beforeAll, describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  RefreshSessionDocument,
  SignInDocument,
  SignOutDocument,
  SignOutEverywhereDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('a cookie session', () => {
  const app = useTestApp();
  const identifier = 'person@csrf.example';
  let cookie: string;
  let token: string;
  let othersToken: string;

  const begin = async (): Promise<{ cookie: string; token: string }> => {
    const answer = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password: PASSWORD } });
    return { cookie: cookieOf(answer).pair, token: answer.data.signIn?.tokens?.csrfToken ?? '' };
  };

  beforeAll(async () => {
    await makePerson(app(), { email: identifier });
    ({ cookie, token } = await begin());
    othersToken = (await begin()).token;
  });

  test('reads without the x-csrf-token header, and learns its value there', async () => {
    const { data, errors } = await app().anonymous({ cookie }).send(ViewerDocument, {});
    expect(errors).toEqual([]);
    expect(data.viewer?.csrfToken).toBe(token);
    expect(othersToken).not.toBe(token);
  });

  test.each<[string, () => Record<string, string>]>([
    ['no header', () => ({})],
    ['an empty header', () => ({ 'x-csrf-token': '' })],
    ['the token of another session of the same person', () => ({ 'x-csrf-token': othersToken })],
    ['a token with one character missing', () => ({ 'x-csrf-token': token.slice(0, -1) })],
    ['the cookie itself', () => ({ 'x-csrf-token': cookie })],
    ['the token sent twice', () => ({ 'x-csrf-token': `${token}, ${token}` })],
  ])('changes nothing with %s', async (_what, headers) => {
    const client = app().anonymous({ cookie, ...headers() });
    const before = await signInState(app());
    const [answers, { audit }] = await recording(app(), () =>
      Promise.all([
        client.send(SignOutDocument, { input: {} }),
        client.send(SignOutEverywhereDocument, { input: {} }),
        client.send(ConfirmIdentityDocument, { input: { password: PASSWORD } }),
        client.run('mutation { ... on Mutation { signOut(input: {}) { sessionId } } }'),
        client.run(
          'mutation { a: refreshSession(input: { refreshToken: "x" }) { errors { code } } signOut(input: {}) { sessionId } }',
        ),
      ]),
    );
    for (const answer of answers) {
      expect(answer.code).toBe('FORBIDDEN');
      expect(answer.errors[0]?.extensions['reason']).toBe('CSRF_TOKEN');
      expect(answer.status).toBe(403);
    }
    expect(audit).toEqual([]);
    expect(await signInState(app())).toEqual(before);
  });

  test('can be left behind: signing in and refreshing work with an old cookie and without the header', async () => {
    const client = app().anonymous({ cookie });
    const answer = await client.send(SignInDocument, { input: { identifier, password: PASSWORD } });
    expect(answer.data.signIn?.step).toBe('COMPLETE');
    expect(cookieOf(answer).pair).not.toBe(cookie);
    const body = await signIn(app(), identifier);
    const refreshed = await client.send(RefreshSessionDocument, { input: { refreshToken: body.refreshToken } });
    expect(refreshed.data.refreshSession?.errors).toEqual([]);
  });

  test('changes things with its own token, in every replica', async () => {
    const replica = await startTestApp({ beside: app() });
    const own = await begin();
    const client = replica.anonymous({ cookie: own.cookie, 'x-csrf-token': own.token });
    const { data } = await client.send(SignOutDocument, { input: {} });
    expect(data.signOut?.errors).toEqual([]);
    await replica.close();
  });

  test('is out of reach of forms and links of other sites', async () => {
    const query = 'mutation { signOut(input: {}) { sessionId } }';
    const before = await signInState(app());
    const plain = await fetch(`${app().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', cookie },
      body: JSON.stringify({ query }),
    });
    const form = await fetch(`${app().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie },
      body: new URLSearchParams({ query }).toString(),
    });
    const link = await fetch(`${app().url}/graphql?query=${encodeURIComponent(query)}`, { headers: { cookie } });
    const read = await fetch(`${app().url}/graphql?query=${encodeURIComponent('{ viewer { csrfToken } }')}`, {
      headers: { cookie },
    });
    const change = await fetch(`${app().url}/graphql?query=${encodeURIComponent(query)}`, {
      headers: { cookie, 'x-csrf-token': token, 'apollo-require-preflight': '1' },
    });
    expect([plain.status, form.status, link.status, read.status, change.status]).toEqual([415, 415, 400, 400, 405]);
    for (const answer of [plain, form, link, read, change]) expect(await answer.text()).not.toContain(token);
    expect(await signInState(app())).toEqual(before);
  });

  test('is not shared with pages of other origins', async () => {
    const answer = await fetch(`${app().url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-csrf-token',
      },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
