import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/config.ts';
import { productionProblems } from '../../../src/config/production.ts';
import { directoryWith, keyText, load, problemsOf, productionEnv } from './working-directory.ts';

const without = (...names: readonly (keyof typeof productionEnv)[]): Record<string, string> =>
  Object.fromEntries(Object.entries(productionEnv).filter(([name]) => !names.some((left) => left === name)));

const warningsOf = (env: Record<string, string>) => load({ env }).warnings;

describe('a start that fails', () => {
  test('lists every problem of every source at once, one line each, without secrets', () => {
    const cwd = directoryWith({
      'gatehouse.yaml': 'server:\n  bodyLimitBytes: big\nfederaton: {}\n',
      '.env': 'LOG_LEVEL=loud\nDATABASE_URL=mysql://u:hunter2@h/d\n',
    });
    const env = {
      ...without('DATABASE_URL', 'BASE_URL'),
      PORT: 'abc',
      MASTER_KEYS: 'v1:hunter2',
      METRICS_TOKEN: 'hunter2',
    };
    const load10 = () => load({ cwd, env, argv: { 'lockout.lockSeconds': 'soon' } });
    expect(load10).toThrow(ConfigError);
    const problems = problemsOf({ cwd, env, argv: { 'lockout.lockSeconds': 'soon' } });
    expect(problems.map((problem) => problem.slice(0, problem.indexOf(':')))).toStrictEqual([
      '"federaton" (gatehouse.yaml line 3)',
      'server.port (PORT in the environment)',
      'server.bodyLimitBytes (gatehouse.yaml line 2)',
      'database.url (DATABASE_URL in .env)',
      'log.level (LOG_LEVEL in .env)',
      'keys.masterKeys (MASTER_KEYS in the environment)',
      'lockout.lockSeconds (flag --set lockout.lockSeconds)',
      'limits.metricsToken (METRICS_TOKEN in the environment)',
      'server.baseUrl (default, refused in production)',
    ]);
    const { message } = new ConfigError(problems);
    expect(message.split('\n')).toHaveLength(problems.length + 1);
    expect(message).toContain('9 settings are wrong');
    expect(message).not.toContain('hunter2');
  });

  test('a value cannot forge lines of the message', () => {
    const problems = problemsOf({ env: { LOG_LEVEL: 'x\n- everything is fine\u001b[2J' } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(String.raw`"x\n- everything is fine\u001b[2J"`);
    expect(problems[0]).not.toContain('\n');
  });

  test('a very long value is cut', () => {
    expect(problemsOf({ env: { LOG_LEVEL: 'x'.repeat(1_000_000) } })[0]?.length).toBeLessThan(300);
  });
});

describe('a playground that could run nothing', () => {
  test('is warned of', () => {
    const env = { APP_ENVIRONMENT: 'test', PLAYGROUND: 'true' };
    expect(load({ env: { ...env, TRUSTED_DOCUMENTS: 'only' } }).warnings).toContainEqual(
      expect.stringMatching(/^server\.playground: /),
    );
    expect(load({ env }).warnings).toStrictEqual([]);
  });
});

describe('settings that make each other void', () => {
  const CAPTCHA = { CAPTCHA_URL: 'https://captcha.example.org/siteverify', CAPTCHA_SECRET: 'hush' };

  test.each([
    ['a captcha without its secret', { CAPTCHA_URL: CAPTCHA.CAPTCHA_URL }, 'captcha.secret', 'CAPTCHA_SECRET'],
    ['the secret of no captcha', { CAPTCHA_SECRET: 'hush' }, 'captcha.url', 'CAPTCHA_URL'],
    ['a captcha where nothing is counted', { ...CAPTCHA, RATE_LIMITS: 'false' }, 'captcha.url', 'rates.enabled'],
    [
      'a captcha after everybody is refused',
      { ...CAPTCHA, CAPTCHA_AFTER: '100' },
      'captcha.afterFailures',
      'rates.failures',
    ],
    ['two listeners in one place', { PORT: '4100', ADMIN_PORT: '4100' }, 'administration.port', 'another one'],
    [
      'two listeners in one place, one for every address',
      { PORT: '4100', ADMIN_PORT: '4100', HOST: '0.0.0.0' },
      'administration.port',
      'another one',
    ],
    [
      'pages that are sent on to clear http',
      { BASE_URL: 'http://id.internal', FORCE_HTTPS: 'true' },
      'server.forceHttps',
      'https BASE_URL',
    ],
    [
      'a collector that is given its path',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318/v1/traces' },
      'tracing.endpoint',
      'leave that out',
    ],
  ])('stop the start: %s', (_what, env, path, cure) => {
    const problems = problemsOf({ env });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${path.replace('.', String.raw`\.`)}: `));
    expect(problems[0]).toContain(cure);
    expect(problems[0]).not.toContain('hush');
  });

  test.each([
    CAPTCHA,
    { ...CAPTCHA, CAPTCHA_AFTER: '99' },
    { PORT: '0', ADMIN_PORT: '0' },
    { PORT: '4100', HOST: '127.0.0.2', ADMIN_PORT: '4100' },
    { RATE_LIMITS: 'false' },
  ])('and those that do not are left alone: %j', (env) => {
    expect(load({ env }).warnings).toStrictEqual([]);
  });

  test('headers of a collector that are none, which were left out', () => {
    const of = (headers: string) => problemsOf({ env: { OTEL_EXPORTER_OTLP_HEADERS: headers } });
    for (const headers of ['hunter2', 'a=b,hunter2', 'a b=hunter2', 'a=', 'a=hun\nter2']) {
      const [problem, ...others] = of(headers);
      expect([others, problem]).toEqual([[], expect.stringMatching(/^tracing\.headers .*write name=value/)]);
      expect(problem).not.toContain('hun');
    }
    expect(of('api-key=hunter2, authorization=Bearer%20x=')).toEqual([]);
  });

  test.each(['ssl=0', 'ssl=false', 'sslmode=verify-full&sslrootcert=ca.pem', 'sslmode=require&uselibpqcompat=true'])(
    'TLS that the address of the database says in another way than sslmode: %s',
    (query) => {
      const env = { DATABASE_URL: `postgresql://u:hunter2@db.example.org/d?${query}`, DATABASE_TLS: 'verify-full' };
      expect(problemsOf({ env })).toEqual([expect.stringMatching(/^database\.url .*write sslmode=verify-full/)]);
    },
  );

  test.each([
    ['database.url', { DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1/d?connect_timeout=3' }],
    ['server.forceHttps', { BASE_URL: 'https://id.example.org', APP_ENVIRONMENT: 'staging' }],
    ['administration.host', { ADMIN_HOST: '10.0.0.5' }],
  ])('are warned of where they only look like something: %s', (path, env) => {
    expect(warningsOf(env)).toContainEqual(
      expect.stringMatching(new RegExp(`^${path.replace('.', String.raw`\.`)}: `)),
    );
  });
});

describe('production', () => {
  test('starts with what it needs, closed by default', () => {
    const config = load({ env: productionEnv });
    // without a mail server it starts, and says so
    expect(config.warnings).toStrictEqual([expect.stringMatching(/^mail\.transport: is none/)]);
    expect(productionProblems(config)).toStrictEqual([]);
    const { host, playground, introspection, fieldSuggestions } = config.server;
    expect([host, playground, introspection, fieldSuggestions]).toStrictEqual(['0.0.0.0', false, false, false]);
    expect([config.log.level, config.database.tls, config.database.migrateOnStart]).toStrictEqual([
      'info',
      'require',
      false,
    ]);
  });

  test('with nothing set names everything that is missing', () => {
    const problems = problemsOf({ env: { APP_MODE: 'prod' } });
    expect(problems.map((problem) => problem.split(' ')[0])).toStrictEqual([
      'server.baseUrl',
      'database.url',
      'keys.masterKeys',
      'limits.metricsToken',
    ]);
  });

  test.each([
    ['no base URL', without('BASE_URL'), /^server\.baseUrl .*is not set/],
    ['a clear base URL', { ...productionEnv, BASE_URL: 'http://id.example.org' }, /^server\.baseUrl .*clear http/],
    ['a look-alike of loopback', { ...productionEnv, BASE_URL: 'http://localhost.example.org' }, /clear http/],
    ['the embedded database', without('DATABASE_URL'), /^database\.url .*embedded/],
    ['an emptied address', { ...productionEnv, DATABASE_URL: '' }, /^database\.url .*embedded/],
    ['no database password', { ...productionEnv, DATABASE_URL: 'postgresql://u@h/d' }, /^database\.url .*no password/],
    ['a sample password', { ...productionEnv, DATABASE_URL: 'postgresql://u:Password@h/d' }, /out of a sample/],
    [
      'a sample password beside the parts',
      { ...without('DATABASE_URL'), DB_HOST: 'h', DB_PASSWORD: 'your_password' },
      /^database\.url \(DB_HOST in the environment, DB_PASSWORD in the environment, refused in production\).*out of a sample/,
    ],
    ['no master key', without('MASTER_KEYS'), /^keys\.masterKeys/],
    ['open metrics', without('METRICS_TOKEN'), /^limits\.metricsToken/],
    ['second factors that are not enforced', { ...productionEnv, MFA_ENFORCE: 'false' }, /^mfa\.enforce.*is off/],
    ['weak hashes', { ...productionEnv, PASSWORD_MEMORY_KIB: '1024' }, /^passwords\.memoryKib.*too weak/],
  ])('refuses %s', (_title, env, message) => {
    const problems = problemsOf({ env });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).toMatch(/; /);
  });

  test.each([
    ['a base URL on loopback', { ...productionEnv, BASE_URL: 'http://localhost:4000' }],
    ['a socket without password', { ...productionEnv, DATABASE_URL: 'postgresql:///d?host=/run/postgresql' }],
    ['metrics without token on loopback', { ...without('METRICS_TOKEN'), HOST: '127.0.0.1' }],
    ['metrics off', { ...without('METRICS_TOKEN'), METRICS: 'false' }],
    ['the playground when it is asked for', { ...productionEnv, PLAYGROUND: 'true', INTROSPECTION: 'true' }],
  ])('allows %s', (_title, env) => {
    expect(problemsOf({ env })).toStrictEqual([]);
  });

  test('asks for second factors at once, development after a week', () => {
    const { mfa } = load({ env: productionEnv });
    expect([mfa.enforce, mfa.required, mfa.graceSeconds, mfa.issuerName]).toStrictEqual([
      true,
      'permissions',
      0,
      'id.example.org',
    ]);
    expect(load({ env: { APP_ENVIRONMENT: 'staging' } }).mfa.graceSeconds).toBe(0);
    expect(load({ env: {} }).mfa.graceSeconds).toBe(604_800);
  });

  test('the same rules can be asked of a development configuration', () => {
    const problems = productionProblems(load());
    expect(problems.map((problem) => problem.split(' ')[0])).toStrictEqual([
      'server.baseUrl',
      'database.url',
      'keys.masterKeys',
    ]);
  });
});

describe('passkeys', () => {
  test('belong to the host of the base URL, and to its origin', () => {
    const { rpId, origins } = load({ env: { BASE_URL: 'https://id.example.org:8443/auth' } }).webauthn;
    expect([rpId, origins]).toStrictEqual(['id.example.org', ['https://id.example.org:8443']]);
  });

  test('may belong to a domain above it, with several origins in it', () => {
    const env = {
      ...productionEnv,
      WEBAUTHN_RP_ID: 'example.org',
      WEBAUTHN_ORIGINS: 'https://id.example.org, https://example.org',
    };
    expect(problemsOf({ env })).toStrictEqual([]);
  });

  test.each([
    ['https://id.example.org', 'id.example'],
    ['https://id.example.org', 'd.example.org'],
    ['https://id.example.org', 'id.id.example.org'],
    ['https://evil.example', 'id.example.org'],
  ])('of the origin %s cannot belong to %s', (origin, rpId) => {
    const problems = problemsOf({ env: { ...productionEnv, WEBAUTHN_ORIGINS: origin, WEBAUTHN_RP_ID: rpId } });
    expect(problems).toStrictEqual([
      `webauthn.origins: ${origin} does not lie in ${rpId}; correct it or webauthn.rpId`,
    ]);
  });
});

describe('warnings', () => {
  test.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['BASE_ULR', 'BASE_URL'],
    ['GATEHOUSE_CONIFG', 'GATEHOUSE_CONFIG'],
    ['GATEHOUSE_PORT', 'PORT'],
    ['MASTER_KEY', 'MASTER_KEYS'],
  ])('%s: did you mean %s?', (name, meant) => {
    expect(warningsOf({ [name]: 'hunter2' })).toStrictEqual([
      `${name} in the environment has no effect; did you mean ${meant}?`,
    ]);
  });

  test('an unknown name under our prefix is told even without a near one', () => {
    expect(warningsOf({ GATEHOUSE_QUUX_WIBBLE: '1' })).toHaveLength(1);
  });

  test('foreign variables are left alone', () => {
    const foreign = [
      'PATH',
      'HOME',
      'HOSTNAME',
      'NODE_ENV',
      'PGHOST',
      'LOGNAME',
      'POSTGRES_PASSWORD',
      'npm_config_port',
      'TERM',
    ];
    expect(warningsOf(Object.fromEntries(foreign.map((name) => [name, 'x'])))).toStrictEqual([]);
  });

  test.each([
    ['JWT_SECRET', /no shared signing secret.*see MASTER_KEYS$/],
    ['REDIS_HOST', /given as one address.*see REDIS_URL$/],
  ])('%s of another system is answered, not silently ignored', (name, message) => {
    const [warning, ...others] = warningsOf({ [name]: 'hunter2' });
    expect(others).toStrictEqual([]);
    expect(warning).toMatch(message);
    expect(warning).not.toContain('hunter2');
  });

  test('two names of one setting that differ', () => {
    const env = { PORT: '5000', APP_PORT: '5001' };
    expect(load({ env }).server.port).toBe(5000);
    expect(warningsOf(env)).toStrictEqual([
      'PORT in the environment and APP_PORT differ; PORT is used, remove APP_PORT',
    ]);
    expect(warningsOf({ PORT: '5000', APP_PORT: '5000' })).toStrictEqual([]);
  });

  test('clear http beyond the machine', () => {
    expect(warningsOf({ BASE_URL: 'http://intranet.example:4000' })).toStrictEqual([
      expect.stringContaining('server.baseUrl'),
    ]);
    expect(warningsOf({ APP_ENVIRONMENT: 'staging', CORS_ORIGINS: 'http://a.example' })).toStrictEqual([
      expect.stringContaining('http://a.example is clear http'),
    ]);
  });

  test('an address for a name, where browsers make no passkeys', () => {
    expect(warningsOf({ BASE_URL: 'http://127.0.0.1:4000' })).toStrictEqual([
      expect.stringContaining('webauthn.rpId: is an address'),
    ]);
    expect(warningsOf({ BASE_URL: 'http://localhost:4000' })).toStrictEqual([]);
  });

  test('master keys of different processes are independent of each other', () => {
    const [one, two] = [
      load({ env: productionEnv }),
      load({ env: { ...productionEnv, MASTER_KEYS: `v3:${keyText(3)}` } }),
    ];
    expect([one.keys.masterKeys[0]?.version, two.keys.masterKeys[0]?.version]).toStrictEqual([1, 3]);
  });
});
