import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { parseZonedInstant } from '../clock.ts';

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** Years of four digits; PostgreSQL has no year 0, and writes and reads longer ones in a form of its own. */
const hasPlainYear = (instant: Date): boolean => instant.getUTCFullYear() >= 1 && instant.getUTCFullYear() <= 9999;

const readInstant = (value: unknown): Date => {
  const instant = typeof value === 'string' ? parseZonedInstant(value) : null;
  if (instant === null) throw badInput('DateTime takes an RFC 3339 instant with a time zone.');
  if (!hasPlainYear(instant)) throw badInput('DateTime takes the years 0001 to 9999, in UTC.');
  return instant;
};

/** Our own instead of a library's: a value of ours needs no parsing on its way out, and a list holds thousands of them. */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'Instant in RFC 3339 form, UTC, milliseconds: 2026-01-31T09:30:00.000Z.',
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339',
  serialize: (value) => {
    if (value instanceof globalThis.Date) return value.toISOString();
    throw new TypeError('DateTime can only be made of an instant.');
  },
  parseValue: readInstant,
  parseLiteral: (node) => readInstant(node.kind === Kind.STRING ? node.value : null),
});

const outputText = (name: string, description: string): GraphQLScalarType<string, string> =>
  new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: (value) => {
      if (typeof value === 'string') return value;
      throw new TypeError(`${name} can only be made of text.`);
    },
    parseValue: () => {
      throw badInput(`${name} is for answers only.`);
    },
  });

export const EmailAddressScalar = outputText('EmailAddress', 'E-mail address; output only, inputs take String.');
export const UrlScalar = outputText('URL', 'Absolute http or https address; output only, inputs take String.');
export const PhoneNumberScalar = outputText(
  'PhoneNumber',
  'Phone number in E.164 form, +390123456789; output only, inputs take String.',
);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const JsonObjectScalar = new GraphQLScalarType<Readonly<Record<string, unknown>>, unknown>({
  name: 'JSONObject',
  description: 'A JSON object. What an input may hold is said where it takes one.',
  serialize: (value) => {
    if (isObject(value)) return value;
    throw new TypeError('JSONObject can only be made of an object.');
  },
  parseValue: (value) => {
    if (isObject(value)) return value;
    throw badInput('JSONObject takes an object.');
  },
});

const readAttributeValue = (value: unknown): string | number | boolean => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw badInput('AttributeValue takes a text, a number or a boolean.');
};

export const AttributeValueScalar = new GraphQLScalarType<string | number | boolean>({
  name: 'AttributeValue',
  description: 'Value of a custom attribute: a text, a number, a boolean, or a day as 2026-01-31.',
  serialize: readAttributeValue,
  parseValue: readAttributeValue,
});
