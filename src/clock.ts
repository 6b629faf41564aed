/** The only source of time. Everything that needs the present instant takes a Clock, so that tests can stop and turn it. */
export interface Clock {
  /** The present instant. */
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** The instant `seconds` after (negative: before) `from`. */
export const secondsAfter = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000);

/** Whole seconds since 1970, as JWT claims count them (RFC 7519 section 2, NumericDate). */
export const toNumericDate = (instant: Date): number => Math.floor(instant.getTime() / 1000);

/** The instant of a NumericDate. */
export const fromNumericDate = (seconds: number): Date => new Date(seconds * 1000);

/** Reads an instant, one without a zone by that of this machine; null when the text is none. */
export const parseInstant = (text: string): Date | null => {
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? null : instant;
};

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** The parser carries 30 February and hour 24 over into the day behind them; RFC 3339 section 5.7 has neither. */
const isOfCalendar = (text: string): boolean => {
  const day = text.slice(0, 10);
  return text.slice(11, 13) !== '24' && parseInstant(`${day}T00:00:00Z`)?.toISOString().startsWith(day) === true;
};

/** The same of what somebody typed: null also without a zone, which would mean another instant on another machine. */
export const parseZonedInstant = (text: string): Date | null =>
  RFC3339.test(text) && isOfCalendar(text) ? parseInstant(text) : null;

/** Reads an instant that is known to be well-formed; throws a RangeError otherwise. */
export const instant = (iso: string): Date => {
  const parsed = parseInstant(iso);
  if (parsed === null) throw new RangeError(`Not an instant: ${iso}`);
  return parsed;
};

/** Whether it was less than so long ago. A clock that was put back makes nothing last longer. */
export const wasWithin = (at: Date, milliseconds: number, now: Date): boolean => {
  const age = now.getTime() - at.getTime();
  return age >= 0 && age < milliseconds;
};
