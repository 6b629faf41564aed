import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import { identityProviders } from '../../../src/config/identity-providers.ts';
import { directoryWith, load, problemsOf, productionEnv } from './working-directory.ts';

const ISSUER = 'https://login.example.org/realms/staff';

/** The issuers that the environment gives. */
const providersOf = (env: Readonly<Record<string, string>>) => identityProviders(load({ env }).providers);

/** What is wrong with one entry of the list. */
const wrong = (entry: unknown): string => problemsOf({ env: { OIDC_PROVIDERS: JSON.stringify([entry]) } }).join('\n');

describe('one issuer by variables', () => {
  test('has the defaults of an entry', () => {
    expect(providersOf({ OIDC_ISSUER: ISSUER, OIDC_CLIENT_ID: 'gatehouse' })).toEqual([
      {
        issuer: ISSUER,
        name: 'login.example.org',
        clientId: 'gatehouse',
        clientSecret: null,
        audience: [],
        algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'],
        scopes: ['openid', 'profile', 'email'],
        tokenExchange: true,
        redirect: false,
        opaqueTokens: 'refuse',
        trustEmail: false,
        jitUsers: false,
        domains: [],
        defaultGroups: ['Members'],
        groupRules: [],
        fetch: null,
      },
    ]);
    expect(providersOf({})).toEqual([]);
  });

  test('comes from the settings of a Logto tenant, management interface included', () => {
    const [logto] = providersOf({
      TENANT_ID: 'abc123',
      TENANT_DOMAIN: 'example.org',
      BACKEND_APP_ID: 'machine',
      BACKEND_APP_SECRET: 'machine-secret',
    });
    expect(logto).toMatchObject({ issuer: 'https://abc123.logto.app/oidc', audience: ['https://example.org/api'] });
    expect(logto?.fetch).toMatchObject({
      url: 'https://abc123.logto.app/api/users/{sub}/roles',
      clientId: 'machine',
      scope: 'all',
      resource: 'https://abc123.logto.app/api',
      ttlSeconds: 300,
    });
    expect(logto?.fetch?.clientSecret.reveal()).toBe('machine-secret');
  });
});

