import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Caches } from '../../../src/cache/caches.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { IdentityProviders } from '../../../src/providers/identity-providers.ts';
import { OutboundError, SubjectTokenError } from '../../../src/providers/provider-error.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { type Handler, json, type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { OWN_CLIENT } from '../../support/oidc-provider.ts';
import { TestClock } from '../../support/test-clock.ts';
import { testConfig, testMasterKeys } from '../../support/test-config.ts';

let liar: LyingProvider;

beforeAll(async () => {
  liar = await startLyingProvider();
});
afterAll(() => liar.close());
afterEach(() => {
  liar.answers.clear();
  liar.metadata = {};
});

const silences: OutboundError[] = [];

/** A provider that has asked nothing yet. */
const fresh = (more: Readonly<Record<string, unknown>> = {}) => {
  const config = testConfig({ ...issuers(issuerEntry(liar.issuer, more)), 'providers.timeoutSeconds': '1' });
  const clock = new TestClock();
  const providers = new IdentityProviders({
    config,
    clock,
    caches: new Caches({ redis: null, masterKeys: testMasterKeys(), clock, config }),
    onSilence: (error) => silences.push(error),
  });
  const found = providers.find(liar.issuer);
  if (found === null) throw new Error('The issuer is in the settings.');
  return found;
};

const faultOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof OutboundError || error instanceof SubjectTokenError) return `${error.name} ${error.fault}`;
  throw new Error(`Neither refused nor silent: ${String(error)}`);
};

describe('the key set', () => {
  const endless: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const write = (): void => {
      if (!response.destroyed) response.write(chunk, () => setImmediate(write));
    };
    write();
  };
  const broken: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"keys":');
    setTimeout(() => response.destroy(), 20);
  };

  test.each<[string, Handler, string]>([
    ['without end', endless, 'TOO_LARGE'],
    ['that breaks off', broken, 'NOT_REACHED'],
    ['that is no JSON', (_request, response) => response.end('<html>'), 'ANSWER_MALFORMED'],
    ['with an error of the server', json({ error: 'server_error' }, 503), 'STATUS'],
    ['that is not there', json({}, 404), 'STATUS'],
    ['behind a cut connection', (request) => request.socket.destroy(), 'NOT_REACHED'],
    ['whose keys are no list', json({ keys: 'all of them' }), 'ANSWER_MALFORMED'],
    ['of ten thousand keys', json({ keys: Array.from({ length: 10_000 }, () => ({})) }), 'ANSWER_MALFORMED'],
  ])('%s', async (_what, handler, fault) => {
    liar.answers.set('/jwks', handler);
    expect(await faultOf(fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN'))).toBe(
      `OutboundError ${fault}`,
    );
  });

  test('with members that are no keys is read past them', async () => {
    liar.answers.set('/jwks', json({ keys: [null, 7, 'x', {}, { kty: 'oct', k: 'eA' }, liar.key.publicJwk] }));
    const evidence = await fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN');
    expect([evidence.issuer, evidence.subject, evidence.singleUse]).toEqual([liar.issuer, 'mallory', null]);
  });

  test('with two keys of one name: neither is tried', async () => {
    liar.answers.set('/jwks', json({ keys: [liar.key.publicJwk, liar.key.publicJwk] }));
    expect(await faultOf(fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN'))).toBe(
      'SubjectTokenError KEY',
    );
  });

  test('is asked for the key of a token without a name, if there is one only', async () => {
    const token = await liar.accessToken({}, { kid: undefined });
    expect((await fresh().examine(new Secret(token), 'ACCESS_TOKEN')).subject).toBe('mallory');
  });
});

