import * as z from 'zod';
import { Secret } from '../crypto/secret.ts';
import { isHost, isRedirectUri, normalizedBaseUrl, normalizedNetwork, normalizedOrigin } from './addresses.ts';
import { databaseTarget, databaseUrlProblem } from './database-url.ts';

/** What every source gives: text, or a list of texts from a YAML sequence. */
export type Raw = string | readonly string[];

/** A kind of value: how it is written, checked and shown. Messages of its schema say what is wrong and, after `;`, how to fix it. */
export interface Kind<T> {
  readonly form: string;
  readonly schema: z.ZodType<T, Raw>;
  readonly isSecret: boolean;
  /** Written as objects and lists in YAML, and as the same in JSON elsewhere; `Raw` is that JSON. */
  readonly isStructured?: boolean;
  /** What an empty text means; null where emptiness is a mistake (an unset variable expanded in a script, for example). */
  readonly empty: { readonly value: T } | null;
  /** Text for documents and for `config check`; never shows a secret. */
  show(value: T): string;
}

const single = (fix: string) => z.string({ error: `is a list; ${fix}` }).trim();

/** A kind that is written as one text. */
export const scalar = <T>(form: string, fix: string, read: (text: string) => T | null, what: string): Kind<T> => ({
  form,
  isSecret: false,
  empty: null,
  show: String,
  schema: single(fix).transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `${what}; ${fix}` });
    return z.NEVER;
  }),
});

const whole = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number(text) : null);

const within = (value: number | null, minimum: number, maximum: number): number | null =>
  value !== null && value >= minimum && value <= maximum ? value : null;

export const integer = (minimum: number, maximum: number): Kind<number> => {
  const form = `whole number, ${minimum} to ${maximum}`;
  const fix = `give a whole number from ${minimum} to ${maximum}`;
  return scalar(form, fix, (text) => within(whole(text), minimum, maximum), 'is out of range or no whole number');
};

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

const durationText = (seconds: number): string => {
  const unit = ['d', 'h', 'm'].find((letter) => seconds > 0 && seconds % (SECONDS[letter] ?? 1) === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / (SECONDS[unit] ?? 1)}${unit}`;
};

const readDuration = (text: string): number | null => {
  const [, digits, unit] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : SECONDS[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
};

/** A length of time in seconds, written 900, 15m, 5h or 7d. Bounds in seconds. */
export const duration = (minimum: number, maximum: number): Kind<number> => {
  const range = `${durationText(minimum)} to ${durationText(maximum)}`;
  const fix = `write seconds or a unit (900, 15m, 5h, 7d), from ${range}`;
  const what = 'is out of range or no duration';
  return {
    ...scalar(`duration, ${range}`, fix, (text) => within(readDuration(text), minimum, maximum), what),
    show: durationText,
  };
};

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

/** A point in time as RFC 3339 writes it, with its zone. */
export const instant: Kind<string> = scalar(
  'instant, RFC 3339',
  'write date, time and zone, for example 2026-01-31T09:00:00Z',
  (given) => (INSTANT.test(given) && !Number.isNaN(Date.parse(given)) ? given : null),
  'is no instant',
);

const BYTES: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, kib: 1024, mb: 1_048_576, mib: 1_048_576 };

const byteText = (bytes: number): string => {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576}mb`;
  return bytes % 1024 === 0 ? `${bytes / 1024}kb` : String(bytes);
};

