import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openingTabs } from '../../playground/opening-tabs.ts';
import { launchChromium, recorder, skipped } from '../support/chromium.ts';
import { FakeServer } from './playground-server.ts';

const password = 'hunter2-Correct-Horse';
const FRESH = openingTabs(null, null).tabs.map(({ title }) => title);

describe('the playground in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let server: FakeServer;
  let app: FastifyInstance;
  let url: string;
  let complaints: string[];
  let requested: string[];

  const watch = async (): Promise<void> => {
    await context.addInitScript({ content: recorder });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(request.url()));
  };

  const open = async (fragment = ''): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${url}/playground${fragment}`);
    await page.getByRole('button', { name: /Execute query/ }).waitFor();
    await page.locator('.graphiql-editor .view-line').first().waitFor();
  };

  const tabs = async (): Promise<string[]> =>
    (await page.locator('.graphiql-tab').allInnerTexts()).map((text) => text.trim());
  const text = async (section: string): Promise<string> =>
    (await page.locator(`section[aria-label="${section}"] .view-line`).allInnerTexts())
      .join('\n')
      .replaceAll('\u00A0', ' ');
  const replace = async (section: string, content: string): Promise<void> => {
    await page.locator(`section[aria-label="${section}"] .graphiql-editor:not(.hidden) .view-lines`).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(content);
    // The editor closes brackets and quotes by itself, behind the cursor.
    await page.keyboard.press('Control+Shift+End');
    await page.keyboard.press('Delete');
  };
  const run = async (expected: string): Promise<void> => {
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('section[aria-label="Result Window"]').getByText(expected).first().waitFor();
  };
  const choose = async (tab: string): Promise<void> => {
    // The open tab's name ends with that of its button to close it.
    await page.getByRole('tab', { name: new RegExp(`^${tab}\\b`) }).click();
  };
  const identity = (expected: string): Promise<void> => page.locator('header').getByText(expected).waitFor();
  /** Everything the browser keeps, after GraphiQL's delayed writing. */
  const kept = async (): Promise<string> => {
    await page.waitForTimeout(900);
    return page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
  };
  const signIn = async (): Promise<void> => {
    await choose('SignIn');
    await replace(
      'Variables',
      JSON.stringify({ input: { identifier: 'admin@example.com', password, delivery: 'COOKIE' } }),
    );
    await run('COMPLETE');
    await identity('Signed in as Ada Admin');
  };

  beforeAll(async () => {
    if (skipped) return;
    const root = join(import.meta.dirname, '../..');
    execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], { cwd: root });
    browser = await launchChromium();
  });
  beforeEach(async ({ skip }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    server = new FakeServer(password);
    ({ app, url } = await server.listen());
    context = await browser.newContext();
    page = await context.newPage();
    complaints = [];
    requested = [];
    await watch();
  });
  afterEach(async () => {
    await context.close();
    await app.close();
  });
  afterAll(async () => browser?.close());

  test('opens with the examples, without an outside host and without a violation of its policy', async () => {
    await open();
    expect(await tabs()).toEqual(FRESH);
    expect(await text('Variables')).toContain('admin@example.com');
    await identity('Not signed in');
    await choose('Users');
    await run('Ada Admin');
    await page.getByRole('button', { name: 'Prettify query' }).click();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByText('A GraphQL schema provides').waitFor();
    await page.getByRole('button', { name: 'Show History' }).click();
    await page.waitForTimeout(500);
    expect(await page.evaluate('violations')).toEqual([]);
    expect(complaints).toEqual([]);
    expect(requested.filter((address) => !address.startsWith(url) && !/^(?:data|blob|about):/.test(address))).toEqual(
      [],
    );
  });

  test('signs in by cookie, changes things, goes on after a reload, and keeps no secret', async () => {
    await open();
    await signIn();
    await choose('CreateGroup');
    await run('Help desk');
    expect(server.log.findLast(({ operationName }) => operationName === 'CreateGroup')?.csrfToken).toBe(
      server.csrfToken,
    );
    const before = await kept();
    expect(before).toContain('mutation SignIn');
    for (const secret of [password, server.csrfToken]) expect(before).not.toContain(secret);

    await page.reload();
    await identity('Signed in as Ada Admin');
    expect(await tabs()).toEqual(FRESH);
    const asked = server.log.length;
    await run('Help desk');
    const sent = server.log.slice(asked).map(({ operationName }) => operationName);
    expect(sent.filter((name) => name === 'CreateGroup')).toHaveLength(1);
    await choose('SignIn');
    await page.locator('section[aria-label="Variables"]').getByText('admin@example.com').waitFor();
    expect(await text('Variables')).not.toContain(password);
  });

  test('sends a change once more when another window renewed the session', async () => {
    await open();
    await signIn();
    await choose('CreateGroup');
    const stale = server.csrfToken;
    server.renew();
    await run('Help desk');
    const tokens = server.log
      .filter(({ operationName }) => operationName === 'CreateGroup')
      .map(({ csrfToken }) => csrfToken);
    expect(tokens).toEqual([stale, server.csrfToken]);
  });

  test('a set-up link opens its operation, also over a former visit, and leaves no token behind', async () => {
    await open();
    await kept();
    await open('#setup=gts_set-up-token');
    expect(page.url()).toBe(`${url}/playground`);
    expect((await tabs())[0]).toBe('SetUpFirstAdmin');
    expect(await text('Operation Editor')).toContain('setUpFirstAdmin(input: $input)');
    expect(await text('Variables')).toContain('gts_set-up-token');
    await run('COMPLETE');
    await identity('Signed in as Ada Admin');
    await choose('Users');
    await run('Ada Admin');
    expect(await kept()).not.toContain('gts_set-up-token');
    await page.reload();
    await choose('SetUpFirstAdmin');
    await page.locator('section[aria-label="Variables"]').getByText('setupToken').waitFor();
    expect(await text('Variables')).not.toContain('gts_set-up-token');
  });

  test('a link followed in the open window takes over', async () => {
    await open();
    await page.evaluate(`location.hash = '#setup=gts_followed'`);
    await page.getByRole('tab', { name: 'SetUpFirstAdmin' }).waitFor();
    await page.locator('section[aria-label="Variables"]').getByText('gts_followed').waitFor();
    expect(page.url()).toBe(`${url}/playground`);
    expect(await kept()).not.toContain('gts_followed');
  });

  test('neither headers nor passwords typed into the operation are kept', async () => {
    await open();
    await choose('Users');
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await replace('Headers', '{ "authorization": "Bearer typed-bearer-token" }');
    await run('Ada Admin');
    await replace(
      'Operation Editor',
      `mutation Typed { signIn(input: { identifier: "a", password: "${password}" }) { step } }`,
    );
    await run('COMPLETE');
    const everything = await kept();
    expect(everything).toContain('mutation Typed');
    expect(everything).not.toMatch(/typed-bearer-token|hunter2/);
  });
});
