import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignInOptionsDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { CookieJar } from '../../support/browser.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from './provider-settings.ts';

const TARGET = 'https://app.example.org/signed-in';
const BASE = 'http://localhost:4000';
const CALLBACK = `${BASE}/auth/external/callback`;

let provider: TestProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startProvider();
  provider.people.set('ada', { email: 'ada@redirect.example', emailVerified: true, name: 'Ada' });
  app = await startTestApp({
    settings: {
      ...issuers(
        issuerEntry(provider.issuer, {
          redirect: true,
          jitUsers: true,
          trustEmail: true,
          domains: ['redirect.example', 'Bücher.example'],
          groupRules: [{ userinfo: 'departments', contains: 'help', group: 'Support' }],
        }),
      ),
      'server.redirectUris': TARGET,
    },
  });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

/** The server under test listens elsewhere than its settings say. */
const here = (address: string): string => address.replace(BASE, app.url);

const startAddress = (more: Readonly<Record<string, string>> = {}): string =>
  `${app.url}/auth/external/start?${new URLSearchParams({ issuer: provider.issuer, redirect: TARGET, ...more }).toString()}`;

/** Begins and signs in at the provider; gives the address that the provider sends the browser back to. */
const wentThere = async (
  browser: CookieJar,
  subject = 'ada',
  more: Readonly<Record<string, string>> = {},
): Promise<string> => {
  provider.signingIn = subject;
  const back = await browser.follow(startAddress(more), (next) => next.startsWith(CALLBACK));
  return here(back);
};

const viewerOf = async (browser: CookieJar) =>
  (await app.anonymous({ cookie: browser.header(app.url) }).send(ViewerDocument, {})).data.viewer;

