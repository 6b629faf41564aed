import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  RequestEmailChangeDocument,
  RequestPasswordResetDocument,
  TokenStatusDocument,
} from '../../generated/client/graphql.ts';
import { createToken } from '../../src/crypto/opaque-token.ts';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../support/cast.ts';
import { launchChromium, recorder, skipped } from '../support/chromium.ts';
import { unique } from '../support/holder.ts';
import { linkTokenOf, messagesTo } from '../support/messages.ts';
import { enrolled, nextCode, wrongCode } from '../support/mfa.ts';
import { askForCode } from '../support/sign-up.ts';
import { useTestApp } from '../support/test-app.ts';

const NEW_PASSWORD = 'violet harbour lantern seven';

describe('the account pages in a browser', () => {
  const app = useTestApp();
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  let requested: string[];

  beforeAll(async () => {
    if (!skipped) browser = await launchChromium();
  });
  afterAll(async () => (skipped ? undefined : browser.close()));

  const begin = async (options: { locale?: string; dark?: boolean; width?: number } = {}): Promise<void> => {
    const { locale = 'en-GB', dark = false, width = 390 } = options;
    context = await browser.newContext({
      locale,
      colorScheme: dark ? 'dark' : 'light',
      viewport: { width, height: 844 },
    });
    page = await context.newPage();
    await context.addInitScript({ content: recorder });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(`${request.url()} ${request.postData() ?? ''}`));
  };

  beforeEach(async ({ skip }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    [complaints, requested] = [[], []];
    await begin();
  });
  afterEach(async () => {
    if (skipped) return;
    const found = [...((await page.evaluate('violations')) as readonly string[]), ...complaints];
    await context.close();
    if (found.length > 0) throw new Error(`The browser complained: ${found.join('; ')}`);
  });

  const open = async (name: string, token: string | null = null): Promise<void> => {
    await page.goto(`${app().url}/account/${name}${token === null ? '' : `#token=${token}`}`);
    // The address keeps nothing of the token, and no request but the API's own carries it.
    await page.waitForURL(`${app().url}/account/${name}`);
    await page.locator('#status:not(:empty), form:not([hidden])').first().waitFor();
    if (token === null) return;
    expect(requested.filter((one) => one.includes(token) && !one.startsWith(`${app().url}/graphql `))).toEqual([]);
  };
  const shoot = async (name: string): Promise<void> => {
    const folder = process.env['SCREENSHOTS'];
    if (folder !== undefined) await page.screenshot({ path: join(folder, `account-${name}.png`), fullPage: true });
  };
  const press = (name: string) => page.getByRole('button', { name }).click();
  const says = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const stateOf = async (token: string) =>
    (await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;
  const viewer = async (): Promise<unknown> =>
    page.evaluate(`fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { user { email } session { assuranceLevel } } }' }) })
      .then((answer) => answer.json()).then(({ data }) => data.viewer)`);
  const reset = async (email: string): Promise<string> => {
    await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
    return linkTokenOf(app(), email, 'reset');
  };
  const somebody = async (): Promise<string> => {
    const email = `${unique('browser')}@pages.example`;
    await makePerson(app(), { email, displayName: 'Ada Lovelace' });
    return email;
  };

  test('reset: a forgotten password is replaced, weak ones are explained, and the person is signed in', async () => {
    const email = await somebody();
    await open('reset');
    await page.getByLabel('Your e-mail address').fill('no address');
    await press('Send me a link');
    await says('This is not an e-mail address.');
    await shoot('request-refused');
    await page.getByLabel('Your e-mail address').fill(email);
    await press('Send me a link');
    await says('If there is an account with this address');
    await shoot('requested');
    const token = await linkTokenOf(app(), email, 'reset');
    await open('reset', token);
    await says('For b**@pages.example');
    await says('At least 12 characters.');
    const field = page.getByLabel('New password');
    expect(await field.evaluate('(document.activeElement ?? {}).id')).toBe('new-password');
    await field.fill('ada');
    await press('Set the password');
    await says('It has too few characters.');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await shoot('reset-refused');
    await page.getByLabel('Show the password').check();
    expect(await field.getAttribute('type')).toBe('text');
    await field.fill(NEW_PASSWORD);
    await shoot('reset');
    await press('Set the password');
    await says('Done. You are signed in as Ada Lovelace.');
    await shoot('reset-done');
    expect(await viewer()).toEqual({ user: { email }, session: { assuranceLevel: 'AAL1' } });
    await open('reset', token);
    await says('This link was used already');
    await page.getByLabel('Your e-mail address').waitFor();
    await shoot('reset-used');
  });

  test('reset with a second factor, in the dark and in German: the code is asked for', async () => {
    await context.close();
    await begin({ locale: 'de-AT', dark: true, width: 1280 });
    const { email, secret } = await enrolled(app());
    await open('reset', await reset(email));
    await page.getByLabel('Neues Passwort').fill(NEW_PASSWORD);
    await shoot('reset-german-dark');
    await press('Passwort setzen');
    await page.getByLabel('Sechsstelliger Code').fill(wrongCode(app(), secret));
    await press('Weiter');
    await says('Dieser Code stimmt nicht.');
    await shoot('mfa-german-dark');
    const code = nextCode(app(), secret);
    await page.getByLabel('Sechsstelliger Code').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await press('Weiter');
    await says('Fertig.');
    expect(await viewer()).toEqual({ user: { email }, session: { assuranceLevel: 'AAL2' } });
  });

  test('reset by somebody who is signed in already, as somebody else', async () => {
    const [first, second] = [await somebody(), await somebody()];
    await open('reset', await reset(first));
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await press('Set the password');
    await says('Done.');
    await open('reset', await reset(second));
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await press('Set the password');
    await says('Done.');
    expect(await viewer()).toMatchObject({ user: { email: second } });
  });

  test('invite: a welcome in Italian, the account is active, a recovery code opens it later', async () => {
    const { admin } = await app().cast();
    const email = `${unique('invited')}@pages.example`;
    const input = { email, displayName: 'Grace', groupIds: [MEMBERS_GROUP_ID] };
    await admin.send(CreateUserDocument, { input });
    const token = await linkTokenOf(app(), email, 'invite');
    await page.goto(`${app().url}/account/invite?lang=it#token=${token}`);
    await page.getByLabel('Nuova password').fill(NEW_PASSWORD);
    await shoot('invite-italian');
    expect(page.url()).toBe(`${app().url}/account/invite?lang=it`);
    expect(await stateOf(token)).toBe('VALID');
    await press('Imposta la password');
    await says('Fatto. Hai effettuato l’accesso come Grace.');
    expect(await viewer()).toMatchObject({ user: { email } });
    await open('invite', token);
    await says('This link was used already');
    const { email: strong, recoveryCodes } = await enrolled(app());
    await open('reset', await reset(strong));
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await press('Set the password');
    await press('Use a recovery code instead');
    await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
    await shoot('recovery-code');
    await press('Continue');
    await says('Done.');
    expect(await viewer()).toEqual({ user: { email: strong }, session: { assuranceLevel: 'AAL2' } });
  });

  test('sign-in: the link signs in when its button is pressed, and not before', async () => {
    const email = await somebody();
    await askForCode(app(), email, 'LINK');
    const token = await linkTokenOf(app(), email, 'sign-in-link');
    await open('sign-in', token);
    await shoot('sign-in');
    expect(await viewer()).toBeNull();
    await press('Sign in');
    await says('Done. You are signed in as Ada Lovelace.');
    expect(await viewer()).toMatchObject({ user: { email } });
    await open('sign-in', token);
    await press('Sign in');
    await says('This link was used already');
    await shoot('sign-in-used');
  });

  test('sign-in with a second factor: the code completes it, and too many wrong ones end it', async () => {
    const { email, secret } = await enrolled(app());
    await askForCode(app(), email, 'LINK');
    await open('sign-in', await linkTokenOf(app(), email, 'sign-in-link'));
    await press('Sign in');
    const field = page.getByLabel('Six-digit code of your authenticator app');
    await field.fill(nextCode(app(), secret));
    await press('Continue');
    await says('Done.');
    expect(await viewer()).toMatchObject({ session: { assuranceLevel: 'AAL2' } });
    app().clock.advance(60);
    await context.clearCookies();
    await askForCode(app(), email, 'LINK');
    await open('sign-in', await linkTokenOf(app(), email, 'sign-in-link'));
    await press('Sign in');
    for (let tries = 1; tries <= 5; tries += 1) {
      await field.fill(wrongCode(app(), secret));
      await press('Continue');
      await says('This code is not right.');
      await page.locator('#mfa button[type=submit]:not([disabled])').waitFor();
    }
    await field.fill(wrongCode(app(), secret));
    await press('Continue');
    await says('That was wrong too often. Sign in again.');
    expect(await viewer()).toBeNull();
  });

  test('email-change: the new address counts when the button is pressed, and not before', async () => {
    const email = await somebody();
    const actor: Actor = await signIn(app(), email);
    const newEmail = `new.${email}`;
    const asked = await actor.send(RequestEmailChangeDocument, { input: { newEmail, currentPassword: PASSWORD } });
    expect(asked.data.requestEmailChange?.errors).toEqual([]);
    const token = await linkTokenOf(app(), newEmail, 'email-change');
    await open('email-change', token);
    await shoot('email-change');
    const stored = () => app().database.query('select email from users where id = $1', [actor.id]);
    expect(await stored()).toEqual([{ email }]);
    await press('Confirm the address');
    await says(`Done. Your address is now ${newEmail}.`);
    expect(await stored()).toEqual([{ email: newEmail }]);
  });

  test('a link that was cut off says so at once, and the whole one works afterwards', async () => {
    const email = await somebody();
    const token = await reset(email);
    for (const [name, cut] of [
      ['reset', token.slice(0, -20)],
      ['invite', `${createToken('invite').token.reveal()}.`],
      ['sign-in', createToken('mailedSignIn').token.reveal().slice(0, 30)],
      ['email-change', 'ghe_'],
    ] as const) {
      await open(name, cut);
      await says('This link is not complete, or does not work any more. Open it again from the mail.');
      expect(await page.getByRole('button', { name: /^(Sign in|Confirm the address|Set the password)$/ }).count()).toBe(
        0,
      );
    }
    await open('reset', token);
    await says('For b**@pages.example');
  });

  test('a link whose time is over says so, and offers a new one where one can be asked for', async () => {
    const { admin } = await app().cast();
    const [email, invited] = [await somebody(), `${unique('late')}@pages.example`];
    await admin.send(CreateUserDocument, {
      input: { email: invited, displayName: 'Late', groupIds: [MEMBERS_GROUP_ID] },
    });
    await askForCode(app(), email, 'LINK');
    const late = await reset(email);
    const lateInvite = await linkTokenOf(app(), invited, 'invite');
    const lateLink = await linkTokenOf(app(), email, 'sign-in-link');
    app().clock.advance(30 * 86_400);
    await open('sign-in', lateLink);
    await press('Sign in');
    await says('The time of this link is over.');
    await page.getByRole('link', { name: 'Continue' }).waitFor();
    await open('reset', late);
    await says('The time of this link is over.');
    await open('invite', lateInvite);
    await says('The time of this link is over.');
    await page.getByLabel('Your e-mail address').fill(invited);
    await page.keyboard.press('Enter');
    await says('If there is an account with this address');
    await expect.poll(async () => linkTokenOf(app(), invited, 'invite')).not.toBe(lateInvite);
    await open('invite', await linkTokenOf(app(), invited, 'invite'));
    await says('Choose a password to begin.');
  });

  test('a server that cannot be reached is asked again by a button, with the token that the address lost', async () => {
    const token = await reset(await somebody());
    await page.route('**/graphql', (route) => route.fulfill({ status: 200, body: 'a proxy that is starting' }));
    await page.goto(`${app().url}/account/reset#token=${token}`);
    await says('The server cannot be reached.');
    await shoot('unreachable');
    await page.unroute('**/graphql');
    expect(await page.evaluate('document.activeElement.id')).toBe('again');
    await page.keyboard.press('Enter');
    await says('For b**@pages.example');
    expect(await page.getByRole('button', { name: 'Try again' }).isHidden()).toBe(true);
  });

  test('a page without its token, or with a made-up one, says so and does nothing', async () => {
    await open('invite');
    await says('Open this page by the link in your mail.');
    await open('sign-in', createToken('mailedSignIn').token.reveal());
    await press('Sign in');
    await says('This link is not complete, or does not work any more.');
    await open('reset', createToken('reset').token.reveal());
    await says('This link was used already');
    expect(await messagesTo(app(), 'nobody@pages.example')).toEqual([]);
  });
});
