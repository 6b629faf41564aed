import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ExchangeTokenDocument } from '../../../generated/client/graphql.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import {
  type Handler,
  json,
  type LyingProvider,
  signingPair,
  startLyingProvider,
} from '../../support/lying-provider.ts';
import { API, OWN_CLIENT } from '../../support/oidc-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from './provider-settings.ts';

let provider: LyingProvider;
let app: TestApp;

const seconds = (): number => Math.floor(app.clock.now().getTime() / 1000);

const settingsFor = (liar: LyingProvider, more: Readonly<Record<string, unknown>> = {}) => ({
  ...issuers(issuerEntry(liar.issuer, { jitUsers: true, ...more })),
  'providers.timeoutSeconds': '1',
});

beforeAll(async () => {
  provider = await startLyingProvider();
  app = await startTestApp({ settings: settingsFor(provider) });
  provider.now = seconds;
});
afterAll(async () => {
  await app.close();
  await provider.close();
});
beforeEach(() => {
  provider.keys = [provider.key.publicJwk];
  provider.answers.clear();
  app.clock.advance(31); // the pause after a failure, or after keys were read early, is over
});

type Kind = 'ACCESS_TOKEN' | 'ID_TOKEN';

const send = (to: TestApp, subjectToken: string, subjectTokenType: Kind = 'ACCESS_TOKEN') =>
  to.anonymous().send(ExchangeTokenDocument, {
    input: { issuer: provider.issuer, subjectToken, subjectTokenType, delivery: 'BODY' },
  });

/** The reason in the log; the caller is told SUBJECT_TOKEN_INVALID whatever it is. */
const refusalOf = async (token: string, kind: Kind = 'ACCESS_TOKEN'): Promise<unknown> => {
  const { answer, audit } = await recording(app, () => send(app, token, kind));
  expect(answer.data.exchangeToken).toMatchObject({
    step: 'FAILED',
    user: null,
    tokens: null,
    errors: [{ code: 'SUBJECT_TOKEN_INVALID', field: ['subjectToken'] }],
  });
  expect(audit.map(({ action, result }) => [action, result])).toEqual([['session.started', 'FAILURE']]);
  return audit[0]?.metadata['reason'];
};

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token with one lie', () => {
  test('the same token without the lie is taken', async () => {
    expect((await send(app, await provider.accessToken())).data.exchangeToken?.step).toBe('COMPLETE');
    expect((await send(app, await provider.idToken(), 'ID_TOKEN')).data.exchangeToken?.step).toBe('COMPLETE');
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://login.example.org' }, 'ISSUER'],
    ['no issuer', { iss: undefined }, 'ISSUER'],
    ['an audience of others', { aud: 'https://api.other.example' }, 'AUDIENCE'],
    ['an audience that begins like ours', { aud: `${API}.evil.example` }, 'AUDIENCE'],
    ['no audience', { aud: undefined }, 'CLAIMS'],
    ['no end', { exp: undefined }, 'CLAIMS'],
    ['an end that is no number', { exp: '9999999999' }, 'CLAIMS'],
    ['an end after which no calendar goes', { exp: 1e15 }, 'CLAIMS'],
    ['no subject', { sub: undefined }, 'CLAIMS'],
    ['an empty subject', { sub: '' }, 'SUBJECT'],
    ['a subject that is no text', { sub: { id: 'ada' } }, 'SUBJECT'],
    ['a subject with a control character', { sub: 'ada\u0000' }, 'SUBJECT'],
    ['a subject longer than any', { sub: 'a'.repeat(256) }, 'SUBJECT'],
    ['a logout event', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, 'KIND'],
  ])('access token: %s', async (_lie, claims, reason) => {
    expect(await refusalOf(await provider.accessToken(claims))).toBe(reason);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['another client', { aud: 'somebody-else' }, 'AUDIENCE'],
    ['another authorized party', { azp: 'somebody-else' }, 'AUDIENCE'],
    ['several audiences, no authorized party', { aud: [OWN_CLIENT.clientId, API] }, 'AUDIENCE'],
    ['an audience that is not known', { aud: [OWN_CLIENT.clientId, 'x'], azp: OWN_CLIENT.clientId }, 'AUDIENCE'],
    ['no time of issue', { iat: undefined }, 'CLAIMS'],
    ['the scope of an access token', { scope: 'openid' }, 'KIND'],
    ['the kind of an access token', { typ: 'Bearer' }, 'KIND'],
  ])('ID token: %s', async (_lie, claims, reason) => {
    const token = await provider.idToken(claims);
    expect(await refusalOf(token, 'ID_TOKEN')).toBe(reason);
  });

  test('several audiences pass when all are known and the authorized party is ours', async () => {
    const token = await provider.idToken({ aud: [OWN_CLIENT.clientId, API], azp: OWN_CLIENT.clientId });
    expect((await send(app, token, 'ID_TOKEN')).data.exchangeToken?.step).toBe('COMPLETE');
  });

  test.each([
    ['logout+jwt', 'ACCESS_TOKEN'],
    ['secevent+jwt', 'ACCESS_TOKEN'],
    ['dpop+jwt', 'ACCESS_TOKEN'],
    ['at+jwt', 'ID_TOKEN'],
  ] as const)('typ %s as %s', async (typ, kind) => {
    const token = await (kind === 'ID_TOKEN' ? provider.idToken({}, { typ }) : provider.accessToken({}, { typ }));
    expect(await refusalOf(token, kind)).toBe('KIND');
  });

  test.each(['nonce', 'at_hash', 'c_hash'])('an ID token with %s that is called an access token', async (mark) => {
    const token = await provider.accessToken({ [mark]: 'x' }, { typ: 'JWT' });
    expect(await refusalOf(token)).toBe('KIND');
  });
});