describe('the redirect sign-in', () => {
  test('goes to the provider and comes back with a session in a cookie', async () => {
    const browser = new CookieJar();
    const begun = await browser.get(
      startAddress({ login_hint: 'ada@redirect.example', prompt: 'none', state: 'mine' }),
    );
    expect(begun.status).toBe(303);
    const there = new URL(begun.location ?? '');
    expect(there.origin).toBe(provider.issuer);
    expect(Object.fromEntries(there.searchParams)).toEqual({
      client_id: 'gatehouse',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      state: expect.stringMatching(/^ghc_/) as string,
      nonce: expect.any(String) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    });
    expect(begun.setCookies).toHaveLength(1);
    expect(begun.setCookies[0]).toMatch(/^gatehouse-sign-in=ghc_.*HttpOnly; SameSite=Lax/);

    const { answer, audit } = await recording(app, async () => browser.get(await wentThere(browser)));
    expect([answer.status, answer.location]).toEqual([303, TARGET]);
    expect(audit.map(({ action }) => action)).toEqual(['identity.linked', 'session.started', 'user.created']);
    expect(audit[1]?.metadata).toEqual({ method: 'EXTERNAL_PROVIDER', issuer: provider.issuer });
    const viewer = await viewerOf(browser);
    expect(viewer).toMatchObject({
      user: { email: 'ada@redirect.example', displayName: 'Ada' },
      session: { signInMethod: 'EXTERNAL_PROVIDER' },
    });
    expect(app.log.join('')).not.toMatch(/code=|state=ghc_/);
  });

  test('maps what userinfo says to groups', async () => {
    provider.people.set('helper', { name: 'Helper', departments: ['help'] });
    const browser = new CookieJar();
    await browser.get(await wentThere(browser, 'helper'));
    expect((await viewerOf(browser))?.user.groups?.map(({ name }) => name).toSorted()).toEqual(['Members', 'Support']);
  });

  test('lets several tabs of one browser be under way', async () => {
    const browser = new CookieJar();
    const [first, second] = [await wentThere(browser), await wentThere(browser)];
    expect((await browser.get(second)).location).toBe(TARGET);
    expect((await browser.get(first)).location).toBe(TARGET);
  });

  test('takes an answer once: of twenty at once one gets in, later ones none', async () => {
    const browser = new CookieJar();
    const back = await wentThere(browser);
    const cookie = { cookie: browser.header(app.url) };
    const answers = await inParallel(20, () => fetch(back, { redirect: 'manual', headers: cookie }));
    const locations = answers.map(({ headers }) => headers.get('location'));
    expect(locations.filter((location) => location === TARGET)).toHaveLength(1);
    expect(locations.filter((location) => location === `${TARGET}#error=TOKEN_USED`)).toHaveLength(19);
    const withSession = answers.filter(({ headers }) =>
      headers.getSetCookie().some((line) => line.startsWith('gatehouse=')),
    );
    expect(withSession).toHaveLength(1);
    const { answer, changed } = await changing(app, () => browser.get(back));
    expect([answer.location, changed]).toEqual([`${TARGET}#error=TOKEN_USED`, []]);
  });

  test('in another browser it is refused and uses nothing up', async () => {
    const browser = new CookieJar();
    const back = await wentThere(browser);
    const stranger = new CookieJar();
    const another = new CookieJar();
    await another.get(startAddress());
    for (const jar of [stranger, another]) {
      const { answer, changed } = await changing(app, () => jar.get(back));
      expect([answer.location, changed]).toEqual([`${BASE}/playground#error=TOKEN_INVALID`, []]);
      expect(answer.setCookies.filter((line) => line.startsWith('gatehouse='))).toEqual([]);
    }
    expect((await browser.get(back)).location).toBe(TARGET);
  });

  test('ends after ten minutes', async () => {
    const browser = new CookieJar();
    const back = await wentThere(browser);
    app.clock.advance(601);
    expect((await browser.get(back)).location).toBe(`${TARGET}#error=TOKEN_EXPIRED`);
  });

  test('tells a code of the page what went wrong, and nothing in the words of others', async () => {
    const browser = new CookieJar();
    const evil = 'error=access_denied&error_description=%3Cscript%3E&error_uri=https%3A%2F%2Fevil.example';
    const cases: readonly (readonly [(back: URL) => string, string])[] = [
      [(back) => `state=${back.searchParams.get('state')}&${evil}`, 'INVALID_CREDENTIALS'],
      [(back) => `state=${back.searchParams.get('state')}`, 'INVALID_CREDENTIALS'],
      [(back) => `state=${back.searchParams.get('state')}&code=made-up`, 'SUBJECT_TOKEN_INVALID'],
      [(back) => `state=${back.searchParams.get('state')}&code=a&code=b`, 'INVALID_CREDENTIALS'],
    ];
    for (const [parameters, code] of cases) {
      const back = await wentThere(browser);
      const page = await browser.get(`${app.url}/auth/external/callback?${parameters(new URL(back))}`);
      expect([page.status, page.location]).toEqual([303, `${TARGET}#error=${code}`]);
      expect(page.setCookies.filter((line) => line.startsWith('gatehouse='))).toEqual([]);
    }
    const mixed = new URL(await wentThere(browser));
    mixed.searchParams.set('iss', 'https://login.example.org');
    expect((await browser.get(mixed.href)).location).toBe(`${TARGET}#error=SUBJECT_TOKEN_INVALID`);
    for (const parameters of ['', 'state=', 'state=x&code=y', 'state=a&state=b', `state=${'x'.repeat(5000)}`]) {
      const page = await browser.get(`${app.url}/auth/external/callback?${parameters}`);
      expect(page.location).toBe(`${BASE}/playground#error=TOKEN_INVALID`);
    }
  });

  test('an answer that was begun for one sign-in is no answer to another', async () => {
    const [victim, attacker] = [new CookieJar(), new CookieJar()];
    provider.people.set('mallory', { name: 'Mallory' });
    const own = new URL(await wentThere(victim));
    const foreign = new URL(await wentThere(attacker, 'mallory'));
    own.searchParams.set('code', foreign.searchParams.get('code') ?? '');
    expect((await victim.get(own.href)).location).toBe(`${TARGET}#error=SUBJECT_TOKEN_INVALID`); // PKCE
    expect((await viewerOf(victim)) ?? null).toBeNull();
  });

  test('asks for the second factor where the account has one', async () => {
    const browser = new CookieJar();
    await browser.get(await wentThere(browser));
    const userId = (await viewerOf(browser))?.user.id;
    await app.database.query('update users set mfa_enabled_at = now() where id = $1', [userId]);
    const again = new CookieJar();
    const page = await again.get(await wentThere(again));
    await app.database.query('update users set mfa_enabled_at = null where id = $1', [userId]);
    const fragment = new URLSearchParams(new URL(page.location ?? '').hash.slice(1));
    expect(page.location?.startsWith(`${TARGET}#`)).toBe(true);
    expect([...fragment.keys()]).toEqual(['step', 'challenge', 'expiresAt']);
    expect([fragment.get('step'), fragment.get('challenge')?.slice(0, 4)]).toEqual(['MFA_REQUIRED', 'ghc_']);
    expect(page.setCookies.filter((line) => line.startsWith('gatehouse='))).toEqual([]);
  });

  test.each([
    'https://evil.example/',
    'https://app.example.org/signed-in/',
    'https://app.example.org/signed-in?x=1',
    'https://app.example.org/signed-in#x',
    'https://APP.example.org/signed-in',
    'https://app.example.org.evil.example/signed-in',
    '//evil.example',
    'javascript:alert(1)',
    '/playground',
    '',
  ])('does not begin for the target %j', async (redirect) => {
    const { answer, changed } = await changing(app, () => new CookieJar().get(startAddress({ redirect })));
    expect([answer.status, answer.location, answer.setCookies, changed]).toEqual([400, null, [], []]);
    expect(answer.text).not.toContain('evil');
  });

  test.each(['https://unknown.example', ''])('does not begin for the issuer %j', async (issuer) => {
    const page = await new CookieJar().get(startAddress({ issuer }));
    expect([page.status, page.location]).toEqual([400, null]);
  });

  test('a HEAD request uses nothing up', async () => {
    const browser = new CookieJar();
    const back = await wentThere(browser);
    const cookie = { cookie: browser.header(app.url) };
    expect((await fetch(back, { method: 'HEAD', redirect: 'manual', headers: cookie })).status).toBe(404);
    expect((await browser.get(back)).location).toBe(TARGET);
  });

  test('is told as SERVICE_UNAVAILABLE while the provider is away', async () => {
    const browser = new CookieJar();
    const back = await wentThere(browser);
    provider.away = true;
    const page = await browser.get(back);
    provider.away = false;
    expect(page.location).toBe(`${TARGET}#error=SERVICE_UNAVAILABLE`);
  });
});

