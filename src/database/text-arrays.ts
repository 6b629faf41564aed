import type { Pool } from 'pg';

const TEXT_ARRAY = 1009;

/** No quoted, absent or nested value: PostgreSQL quotes whatever holds a comma, brace, quote, backslash or space. */
const isPlain = (text: string): boolean =>
  text.startsWith('{') && !text.includes('"') && !text.includes('{', 1) && !text.includes('NULL');

/** The values of a `text[]`, read at once where it is plain, as lists of ids are; by the driver's own parser otherwise. */
export const textArrayParser =
  (general: (text: string) => unknown) =>
  (text: string): unknown => {
    if (!isPlain(text)) return general(text);
    return text === '{}' ? [] : text.slice(1, -1).split(',');
  };

/** The parsers of one pool; the driver's own types know the base types only. */
interface TypeParsers {
  getTypeParser(oid: number, format: 'text'): (text: string) => unknown;
  setTypeParser(oid: number, format: 'text', parse: (text: string) => unknown): void;
}

const hasParsers = (types: object | undefined): types is TypeParsers =>
  types !== undefined && 'setTypeParser' in types && 'getTypeParser' in types;

/** The driver reads arrays character by character, which was a thirtieth of a list of users. */
export const readTextArraysAtOnce = ({ options }: Pool): void => {
  const types: object | undefined = options.types;
  if (!hasParsers(types)) throw new Error('The pool has no type parsers of its own.');
  types.setTypeParser(TEXT_ARRAY, 'text', textArrayParser(types.getTypeParser(TEXT_ARRAY, 'text')));
};
