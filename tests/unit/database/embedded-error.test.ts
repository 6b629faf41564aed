import { describe, expect, test } from 'vitest';
import {
  adviceFor,
  EmbeddedPostgresError,
  explainFileError,
  tailOf,
} from '../../../src/database/embedded/embedded-postgres-error.ts';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: something\nfailed`), { code });

describe('a failure of the embedded PostgreSQL', () => {
  test('is told by the lines that name a problem', () => {
    const lines = [
      'creating subdirectories ... ok',
      'running bootstrap script ... FATAL:  could not write',
      '',
      'child exited',
    ];
    expect(tailOf(lines)).toBe('running bootstrap script ... FATAL:  could not write');
  });

  test('is told by the last lines when none names a problem', () => {
    expect(tailOf(['one', 'two', 'three', 'four', ''])).toBe('two / three / four');
    expect(tailOf([])).toBe('no output');
  });

  test('is told briefly however much was written', () => {
    expect(tailOf([`error: ${'x'.repeat(10_000)}`]).length).toBeLessThanOrEqual(600);
  });

  test.each([
    ['could not write to file "pg_wal/xlogtemp.1": No space left on device', /^The disk is full/],
    ['initdb: error: could not look up effective user ID 12345: user does not exist', /\/etc\/passwd/],
    ['could not create shared memory segment', /\/dev\/shm/],
    ['something else', /set DATABASE_URL/],
  ])('comes with advice: %s', (text, advice) => {
    expect(adviceFor(text)).toMatch(advice);
  });

  test.each([
    ['EACCES', /set DATA_DIR to a directory that this user may write/],
    ['EROFS', /set DATA_DIR/],
    ['ENOSPC', /The disk is full/],
    ['EIO', /cannot start/],
  ])('of the file system with code %s is one line that says what to do', (code, wanted) => {
    const error = explainFileError(systemError(code), '/data');
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(String(error)).toMatch(wanted);
    expect(String(error)).toContain('/data');
    expect(String(error)).not.toContain('\n');
  });

  test('that is a programming error stays what it is', () => {
    const error = new TypeError('x is not a function');
    expect(explainFileError(error, '/data')).toBe(error);
  });
});
