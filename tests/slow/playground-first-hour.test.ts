import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignInDocument } from '../../generated/client/graphql.ts';
import { makePerson, PASSWORD as CAST_PASSWORD } from '../support/cast.ts';
import { figuresOf } from '../support/figures.ts';
import { useTestApp } from '../support/test-app.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
/** A developer's machine may lack the browser; the build server must not pass without it. */
const skipped = executablePath === undefined && process.env['CI'] === undefined;
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const quiet = ['--disable-background-networking', '--disable-component-update'];
const PASSWORD = 'a sentence that only I know';

describe('the playground on the real server', () => {
  const app = useTestApp({ settings: { 'server.playground': 'true', 'server.introspection': 'true' } });
  let browser: Browser | null = null;

  beforeAll(async () => {
    if (skipped) return;
    if (executablePath === undefined) throw new Error('CI needs Chromium: apt-get install chromium');
    const root = join(import.meta.dirname, '../..');
    execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], { cwd: root });
    // The page is opened by the address that the server knows itself by: cookies over WebSocket are taken from its own pages only.
    const { host } = new URL(app().config.server.baseUrl);
    const resolution = `--host-resolver-rules=MAP ${host} ${new URL(app().url).host}`;
    browser = await chromium.launch({ executablePath, args: [...args, ...quiet, resolution] });
  });
  afterAll(async () => browser?.close());

  const run = async (page: Page, expected: string): Promise<void> => {
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('section[aria-label="Result Window"]').getByText(expected).first().waitFor();
  };

  test('makes the first administrator from the printed link, signs in by cookie, and keeps no secret', async ({
    skip,
  }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    if (browser === null) throw new Error('There is no browser.');
    const issued = await app().services.setup.issueToken();
    const token = issued?.token.reveal() ?? '';
    const context = await browser.newContext({ viewport: { width: 1400, height: 800 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    const printed = new URL(issued?.link ?? '');
    expect(printed.pathname).toBe('/playground');
    await page.goto(printed.href);
    await page.locator('.graphiql-editor .view-line').first().waitFor();
    expect(page.url()).not.toContain(token);
    await page.locator('section[aria-label="Variables"] .graphiql-editor:not(.hidden) .view-lines').click();
    await page.keyboard.press('Control+A');
    const input = {
      setupToken: token,
      email: 'ada@example.com',
      displayName: 'Ada Lovelace',
      password: PASSWORD,
      delivery: 'COOKIE',
    };
    await page.keyboard.insertText(JSON.stringify({ input }));
    await page.keyboard.press('Control+Shift+End');
    await page.keyboard.press('Delete');
    await run(page, 'COMPLETE');
    await page.locator('header').getByText('Ada Lovelace').waitFor();
    await page.getByRole('tab', { name: 'Users' }).click();
    await run(page, 'ada@example.com');
    await page.reload();
    await page.locator('header').getByText('Ada Lovelace').waitFor();
    await page.getByRole('tab', { name: 'CreateGroup' }).click();
    await run(page, 'Help desk');
    // A subscription is followed by the cookie, shows what happens elsewhere, and stops when its button is pressed.
    await page.getByRole('tab', { name: 'AuditEventAdded' }).click();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.getByRole('button', { name: /Stop query/ }).waitFor();
    const signedIn = { identifier: 'ada@example.com', password: PASSWORD, delivery: 'BODY' as const };
    const subscribed = () => figuresOf(app()).then((figures) => figures.get('gatehouse_subscriptions'));
    await expect.poll(subscribed).toBe(1);
    await app().anonymous().send(SignInDocument, { input: signedIn });
    await page.locator('section[aria-label="Result Window"]').getByText('session.started').first().waitFor();
    await page.getByRole('button', { name: /Stop query/ }).click();
    await expect.poll(subscribed).toBe(0);
    const folder = process.env['SCREENSHOTS'];
    if (folder !== undefined) await page.screenshot({ path: join(folder, 'playground.png') });
    await page.waitForTimeout(900);
    const kept = String(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])'));
    for (const secret of [token, PASSWORD]) expect(kept).not.toContain(secret);
    const cookies = await context.cookies();
    const strict = { httpOnly: true, sameSite: 'Lax', path: '/' };
    expect(cookies.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
      { name: 'gatehouse', ...strict },
      { name: 'gatehouse-device', ...strict },
    ]);
    expect(complaints).toEqual([]);
    const groups = await app().database.query(`select name from groups where name = 'Help desk'`);
    expect(groups).toEqual([{ name: 'Help desk' }]);
    await context.close();
  });

  test('the code of the README signs a page in, and its changes carry the token', async ({ skip }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    if (browser === null) throw new Error('There is no browser.');
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
    const { baseUrl } = app().config.server;
    expect(code).toContain("'http://localhost:4000/graphql'");
    const email = 'page@example.com';
    await makePerson(app(), { email });
    const page = await browser.newPage();
    await page.goto(`${baseUrl}/account/reset`);
    const credentials = `const [identifier, password] = ${JSON.stringify([email, CAST_PASSWORD])};`;
    const change = `send('mutation { updateProfile(input: { displayName: "Of a page" }) { user { displayName } } }')`;
    const script = `${credentials} ${code.replace('http://localhost:4000', baseUrl)}; return { step, errors, changed: await ${change} };`;
    expect(await page.evaluate(`(async () => { ${script} })()`)).toEqual({
      step: 'COMPLETE',
      errors: [],
      changed: { user: { displayName: 'Of a page' } },
    });
    await page.close();
  });
});