describe('discovery', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['of another issuer', { issuer: 'https://login.example.org' }, 'ANSWER_MALFORMED'],
    ['with a slash more', { issuer: '/' }, 'ANSWER_MALFORMED'],
    ['without a place of keys', { jwks_uri: undefined }, 'ANSWER_MALFORMED'],
    ['with keys in clear text elsewhere', { jwks_uri: 'http://192.0.2.1/jwks' }, 'ADDRESS_REFUSED'],
    ['with keys in a private network', { jwks_uri: 'https://10.0.0.1/jwks' }, 'ADDRESS_REFUSED'],
    ["with keys at a cloud's own address", { jwks_uri: 'https://169.254.169.254/latest' }, 'ADDRESS_REFUSED'],
    ['with keys in a file', { jwks_uri: 'file:///etc/passwd' }, 'ADDRESS_REFUSED'],
    ['with keys behind a password', { jwks_uri: 'https://user:secret@example.org/jwks' }, 'ADDRESS_REFUSED'],
  ])('%s', async (_what, lie, fault) => {
    liar.metadata = lie['issuer'] === '/' ? { issuer: `${liar.issuer}/` } : lie;
    expect(await faultOf(fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN'))).toBe(
      `OutboundError ${fault}`,
    );
  });

  test('that leads elsewhere by a redirect is not followed', async () => {
    liar.answers.set('/.well-known/openid-configuration', (_request, response) => {
      response.writeHead(301, { location: `${liar.issuer}/moved` });
      response.end();
    });
    const fault = await faultOf(fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN'));
    expect([fault, liar.requests.includes('/moved')]).toEqual(['OutboundError REDIRECTED', false]);
  });

  test('is read once for many who come at once', async () => {
    const provider = fresh();
    const token = new Secret(await liar.accessToken());
    const before = liar.requests.length;
    await Promise.all(Array.from({ length: 20 }, () => provider.examine(token, 'ACCESS_TOKEN')));
    expect(liar.requests.slice(before)).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });
});

describe('introspection', () => {
  const ours = { active: true, sub: 'mallory', client_id: OWN_CLIENT.clientId };

  test.each<[string, object, string]>([
    ['is not active', { ...ours, active: false }, 'INACTIVE'],
    ['is active in a word only', { ...ours, active: 'true' }, 'INACTIVE'],
    ['was made for another client', { ...ours, client_id: 'somebody-else' }, 'AUDIENCE'],
    ['comes from another issuer', { ...ours, iss: 'https://login.example.org' }, 'ISSUER'],
    ['is past its end', { ...ours, exp: 1 }, 'EXPIRED'],
    ['is about nobody', { ...ours, sub: undefined }, 'SUBJECT'],
  ])('says that a token %s', async (_what, said, fault) => {
    liar.answers.set('/introspect', json(said));
    expect(await faultOf(fresh({ opaqueTokens: 'introspection' }).examine(new Secret('opaque'), 'ACCESS_TOKEN'))).toBe(
      `SubjectTokenError ${fault}`,
    );
  });

  test('says that all is well', async () => {
    liar.answers.set('/introspect', json({ ...ours, iss: liar.issuer }));
    const evidence = await fresh({ opaqueTokens: 'introspection' }).examine(new Secret('opaque'), 'ACCESS_TOKEN');
    expect(evidence.subject).toBe('mallory');
  });
});

describe('userinfo', () => {
  const asked = async (answer: Handler): Promise<unknown> => {
    liar.answers.set('/userinfo', answer);
    return (await fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN')).ask('userinfo');
  };

  test('about the same person counts, about somebody else it does not', async () => {
    expect(await asked(json({ sub: 'mallory', roles: ['boss'] }))).toMatchObject({ roles: ['boss'] });
    expect(await asked(json({ sub: 'ada', roles: ['boss'] }))).toBeNull();
    expect(await asked(json({ roles: ['boss'] }))).toBeNull();
  });

  test('that fails is told, and stops nobody', async () => {
    const before = silences.length;
    expect(await asked(json({}, 500))).toBeNull();
    expect(silences.slice(before).map(({ fault }) => fault)).toEqual(['STATUS']);
    expect(await asked(json({ error: 'invalid_token' }, 401))).toBeNull();
  });

  test('is asked once for all who want to know, and never with an ID token', async () => {
    liar.answers.set('/userinfo', json({ sub: 'mallory' }));
    const evidence = await fresh().examine(new Secret(await liar.accessToken()), 'ACCESS_TOKEN');
    const before = liar.requests.length;
    await Promise.all([evidence.ask('userinfo'), evidence.ask('userinfo')]);
    expect(liar.requests.slice(before)).toEqual(['/userinfo']);
    const byIdToken = await fresh().examine(new Secret(await liar.idToken()), 'ID_TOKEN');
    expect(await byIdToken.ask('userinfo')).toBeNull();
  });
});
