import { describe, expect, test } from 'vitest';
import { EXIT, RefusedError, UsageError } from '../../../src/cli/exit-codes.ts';
import { reportOf, stackOf } from '../../../src/cli/failure.ts';
import { ConfigError } from '../../../src/config/config.ts';
import { EnvelopeError } from '../../../src/crypto/envelope.ts';
import { explainConnectionFailure } from '../../../src/database/connection-failure.ts';
import { MigrationError } from '../../../src/database/migrator.ts';
import { Failure, Rejection } from '../../../src/errors.ts';

const withCode = (code: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });

describe('the one line of a failure', () => {
  test('has the exit status of its kind', () => {
    expect(reportOf(new UsageError('a')).exitCode).toBe(EXIT.usage);
    expect(reportOf(new RefusedError('a')).exitCode).toBe(EXIT.refused);
    expect(reportOf(new ConfigError(['a'])).exitCode).toBe(EXIT.configuration);
    expect(reportOf(new MigrationError('a')).exitCode).toBe(EXIT.failed);
    expect(reportOf('thrown text')).toEqual({
      message: 'Unexpected: thrown text (more with --verbose)',
      exitCode: EXIT.failed,
    });
  });

  test('never spans lines', () => {
    expect(reportOf(new MigrationError('one\n  two')).message).toBe('one two');
    expect(reportOf(new Error('one\n at somewhere')).message).toBe('Unexpected: one (more with --verbose)');
  });

  test('tells outcomes in words, with the field and the broken rules', () => {
    const rejection = new Rejection([{ code: 'EMAIL_IN_USE', field: ['email'] }, { code: 'WEAK_PASSWORD' }], {
      violations: ['MIN_LENGTH'],
    });
    expect(reportOf(rejection).message).toBe(
      'The address belongs to another account. (email) The password breaks a rule of passwordPolicy; see `violations`. [MIN_LENGTH]',
    );
    expect(reportOf(new Failure('SERVICE_UNAVAILABLE')).message).toBe('The server cannot answer now; try again.');
  });

  test('says that a disk is full', () => {
    expect(reportOf(withCode('ENOSPC', 'ENOSPC: no space left on device, write')).message).toBe(
      'There is no space left on the disk: make room and try again.',
    );
  });

  test('says of what does not open that the master keys are others', () => {
    expect(reportOf(new EnvelopeError('unknown_key')).message).toContain('give this command the MASTER_KEYS');
  });

  test('the stack holds the causes', () => {
    const text = stackOf(new MigrationError('outer', { cause: new Error('inner') }));
    expect(text).toContain('outer');
    expect(text).toContain('Caused by: Error: inner');
  });
});

describe('a database that cannot be reached', () => {
  const cases: readonly (readonly [Error, string])[] = [
    [
      withCode('ECONNREFUSED', 'connect', { syscall: 'connect', address: '127.0.0.1' }),
      'Nobody listens at the address of the database (127.0.0.1)',
    ],
    [
      Object.assign(new AggregateError([withCode('ECONNREFUSED', 'x', { syscall: 'connect', address: '::1' })]), {
        code: 'ECONNREFUSED',
      }),
      'Nobody listens at the address of the database (::1)',
    ],
    [
      withCode('ENOTFOUND', 'getaddrinfo', { syscall: 'getaddrinfo', hostname: 'db.internal' }),
      'The host of the database is unknown (db.internal)',
    ],
    [
      withCode('ENOENT', 'connect', { syscall: 'connect', address: '/run/.s.PGSQL.5432' }),
      'The socket of the database is not there (/run/.s.PGSQL.5432)',
    ],
    [withCode('28P01', 'password authentication failed for user "x"'), 'refuses the user or the password'],
    [withCode('28000', 'no pg_hba.conf entry for host'), 'pg_hba.conf'],
    [withCode('3D000', 'database "x" does not exist'), 'npm run cli -- migrate init'],
    [withCode('53100', 'could not extend file'), 'disk of the database is full'],
    [withCode('53300', 'too many clients'), 'no connection left'],
    [withCode('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'certificate of the database is not accepted'],
    [new Error('The server does not support SSL connections'), 'DATABASE_TLS=disable'],
    [new Error('timeout exceeded when trying to connect'), 'does not answer'],
    [new Error('timeout expired'), 'does not answer'],
    [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'asks for a password'],
  ];

  test.each(cases)('%s is explained in one line', (error, text) => {
    const line = explainConnectionFailure(new Error('around it', { cause: error }));
    expect(line).toContain(text);
    expect(line).not.toContain('\n');
  });

  test('other errors are left to others, those of files among them', () => {
    expect(explainConnectionFailure(new TypeError('x is not a function'))).toBeNull();
    expect(explainConnectionFailure(withCode('ENOENT', 'no such file', { syscall: 'mkdir' }))).toBeNull();
    expect(explainConnectionFailure(withCode('23505', 'duplicate key'))).toBeNull();
    expect(explainConnectionFailure('text')).toBeNull();
  });
});
