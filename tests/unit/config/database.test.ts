import { describe, expect, test } from 'vitest';
import { load, problemsOf } from './working-directory.ts';

const remote = 'postgresql://gatehouse:s3cret-enough@db.example.org/gatehouse';

const migrates = (env: Record<string, string>) => load({ env }).database.migrateOnStart;

describe('the address', () => {
  test.each([
    ['mysql://u:hunter2@h/d', /is not a PostgreSQL address/],
    ['not an address hunter2', /is not a PostgreSQL address/],
    ['postgresql://u:hunter2%@h/d', /stray % sign/],
    ['postgresql://u:hunter2@h', /names no database/],
    ['postgresql://u:hunter2@h:99999/d', /is not a PostgreSQL address/],
    ['postgresql://u:hunter2@h/d?sslmode=prefer', /may fall back/],
  ])('%s is refused without being shown', (url, message) => {
    const problems = problemsOf({ env: { DATABASE_URL: url } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain('hunter2');
  });

  test('sslmode decides the encryption and leaves the address', () => {
    const { database } = load({ env: { DATABASE_URL: `${remote}?sslmode=verify-full&application_name=x` } });
    expect(database.tls).toBe('verify-full');
    expect(database.url?.reveal()).toBe(`${remote}?application_name=x`);
  });

  test('the setting overrules sslmode, with a warning', () => {
    const config = load({ env: { DATABASE_URL: `${remote}?sslmode=disable`, DATABASE_TLS: 'require' } });
    expect(config.database.tls).toBe('require');
    expect(config.warnings).toStrictEqual([expect.stringContaining('sslmode=disable of the address is overruled')]);
  });
});

describe('encryption by default', () => {
  test.each([
    ['staging', remote, 'require'],
    ['development', remote, 'disable'],
    ['test', remote, 'disable'],
    ['staging', 'postgresql://u:p@localhost/d', 'disable'],
    ['staging', 'postgresql://u:p@[::1]/d', 'disable'],
    ['staging', 'postgresql:///d?host=/run/postgresql', 'disable'],
    ['staging', 'postgresql://u@%2Frun%2Fpostgresql/d', 'disable'],
    ['staging', 'postgresql://u:p@localhost.example.org/d', 'require'],
    ['staging', 'postgresql://u:p@127.0.0.1.example.org/d', 'require'],
    ['staging', 'postgresql://u:p@localhost/d?host=db.example.org', 'require'],
  ])('%s %s: %s', (environment, url, tls) => {
    expect(load({ env: { APP_ENVIRONMENT: environment, DATABASE_URL: url } }).database.tls).toBe(tls);
  });

  test('switching it off outside development is allowed and warned about', () => {
    const config = load({ env: { APP_ENVIRONMENT: 'staging', DATABASE_URL: remote, DATABASE_SSL_MODE: 'disable' } });
    expect(config.database.tls).toBe('disable');
    expect(config.warnings).toStrictEqual([expect.stringMatching(/^database\.tls: is disabled/)]);
  });

  test('migrations run at start on the embedded database and in development only', () => {
    expect(migrates({ APP_ENVIRONMENT: 'staging', DATABASE_URL: remote })).toBe(false);
    expect(migrates({ APP_ENVIRONMENT: 'staging', DATABASE_URL: remote, MIGRATE_ON_START: 'true' })).toBe(true);
    expect(migrates({ APP_ENVIRONMENT: 'staging' })).toBe(true);
    expect(migrates({ DATABASE_URL: remote })).toBe(true);
  });
});

describe('the replica', () => {
  const replica = 'postgresql://gatehouse:s3cret-enough@replica.example.org/gatehouse';

  test('is given beside the database, and is another one', () => {
    const { database } = load({ env: { DATABASE_URL: remote, DATABASE_REPLICA_URL: `${replica}?sslmode=disable` } });
    expect(database.replicaUrl?.reveal()).toBe(replica);
    expect(load({ env: { DATABASE_URL: remote } }).database.replicaUrl).toBeNull();
    expect(problemsOf({ env: { DATABASE_REPLICA_URL: replica } })).toStrictEqual([
      'database.replicaUrl: is a replica of nothing; give DATABASE_URL as well',
    ]);
    expect(problemsOf({ env: { DATABASE_URL: remote, DATABASE_REPLICA_URL: remote } })).toStrictEqual([
      'database.replicaUrl: is the address of the database itself; give that of a replica, or remove it',
    ]);
  });

  test('is reached as the database is, with a warning where its address says otherwise or clear text leaves the machine', () => {
    const env = {
      APP_ENVIRONMENT: 'staging',
      DATABASE_URL: remote,
      DATABASE_REPLICA_URL: `${replica}?sslmode=require`,
    };
    expect(load({ env: { ...env, DATABASE_TLS: 'verify-full' } }).warnings).toStrictEqual([
      expect.stringContaining('sslmode=require is overruled by database.tls, verify-full'),
    ]);
    const clear = { ...env, DATABASE_URL: 'postgresql://u:p@localhost/d', DATABASE_REPLICA_URL: replica };
    expect(load({ env: clear }).warnings).toStrictEqual([
      expect.stringMatching(/^database\.replicaUrl: is beyond this machine/),
    ]);
  });
});

describe('the parts of an address', () => {
  test.each([
    [{ DATABASE_HOST: 'db' }, 'postgresql://gatehouse@db:5432/gatehouse'],
    [
      { DB_HOST: 'db', DB_PORT: '6543', DB_USER: 'a@b', DB_PASSWORD: 'p/ss:w@rd#%', DB_NAME: 'n' },
      'postgresql://a%40b:p%2Fss%3Aw%40rd%23%25@db:6543/n',
    ],
    [{ DB_POSTGRES_HOST: '::1', DB_POSTGRES_DB: 'auth_db' }, 'postgresql://gatehouse@[::1]:5432/auth_db'],
    [
      { DATABASE_HOST: '/run/postgresql', DATABASE_PASSWORD: 'x&y' },
      'postgresql:///gatehouse?host=%2Frun%2Fpostgresql&port=5432&user=gatehouse&password=x%26y',
    ],
  ])('%j', (env, url) => {
    expect(load({ env }).database.url?.reveal()).toBe(url);
  });

  test('the password may stand beside an address that has none', () => {
    const { database } = load({ env: { DATABASE_URL: 'postgresql://u@h/d', DATABASE_PASSWORD: 'p@ss word' } });
    expect(database.url?.reveal()).toBe('postgresql://u:p%40ss%20word@h/d');
  });

  test('the same password twice is no contradiction, another one is', () => {
    const env = { DATABASE_URL: 'postgresql://u:hunter2@h/d', DATABASE_PASSWORD: 'hunter2' };
    expect(problemsOf({ env })).toStrictEqual([]);
    const [problem, ...others] = problemsOf({ env: { ...env, DATABASE_PASSWORD: 'hunter3' } });
    expect(others).toStrictEqual([]);
    expect(problem).toContain('differs from the password in database.url');
    expect(problem).not.toContain('hunter');
  });

  test('address and other parts together are refused', () => {
    expect(problemsOf({ env: { DATABASE_URL: 'postgresql://u@h/d', DATABASE_NAME: 'other' } })).toStrictEqual([
      'database.url (DATABASE_URL in the environment): is given together with database.name (DATABASE_NAME in the environment); keep the address or its parts, not both',
    ]);
  });

  test('parts without a host are refused rather than ignored', () => {
    expect(problemsOf({ env: { DATABASE_PASSWORD: 'hunter2' } })).toStrictEqual([
      'database.host (not set): is missing beside database.password (DATABASE_PASSWORD in the environment); give DATABASE_HOST or DATABASE_URL',
    ]);
  });

  test('a wrong part is told once', () => {
    expect(problemsOf({ env: { DATABASE_HOST: 'postgres://u:p/hunter2@h', DATABASE_PASSWORD: 'x' } })).toStrictEqual([
      expect.stringMatching(
        /^database\.host \(DATABASE_HOST in the environment\): "postgres:\/\/\[secret\]@h" is no host/,
      ),
    ]);
  });
});
