import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isTimeZone,
  isWithinWindow,
  type TimeWindow,
  timeWindowProblem,
  Weekday,
  windowIncludes,
} from '../../../src/permissions/time-window.ts';

const office: TimeWindow = {
  days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'],
  start: '09:00',
  end: '17:00',
  timeZone: 'Europe/Rome',
};
const night: TimeWindow = { days: ['FRIDAY'], start: '22:00', end: '06:00', timeZone: 'UTC' };
const sundayNight: TimeWindow = { days: ['SUNDAY'], start: '22:00', end: '02:00', timeZone: 'UTC' };

const at = (window: TimeWindow, instant: string): boolean => isWithinWindow(window, new Date(instant));

describe('a time window', () => {
  test.each([
    // 2026-01-26 is a Monday; Rome is one hour ahead of UTC in winter.
    ['2026-01-26T07:59:59.999Z', false],
    ['2026-01-26T08:00:00.000Z', true],
    ['2026-01-26T15:59:59.999Z', true],
    ['2026-01-26T16:00:00.000Z', false],
    ['2026-01-31T10:00:00.000Z', false],
    // and two in summer; 2026-07-06 is a Monday
    ['2026-07-06T06:59:59.999Z', false],
    ['2026-07-06T07:00:00.000Z', true],
    ['2026-07-06T14:59:59.999Z', true],
    ['2026-07-06T15:00:00.000Z', false],
  ])('of office hours in Rome holds at %s: %s', (instant, expected) => {
    expect(at(office, instant)).toBe(expected);
  });

  test.each([
    // 2026-01-30 is a Friday
    ['2026-01-30T05:00:00Z', false],
    ['2026-01-30T21:59:59Z', false],
    ['2026-01-30T22:00:00Z', true],
    ['2026-01-31T00:00:00Z', true],
    ['2026-01-31T05:59:59Z', true],
    ['2026-01-31T06:00:00Z', false],
    ['2026-01-31T22:30:00Z', false],
  ])('that crosses midnight belongs to the day on which it begins: %s: %s', (instant, expected) => {
    expect(at(night, instant)).toBe(expected);
  });

  test.each([
    ['2026-02-01T23:00:00Z', true],
    ['2026-02-02T01:59:00Z', true],
    ['2026-02-02T02:00:00Z', false],
    ['2026-02-01T01:00:00Z', false],
  ])('that crosses the end of the week goes on on Monday: %s: %s', (instant, expected) => {
    expect(at(sundayNight, instant)).toBe(expected);
  });

  test('counts the hour that the end of summer time repeats twice', () => {
    const window: TimeWindow = { days: ['SUNDAY'], start: '02:00', end: '03:00', timeZone: 'Europe/Rome' };
    expect(at(window, '2026-10-25T00:30:00Z')).toBe(true); // 02:30 in summer time
    expect(at(window, '2026-10-25T01:30:00Z')).toBe(true); // 02:30 in winter time
    expect(at(window, '2026-10-25T02:30:00Z')).toBe(false); // 03:30
  });

  test('never holds in the hour that the beginning of summer time leaves out', () => {
    const window: TimeWindow = { days: ['SUNDAY'], start: '02:00', end: '03:00', timeZone: 'Europe/Rome' };
    const minutes = Array.from({ length: 48 * 60 }, (_, minute) => new Date(Date.UTC(2026, 2, 28, 12, minute)));
    expect(minutes.filter((instant) => isWithinWindow(window, instant))).toEqual([]);
  });

  test('may be a whole day, midnight to midnight', () => {
    const day: TimeWindow = { days: ['SATURDAY'], start: '00:00', end: '24:00', timeZone: 'UTC' };
    expect(at(day, '2026-01-31T00:00:00Z')).toBe(true);
    expect(at(day, '2026-01-31T23:59:59Z')).toBe(true);
    expect(at(day, '2026-02-01T00:00:00Z')).toBe(false);
    expect(at(day, '2026-01-30T23:59:59Z')).toBe(false);
  });

  test('knows zones at any offset', () => {
    const window: TimeWindow = { days: ['THURSDAY'], start: '00:00', end: '00:15', timeZone: 'Asia/Kathmandu' };
    expect(at(window, '2026-01-28T18:15:00Z')).toBe(true);
    expect(at(window, '2026-01-28T18:14:59Z')).toBe(false);
  });

  test('fails closed for an unknown zone, a broken time and an instant that is none', () => {
    expect(at({ ...office, timeZone: 'Europe/Nowhere' }, '2026-01-26T10:00:00Z')).toBe(false);
    expect(at({ ...office, start: '9:00' }, '2026-01-26T10:00:00Z')).toBe(false);
    expect(at({ ...office, end: '09:00' }, '2026-01-26T08:00:00Z')).toBe(false);
    expect(isWithinWindow(office, new Date(Number.NaN))).toBe(false);
  });

  test.each<[Partial<TimeWindow>, keyof TimeWindow]>([
    [{ days: [] }, 'days'],
    [{ days: ['MONDAY', 'MONDAY'] }, 'days'],
    [{ start: '9:00' }, 'start'],
    [{ start: '24:00' }, 'start'],
    [{ start: '09:60' }, 'start'],
    [{ end: '24:01' }, 'end'],
    [{ end: 'noon' }, 'end'],
    [{ end: '09:00' }, 'end'],
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ timeZone: '+02:00' }, 'timeZone'],
    [{ timeZone: '' }, 'timeZone'],
    [{ timeZone: `Europe/${'x'.repeat(1_000_000)}` }, 'timeZone'],
  ])('with %j is refused at its field', (change, field) => {
    expect(timeWindowProblem({ ...office, ...change })?.field).toBe(field);
  });

  test('is accepted in any spelling of its zone', () => {
    expect(timeWindowProblem({ ...office, timeZone: 'europe/rome' })).toBeNull();
    expect(['UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'].every((zone) => isTimeZone(zone))).toBe(true);
  });
});