describe('several issuers', () => {
  const yaml = `
providers:
  issuers:
    - issuer: ${ISSUER}
      name: 0123
      clientId: gatehouse
      clientSecret: 1e3
      audience: [https://api.example.org, other]
      jitUsers: true
      domains: [Example.org]
      defaultGroups: [Members, House guests]
      groupRules:
        - { claim: realm_access.roles, contains: helpdesk, group: Support }
        - userinfo: department
          equals: IT
          group: Administrators
          allowProtected: true
      fetch:
        url: https://login.example.org/users/{sub}
        clientId: machine
        clientSecret: secret
        ttl: 10m
    - issuer: https://accounts.example.com/
      clientId: second
`;

  test('stand in the YAML file; texts keep every letter', () => {
    const cwd = directoryWith({ 'gatehouse.yaml': yaml });
    const [first, second] = identityProviders(load({ cwd }).providers);
    expect(first).toMatchObject({
      name: '0123',
      audience: ['https://api.example.org', 'other'],
      jitUsers: true,
      domains: ['example.org'],
      defaultGroups: ['Members', 'House guests'],
      groupRules: [
        {
          source: 'claim',
          path: 'realm_access.roles',
          test: 'contains',
          value: 'helpdesk',
          group: 'Support',
          allowProtected: false,
        },
        {
          source: 'userinfo',
          path: 'department',
          test: 'equals',
          value: 'IT',
          group: 'Administrators',
          allowProtected: true,
        },
      ],
      fetch: { url: 'https://login.example.org/users/{sub}', ttlSeconds: 600, scope: null, resource: null },
    });
    expect(first?.clientSecret?.reveal()).toBe('1e3');
    expect(second?.issuer).toBe('https://accounts.example.com/');
  });

  test('never show their secrets', () => {
    const secret = yaml.replaceAll('clientSecret: secret', 'clientSecret: very-secret-text');
    const config = load({ cwd: directoryWith({ 'gatehouse.yaml': secret }) });
    const lines = describeConfig(config).filter((line) => line.startsWith('providers.issuers'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${ISSUER}, https://accounts.example.com/`);
    expect(JSON.stringify(config) + describeConfig(config).join('\n')).not.toContain('very-secret-text');
  });

  test('stand beside the one by variables', () => {
    const entries = JSON.stringify([{ issuer: 'https://a.example.org', clientId: 'a' }]);
    const all = providersOf({ OIDC_PROVIDERS: entries, OIDC_ISSUER: 'https://b.example.org', OIDC_CLIENT_ID: 'b' });
    expect(all.map(({ issuer }) => issuer)).toEqual(['https://a.example.org', 'https://b.example.org']);
  });
});

describe('mistakes', () => {
  test.each<[unknown, RegExp]>([
    [{}, /entry 1\.issuer is missing; give a https address/],
    [{ issuer: 'http://login.example.org', clientId: 'x' }, /entry 1\.issuer is no issuer; give the issuer exactly/],
    [{ issuer: `${ISSUER}?x=1`, clientId: 'x' }, /entry 1\.issuer is no issuer/],
    [{ issuer: 'https://user:pass@login.example.org', clientId: 'x' }, /entry 1\.issuer is no issuer/],
    [{ issuer: ISSUER, clientID: 'x' }, /unknown field "clientID"; did you mean clientId\?/],
    [
      { issuer: ISSUER, clientId: 'x', algorithms: ['HS256'] },
      /entry 1\.algorithms entry 1 is not allowed; list some of RS256/,
    ],
    [{ issuer: ISSUER, clientId: 'x', algorithms: ['none'] }, /entry 1\.algorithms entry 1 is not allowed/],
    [{ issuer: ISSUER, clientId: 'x', jitUsers: 'perhaps' }, /entry 1\.jitUsers is neither true nor false/],
    [{ issuer: ISSUER, clientId: 'x', domains: ['*.example.org'] }, /entry 1\.domains entry 1 is not allowed/],
    [
      { issuer: ISSUER, clientId: 'x', groupRules: [{ group: 'A' }] },
      /groupRules\[1\] is ambiguous; give exactly one of claim/,
    ],
    [
      { issuer: ISSUER, clientId: 'x', groupRules: [{ claim: 'a', userinfo: 'b', equals: 'c', group: 'A' }] },
      /groupRules\[1\] is ambiguous/,
    ],
    [{ issuer: ISSUER, clientId: 'x', groupRules: [{ claim: 'a', equals: 'b' }] }, /groupRules\[1\]\.group is missing/],
    [{ issuer: ISSUER, clientId: 'x', groupRules: 'all' }, /groupRules is no list/],
    [
      { issuer: ISSUER, clientId: 'x', groupRules: [{ fetched: 'a', equals: 'b', group: 'A' }] },
      /has a rule about what is fetched, but no fetch/,
    ],
    [
      {
        issuer: ISSUER,
        clientId: 'x',
        fetch: { url: 'https://x.example.org/users', clientId: 'm', clientSecret: 's' },
      },
      /fetch\.url is no address to fetch from; give an https address that holds \{sub\} once/,
    ],
    [
      { issuer: ISSUER, clientId: 'x', fetch: { url: 'https://{sub}.example.org/', clientId: 'm', clientSecret: 's' } },
      /fetch\.url is no address to fetch from/,
    ],
    [{ issuer: ISSUER, audience: ['a'], redirect: true }, /has redirect without clientId/],
    [{ issuer: ISSUER, clientId: 'x', redirect: true, scopes: ['email'] }, /has scopes without openid/],
    [{ issuer: ISSUER }, /takes no token: it has neither audience/],
    [{ issuer: ISSUER, clientId: 'x', tokenExchange: false }, /has neither tokenExchange nor redirect/],
    [
      { issuer: ISSUER, clientId: 'x', opaqueTokens: 'introspection' },
      /introspection without clientId and clientSecret/,
    ],
    ['https://login.example.org', /entry 1 is no object/],
  ])('%j', (entry, expected) => {
    expect(wrong(entry)).toMatch(expected);
  });

  test('are told all at once, and without any secret', () => {
    const told = wrong({
      issuer: 'ftp://x',
      clientId: '',
      clientSecret: 'very-secret-text',
      redirect: 'very-secret-text',
    });
    expect(told).toMatch(/entry 1\.issuer/);
    expect(told).toMatch(/entry 1\.redirect/);
    expect(told).not.toContain('very-secret-text');
    expect(problemsOf({ env: { OIDC_PROVIDERS: '[{"clientSecret": "very-secret-text"' } }).join('\n')).not.toContain(
      'very',
    );
  });

  test('in what stands together', () => {
    const twice = [1, 2].map(() => ({ issuer: ISSUER, clientId: 'x', domains: ['example.org'] }));
    const told = problemsOf({ env: { OIDC_PROVIDERS: JSON.stringify(twice) } }).join('\n');
    expect(told).toMatch(/is given twice; keep one/);
    expect(told).toMatch(/the domain example\.org leads to two issuers/);
    expect(problemsOf({ env: { OIDC_CLIENT_ID: 'x' } }).join('\n')).toMatch(
      /clientId: is given without providers\.issuer/,
    );
    expect(problemsOf({ env: { TENANT_DOMAIN: 'example.org' } }).join('\n')).toMatch(/audience: is given without/);
    expect(problemsOf({ env: { OIDC_ISSUER: ISSUER, OIDC_CLIENT_ID: 'x', BACKEND_APP_ID: 'm' } }).join('\n')).toMatch(
      /id and secret go together/,
    );
  });

  test('a YAML structure that holds itself ends', () => {
    const cwd = directoryWith({ 'gatehouse.yaml': 'providers:\n  issuers: &all\n    - issuer: *all\n' });
    expect(problemsOf({ cwd }).join('\n')).toMatch(/entry 1\.issuer/);
  });

  test('production takes no issuer in clear text, and says what may surprise', () => {
    const local = JSON.stringify([{ issuer: 'http://127.0.0.1:3001', clientId: 'x' }]);
    expect(problemsOf({ env: { ...productionEnv, OIDC_PROVIDERS: local } }).join('\n')).toMatch(
      /providers\.issuers .*holds an issuer in clear http/,
    );
    const open = JSON.stringify([
      {
        issuer: ISSUER,
        clientId: 'x',
        opaqueTokens: 'userinfo',
        groupRules: [{ claim: 'a', equals: 'b', group: 'Administrators', allowProtected: true }],
      },
    ]);
    const { warnings } = load({ env: { OIDC_PROVIDERS: open } });
    expect(warnings.join('\n')).toMatch(/opaqueTokens is userinfo/);
    expect(warnings.join('\n')).toMatch(/may give the group Administrators/);
  });
});
