import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { totpCode } from '../support/mfa.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
/** A developer's machine may lack the browser; the build server must not pass without it. */
const skipped = executablePath === undefined && process.env['CI'] === undefined;

/** Where the links of mails lead. */
const ORIGIN = 'http://localhost:4000';
const EMAIL = 'mary@example.com';
const PASSWORD = 'wind tunnels and slide rules';
const delivery = 'COOKIE';
const NEW_PASSWORD = 'supersonic pressure is no riddle';

/** Where pictures of the steps go, for a person to look at. */
const folder = process.env['SCREENSHOTS'] ?? null;

type Json = Readonly<Record<string, unknown>>;

describe('the walkthroughs, in a browser', () => {
  let app: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  let playground: Page;
  let inbox: Page;
  let complaints: string[];

  const picture = async (page: Page, name: string): Promise<void> => {
    if (folder === null) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  };

  const open = async (path: string): Promise<Page> => {
    const page = await context.newPage();
    page.on('console', (message) => {
      // Chromium warns of the agent cluster of every sandboxed frame, in which the inbox shows mails.
      const counts = path === '/dev/mail' ? ['error'] : ['error', 'warning'];
      if (counts.includes(message.type())) complaints.push(`${path}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${ORIGIN}${path}`);
    return page;
  };

  /** Runs the operation of a tab with what its reader types into the variables; gives the answer as it is shown. */
  const run = async (tab: string, input: Json | null, expected: string): Promise<Json> => {
    // The open tab's name ends with that of its button to close it.
    await playground.getByRole('tab', { name: new RegExp(`^${tab}\\b`) }).click();
    if (input !== null) {
      await playground.locator('section[aria-label="Variables"] .graphiql-editor:not(.hidden) .view-lines').click();
      await playground.keyboard.press('Control+A');
      await playground.keyboard.insertText(JSON.stringify({ input }));
      // The editor closes brackets and quotes by itself, behind the cursor.
      await playground.keyboard.press('Control+Shift+End');
      await playground.keyboard.press('Delete');
    }
    const answered = playground.waitForResponse(
      (response) => response.request().postDataJSON()?.operationName === tab && response.url().endsWith('/graphql'),
    );
    await playground.getByRole('button', { name: /Execute query/ }).click();
    const { data, errors } = (await (await answered).json()) as { data: Json; errors?: unknown };
    expect({ tab, errors }).toEqual({ tab, errors: undefined });
    await playground.locator('section[aria-label="Result Window"]').getByText(expected).first().waitFor();
    await picture(playground, `${String(step()).padStart(2, '0')}-${tab}`);
    return Object.values(data)[0] as Json;
  };

  let steps = 0;
  const step = (): number => (steps += 1);

  /** Opens the newest mail with such a subject, as one does in the inbox; gives its text. */
  const read = async (subject: RegExp): Promise<string> => {
    await app.services.resetRequests.run();
    await app.services.messageWorker.run();
    await inbox.goto(`${ORIGIN}/dev/mail`);
    await picture(inbox, `${String(step()).padStart(2, '0')}-inbox`);
    await inbox.getByRole('link', { name: subject }).first().click();
    await inbox.locator('iframe').waitFor();
    await picture(inbox, `${String(step()).padStart(2, '0')}-mail`);
    return inbox.locator('pre').innerText();
  };

  const signedInAs = (name: string): Promise<void> => playground.locator('header').getByText(name).waitFor();

  beforeAll(async () => {
    if (skipped) return;
    if (executablePath === undefined) throw new Error('CI needs Chromium: apt-get install chromium');
    const root = join(import.meta.dirname, '../..');
    execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], { cwd: root });
    app = await startTestApp({
      settings: { 'signUp.mode': 'OPEN', 'server.playground': 'true', 'server.introspection': 'true' },
    });
    // The server listens on any free port, the browser sees it where the settings say that it is.
    const rules = `MAP ${new URL(ORIGIN).host} ${new URL(app.url).host}`;
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    browser = await chromium.launch({
      executablePath,
      args: [...args, `--host-resolver-rules=${rules}`],
      // Pictures show what people see.
      ignoreDefaultArgs: ['--hide-scrollbars'],
    });
  });
  beforeEach(async ({ skip }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1400, height: 800 } });
    inbox = await open('/dev/mail');
    playground = await open('/playground');
    await playground.locator('.graphiql-editor .view-line').first().waitFor();
  });
  afterEach(async () => context?.close());
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test('sign-up by mailed code, TOTP, the second step, and a reset that asks for it', async () => {
    await picture(playground, '00-first-visit');
    const started = await run(
      'SignUp',
      { email: EMAIL, displayName: 'Mary Jackson', password: PASSWORD, delivery },
      'ghv_',
    );
    expect(started).toMatchObject({ step: 'VERIFICATION_REQUIRED', errors: [] });
    const verificationToken = (started['verification'] as { token: string }).token;
    const code = /^\d{6}$/m.exec(await read(/code to sign up/))?.[0];
    await run('VerifySignUp', { verificationToken, code }, 'COMPLETE');
    await signedInAs('Mary Jackson');
    expect(await run('Viewer', null, EMAIL)).toMatchObject({ assuranceLevel: 'AAL1', user: { email: EMAIL } });

    const { secret } = (await run('StartTotp', { password: PASSWORD }, 'otpauth://')) as { secret: string };
    const confirmed = await run('ConfirmTotp', { code: totpCode(app, secret) }, 'recoveryCodes');
    expect(confirmed).toMatchObject({ mfa: { enabled: true, recoveryCodesLeft: 10 }, errors: [] });
    const [recoveryCode] = confirmed['recoveryCodes'] as readonly string[];
    expect(await read(/second factor .* was changed/)).toContain('An authenticator app was added.');
    await run('Passkeys', null, 'totpEnabledAt');
    await run('Sessions', null, 'AAL2');
    await run('SignOut', null, 'sessionId');
    await signedInAs('Not signed in');

    const asked = await run('SignIn', { identifier: EMAIL, password: PASSWORD, delivery }, 'MFA_REQUIRED');
    const { token: challengeToken } = asked['challenge'] as { token: string };
    app.clock.advance(30);
    await run('CompleteMfa', { challengeToken, code: totpCode(app, secret) }, 'COMPLETE');
    await signedInAs('Mary Jackson');
    await run('SignOut', null, 'sessionId');

    app.clock.advance(60);
    const requested = await run('RequestCode', { identifier: EMAIL, purpose: 'SIGN_IN', form: 'CODE' }, 'ghv_');
    const mailed = /^\d{6}$/m.exec(await read(/code to sign in/))?.[0];
    const byCode = {
      verificationToken: (requested['verification'] as { token: string }).token,
      code: mailed,
      delivery,
    };
    expect(await run('SignInByCode', byCode, 'MFA_REQUIRED')).toMatchObject({ user: null, errors: [] });
    await signedInAs('Not signed in');

    app.clock.advance(60);
    const request = await open('/account/reset');
    await request.getByLabel('E-mail').fill(EMAIL);
    await picture(request, 'reset-1-asks');
    await request.getByRole('button').first().click();
    await request.locator('#status:not(:empty)').waitFor();
    await picture(request, 'reset-2-asked');
    const link = /\/account\/reset#token=\S+/.exec(await read(/new password/))?.[0] ?? '';
    const reset = await open(link);
    await reset.locator('#new-password').fill(NEW_PASSWORD);
    await picture(reset, 'reset-3-password');
    await reset.locator('#password button[type=submit]').click();
    await reset.locator('#code').waitFor();
    await picture(reset, 'reset-4-second-factor');
    await reset.locator('#other-method').click();
    await reset.locator('#code').fill(recoveryCode ?? '');
    await reset.locator('#mfa button[type=submit]').click();
    await reset.locator('#done').waitFor();
    await picture(reset, 'reset-5-done');
    await playground.reload();
    await signedInAs('Mary Jackson');
    expect(complaints).toEqual([]);
  });
});
