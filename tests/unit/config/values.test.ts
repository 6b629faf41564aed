import { describe, expect, test } from 'vitest';
import { keyText, load, problemsOf } from './working-directory.ts';

const pretty = (environment: string, terminal: boolean) =>
  load({ env: { APP_ENVIRONMENT: environment }, terminal }).log.pretty;

describe('durations', () => {
  test.each([
    ['900', 900],
    ['90s', 90],
    ['15m', 900],
    ['5h', 18_000],
    ['1d', 86_400],
  ])('%s', (text, seconds) => {
    expect(load({ env: { ACCESS_TOKEN_TTL: text } }).tokens.accessTtlSeconds).toBe(seconds);
  });

  test('7d of a session', () => {
    expect(load({ env: { SESSION_IDLE_TTL: '7d' } }).tokens.sessionIdleSeconds).toBe(604_800);
  });

  test.each([
    '15 minutes',
    '-5',
    '1.5h',
    '7w',
    '5H',
    '1h30m',
    'Infinity',
    '0',
    '59',
    '25h',
    '99999999999d',
    '15ms',
    '٣m',
  ])('%s is refused', (text) => {
    expect(problemsOf({ env: { ACCESS_TOKEN_TTL: text } })).toStrictEqual([
      expect.stringMatching(
        /^tokens\.accessTtlSeconds \(ACCESS_TOKEN_TTL in the environment\): .*write seconds or a unit/,
      ),
    ]);
  });
});

