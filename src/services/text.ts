import { type Problem, Rejection } from '../errors.ts';

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/;

/** What a text field may hold. */
interface TextRule {
  readonly field: readonly string[];
  /** In code points. */
  readonly maximum: number;
  readonly mayBeBlank?: boolean;
}

/**
 * Reads a text that people typed: blanks around it go, NFC form. Problems: REQUIRED, TOO_LONG, and INVALID_VALUE for control
 * characters, which PostgreSQL (NUL) or a terminal that shows the log could not take, and for lone surrogates, which have no
 * UTF-8 and which jsonb refuses.
 */
export const readText = (text: string, rule: TextRule): { readonly text: string } | { readonly problem: Problem } => {
  if (text.length > rule.maximum * 4) return { problem: { code: 'TOO_LONG', field: rule.field } };
  const clean = text.normalize('NFC').trim();
  if (clean === '' && rule.mayBeBlank !== true) return { problem: { code: 'REQUIRED', field: rule.field } };
  if (Array.from(clean).length > rule.maximum) return { problem: { code: 'TOO_LONG', field: rule.field } };
  return CONTROL.test(clean) || !clean.isWellFormed()
    ? { problem: { code: 'INVALID_VALUE', field: rule.field } }
    : { text: clean };
};

/** Languages that mails and pages exist in. */
const LOCALES = new Set(['en', 'it', 'de']);

/** RFC 5646 section 4.4.1: room for every tag without private parts, which could go on for ever. */
const LONGEST_LOCALE = 35;

/** Reads a BCP 47 tag; its language must be offered. */
const readLocale = (tag: string): { readonly text: string } | { readonly problem: Problem } => {
  const problem: Problem = { code: 'INVALID_LOCALE', field: ['locale'] };
  if (tag.length > LONGEST_LOCALE) return { problem };
  try {
    const locale = new Intl.Locale(tag);
    return LOCALES.has(locale.language) ? { text: locale.toString() } : { problem };
  } catch {
    return { problem };
  }
};

/** Collects the problems of several readings and hands out the values of those that went well. */
export class Reading {
  readonly problems: Problem[] = [];

  text(value: string, rule: TextRule): string {
    return this.#take(readText(value, rule));
  }

  optionalText(value: string | null | undefined, rule: TextRule): string | null {
    return value === null || value === undefined ? null : this.text(value, rule);
  }

  locale(value: string): string {
    return this.#take(readLocale(value));
  }

  #take(read: { readonly text: string } | { readonly problem: Problem }): string {
    if ('text' in read) return read.text;
    this.problems.push(read.problem);
    return '';
  }
}

const CLIENT_TEXT = { maximum: 100, mayBeBlank: true } as const;

/** Reads what a client tells about itself. Problems: TOO_LONG, INVALID_VALUE. */
export const readClient = (given: { readonly clientName: string | null; readonly deviceName: string | null }) => {
  const reading = new Reading();
  const clientName = reading.optionalText(given.clientName, { ...CLIENT_TEXT, field: ['client', 'clientName'] });
  const deviceName = reading.optionalText(given.deviceName, { ...CLIENT_TEXT, field: ['client', 'deviceName'] });
  if (reading.problems.length > 0) throw new Rejection(reading.problems);
  return { clientName, deviceName };
};
