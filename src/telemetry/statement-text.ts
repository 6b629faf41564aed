/** Longer statements are cut: the beginning says which one it is. */
const MAXIMUM_LENGTH = 2000;

/**
 * One alternative for each form in which PostgreSQL's texts hold a value, names in quotation marks and comments first, so that
 * what looks like a value in them is not taken for one: `'it''s'`, `E'\n'`, `$$body$$`, `$1` (which stays), `12.5e3`.
 */
const TOKENS =
  /("(?:[^"]|"")*")|(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|\b[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*(?:'|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\3\$|$)|(\$\d+|[A-Za-z_][\w$]*)|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

const LISTS = /\(\s*\?(?:\s*,\s*\?)+\s*\)/g;
const ROWS = /(\(\?,\.\.\.\)|\(\?\))(?:\s*,\s*(?:\(\?,\.\.\.\)|\(\?\)))+/g;

/**
 * A statement without its values, for logs and traces: the ORM writes them into the text. Comments go, white space shrinks, and
 * lists become one, so that statements that differ in values only are the same text.
 */
export const withoutValues = (statement: string): string => {
  const bare = statement
    .slice(0, MAXIMUM_LENGTH * 4)
    .replace(TOKENS, (_token, ...groups: readonly (string | undefined)[]) => {
      const [quoted, comment, , word] = groups;
      if (comment !== undefined) return ' ';
      return quoted ?? word ?? '?';
    })
    .replace(/\s+/g, ' ')
    .replace(LISTS, '(?,...)')
    .replace(ROWS, '$1,...')
    .trim();
  return bare.length <= MAXIMUM_LENGTH ? bare : `${bare.slice(0, MAXIMUM_LENGTH)}...`;
};

const KINDS: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'with', 'copy']);
const FIRST_WORD = /^\s*([A-Za-z]+)/;

/** The first word of a statement, out of a closed set. */
export const kindOfStatement = (statement: string): string => {
  const word = FIRST_WORD.exec(statement)?.[1]?.toLowerCase() ?? '';
  return KINDS.has(word) ? word : 'other';
};
