import { parseEnv } from 'node:util';

interface DotenvText {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What is odd, one line each without any of the text, which may be a secret. */
  readonly oddities: readonly string[];
}

const VARIABLE = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=\s*(.*)$/;
const QUOTES = new Set(['"', "'", '`']);

/** The line on which a quoted value ends; null: on none. */
const endOfQuote = (lines: readonly string[], at: number, value: string): number | null => {
  const quote = value.charAt(0);
  if (value.includes(quote, 1)) return at;
  const more = lines.slice(at + 1).findIndex((line) => line.includes(quote));
  return more < 0 ? null : at + 1 + more;
};

/** What the parser passes over without a word. */
const oddLines = (text: string): readonly string[] => {
  const lines = text.split(/\r?\n/);
  const found: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, value] = VARIABLE.exec(line) ?? [];
    const number = at + 1;
    if (value === undefined) found.push(`line ${number} has no effect: it is not of the form NAME=value`);
    else if (QUOTES.has(value.charAt(0))) {
      const end = endOfQuote(lines, at, value);
      if (end === null) found.push(`line ${number}: its quote is never closed, and is taken as part of the value`);
      else at = end;
    } else if (/\S#/.test(value))
      found.push(`line ${number}: what stands behind the # is a comment; put the value in quotes`);
  }
  return found;
};

/** The variables of a `.env` file. A byte order mark, as some editors put before the first name, belongs to none. */
export const readDotenv = (text: string): DotenvText => {
  const content = text.replace(/^\uFEFF/, '');
  return { variables: parseEnv(content), oddities: oddLines(content) };
};