describe('signInOptions', () => {
  const options = async (identifier: string | null) =>
    (await app.anonymous().send(SignInOptionsDocument, { identifier })).data.signInOptions;

  test('names the issuers and where to begin', async () => {
    expect((await options(null))?.externalProviders).toEqual([
      {
        issuer: provider.issuer,
        name: 'Test provider',
        startUrl: `${BASE}/auth/external/start?issuer=${encodeURIComponent(provider.issuer)}`,
      },
    ]);
  });

  test.each<[string | null, boolean]>([
    ['ada@redirect.example', true],
    ['nobody-at-all@redirect.example', true],
    ['  ADA@Redirect.Example ', true],
    ['x@bücher.example', true],
    ['x@xn--bcher-kva.example', true],
    ['ada@sub.redirect.example', false],
    ['ada@redirect.example.org', false],
    ['redirect.example', false],
    ['@', false],
    ['', false],
    [`${'a'.repeat(500)}@redirect.example`, false],
    [null, false],
  ])('routes %j: %s, whether or not there is such an account', async (identifier, routed) => {
    expect((await options(identifier))?.routedIssuer).toBe(routed ? provider.issuer : null);
  });
});

describe('guesses at the callback', () => {
  test('count against the network they come from', async () => {
    const limited = await startTestApp({
      beside: app,
      settings: {
        ...issuers(issuerEntry(provider.issuer, { redirect: true })),
        'rates.enabled': 'true',
        'rates.failures': '5',
        'rates.delayAfter': '100',
      },
    });
    const guess = () => fetch(`${limited.url}/auth/external/callback?state=x&code=y`, { redirect: 'manual' });
    const answers = await inParallel(10, guess);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      303, 303, 303, 303, 303, 429, 429, 429, 429, 429,
    ]);
    expect(Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after'))).toBeGreaterThan(0);
    await limited.close();
  });
});

describe('without any issuer to go to', () => {
  test('there are no such addresses', async () => {
    const plain = await startTestApp({ beside: app, settings: issuers(issuerEntry(provider.issuer)) });
    for (const path of ['/auth/external/start', '/auth/external/callback']) {
      expect((await fetch(`${plain.url}${path}`, { redirect: 'manual' })).status).toBe(404);
    }
    const { data } = await plain.anonymous().send(SignInOptionsDocument, {});
    expect(data.signInOptions?.externalProviders).toMatchObject([{ startUrl: null }]);
    await plain.close();
  });
});
