import { instant, secondsAfter } from '../clock.ts';
import { Failure } from '../errors.ts';
import type { StatsInterval } from '../vocabulary.ts';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const DEFAULT_DAYS = 30;

/** The longest range of each width, days. */
const MAXIMUM_DAYS: Readonly<Record<StatsInterval, number>> = { HOUR: 31, DAY: 366, WEEK: 3660, MONTH: 3660 };

/** What the tables can name without a sign or a fifth digit of the year. */
const EARLIEST = instant('1970-01-01T00:00:00Z');
const LATEST = instant('3000-01-01T00:00:00Z');

export interface StatsRange {
  readonly from?: Date | null | undefined;
  readonly until?: Date | null | undefined;
}

/** A range, widened to whole buckets. */
export interface StatsWindow {
  /** Beginnings of the buckets, in order; one at least. */
  readonly starts: readonly Date[];
  /** End of the last bucket, excluded. */
  readonly until: Date;
  /** Beginning of the first day in UTC of which the window has a part, and end of the last. */
  readonly fromDay: Date;
  readonly untilDay: Date;
}

/**
 * The buckets of a range; without one, of the last 30 days. A missing end is now, a missing beginning 30 days before the end. Throws
 * BAD_USER_INPUT for a range that ends before it begins, is longer than the width allows, or lies before 1970 or after 2999.
 */
export const statsWindow = (range: StatsRange | null, interval: StatsInterval, now: Date): StatsWindow => {
  const until = range?.until ?? now;
  const from = range?.from ?? secondsAfter(until, -DEFAULT_DAYS * DAY_SECONDS);
  if (!(from >= EARLIEST && until <= LATEST && from < until)) {
    throw new Failure('BAD_USER_INPUT', 'A range begins before it ends, in the years 1970 to 2999.', {
      limit: 'range',
    });
  }
  const maximum = MAXIMUM_DAYS[interval];
  if (until > secondsAfter(from, maximum * DAY_SECONDS)) {
    throw new Failure('BAD_USER_INPUT', `With the interval ${interval} a range has at most ${maximum} days.`, {
      limit: 'range',
      maximum,
    });
  }
  const starts: Date[] = [];
  let start = beginningOf[interval](from);
  for (; start < until; start = after(start, interval)) starts.push(start);
  const [first = start] = starts;
  return {
    starts,
    until: start,
    fromDay: beginningOf.DAY(first),
    untilDay: secondsAfter(beginningOf.DAY(secondsAfter(start, -1)), DAY_SECONDS),
  };
};

/** Beginning of the bucket that an instant lies in, UTC. Weeks begin on Monday (ISO 8601); getUTCDay counts from Sunday. */
const beginningOf: Readonly<Record<StatsInterval, (at: Date) => Date>> = {
  HOUR: (at) => instant(`${at.toISOString().slice(0, 13)}:00:00Z`),
  DAY: (at) => instant(`${at.toISOString().slice(0, 10)}T00:00:00Z`),
  WEEK: (at) => secondsAfter(beginningOf.DAY(at), -((at.getUTCDay() + 6) % 7) * DAY_SECONDS),
  MONTH: (at) => instant(`${at.toISOString().slice(0, 7)}-01T00:00:00Z`),
};

const WIDTH_SECONDS = { HOUR: HOUR_SECONDS, DAY: DAY_SECONDS, WEEK: 7 * DAY_SECONDS } as const;

/** The bucket behind one; no month has more than 31 days. */
const after = (start: Date, interval: StatsInterval): Date =>
  interval === 'MONTH'
    ? beginningOf.MONTH(secondsAfter(start, 31 * DAY_SECONDS))
    : secondsAfter(start, WIDTH_SECONDS[interval]);
