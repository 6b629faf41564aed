import { describe, expect, test } from 'vitest';
import { useTestApp } from '../../support/test-app.ts';

/** What browsers ask for when somebody follows an address. */
const PAGE = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

const get = (url: string, path = '/') => fetch(`${url}${path}`, { redirect: 'manual' });

describe('the front page where there is a playground', () => {
  const app = useTestApp({ settings: { 'server.playground': 'true' } });

  test('leads there', async () => {
    const answer = await get(app().url);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/playground']);
  });

  test('so does the address of the API for whoever opens it in a browser, and for no program', async () => {
    const visit = await fetch(`${app().url}/graphql`, { redirect: 'manual', headers: PAGE });
    expect([visit.status, visit.headers.get('location')]).toEqual([302, '/playground']);
    expect((await fetch(`${app().url}/graphql`, { redirect: 'manual' })).status).toBe(400);
    const query = '/graphql?query=%7B__typename%7D';
    const asked = await fetch(`${app().url}${query}`, { headers: { ...PAGE, 'apollo-require-preflight': 'true' } });
    expect(await asked.json()).toMatchObject({ data: { __typename: 'Query' } });
  });
});

describe('the front page where there is none', () => {
  const app = useTestApp({ settings: { 'server.playground': 'false', 'mail.companyName': 'Acme <b>& Sons' } });

  test('names the service, in the clothes of the account pages, with nothing that runs or leads on', async () => {
    const answer = await get(app().url);
    const text = await answer.text();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(text).toContain('Acme &lt;b&gt;&amp; Sons');
    expect(text).not.toMatch(/<script|<a |<form|<b>/);
    const [, stylesheet] = /<link rel="stylesheet" href="([^"]+)"/.exec(text) ?? [];
    expect((await get(app().url, stylesheet)).status).toBe(200);
  });

  test('the address of the API leads a browser nowhere', async () => {
    expect((await fetch(`${app().url}/graphql`, { redirect: 'manual', headers: PAGE })).status).toBe(400);
  });

  test('is the same for everybody, and no other path is it', async () => {
    const [one, other] = await Promise.all([get(app().url), fetch(app().url, { headers: { cookie: 'gatehouse=x' } })]);
    expect(await one.text()).toBe(await other.text());
    expect((await get(app().url, '/index.html')).status).toBe(404);
  });

  test('a wrong address is a page for a browser, the form of every error for a program', async () => {
    const visit = await fetch(`${app().url}/account/restet`, { headers: PAGE });
    const text = await visit.text();
    expect([visit.status, visit.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect([visit.headers.get('cache-control'), text.includes('restet')]).toEqual(['no-store', false]);
    expect(text).toContain('<h1>Page not found</h1>');
    expect(text).toContain('Acme &lt;b&gt;&amp; Sons');
    for (const init of [{}, { headers: PAGE, method: 'POST' }]) {
      const call = await fetch(`${app().url}/account/restet`, init);
      expect([call.status, await call.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
    }
  });

  test('there is an icon, which every page may show', async () => {
    const icon = await get(app().url, '/favicon.ico');
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    const csp = (await get(app().url, '/account/reset')).headers.get('content-security-policy');
    expect(csp).toContain("img-src 'self'");
  });

  test('the printed set-up names the mutation instead of a playground that is not there', async () => {
    expect((await app().services.setup.issueToken())?.link).toBeNull();
  });
});