describe('each setting refuses what it cannot use', () => {
  test.each([
    ['APP_ENVIRONMENT', 'prodution', 'environment'],
    ['PORT', '65536', 'server.port'],
    ['PORT', '-1', 'server.port'],
    ['PORT', '0x50', 'server.port'],
    ['PORT', '4000\n', null],
    ['PORT', '0', null],
    ['HOST', 'http://localhost', 'server.host'],
    ['HOST', 'a b', 'server.host'],
    ['HOST', '::', null],
    ['BASE_URL', 'id.example.org', 'server.baseUrl'],
    ['BASE_URL', 'ftp://id.example.org', 'server.baseUrl'],
    ['BASE_URL', 'https://id.example.org/?x', 'server.baseUrl'],
    ['BASE_URL', 'https://user:hunter2@id.example.org', 'server.baseUrl'],
    ['TRUSTED_PROXIES', '0.0.0.0/0', 'server.trustedProxies'],
    ['MFA_ENFORCED_SINCE', '2026-01-31', 'mfa.enforcedSince'],
    ['MFA_ENFORCED_SINCE', '2026-01-31T09:00:00', 'mfa.enforcedSince'],
    ['MFA_ENFORCED_SINCE', '2026-13-31T09:00:00Z', 'mfa.enforcedSince'],
    ['MFA_ENFORCED_SINCE', '2026-01-31T09:00:00+02:00', null],
    ['MFA_ENFORCED_SINCE', '', null],
    ['MFA_TOTP_WINDOW', '6', 'mfa.totpWindowSteps'],
    ['MFA_REQUIRED', 'nobody', 'mfa.required'],
    ['TRUSTED_PROXIES', '::/0', 'server.trustedProxies'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', 'server.trustedProxies'],
    ['TRUSTED_PROXIES', 'loadbalancer', 'server.trustedProxies'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8', 'server.trustedProxies'],
    ['CORS_ORIGINS', '*', 'server.corsOrigins'],
    ['CORS_ORIGINS', 'null', 'server.corsOrigins'],
    ['CORS_ORIGINS', 'https://*.example.org', 'server.corsOrigins'],
    ['CORS_ORIGINS', 'https://a.example/', 'server.corsOrigins'],
    ['CORS_ORIGINS', 'https://a.example/path', 'server.corsOrigins'],
    ['REDIRECT_URIS', 'https://*.example.org/cb', 'server.redirectUris'],
    ['REDIRECT_URIS', 'http://app.example.org/cb', 'server.redirectUris'],
    ['REDIRECT_URIS', 'https://app.example.org/cb#x', 'server.redirectUris'],
    ['REDIRECT_URIS', 'https://good.example@evil.example/cb', 'server.redirectUris'],
    ['REDIRECT_URIS', 'https:\\\\evil.example', 'server.redirectUris'],
    ['REDIRECT_URIS', 'javascript:alert(1)', 'server.redirectUris'],
    ['REDIRECT_URIS', '//app.example.org/cb', 'server.redirectUris'],
    ['REDIRECT_URIS', 'http://127.0.0.1.evil.example/cb', 'server.redirectUris'],
    ['REDIRECT_URIS', 'http://127.0.0.1:9000/cb', null],
    ['BODY_LIMIT', '1gb', 'server.bodyLimitBytes'],
    ['BODY_LIMIT', '17mb', 'server.bodyLimitBytes'],
    ['BODY_LIMIT', 'much', 'server.bodyLimitBytes'],
    ['PLAYGROUND', 'maybe', 'server.playground'],
    ['LOG_LEVEL', 'loud', 'log.level'],
    ['DATABASE_TLS', 'prefer', 'database.tls'],
    ['DATABASE_POOL_SIZE', '0', 'database.poolSize'],
    ['TOKEN_ALGORITHM', 'none', 'tokens.algorithm'],
    ['TOKEN_ALGORITHM', 'HS256', 'tokens.algorithm'],
    ['TOKEN_ISSUER', 'a\u0000b', 'tokens.issuer'],
    ['PASSWORD_MINIMUM_LENGTH', '7', 'passwords.minimumLength'],
    ['PASSWORD_ITERATIONS', '0', 'passwords.iterations'],
    ['LOCKOUT_FAILURES', '0', 'lockout.maximumFailures'],
    ['LIMIT_DEPTH', '1e3', 'limits.maximumDepth'],
    ['METRICS_TOKEN', 'hunter2', 'limits.metricsToken'],
    ['MASTER_KEYS', 'hunter2', 'keys.masterKeys'],
  ])('%s=%j', (name, text, path) => {
    const problems = problemsOf({ env: { [name]: text } });
    expect(problems.map((problem) => problem.split(' ')[0])).toStrictEqual(path === null ? [] : [path]);
    expect(problems.join('\n')).not.toContain('hunter2');
    for (const problem of problems) expect(problem).toMatch(/^\S+ \(\S+ in the environment\): .+; .+$/);
  });
});

describe('values are brought into one form', () => {
  test('addresses lose the trailing slash and gain a prefix; repeated entries vanish', () => {
    const { server } = load({
      env: {
        BASE_URL: 'https://ID.example.org/auth//',
        TRUSTED_PROXIES: '10.0.0.1, 10.0.0.1/32 fd00::/8',
        CORS_ORIGINS: 'https://A.example,https://a.example:443',
        REDIRECT_URIS: 'https://a.example/cb?x=1',
      },
    });
    expect(server.baseUrl).toBe('https://id.example.org/auth');
    expect(server.trustedProxies).toStrictEqual(['10.0.0.1/32', 'fd00::/8']);
    expect(server.corsOrigins).toStrictEqual(['https://a.example']);
    expect(server.redirectUris).toStrictEqual(['https://a.example/cb?x=1']);
  });

  test.each([
    ['1mb', 1_048_576],
    ['256KB', 262_144],
    ['64 kib', 65_536],
    ['4096', 4096],
  ])('a size of %s', (text, size) => {
    expect(load({ env: { BODY_LIMIT: text } }).server.bodyLimitBytes).toBe(size);
  });

  test('the data directory is absolute', () => {
    expect(load({ cwd: '/srv/gatehouse' }).database.dataDirectory).toBe('/srv/gatehouse/.gatehouse');
    expect(load({ cwd: '/srv/gatehouse', env: { DATA_DIR: '/var/lib/gatehouse' } }).database.dataDirectory).toBe(
      '/var/lib/gatehouse',
    );
  });

  test('issuer and audience follow the base URL', () => {
    const { tokens } = load({ env: { BASE_URL: 'https://id.example.org/' } });
    expect([tokens.issuer, tokens.audience]).toStrictEqual(['https://id.example.org', 'https://id.example.org']);
  });
});

describe('master keys', () => {
  test('come newest first, each with its version', () => {
    const { masterKeys } = load({ env: { MASTER_KEYS: `v2:${keyText(9, 48)},v1:${keyText(5)}` } }).keys;
    expect(masterKeys.map((key) => key.version)).toStrictEqual([2, 1]);
    expect(masterKeys.map((key) => key.secret.reveal())).toStrictEqual([keyText(9, 48), keyText(5)]);
  });

  test('url-safe base64 is understood', () => {
    const key = keyText(200);
    const urlSafe = key.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    expect(load({ env: { MASTER_KEYS: `v1:${urlSafe}` } }).keys.masterKeys[0]?.secret.reveal()).toBe(key);
  });

  test.each([
    ['too short', `v1:${keyText(1, 31)}`, /fewer than 32 bytes/],
    ['without version', keyText(1), /not of the form v1:/],
    ['version zero', `v0:${keyText(1)}`, /not of the form v1:/],
    ['oldest first', `v1:${keyText(1)},v2:${keyText(2)}`, /not ordered newest first/],
    ['one version twice', `v1:${keyText(1)},v1:${keyText(2)}`, /not ordered newest first, or has a version twice/],
    ['zeros', `v1:${Buffer.alloc(32).toString('base64')}`, /not random/],
    ['a repeated word', `v1:${Buffer.from('changeme'.repeat(5)).toString('base64')}`, /not random/],
  ])('%s are refused without being shown', (_title, text, message) => {
    const problems = problemsOf({ env: { MASTER_KEYS: text } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain(keyText(1).slice(0, 12));
  });
});

describe('settings that contradict each other', () => {
  test.each([
    [{ SESSION_IDLE_TTL: '31d' }, 'tokens.sessionIdleSeconds: is longer than tokens.sessionAbsoluteSeconds'],
    [
      { ACCESS_TOKEN_TTL: '1h', SESSION_IDLE_TTL: '30m' },
      'tokens.accessTtlSeconds: is longer than tokens.sessionIdleSeconds',
    ],
    [{ PASSWORD_MINIMUM_LENGTH: '100', PASSWORD_MAXIMUM_BYTES: '64' }, 'passwords.maximumBytes: is below'],
    [{ EVENT_SINKS: 'log', LOG_LEVEL: 'warn' }, 'events.sinks: names log though log.level is warn'],
    [{ EVENT_SINKS: 'log', LOG_LEVEL: 'silent' }, 'events.sinks: names log though log.level is silent'],
  ])('%j', (env, message) => {
    expect(problemsOf({ env })).toStrictEqual([expect.stringContaining(message)]);
  });
});

test('a log of warnings alone is nobody’s mistake who did not ask for events in it', () => {
  expect(load({ env: { LOG_LEVEL: 'error' } }).events.sinks).toBeNull();
  expect(load({ env: { LOG_LEVEL: 'info', EVENT_SINKS: 'log' } }).events.sinks).toStrictEqual(['log']);
});

describe('defaults follow the environment', () => {
  test.each([
    ['development', '127.0.0.1', 'debug'],
    ['staging', '0.0.0.0', 'debug'],
    ['test', '127.0.0.1', 'warn'],
  ])('%s', (environment, host, level) => {
    const { server, log, database } = load({ env: { APP_ENVIRONMENT: environment } });
    expect([server.host, log.level]).toStrictEqual([host, level]);
    expect([server.playground, server.introspection, database.migrateOnStart]).toStrictEqual([true, true, true]);
  });

  test('pretty logs only in development on a terminal', () => {
    expect([pretty('development', true), pretty('development', false), pretty('staging', true)]).toStrictEqual([
      true,
      false,
      false,
    ]);
  });
});
