import { join, resolve } from 'node:path';
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest';
import { type Config, readProcessConfig } from '../../../src/config/config.ts';
import { describeConfig } from '../../../src/config/describe.ts';
import type { Secret } from '../../../src/crypto/secret.ts';
import { directoryWith, load, problemsOf } from './working-directory.ts';

const files = {
  'gatehouse.yaml': 'server:\n  port: 5001\n',
  '.env': 'PORT=5002\n',
  '.env.development': 'PORT=5003\n',
  '.env.local': 'PORT=5004\n',
};

const everyFile: readonly string[] = Object.keys(files);

const originOf = (config: Config, path: string): string =>
  describeConfig(config).find((line) => line.startsWith(`${path} `)) ?? '';

const suggestions = (env: Record<string, string>) => load({ env }).server.fieldSuggestions;

describe('of several sources the later wins', () => {
  test.each([
    { title: 'nothing: the default', names: [], port: 4000, origin: 'default' },
    { title: 'the YAML file', names: ['gatehouse.yaml'], port: 5001, origin: 'gatehouse.yaml line 2' },
    { title: '.env over YAML', names: ['gatehouse.yaml', '.env'], port: 5002, origin: 'PORT in .env' },
    {
      title: '.env.<environment> over .env',
      names: ['.env', '.env.development'],
      port: 5003,
      origin: 'PORT in .env.development',
    },
    { title: '.env.local over .env.<environment>', names: everyFile, port: 5004, origin: 'PORT in .env.local' },
    {
      title: 'the environment over files',
      names: everyFile,
      env: { PORT: '5005' },
      port: 5005,
      origin: 'PORT in the environment',
    },
    {
      title: 'a flag over all',
      names: everyFile,
      env: { PORT: '5005' },
      argv: { port: '5006' },
      port: 5006,
      origin: 'flag --port',
    },
  ])('$title', ({ names, env = {}, argv = {}, port, origin }) => {
    const cwd = directoryWith(Object.fromEntries(Object.entries(files).filter(([name]) => names.includes(name))));
    const config = load({ cwd, env, argv });
    expect(config.server.port).toBe(port);
    expect(originOf(config, 'server.port')).toContain(`${port}  (${origin})`);
  });

  test('--set wins over a flag of its own', () => {
    expect(load({ argv: { port: '1' }, assignments: ['server.port=2'] }).server.port).toBe(2);
  });

  test('sources are united setting by setting, not replaced as a whole', () => {
    const cwd = directoryWith({
      'gatehouse.yaml': 'server: { port: 5001, bodyLimitBytes: 1mb }',
      '.env': 'LOG_LEVEL=error',
    });
    const { server, log } = load({ cwd, env: { PORT: '5002' } });
    expect([server.port, server.bodyLimitBytes, log.level]).toStrictEqual([5002, 1_048_576, 'error']);
  });
});

describe('flags', () => {
  test.each(['server.baseUrl', 'base-url', 'baseUrl'])('%s names the setting', (name) => {
    expect(load({ argv: { [name]: 'https://id.example.org' } }).server.baseUrl).toBe('https://id.example.org');
  });

  test('a flag that was not given changes nothing', () => {
    expect(load({ env: { PORT: '5000' }, argv: { port: undefined } }).server.port).toBe(5000);
  });

  test('an unknown flag is refused with the name that was meant', () => {
    expect(problemsOf({ argv: { 'bse-url': 'x' }, assignments: ['server.prot=1'] })).toStrictEqual([
      '"bse-url" (flag): there is no such setting; did you mean base-url?',
      '"server.prot" (flag): there is no such setting; did you mean server.port?',
    ]);
  });

  test('a --set without a name is refused and not repeated, for it may be a secret', () => {
    const [problem] = problemsOf({ assignments: ['hunter2'] });
    expect(problem).toMatch(/^--set \(flag\)/);
    expect(problem).not.toContain('hunter2');
  });

  test('a secret as a flag works, with a warning that does not show it', () => {
    const config = load({ argv: { 'database.url': 'postgresql://a:hunter2@localhost/b' } });
    expect(config.database.url?.reveal()).toContain('hunter2');
    expect(config.warnings).toHaveLength(1);
    expect(config.warnings[0]).toMatch(/command line is visible/);
    expect(config.warnings[0]).not.toContain('hunter2');
  });
});

