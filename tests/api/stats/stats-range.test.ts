import { beforeAll, describe, expect, test } from 'vitest';
import { StatsDocument } from '../../../generated/client/graphql.ts';
import type { Actor } from '../../support/cast.ts';
import { holderOf } from '../../support/holder.ts';
import { statsOf } from '../../support/stats.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the range of stats', () => {
  const app = useTestApp();
  let reader: Actor;

  beforeAll(async () => {
    reader = await holderOf(app(), ['view:stats']);
  });

  const at = (text: string): string => `2026-${text}:00.000Z`;
  const startsOf = async (from: string, until: string, interval: 'HOUR' | 'DAY' | 'WEEK' | 'MONTH') => {
    const { signIns } = await statsOf(reader, { range: { from: at(from), until: at(until) }, interval });
    return signIns.map(({ start }) => start.slice(5, 16));
  };

  test('is widened to whole buckets: hours, days, weeks from Monday, months', async () => {
    expect(await startsOf('01-31T22:30', '02-01T01:00', 'HOUR')).toEqual(['01-31T22:00', '01-31T23:00', '02-01T00:00']);
    expect(await startsOf('02-27T12:00', '03-01T00:01', 'DAY')).toEqual(['02-27T00:00', '02-28T00:00', '03-01T00:00']);
    // The 1st of March 2026 is a Sunday.
    expect(await startsOf('03-01T23:59', '03-02T00:01', 'WEEK')).toEqual(['02-23T00:00', '03-02T00:00']);
    expect(await startsOf('01-31T00:00', '03-01T00:00', 'MONTH')).toEqual(['01-01T00:00', '02-01T00:00']);
    expect(await startsOf('03-29T00:00', '03-29T04:00', 'HOUR')).toHaveLength(4);
  });

  test.each([
    ['that ends where it begins', { from: at('03-01T00:00'), until: at('03-01T00:00') }, 'DAY', undefined],
    ['that ends before it begins', { from: at('03-02T00:00'), until: at('03-01T00:00') }, 'DAY', undefined],
    ['of 31 days and an hour, by hours', { from: at('03-01T00:00'), until: at('04-01T01:00') }, 'HOUR', 31],
    ['of two years, by days', { from: '2024-01-01T00:00:00Z', until: at('01-01T00:00') }, 'DAY', 366],
    ['of eleven years, by months', { from: '2015-01-01T00:00:00Z', until: at('01-01T00:00') }, 'MONTH', 3660],
    ['before 1970', { from: '0001-01-01T00:00:00Z', until: '0001-01-02T00:00:00Z' }, 'DAY', undefined],
    ['after 2999', { from: '9999-12-30T00:00:00Z', until: '9999-12-31T00:00:00Z' }, 'HOUR', undefined],
  ] as const)('%s is refused', async (_name, range, interval, maximum) => {
    const { code, errors, data } = await reader.send(StatsDocument, { range, interval });
    expect([code, data.stats, errors[0]?.extensions['limit'], errors[0]?.extensions['maximum']]).toEqual([
      'BAD_USER_INPUT',
      null,
      'range',
      maximum,
    ]);
  });

  test('without an end ends now, without a beginning is 30 days long, and may lie ahead', async () => {
    const now = app().clock.now().getTime();
    const { signIns } = await statsOf(reader, { range: { from: new Date(now - 1).toISOString() } });
    expect(signIns.length).toBeGreaterThanOrEqual(1);
    expect((await statsOf(reader, { range: { until: at('03-31T00:00') } })).signIns).toHaveLength(30);
    expect(await startsOf('12-30T00:00', '12-31T00:00', 'DAY')).toEqual(['12-30T00:00']);
  });
});