describe('time', () => {
  const at = (iat: number, exp: number, more: object = {}) =>
    provider.accessToken({ iat: seconds() + iat, exp: seconds() + exp, ...more });

  test('one minute of difference between clocks is borne, no more', async () => {
    expect((await send(app, await at(-600, -55))).data.exchangeToken?.step).toBe('COMPLETE');
    expect(await refusalOf(await at(-600, -61))).toBe('EXPIRED');
    expect((await send(app, await at(55, 600))).data.exchangeToken?.step).toBe('COMPLETE');
    expect(await refusalOf(await at(65, 600))).toBe('NOT_YET');
    expect((await send(app, await at(0, 600, { nbf: seconds() + 55 }))).data.exchangeToken?.step).toBe('COMPLETE');
    expect(await refusalOf(await at(0, 600, { nbf: seconds() + 65 }))).toBe('NOT_YET');
  });
});

describe('algorithms and keys', () => {
  const times = () => ({ iat: seconds(), exp: seconds() + 600 });

  test('none is no algorithm', async () => {
    const claims = { iss: provider.issuer, sub: 'mallory', aud: API, ...times() };
    for (const alg of ['none', 'None', 'NONE']) {
      const unsigned = `${base64({ alg, typ: 'at+jwt' })}.${base64(claims)}.`;
      expect(await refusalOf(unsigned)).toBe('KIND'); // not even the form of a signed token
      expect(await refusalOf(`${unsigned}x`)).toBe('ALGORITHM');
    }
  });

  test('a signature made with the public key as a shared secret is none', async () => {
    const pem = await exportSPKI((await importJWK(provider.key.publicJwk, 'RS256')) as CryptoKey);
    const input = `${base64({ alg: 'HS256', typ: 'at+jwt', kid: 'honest' })}.${base64({ iss: provider.issuer, sub: 'mallory', aud: API, ...times() })}`;
    for (const secret of [pem, pem.trim(), JSON.stringify(provider.key.publicJwk)]) {
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await refusalOf(forged)).toBe('ALGORITHM');
    }
  });

  test('a shared secret in the key set is no key', async () => {
    const secret = Buffer.alloc(32, 1);
    provider.keys = [{ kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' }];
    const input = `${base64({ alg: 'HS256', typ: 'at+jwt', kid: 'shared' })}.${base64({ iss: provider.issuer, sub: 'mallory', aud: API, ...times() })}`;
    expect(await refusalOf(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).toBe(
      'ALGORITHM',
    );
  });

  test('an algorithm that the settings leave out is refused although the key set has such a key', async () => {
    const pair = await signingPair('ES512', 'unusual');
    provider.keys = [provider.key.publicJwk, pair.publicJwk];
    expect(await refusalOf(await provider.accessToken({}, {}, pair))).toBe('ALGORITHM');
  });

  test('keys that come with the token are not looked at', async () => {
    const own = await signingPair('RS256', 'brought-along');
    const evil = { jku: `${provider.issuer}/evil`, x5u: `${provider.issuer}/evil`, jwk: own.publicJwk };
    const before = provider.requests.length;
    expect(await refusalOf(await provider.accessToken({}, evil, own))).toBe('KEY');
    expect(provider.requests.slice(before)).not.toContain('/evil');
    expect(await refusalOf(await provider.accessToken({}, { ...evil, kid: 'honest' }, own))).toBe('SIGNATURE');
  });

  test('a header that must be understood and is not', async () => {
    const token = await provider.accessToken();
    const [, payload = ''] = token.split('.');
    const header = base64({ alg: 'RS256', kid: 'honest', typ: 'at+jwt', crit: ['x-policy'], 'x-policy': 1 });
    expect(await refusalOf(`${header}.${payload}.${token.split('.')[2] ?? ''}`)).toBe('MALFORMED');
  });

  test('a changed payload, a cut signature, and parts of two tokens', async () => {
    const [header = '', payload = '', signature = ''] = (await provider.accessToken()).split('.');
    const other = base64({ iss: provider.issuer, sub: 'ada', aud: API, ...times() });
    expect(await refusalOf(`${header}.${other}.${signature}`)).toBe('SIGNATURE');
    expect(await refusalOf(`${header}.${payload}.${signature.slice(0, -4)}`)).toBe('SIGNATURE');
    expect(await refusalOf(`${header}.${payload}`)).toBe('KIND');
    expect(await refusalOf(`${header}.${payload}.${signature}.x.y`)).toBe('KIND');
  });

  test('a new key is read when a token names it; made-up names do not make the server read again and again', async () => {
    await send(app, await provider.accessToken());
    const next = await signingPair('RS256', 'next');
    provider.keys = [provider.key.publicJwk, next.publicJwk];
    const before = provider.requests.length;
    const rotated = await provider.accessToken({}, {}, next);
    const answers = await inParallel(10, () => send(app, rotated));
    expect(answers.map(({ data }) => data.exchangeToken?.step)).toEqual(Array.from({ length: 10 }, () => 'COMPLETE'));
    expect(provider.requests.slice(before)).toEqual(['/jwks']);

    const made = await signingPair('RS256', 'made-up');
    const refused = await Promise.all(
      Array.from({ length: 20 }, async (_unused, index) =>
        send(app, await provider.accessToken({}, { kid: `made-up-${index}` }, made)),
      ),
    );
    expect(refused.every(({ data }) => data.exchangeToken?.errors[0]?.code === 'SUBJECT_TOKEN_INVALID')).toBe(true);
    expect(provider.requests.slice(before)).toEqual(['/jwks']);
  });

  test('a key that was taken out of the set stops working when the set is read again', async () => {
    const token = await provider.accessToken({ iat: seconds(), exp: seconds() + 6000 });
    expect((await send(app, token)).data.exchangeToken?.step).toBe('COMPLETE');
    provider.keys = [(await signingPair('RS256', 'successor')).publicJwk];
    app.clock.advance(301);
    expect(await refusalOf(token)).toBe('KEY');
  });
});

const refused: Handler = (request) => request.socket.destroy();

describe('a provider that does not answer as it should', () => {
  const huge: Handler = (_request, response) => {
    const body = `{"keys":[],"padding":"${'x'.repeat(10 * 1024 * 1024)}"}`;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  };
  const slow: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(drip));
  };
  const hanging: Handler = () => undefined;
  const redirecting: Handler = (_request, response) => {
    response.writeHead(302, { location: `${provider.issuer}/elsewhere` });
    response.end();
  };

  test('10 MB, an answer that drips, none at all, a redirect: no session, no trace but in the log, and nobody waits again until the pause is over', async () => {
    const fresh = await startTestApp({ beside: app, settings: settingsFor(provider) });
    const token = await provider.accessToken({ exp: seconds() + 6000 });
    const faults = [
      [huge, 'TOO_LARGE'],
      [slow, 'TIMED_OUT'],
      [hanging, 'TIMED_OUT'],
      [redirecting, 'REDIRECTED'],
    ] as const;
    for (const [handler, fault] of faults) {
      provider.answers.set('/jwks', handler);
      app.clock.advance(31);
      const noted = fresh.log.length;
      const { answer, changed } = await changing(fresh, () => inParallel(5, () => send(fresh, token)));
      expect(answer.map(({ code }) => code)).toEqual(answer.map(() => 'SERVICE_UNAVAILABLE'));
      expect(answer[0]?.errors[0]?.message).not.toContain('127.0.0.1');
      expect(changed).toEqual([]);
      const line = fresh.log.slice(noted).find((one) => one.includes('an identity provider does not answer'));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ issuer: provider.issuer, fault });
      const asked = provider.requests.length;
      expect((await send(fresh, token)).code).toBe('SERVICE_UNAVAILABLE');
      expect(provider.requests.length).toBe(asked);
    }
    expect(provider.requests).not.toContain('/elsewhere');
    provider.answers.clear();
    app.clock.advance(5);
    expect((await send(fresh, token)).data.exchangeToken?.step).toBe('COMPLETE');
    await fresh.close();
  });

  test('kept keys count for a day while it is away, and not longer', async () => {
    const token = await provider.accessToken({ exp: seconds() + 200_000 });
    app.clock.advance(301);
    expect((await send(app, token)).data.exchangeToken?.step).toBe('COMPLETE');
    provider.answers.set('/jwks', refused);
    provider.answers.set('/.well-known/openid-configuration', refused);
    app.clock.advance(86_400);
    expect((await send(app, token)).data.exchangeToken?.step).toBe('COMPLETE');
    app.clock.advance(400);
    expect((await send(app, token)).code).toBe('SERVICE_UNAVAILABLE');
  });
});

describe('an address', () => {
  test('is taken as proved only if that was said of this very address', async () => {
    const trusting = await startTestApp({ settings: settingsFor(provider, { trustEmail: true }) });
    const emailOf = async (sub: string, token: object, userinfo: object): Promise<string | null | undefined> => {
      provider.answers.set('/userinfo', json({ sub, name: 'Ada', ...userinfo }));
      const { data } = await send(trusting, await provider.accessToken({ sub, iat: undefined, ...token }));
      expect(data.exchangeToken).toMatchObject({ step: 'COMPLETE', created: true });
      return data.exchangeToken?.user?.email;
    };
    const proved = { email: 'ada.new@people.example', email_verified: true };
    // The token is older than the change of the address, which somebody else may have by now.
    expect(await emailOf('ada-1', { email: 'ada.old@people.example' }, proved)).toBeNull();
    expect(await emailOf('ada-2', { email: proved.email, email_verified: false }, proved)).toBeNull();
    expect(await emailOf('ada-3', { email: 'Ada.New@People.example' }, proved)).toBe('Ada.New@People.example');
    expect(await emailOf('ada-4', {}, { ...proved, email: 'ada.other@people.example' })).toBe(
      'ada.other@people.example',
    );
    await trusting.close();
  });
});
