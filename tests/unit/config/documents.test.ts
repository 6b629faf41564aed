import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import { settingFlags } from '../../../src/config/flag-layer.ts';
import { configurationMarkdown } from '../../../src/config/markdown.ts';
import { allSettings } from '../../../src/config/settings.ts';
import { unansweredSettings } from '../../../src/config/source-settings.ts';
import { load } from './working-directory.ts';

/** Every setting that the documents of the source systems name, by row. */
const SOURCE_SETTINGS = {
  '0.33':
    'TENANT_ID TENANT_DOMAIN APP_URL BACKEND_APP_ID BACKEND_APP_SECRET JWT_SECRET DATABASE_URL REDIS_URL SMTP_HOST SMTP_PORT SMTP_USERNAME SMTP_PASSWORD SMTP_FROM SMTP_FROM_NAME SMTP_TLS',
  '1.23':
    'SERVER_HOST SERVER_PORT DATABASE_HOST DATABASE_PORT DATABASE_USER DATABASE_PASSWORD DATABASE_NAME DATABASE_SSL_MODE REDIS_HOST REDIS_PORT APP_LOG_LEVEL APP_ENVIRONMENT JWT_SECRET',
  '2.10':
    'APP_PORT APP_MODE APP_ORIGINS AUTH_TOKEN_SECRET AUTH_ACCESS_TOKEN_TTL AUTH_REFRESH_TOKEN_TTL DB_POSTGRES_USER DB_POSTGRES_PASSWORD DB_POSTGRES_HOST DB_POSTGRES_PORT DB_POSTGRES_DB CACHE_REDIS_PASSWORD CACHE_REDIS_HOST CACHE_REDIS_PORT CACHE_REDIS_DB LOG_LEVEL LOG_PATH LOG_ROTATION KAFKA_BROKERS',
  '3.12':
    'DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME JWT_SECRET JWT_EXPIRY_MINUTES REFRESH_TOKEN_EXPIRY_DAYS SERVER_PORT',
};

describe('settings of the sources', () => {
  test.each(Object.entries(SOURCE_SETTINGS))('row %s: each has a twin or an answer in the document', (_row, names) => {
    const [, table = ''] = configurationMarkdown().split('## Settings of the source systems');
    const missing = names.split(' ').filter((name) => !table.includes(`| \`${name}\` |`));
    expect(missing).toStrictEqual([]);
  });

  test('their spellings work, units included', () => {
    const { server, log, tokens, environment } = load({
      env: {
        APP_MODE: 'dev',
        SERVER_HOST: '0.0.0.0',
        APP_PORT: '8080',
        APP_URL: 'https://app.example.org',
        APP_ORIGINS: 'http://localhost:3000',
        APP_LOG_LEVEL: 'warning',
        JWT_EXPIRY_MINUTES: '30',
        REFRESH_TOKEN_EXPIRY_DAYS: '5',
        JWT_ISSUER: 'tenant.example.org',
      },
    });
    expect([environment, server.host, server.port, server.baseUrl]).toStrictEqual([
      'development',
      '0.0.0.0',
      8080,
      'https://app.example.org',
    ]);
    expect([
      server.corsOrigins,
      log.level,
      tokens.accessTtlSeconds,
      tokens.sessionIdleSeconds,
      tokens.issuer,
    ]).toStrictEqual([['http://localhost:3000'], 'warn', 1800, 432_000, 'tenant.example.org']);
    const later = load({ env: { AUTH_ACCESS_TOKEN_TTL: '5h', AUTH_REFRESH_TOKEN_TTL: '120h' } }).tokens;
    expect([later.accessTtlSeconds, later.sessionIdleSeconds]).toStrictEqual([18_000, 432_000]);
  });
});

describe('the declaration table', () => {
  test('gives no name to two settings', () => {
    const names = [
      ...allSettings.flatMap(({ setting }) => [setting.env, ...(setting.aliases ?? []).map(({ name }) => name)]),
      ...unansweredSettings.map(({ name }) => name),
    ];
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toStrictEqual([]);
  });

  test('says in the document what the defaults really are', () => {
    const config = load();
    const fixedTexts = allSettings.filter(({ isPart, setting }) => !isPart && /^`[^`]+`$/.test(setting.byDefault.text));
    const lines = describeConfig(config);
    const wrong = fixedTexts.filter(({ path, setting }) => {
      const documented = setting.byDefault.text.replaceAll('`', '').replace('<port>', '4000');
      const line = lines.find((candidate) => candidate.startsWith(`${path} `)) ?? '';
      return !line.endsWith(`  ${documented}  (default)`);
    });
    expect(wrong.map(({ path }) => path)).toStrictEqual(['database.dataDirectory']);
  });

  test('shows where events go when nobody said so', () => {
    const shownSinks = (env: Record<string, string>) =>
      describeConfig(load({ env })).find((line) => line.startsWith('events.sinks '));
    expect(shownSinks({})).toMatch(/ {2}kafka with KAFKA_BROKERS, otherwise log {2}\(default\)$/);
    expect(shownSinks({ EVENT_SINKS: 'log' })).toMatch(/ {2}log {2}\(EVENT_SINKS in the environment\)$/);
  });

  test('offers a flag for every setting that is no secret', () => {
    const paths = settingFlags.map(({ path }) => path);
    expect(paths).toContain('server.port');
    expect(paths).not.toContain('database.url');
    expect(paths).not.toContain('keys.masterKeys');
    expect(
      load({ argv: { [settingFlags.find(({ path }) => path === 'server.port')?.name ?? '']: '1' } }).server.port,
    ).toBe(1);
  });

  test('docs/configuration.md is what the table says', () => {
    const file = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url));
    expect(readFileSync(file, 'utf8')).toBe(configurationMarkdown());
  });
});
