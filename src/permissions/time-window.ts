export const Weekday = {
  MONDAY: 'MONDAY',
  TUESDAY: 'TUESDAY',
  WEDNESDAY: 'WEDNESDAY',
  THURSDAY: 'THURSDAY',
  FRIDAY: 'FRIDAY',
  SATURDAY: 'SATURDAY',
  SUNDAY: 'SUNDAY',
} as const;
export type Weekday = keyof typeof Weekday;

/** Recurring hours. Times of day are HH:MM on the wall clocks of the zone; `end` is excluded; earlier than `start` it means the next day. */
export interface TimeWindow {
  /** Days on which it begins, at least one. */
  readonly days: readonly Weekday[];
  readonly start: string;
  /** 24:00 is the midnight that ends the day. */
  readonly end: string;
  /** IANA name, Europe/Rome. */
  readonly timeZone: string;
}

const DAY = 24 * 60;
const WEEK = 7 * DAY;
const order: readonly Weekday[] = Object.values(Weekday);
const shortNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Minutes since midnight; null when the text is no time of day. */
const minutesOf = (text: string): number | null => {
  const [, hours, minutes] = TIME.exec(text) ?? [];
  return hours === undefined || minutes === undefined ? null : Number(hours) * 60 + Number(minutes);
};

const endMinutesOf = (text: string): number | null => (text === '24:00' ? DAY : minutesOf(text));

const formatters = new Map<string, Intl.DateTimeFormat | null>();

/** Offsets (+02:00) know no daylight saving time and are not taken. */
const ZONE = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

const makeFormatter = (timeZone: string): Intl.DateTimeFormat | null => {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return null; // RangeError: no such zone
  }
};

/** Only names that exist are kept, in one spelling, so that wrong input cannot fill the map. */
const formatterOf = (timeZone: string): Intl.DateTimeFormat | null => {
  const name = timeZone.toLowerCase();
  const known = formatters.get(name);
  if (known !== undefined) return known;
  const made = ZONE.test(timeZone) ? makeFormatter(timeZone) : null;
  if (made !== null) formatters.set(name, made);
  return made;
};

/** Whether the text names a zone of the IANA database. */
export const isTimeZone = (text: string): boolean => formatterOf(text) !== null;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The window as minutes of a week that begins on Monday; what runs over Sunday's midnight comes back on Monday. */
const spansOf = (window: TimeWindow): readonly Span[] | null => {
  const start = minutesOf(window.start);
  const end = endMinutesOf(window.end);
  if (start === null || end === null || start === end) return null;
  const length = end > start ? end - start : end + DAY - start;
  return window.days.flatMap((day) => {
    const from = order.indexOf(day) * DAY + start;
    const to = from + length;
    return to <= WEEK
      ? [{ from, to }]
      : [
          { from, to: WEEK },
          { from: 0, to: to - WEEK },
        ];
  });
};

const compiled = new WeakMap<TimeWindow, readonly Span[]>();

const cachedSpans = (window: TimeWindow): readonly Span[] => {
  const known = compiled.get(window);
  if (known !== undefined) return known;
  const spans = spansOf(window) ?? [];
  compiled.set(window, spans);
  return spans;
};

/** What is wrong with a window, as field and sentence; null when nothing is. */
export const timeWindowProblem = (
  window: TimeWindow,
): { readonly field: keyof TimeWindow; readonly message: string } | null => {
  if (window.days.length === 0) return { field: 'days', message: 'Name at least one day.' };
  if (window.days.some((day) => !order.includes(day)) || new Set(window.days).size < window.days.length) {
    return { field: 'days', message: 'Name each day once.' };
  }
  if (minutesOf(window.start) === null)
    return { field: 'start', message: 'Write the time of day as HH:MM, 00:00 to 23:59.' };
  if (endMinutesOf(window.end) === null)
    return { field: 'end', message: 'Write the time of day as HH:MM, 00:00 to 24:00.' };
  if (window.start === window.end)
    return { field: 'end', message: 'The window must not be empty; a whole day is 00:00 to 24:00.' };
  return isTimeZone(window.timeZone)
    ? null
    : { field: 'timeZone', message: 'Give a zone of the IANA database, such as Europe/Rome.' };
};

/** Minute of the week on the wall clocks of the zone; null when zone or instant is none. */
const minuteOfWeek = (instant: Date, timeZone: string): number | null => {
  const formatter = formatterOf(timeZone);
  if (formatter === null || Number.isNaN(instant.getTime())) return null;
  // "Sun 01:30"
  const text = formatter.format(instant);
  const day = shortNames.indexOf(text.slice(0, 3));
  const minutes = minutesOf(text.slice(4));
  return day < 0 || minutes === null ? null : day * DAY + minutes;
};

/**
 * Whether an instant lies in the window, by the wall clocks of its zone: an hour that daylight saving time repeats counts
 * twice, one that it leaves out never comes.
 */
export const isWithinWindow = (window: TimeWindow, instant: Date): boolean => {
  const minute = minuteOfWeek(instant, window.timeZone);
  return minute !== null && cachedSpans(window).some((span) => minute >= span.from && minute < span.to);
};

/** Spans that touch or overlap become one, so that a span within two neighbours is found within one. */
const merged = (spans: readonly Span[]): readonly Span[] =>
  spans
    .toSorted((a, b) => a.from - b.from)
    .reduce<Span[]>((done, span) => {
      const last = done.at(-1);
      if (last === undefined || span.from > last.to) return [...done, span];
      return [...done.slice(0, -1), { from: last.from, to: Math.max(last.to, span.to) }];
    }, []);

/** Every instant of `inner` lies in `outer`. Windows of different zones are never compared. */
export const windowIncludes = (outer: TimeWindow, inner: TimeWindow): boolean => {
  if (outer.timeZone.toLowerCase() !== inner.timeZone.toLowerCase()) return false;
  const hull = merged(cachedSpans(outer));
  return cachedSpans(inner).every((span) => hull.some((part) => part.from <= span.from && span.to <= part.to));
};