describe('a time window within another', () => {
  test.each<[string, TimeWindow, TimeWindow, boolean]>([
    ['itself', office, office, true],
    ['a shorter one', office, { ...office, start: '10:00' }, true],
    ['fewer days', office, { ...office, days: ['MONDAY'] }, true],
    ['a longer one', office, { ...office, end: '18:00' }, false],
    ['another day', office, { ...office, days: ['SUNDAY'] }, false],
    ['another zone', office, { ...office, timeZone: 'Europe/Paris' }, false],
    ['the morning after a night', night, { ...night, days: ['SATURDAY'], start: '00:00', end: '05:00' }, true],
    [
      'over two neighbours',
      { days: ['MONDAY', 'TUESDAY'], start: '00:00', end: '24:00', timeZone: 'UTC' },
      { days: ['MONDAY'], start: '20:00', end: '04:00', timeZone: 'UTC' },
      true,
    ],
    [
      'over the end of the week',
      { days: ['MONDAY', 'SUNDAY'], start: '00:00', end: '24:00', timeZone: 'UTC' },
      sundayNight,
      true,
    ],
  ])('%s', (_name, outer, inner, expected) => {
    expect(windowIncludes(outer, inner)).toBe(expected);
  });

  test('holds at no instant at which the other does not', () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
    const window = fc
      .record({
        days: fc.subarray(Object.values(Weekday), { minLength: 1 }),
        start: time,
        end: time,
        timeZone: fc.constant('Europe/Rome'),
      })
      .filter(({ start, end }) => start !== end);
    const instant = fc.date({
      min: new Date('2026-01-01T00:00:00Z'),
      max: new Date('2026-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(window, window, fc.array(instant, { minLength: 20, maxLength: 20 }), (a, b, instants) => {
        const leak = instants.some((one) => isWithinWindow(b, one) && !isWithinWindow(a, one));
        expect(leak && windowIncludes(a, b)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