describe('the YAML file', () => {
  test('may be missing where nobody named it', () => {
    expect(load().server.port).toBe(4000);
  });

  test.each([
    ['GATEHOUSE_CONFIG', { env: { GATEHOUSE_CONFIG: 'other.yaml' } }],
    ['--config', { argv: { config: 'other.yaml' } }],
  ])('%s names another one, which must exist', (_title, sources) => {
    const cwd = directoryWith({ 'gatehouse.yaml': 'server: { port: 1 }', 'other.yaml': 'server: { port: 2 }' });
    expect(load({ ...sources, cwd }).server.port).toBe(2);
    expect(problemsOf(sources)).toStrictEqual([
      expect.stringMatching(/other\.yaml" \(configuration file\): does not exist/),
    ]);
  });

  test('a directory in its place is told', () => {
    expect(problemsOf({ argv: { config: '.' } })).toStrictEqual([expect.stringContaining('cannot be read (EISDIR)')]);
  });

  test('unknown keys and sections are refused with line and the name that was meant', () => {
    const cwd = directoryWith({ 'gatehouse.yaml': 'server:\n  prot: 1\nservr:\n  port: 1\nquux: 1\n' });
    expect(problemsOf({ cwd })).toStrictEqual([
      '"server.prot" (gatehouse.yaml line 2): there is no such setting; did you mean server.port?',
      '"servr" (gatehouse.yaml line 3): there is no such setting; did you mean server?',
      '"quux" (gatehouse.yaml line 5): there is no such setting; see docs/configuration.md',
    ]);
  });

  test('a syntax error is told by its place and never quotes the file', () => {
    const cwd = directoryWith({ 'gatehouse.yaml': 'database:\n  url: "hunter2\n keys: [\n' });
    const problems = problemsOf({ cwd });
    expect(problems[0]).toMatch(/^gatehouse\.yaml line \d+, column \d+: is not valid YAML/);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  test.each([
    ['a key given twice', 'log: { level: info, level: debug }', /not valid YAML \(duplicate key\)/],
    ['a section that is a value', 'database: hunter2', /^database \(.*\): is a section/],
    ['a value that is a section', 'server:\n  port:\n    a: 1', /^server\.port \(.* line 2\): is no single value/],
    ['a list at the top', '- 1', /holds no settings/],
    ['a list for a single value', 'server: { port: [1, 2] }', /is a list; give a whole number/],
    ['nothing after the colon', 'server: { port: }', /^server\.port .*: is empty/],
    ['an alias without anchor', 'server: { port: *none }', /^server\.port .*: is no single value/],
  ])('%s is refused', (_title, content, message) => {
    const problems = problemsOf({ cwd: directoryWith({ 'gatehouse.yaml': content }) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain('hunter2');
  });

  test.each(['', '# nothing yet\n', 'server:\n', '---\n'])('%j holds nothing and is allowed', (content) => {
    expect(load({ cwd: directoryWith({ 'gatehouse.yaml': content }) }).server.port).toBe(4000);
  });

  test('a secret of digits keeps its leading zero; lists and anchors work', () => {
    const cwd = directoryWith({
      'gatehouse.yaml': [
        'database: { host: localhost, password: 0123 }',
        'server: { trustedProxies: &own [10.0.0.0/8, "::1"], corsOrigins: [https://a.example] }',
        'tokens: { issuer: &name issuer-one, audience: *name }',
      ].join('\n'),
    });
    const config = load({ cwd });
    expect(config.database.url?.reveal()).toBe('postgresql://gatehouse:0123@localhost:5432/gatehouse');
    expect(config.server.trustedProxies).toStrictEqual(['10.0.0.0/8', '::1/128']);
    expect(config.tokens.audience).toBe('issuer-one');
  });
});

describe('the configuration of the process', () => {
  test('comes from its environment and working directory, under the flags', () => {
    vi.stubEnv('APP_ENVIRONMENT', 'test');
    vi.stubEnv('LOCKOUT_FAILURES', '9');
    vi.stubEnv('PORT', '5000');
    // The test runner puts a BASE_URL of its own (`/`) into the environment.
    vi.stubEnv('BASE_URL', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const config = readProcessConfig({ argv: { port: '0' } });
    expect([config.environment, config.lockout.maximumFailures, config.server.port]).toStrictEqual(['test', 9, 0]);
    expect(config.database.dataDirectory).toBe(resolve('.gatehouse'));
  });
});

describe('a secret in a file', () => {
  test('is what the file holds without the newline at its end, whichever name the variable has', () => {
    const cwd = directoryWith({ password: 'pass word-123\n', url: 'postgresql://gatehouse@db.example/gatehouse\r\n' });
    const env = { DB_PASSWORD_FILE: join(cwd, 'password'), DATABASE_URL_FILE: join(cwd, 'url') };
    const config = load({ cwd, env });
    expect(config.database.url?.reveal()).toBe('postgresql://gatehouse:pass%20word-123@db.example/gatehouse');
    expect(config.warnings).toEqual([]);
    expect(describeConfig(config).join('\n')).not.toContain('word-123');
    expect(describeConfig(config).join('\n')).toContain('DATABASE_URL_FILE in the environment');
  });

  test('that cannot be read stops the start; beside the variable itself the variable is used', () => {
    const cwd = directoryWith({ token: '0123456789abcdef-file' });
    expect(problemsOf({ cwd, env: { METRICS_TOKEN_FILE: join(cwd, 'nothing') } })).toEqual([
      expect.stringMatching(/^METRICS_TOKEN_FILE in the environment: the file ".*nothing" cannot be read \(ENOENT\)/),
    ]);
    const both = load({ cwd, env: { METRICS_TOKEN: '0123456789abcdef', METRICS_TOKEN_FILE: join(cwd, 'token') } });
    expect(both.limits.metricsToken?.reveal()).toBe('0123456789abcdef');
    expect(both.warnings).toEqual([
      'METRICS_TOKEN in the environment and METRICS_TOKEN_FILE differ; METRICS_TOKEN is used, remove METRICS_TOKEN_FILE',
    ]);
  });

  test('no other setting can be one', () => {
    const cwd = directoryWith({ port: '5000' });
    expect(load({ cwd, env: { PORT_FILE: join(cwd, 'port') } }).server.port).toBe(4000);
  });
});

describe('.env files', () => {
  test('lose no first variable to a byte order mark', () => {
    const cwd = directoryWith({ '.env': '\uFEFFPORT=5001\r\nLOCKOUT_FAILURES=9\r\n' });
    const config = load({ cwd });
    expect([config.server.port, config.lockout.maximumFailures, config.warnings]).toEqual([5001, 9, []]);
  });

  test('are told of lines that have no effect, or not the one that they seem to have, without repeating them', () => {
    const lines = [
      '# a comment',
      'PORT: 5001',
      'METRICS_TOKEN=0123456789abcdef#s3cret',
      'LOCKOUT_FAILURES=9 # nine',
      'export MAIL_FROM_NAME="a # that stays"',
      "SIGNING_KEYS_NOT_OURS='-----BEGIN",
      'no NAME=value here',
      "-----END'",
      'OTHER="open',
    ];
    const { lockout, limits, warnings } = load({ cwd: directoryWith({ '.env': lines.join('\n') }) });
    expect([lockout.maximumFailures, limits.metricsToken?.reveal()]).toEqual([9, '0123456789abcdef']);
    expect(warnings).toEqual([
      '.env line 2 has no effect: it is not of the form NAME=value',
      '.env line 3: what stands behind the # is a comment; put the value in quotes',
      '.env line 9: its quote is never closed, and is taken as part of the value',
    ]);
  });

  test('are left out in the test environment unless asked for', () => {
    const cwd = directoryWith({ '.env': 'PORT=1', '.env.test': 'LOCKOUT_FAILURES=9' });
    const env = { APP_ENVIRONMENT: 'test' };
    expect(load({ cwd, env }).server.port).toBe(4000);
    const told = load({ cwd, env, envFiles: true });
    expect([told.server.port, told.lockout.maximumFailures]).toStrictEqual([1, 9]);
  });

  test('may choose the environment, and with it the next file', () => {
    const cwd = directoryWith({ '.env': 'APP_MODE=staging', '.env.staging': 'PORT=7', '.env.development': 'PORT=8' });
    const config = load({ cwd });
    expect([config.environment, config.server.port]).toStrictEqual(['staging', 7]);
  });

  test('the file of one environment cannot switch to another', () => {
    const cwd = directoryWith({ '.env.staging': 'APP_ENVIRONMENT=development' });
    expect(problemsOf({ cwd, env: { APP_ENVIRONMENT: 'staging' } })).toStrictEqual([
      'environment (APP_ENVIRONMENT in .env.staging): contradicts the name of the file; remove it there',
    ]);
  });
});

describe('absent, given and empty are three things', () => {
  test('a switch follows its default until it is said', () => {
    expect(suggestions({})).toBe(true);
    expect(suggestions({ INTROSPECTION: 'off' })).toBe(false);
    expect(suggestions({ INTROSPECTION: 'off', FIELD_SUGGESTIONS: 'on' })).toBe(true);
    expect(suggestions({ FIELD_SUGGESTIONS: 'no' })).toBe(false);
  });

  test('an empty list or optional value takes back what an earlier source said', () => {
    const yaml = 'server: { corsOrigins: https://a.example }\ndatabase: { url: "postgresql://a:b@c/d" }';
    const cwd = directoryWith({ 'gatehouse.yaml': yaml });
    expect(load({ cwd }).server.corsOrigins).toStrictEqual(['https://a.example']);
    const config = load({ cwd, env: { CORS_ORIGINS: '', DATABASE_URL: '' } });
    expect([config.server.corsOrigins, config.database.url]).toStrictEqual([[], null]);
  });

  test.each(['APP_ENVIRONMENT', 'PORT', 'HOST', 'PLAYGROUND', 'ACCESS_TOKEN_TTL', 'DATA_DIR'])(
    'an empty %s is a mistake, not the default: a variable was lost on the way',
    (name) => {
      expect(problemsOf({ env: { [name]: ' ' } })).toStrictEqual([
        expect.stringContaining(`(${name} in the environment): is empty; give a value or remove the setting`),
      ]);
    },
  );
});

describe('the result', () => {
  test('is frozen through and through', () => {
    const config = load({
      env: { MASTER_KEYS: `v1:${Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64')}` },
    });
    const thawed: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if (!Object.isFrozen(node)) thawed.push(path);
      for (const [name, child] of Object.entries(node)) walk(child, `${path}.${name}`);
    };
    walk(config, 'config');
    expect(thawed).toStrictEqual([]);
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
  });

  test('prints no secret in any way', () => {
    const config = load({
      env: { DATABASE_URL: 'postgresql://a:hunter2@localhost/b', METRICS_TOKEN: 'hunter2-hunter2-hunter2' },
    });
    expect([JSON.stringify(config), ...describeConfig(config)].join('\n')).not.toContain('hunter2');
    expect(originOf(config, 'database.url')).toContain('b on localhost, the rest [secret]');
  });

  test('has the types that consumers rely on', () => {
    expectTypeOf<Config['tokens']['algorithm']>().toEqualTypeOf<'EdDSA' | 'ES256' | 'RS256'>();
    expectTypeOf<Config['database']['url']>().toEqualTypeOf<Secret<string> | null>();
    expectTypeOf<Config['environment']>().toEqualTypeOf<'development' | 'staging' | 'production' | 'test'>();
    expectTypeOf<Config['server']['redirectUris']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Config['server']['playground']>().toEqualTypeOf<boolean>();
    expectTypeOf<keyof Config['database']>().toEqualTypeOf<
      | 'url'
      | 'replicaUrl'
      | 'replicaPoolSize'
      | 'replicaStatementTimeoutSeconds'
      | 'tls'
      | 'poolSize'
      | 'statementTimeoutSeconds'
      | 'pooler'
      | 'migrationLockSeconds'
      | 'migrationStatementSeconds'
      | 'migrateOnStart'
      | 'dataDirectory'
    >();
  });
});