const readBytes = (text: string): number | null => {
  const [, digits, unit] = /^(\d{1,12})\s?([kmi]{0,2}b?)$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : BYTES[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
};

/** A size in bytes, written 4096, 256kb or 1mb (steps of 1024). Bounds in bytes. */
export const bytes = (minimum: number, maximum: number): Kind<number> => {
  const range = `${byteText(minimum)} to ${byteText(maximum)}`;
  const fix = `write bytes or a unit (4096, 256kb, 1mb), from ${range}`;
  const what = 'is out of range or no size';
  return {
    ...scalar(`size, ${range}`, fix, (text) => within(readBytes(text), minimum, maximum), what),
    show: byteText,
  };
};

export const flag: Kind<boolean> = {
  form: '`true` or `false`',
  isSecret: false,
  empty: null,
  show: String,
  schema: single('give true or false').pipe(z.stringbool({ error: 'is neither true nor false; give true or false' })),
};

/** One word of a list; `synonyms` are other spellings of it. */
export const oneOf = <const V extends string>(
  values: readonly V[],
  synonyms: Readonly<Record<string, V>> = {},
): Kind<V> => {
  const read = (text: string): V | null =>
    values.find((value) => value.toLowerCase() === text.toLowerCase()) ?? synonyms[text.toLowerCase()] ?? null;
  const form = values.map((value) => `\`${value}\``).join(', ');
  return scalar(form, `give one of ${values.join(', ')}`, read, 'is not among the allowed values');
};

// eslint-disable-next-line no-control-regex -- control characters are what is looked for: a newline would forge log lines and headers
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A line of text without control characters. */
export const text = (maximumLength: number, form = 'text'): Kind<string> => {
  const fix = `give 1 to ${maximumLength} characters without control characters`;
  const read = (given: string): string | null =>
    given.length === 0 || given.length > maximumLength || CONTROL.test(given) ? null : given;
  return scalar(form, fix, read, 'is too long or holds control characters');
};

/** One e-mail address, without a name beside it. */
export const mailAddress: Kind<string> = scalar(
  'e-mail address',
  'give one address such as id@example.org, without a name and without <>',
  (given) =>
    given.length <= 320 && /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(given) ? given : null,
  'is no e-mail address',
);

/** Something to listen on. */
export const host: Kind<string> = scalar(
  'host name or address',
  'give a host name or address without scheme and port, for example 127.0.0.1',
  (given) => (isHost(given) ? given : null),
  'is no host',
);

/** A host, or the directory of a PostgreSQL socket. */
export const databaseHost: Kind<string> = scalar(
  'host name, address, or directory of a socket',
  'give a host name, an address or the directory of a socket, without scheme and port',
  (given) => (isHost(given) || /^\/\S*$/.test(given) ? given : null),
  'is no host',
);

export const baseUrl: Kind<string> = scalar(
  'http(s) address',
  'give an address such as https://id.example.org, without user, query or fragment',
  normalizedBaseUrl,
  'is no http(s) address',
);

const itemsOf = (raw: Raw): readonly string[] =>
  (typeof raw === 'string' ? raw.split(/[\s,]+/) : raw.map((item) => item.trim())).filter((item) => item !== '');

/** A kind that is written as a list of texts, separated by commas or blanks, or as a YAML sequence. */
export const list = (form: string, fix: string, read: (item: string) => string | null): Kind<readonly string[]> => ({
  form,
  isSecret: false,
  empty: { value: [] },
  show: (values) => (values.length === 0 ? 'none' : values.join(', ')),
  schema: z.custom<Raw>().transform((raw, context) => {
    const values: string[] = [];
    for (const [index, item] of itemsOf(raw).entries()) {
      const value = read(item);
      if (value === null) context.addIssue({ code: 'custom', message: `entry ${index + 1} is not allowed; ${fix}` });
      else if (!values.includes(value)) values.push(value);
    }
    return values;
  }),
});

/** A list of words out of a closed set; empty means none of them. */
export const someOf = <const V extends string>(values: readonly V[]): Kind<readonly V[]> => {
  const read = (item: string): V | null => values.find((value) => value.toLowerCase() === item.toLowerCase()) ?? null;
  const fix = `list some of ${values.join(', ')}`;
  // Nothing but what `read` gives gets into the list.
  return list(`list of ${values.map((value) => `\`${value}\``).join(', ')}`, fix, read) as Kind<readonly V[]>;
};

export const origins = list(
  'list of origins',
  'list exact origins such as https://app.example.org, without path and without *',
  normalizedOrigin,
);

export const redirectUris = list(
  'list of addresses',
  'list complete https addresses (http on loopback only), without * and without fragment',
  (item) => (isRedirectUri(item) ? item : null),
);

export const networks = list(
  'list of networks',
  'list addresses or networks such as 10.0.0.0/8, without a zone; a /0 network would let any client choose its address',
  normalizedNetwork,
);

const isBroker = (item: string): boolean => {
  const [, name = '', port = ''] = /^(.+):(\d{1,5})$/.exec(item) ?? [];
  return isHost(name) && !name.includes(':') && Number(port) > 0 && Number(port) < 65_536;
};

export const brokers = list('list of `host:port`', 'list brokers such as kafka-1.example.org:9092', (item) =>
  isBroker(item) ? item : null,
);

/** Wraps a check of clear text so that neither its messages nor its value can be printed. */
const secretOf = (form: string, problem: (clear: string) => string | null): Kind<Secret<string>> => ({
  form,
  isSecret: true,
  empty: null,
  show: String,
  schema: z.string({ error: 'is a list; give one text' }).transform((clear, context) => {
    const message = problem(clear);
    if (message === null) return new Secret(clear);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
});

export const secretText = (minimumLength: number, maximumLength: number): Kind<Secret<string>> =>
  secretOf(`secret, ${minimumLength} to ${maximumLength} characters`, (clear) =>
    clear.length < minimumLength || clear.length > maximumLength
      ? `has the wrong length; give ${minimumLength} to ${maximumLength} characters`
      : null,
  );

/** Name and value of a header, as OpenTelemetry writes them. */
const HEADER = /^\s*[\w!#$%&'*+.^`|~-]+\s*=[\x20-\x7e]+$/;

/** Headers for another service, which may hold its token. */
export const headerPairs: Kind<Secret<string>> = secretOf('secret, `name=value` separated by commas', (given) => {
  const wrong = given.split(',').findIndex((pair) => !HEADER.test(pair));
  return wrong < 0 ? null : `entry ${wrong + 1} is no header; write name=value, a comma in a value as %2C`;
});

export const databaseUrl: Kind<Secret<string>> = {
  ...secretOf('PostgreSQL address', databaseUrlProblem),
  show: (value) => {
    const target = databaseTarget(value.reveal());
    return target === null ? String(value) : `${target.database} on ${target.host}, the rest ${String(value)}`;
  },
};

/** Address of a Redis, which may carry a password. */
export const redisUrl: Kind<Secret<string>> = secretOf('Redis address', (given) => {
  const url = URL.parse(given);
  const ok = url !== null && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '';
  return ok ? null : 'must be redis://host:6379/0, or rediss:// with TLS';
});

/** The same kind, where empty text means "none". */
export const optional = <T>(kind: Kind<T>): Kind<T | null> => ({
  ...kind,
  empty: { value: null },
  show: (value) => (value === null ? 'none' : kind.show(value)),
});
