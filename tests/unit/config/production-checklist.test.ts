import { describe, expect, test } from 'vitest';
import { type ChecklistItem, productionChecklist } from '../../../src/config/production-checklist.ts';
import { load, productionEnv } from './working-directory.ts';

const checklist = (env: Readonly<Record<string, string>>) => productionChecklist(load({ env, evenIfRefused: true }));

const item = (env: Readonly<Record<string, string>>, what: string): ChecklistItem | undefined =>
  checklist(env).find((one) => one.what === what);

/** Everything as it should be. */
const careful = {
  ...productionEnv,
  PASSWORD_PEPPER: 'true',
  DATABASE_TLS: 'verify-full',
  ADMIN_PORT: '4001',
  REDIS_URL: 'rediss://redis.example.org:6379/0',
  SMTP_HOST: 'smtp.example.org',
  SMTP_FROM: 'id@example.org',
};

describe('the checklist of production', () => {
  test('has nothing to say of an installation where everything is as it should be, but what must be done by hand', () => {
    const items = checklist(careful);
    expect(items.filter(({ state }) => state === 'wrong' || state === 'look')).toEqual([]);
    expect(items.filter(({ state }) => state === 'by hand').map(({ what }) => what)).toEqual([
      'Firewall',
      'Backups',
      'Key rotation',
      'Alerts',
    ]);
  });

  test.each([
    ['Secrets', { MASTER_KEYS: '' }, 'keys.masterKeys is empty'],
    ['Secrets', { DATABASE_URL: 'postgresql://u:password@db.example.org/d' }, 'out of a sample'],
    ['Secrets', { DATABASE_REPLICA_URL: 'postgresql://u:password@replica.example.org/d' }, 'out of a sample'],
    ['Secrets', { DATABASE_REPLICA_URL: 'postgresql://u@replica.example.org/d' }, 'has no password'],
    ['Secrets', { METRICS_TOKEN: '' }, 'anybody could read /metrics'],
    ['TLS to the database', { DATABASE_TLS: 'disable' }, 'verify-full'],
    ['HTTPS', { BASE_URL: 'http://id.example.org' }, 'clear http'],
    ['HTTPS', { TRUSTED_PROXIES: '' }, 'TRUSTED_PROXIES'],
    ['Origins of browsers', { CORS_ORIGINS: 'http://app.example.org' }, 'give https origins'],
    ['Limits', { RATE_LIMITS: 'false' }, 'every account'],
    ['Second factors', { MFA_ENFORCE: 'false' }, 'password alone'],
    ['Hashes of passwords', { PASSWORD_MEMORY_KIB: '1024' }, 'too weak'],
    ['Mail', { SMTP_TLS: 'none' }, 'clear text'],
    ['Mail', { MAIL_TRANSPORT: 'inbox' }, 'readable in memory'],
    ['Log', { LOG_LEVEL: 'debug' }, 'LOG_LEVEL=info'],
  ])('%s are wrong with %j', (what, env, text) => {
    const found = item({ ...careful, ...env }, what);
    expect(found?.state).toBe('wrong');
    expect(found?.details.join(' ')).toContain(text);
    // what is wrong and how to fix it
    expect(found?.details.every((detail) => detail.includes(';'))).toBe(true);
  });

  test.each([
    ['Environment', { APP_ENVIRONMENT: 'staging' }, 'APP_ENVIRONMENT=production'],
    ['Pepper of passwords', { PASSWORD_PEPPER: 'false' }, 'MASTER_KEYS'],
    ['TLS to the database', { DATABASE_TLS: 'require' }, 'verify-full'],
    ['HTTPS', { FORCE_HTTPS: 'false' }, 'FORCE_HTTPS=false'],
    ['What strangers see', { PLAYGROUND: 'true' }, 'PLAYGROUND'],
    ['What strangers see', { INTROSPECTION: 'true' }, 'FIELD_SUGGESTIONS'],
    ['Administration', { ADMIN_PORT: '' }, 'ADMIN_NETWORKS'],
    ['Scopes for routers', { FEDERATION_SECURITY_DIRECTIVES: 'true' }, 'CLAIM_SCOPE=true'],
    ['Limits', { REDIS_URL: '' }, 'REDIS_URL'],
    ['Mail', { SMTP_HOST: '' }, 'SMTP_HOST'],
    ['Mail', { SMTP_HOST: '', APP_ENVIRONMENT: 'development' }, 'is not sent'],
    ['Log', { LOG_LEVEL: 'silent' }, 'LOG_LEVEL=info'],
    ['Log', { LOG_PRETTY: 'true' }, 'LOG_PRETTY'],
    ['Monitoring', { METRICS: 'false' }, '/metrics'],
    ['Migrations', { MIGRATE_ON_START: 'true' }, 'deploy'],
  ])('%s are worth a look with %j', (what, env, text) => {
    const found = item({ ...careful, ...env }, what);
    expect(found?.state).toBe('look');
    expect(found?.details.join(' ')).toContain(text);
  });

  test('scopes for routers are fine where tokens carry them, and where no router asks', () => {
    const asked = { ...careful, FEDERATION_SECURITY_DIRECTIVES: 'true', CLAIM_SCOPE: 'true' };
    expect(item(asked, 'Scopes for routers')).toMatchObject({ state: 'ok', details: ['in every token'] });
    expect(item(careful, 'Scopes for routers')).toMatchObject({ state: 'ok', details: ['not asked for'] });
  });

  test('shows no secret', () => {
    const text = JSON.stringify(checklist(careful));
    for (const secret of [careful.METRICS_TOKEN, careful.MASTER_KEYS.slice(3), 'tr0ub4dor']) {
      expect(text).not.toContain(secret);
    }
  });
});
