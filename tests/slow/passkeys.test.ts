import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SignInInput } from '../../generated/schema-types.ts';
import { makePerson, PASSWORD, signIn } from '../support/cast.ts';
import { unique } from '../support/holder.ts';
import { enrol } from '../support/mfa.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
/** A developer's machine may lack the browser; the build server must not pass without it. */
const skipped = executablePath === undefined && process.env['CI'] === undefined;

/** The origin that the server believes in, and one beside it that only shares its domain. */
const ORIGIN = 'http://localhost:4000';
const NEIGHBOUR = 'http://localhost:4001';

type Json = Readonly<Record<string, unknown>>;

/** How long somebody looks at a question that none of their authenticators can answer. */
const PATIENCE_MS = 3000;

/** A browser's half of the ceremonies, by its own functions: options in and answers out are the JSON forms of WebAuthn. */
const CLIENT = `
  globalThis.gatehouse = {
    csrf: null,
    async send(query, input) {
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(this.csrf ? { 'x-csrf-token': this.csrf } : {}) },
        body: JSON.stringify({ query, variables: { input } }),
      });
      const { data, errors } = await response.json();
      if (errors) throw new Error(JSON.stringify(errors));
      return Object.values(data)[0];
    },
    async create(options) {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      return (await navigator.credentials.create({ publicKey })).toJSON();
    },
    async get(options) {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
      const signal = AbortSignal.timeout(${PATIENCE_MS});
      return (await navigator.credentials.get({ publicKey, signal })).toJSON();
    },
  };
`;

