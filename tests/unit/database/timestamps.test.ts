import { describe, expect, test } from 'vitest';
import { instantOf } from '../../../src/database/sql.ts';

describe('instantOf', () => {
  test.each([
    ['2026-01-31 09:30:00+00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31 09:30:00.123+00', '2026-01-31T09:30:00.123Z'],
    ['2026-01-31 09:30:00.123456+00', '2026-01-31T09:30:00.123Z'],
    ['2026-01-31 10:30:00.5+01', '2026-01-31T09:30:00.500Z'],
    ['2026-01-31 04:00:00-05:30', '2026-01-31T09:30:00.000Z'],
    ['9999-12-31 23:59:59+00', '9999-12-31T23:59:59.000Z'],
  ])('reads %s of a session in any time zone', (text, iso) => {
    expect(instantOf(text).toISOString()).toBe(iso);
  });

  test('keeps null, and refuses what is no instant', () => {
    expect(instantOf(null)).toBeNull();
    expect(() => instantOf('infinity')).toThrow(RangeError);
  });
});
