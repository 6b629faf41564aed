import { describe, expect, test } from 'vitest';
import { CreateUserDocument, TokenStatusDocument } from '../../../generated/client/graphql.ts';
import { pageLocaleOf, pageNames, pageTexts } from '../../../src/http/account-pages/page-texts.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { signInState } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('the account pages', () => {
  const app = useTestApp({ settings: { 'mail.companyName': `O'Hara & <b>Sons</b> "Ltd"` } });
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${app().url}${path}`, { headers });

  test.each(pageNames)(
    '/account/%s: nothing but its own script and stylesheet, in no frame, kept by nobody',
    async (name) => {
      const response = await get(`/account/${name}`);
      const page = await response.text();
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'content-language': 'en',
      });
      expect(response.headers.getSetCookie()).toEqual([]);
      const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
      expect(loaded).toEqual([
        expect.stringMatching(/^assets\/account\.css\?v=[\w-]{12}$/),
        expect.stringMatching(/^assets\/account\.js\?v=[\w-]{12}$/),
        app().config.mail.loginUrl,
      ]);
      expect(page).not.toMatch(/<script(?![^>]* src=)|\son\w+=|\sstyle=|<style/i);
      for (const address of loaded.slice(0, 2)) {
        const asset = await get(`/account/${address}`);
        expect([asset.status, asset.headers.get('cache-control')]).toEqual([
          200,
          'public, max-age=31536000, immutable',
        ]);
        expect((await asset.text()).length).toBeGreaterThan(500);
      }
    },
  );

  test('names of the settings stand there as text, and nothing of the request does', async () => {
    const hostile = `/account/reset?lang="><script>alert(1)</script>&token=ght_x`;
    const page = await (
      await get(hostile, { 'accept-language': '"><img src=x>', referer: 'https://evil.example' })
    ).text();
    expect(page).toContain('O&#39;Hara &amp; &lt;b&gt;Sons&lt;/b&gt; &quot;Ltd&quot;');
    expect(page).not.toMatch(/alert\(|<b>|<img|evil|ght_x/);
    const [, texts = ''] = /data-texts="([^"]*)"/.exec(page) ?? [];
    expect(JSON.parse(texts.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'))).toEqual({
      ...pageTexts.en.labels,
      ...pageTexts.en.codes,
    });
  });

  test.each([
    ['/account/reset', { 'accept-language': 'fr-CH, de;q=0.8, it;q=0.9' }, 'it'],
    ['/account/reset', { 'accept-language': 'de-AT' }, 'de'],
    ['/account/reset?lang=it-CH', { 'accept-language': 'de' }, 'it'],
    ['/account/reset?lang=it&lang=de', { 'accept-language': 'de' }, 'de'],
    ['/account/reset?lang=tlh', {}, 'en'],
  ] as const)('%s for %o is in %s', async (path, headers, locale) => {
    const response = await get(path, headers);
    expect(response.headers.get('content-language')).toBe(locale);
    expect(await response.text()).toContain(`<html lang="${locale}">`);
  });

  test('reading them, with a link or by HEAD, uses nothing up', async () => {
    const { admin } = await app().cast();
    const email = 'invited@pages.example';
    await admin.send(CreateUserDocument, { input: { email, displayName: 'I', groupIds: [MEMBERS_GROUP_ID] } });
    const token = await linkTokenOf(app(), email, 'invite');
    const before = await signInState(app());
    for (const name of pageNames) {
      await get(`/account/${name}#token=${token}`);
      await get(`/account/${name}?token=${token}`);
      await fetch(`${app().url}/account/${name}?token=${token}`, { method: 'HEAD' });
    }
    expect(await signInState(app())).toEqual(before);
    const { data } = await app().anonymous().send(TokenStatusDocument, { token });
    expect(data.tokenStatus?.state).toBe('VALID');
  });

  test('there are no others, and none of them takes a form', async () => {
    for (const path of ['/account', '/account/', '/account/admin', '/account/assets/../../package.json']) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    const posted = await fetch(`${app().url}/account/reset`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    });
    expect(posted.status).toBeGreaterThanOrEqual(400);
  });

  test('lead on to where people sign in', async () => {
    const other = await startTestApp({ settings: { 'mail.loginUrl': 'https://app.example.org/start' } });
    const page = await (await fetch(`${other.url}/account/invite`)).text();
    await other.close();
    expect(page).toContain('href="https://app.example.org/start"');
  });
});

describe('the language of a page', () => {
  test.each<[unknown, string | undefined, string]>([
    [null, undefined, 'en'],
    ['de', 'it', 'de'],
    ['DE-at', undefined, 'de'],
    ['__proto__', 'constructor, toString', 'en'],
    [['de'], undefined, 'en'],
    [null, '*', 'en'],
    [null, 'de;q=0', 'en'],
    [null, 'de;q=1.2.3, it;q=0.1', 'it'],
    [null, ' IT ; q=0.5 , de ; q=0.4', 'it'],
    [null, `${'xx,'.repeat(50_000)}de`, 'en'],
  ])('%o and "%.30s" give %s', (asked, header, locale) => {
    expect(pageLocaleOf(asked, header)).toBe(locale);
  });

  test('every sentence is there in all of them, with the same gaps', () => {
    const gaps = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
    for (const texts of [pageTexts.it, pageTexts.de]) {
      for (const [name, text] of Object.entries({ ...texts.labels, ...texts.codes })) {
        const english = Object.entries({ ...pageTexts.en.labels, ...pageTexts.en.codes }).find(([one]) => one === name);
        expect([name, gaps(text), text.trim() === '']).toEqual([name, gaps(english?.[1] ?? ''), false]);
      }
    }
  });
});