const TOKENS = 'step user { id } tokens { csrfToken } errors { code }';
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { ${TOKENS} challenge { token passkeyOptions } } }`;
const COMPLETE_MFA = `mutation ($input: CompleteMfaInput!) { completeMfa(input: $input) { ${TOKENS} } }`;
const START = `mutation ($input: StartPasskeySignInInput!) { startPasskeySignIn(input: $input) { options challengeToken } }`;
const COMPLETE = `mutation ($input: CompletePasskeySignInInput!) { completePasskeySignIn(input: $input) { ${TOKENS} } }`;
const REGISTER = `mutation ($input: StartPasskeyRegistrationInput!) {
  startPasskeyRegistration(input: $input) { options challengeToken errors { code } } }`;
const REGISTERED = `mutation ($input: CompletePasskeyRegistrationInput!) { completePasskeyRegistration(input: $input) {
  passkey { id name deviceBound backedUp transports lastUsedAt } errors { code } } }`;
const REMOVE = `mutation ($input: RemovePasskeyInput!) { removePasskey(input: $input) { passkeyId errors { code } } }`;
const SIGN_OUT = `mutation ($input: SignOutInput!) { signOut(input: $input) { errors { code } } }`;
const VIEWER = `query { viewer { assuranceLevel user { id mfa { passkeys { name lastUsedAt } } } session { signInMethod } } }`;

interface Question {
  readonly options: Json;
  readonly challengeToken: string;
}
interface SignedIn {
  readonly step: string;
  readonly user: { readonly id: string } | null;
  readonly tokens: { readonly csrfToken: string } | null;
  readonly challenge?: { readonly token: string; readonly passkeyOptions: Json } | null;
  readonly errors: readonly { readonly code: string }[];
}

describe('passkeys in a browser', () => {
  let app: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let devtools: CDPSession;
  let authenticatorId: string;

  const send = <T>(query: string, input: object = {}): Promise<T> =>
    page.evaluate(`gatehouse.send(${JSON.stringify(query)}, ${JSON.stringify(input)})`);
  const create = (options: Json): Promise<Json> => page.evaluate(`gatehouse.create(${JSON.stringify(options)})`);
  const get = (options: Json): Promise<Json> => page.evaluate(`gatehouse.get(${JSON.stringify(options)})`);
  const entered = async (answer: SignedIn): Promise<SignedIn> => {
    await page.evaluate(`gatehouse.csrf = ${JSON.stringify(answer.tokens?.csrfToken ?? null)}`);
    return answer;
  };

  const byPassword = async (identifier: string): Promise<SignedIn> => {
    const input: SignInInput = { identifier, password: PASSWORD, delivery: 'COOKIE' };
    return entered(await send<SignedIn>(SIGN_IN, { ...input }));
  };
  const register = async (name: string): Promise<{ passkey: Json | null; errors: Json[] }> => {
    const { options, challengeToken } = await send<Question>(REGISTER);
    return send(REGISTERED, { challengeToken, response: await create(options), name });
  };
  const byPasskey = async (identifier: string | null): Promise<SignedIn> => {
    const { options, challengeToken } = await send<Question>(START, { identifier });
    return entered(await send<SignedIn>(COMPLETE, { passkey: { challengeToken, response: await get(options) } }));
  };
  const signOut = async (): Promise<void> => {
    await send(SIGN_OUT);
    await page.evaluate('gatehouse.csrf = null');
  };
  const person = async (): Promise<{ id: string; email: string }> => {
    const email = `${unique('browser')}@passkey.example`;
    return { id: await makePerson(app, { email }), email };
  };
  const open = async (origin: string): Promise<void> => {
    await page.goto(`${origin}/healthz`);
    await page.evaluate(CLIENT);
  };

  beforeAll(async () => {
    if (skipped) return;
    if (executablePath === undefined) throw new Error('CI needs Chromium: apt-get install chromium');
    app = await startTestApp();
    const { host } = new URL(app.url);
    // The server listens on any free port, the browser sees it where the settings say that it is.
    const rules = [ORIGIN, NEIGHBOUR].map((origin) => `MAP ${new URL(origin).host} ${host}`).join(', ');
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--host-resolver-rules=${rules}`],
    });
  });
  beforeEach(async ({ skip }) => {
    skip(skipped, 'no Chromium is installed: apt-get install chromium');
    context = await browser.newContext({ bypassCSP: true });
    page = await context.newPage();
    devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const added = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    ({ authenticatorId } = added);
    await open(ORIGIN);
  });
  afterEach(async () => context?.close());
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test('are registered, and sign in without a name and with one', async () => {
    const { id, email } = await person();
    expect(await byPassword(email)).toMatchObject({ step: 'COMPLETE', user: { id } });
    expect(await register('Laptop')).toEqual({
      passkey: {
        id: expect.any(String),
        name: 'Laptop',
        deviceBound: true,
        backedUp: false,
        transports: ['internal'],
        lastUsedAt: null,
      },
      errors: [],
    });
    for (const identifier of [null, email]) {
      await signOut();
      expect(await send(VIEWER)).toBeNull();
      expect(await byPasskey(identifier)).toMatchObject({ step: 'COMPLETE', user: { id }, errors: [] });
      expect(await send(VIEWER)).toEqual({
        assuranceLevel: 'AAL2',
        user: { id, mfa: { passkeys: [{ name: 'Laptop', lastUsedAt: app.clock.now().toISOString() }] } },
        session: { signInMethod: 'PASSKEY' },
      });
    }
  });

  test('are made once on one authenticator, and found by their account among several', async () => {
    const [first, second] = [await person(), await person()];
    for (const { email } of [first, second]) {
      await byPassword(email);
      expect((await register('Laptop')).errors).toEqual([]);
      await expect(register('Again')).rejects.toThrow('InvalidStateError');
      await signOut();
    }
    for (const { id, email } of [first, second]) {
      expect(await byPasskey(email)).toMatchObject({ step: 'COMPLETE', user: { id } });
      await signOut();
    }
    await expect(byPasskey('nobody@passkey.example')).rejects.toThrow(/TimeoutError|NotAllowedError/);
  });

  test('are the second factor where one is on', async () => {
    const { id, email } = await person();
    await byPassword(email);
    await register('Laptop');
    await enrol(app, await signIn(app, email));
    await signOut();
    const { step, challenge } = await byPassword(email);
    expect(step).toBe('MFA_REQUIRED');
    expect(await send(VIEWER)).toBeNull();
    const passkeyResponse = await get(challenge?.passkeyOptions ?? {});
    const done = await send<SignedIn>(COMPLETE_MFA, { challengeToken: challenge?.token, passkeyResponse });
    expect(done).toMatchObject({ step: 'COMPLETE', user: { id } });
    expect(await send(VIEWER)).toMatchObject({ assuranceLevel: 'AAL2', session: { signInMethod: 'PASSWORD' } });
  });

  test('are worth nothing without the person, from another origin, after a copy was used, and once removed', async () => {
    const { email } = await person();
    await byPassword(email);
    const { passkey } = await register('Laptop');
    await signOut();

    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await expect(byPasskey(null)).rejects.toThrow('NotAllowedError');
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });

    await open(NEIGHBOUR);
    expect(await byPasskey(null)).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID' }] });
    await open(ORIGIN);
    expect(await byPasskey(null)).toMatchObject({ step: 'COMPLETE' });
    await signOut();

    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    const [credential] = credentials;
    if (credential === undefined) throw new Error('The authenticator lost its passkey.');
    const { credentialId } = credential;
    await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
    await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } });
    expect(await byPasskey(null)).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID' }] });
    expect(await send(VIEWER)).toBeNull();
    const copies = await app.database.query(`select id from audit_events where action = 'passkey.copy-suspected'`);
    expect(copies).toHaveLength(1);

    await byPassword(email);
    expect(await send(REMOVE, { id: passkey?.['id'] })).toEqual({ passkeyId: passkey?.['id'], errors: [] });
    await signOut();
    expect(await byPasskey(null)).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID' }] });
  });
});
