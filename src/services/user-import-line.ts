import * as z from 'zod';
import { judgeImportedHash } from '../crypto/password-foreign.ts';
import { groupNameKey } from '../entities/group.entity.ts';
import { errorCatalogue, type Problem } from '../errors.ts';
import { readCsvLine } from './csv-line.ts';
import { type Identifiers, readIdentifiers } from './new-user.ts';
import { Reading } from './text.ts';
import { MAXIMUM_GROUPS } from './user.service.ts';

/** One account of an import file, read; docs/import.md describes the fields. */
export interface ImportedAccount {
  readonly displayName: string;
  readonly locale: string;
  readonly identifiers: Identifiers;
  /** The addresses were proved in the other system. */
  readonly verified: boolean;
  /** Compared names of the groups, each once. */
  readonly groupKeys: readonly string[];
  readonly passwordHash: string | null;
  /** Method of the hash, `none` without one; for the summary. */
  readonly hashKind: string;
  readonly passwordChangeRequired: boolean;
}

const MEMBERS = 'Members';
const optionalText = z.string().nullish();

const shape = z.strictObject({
  email: optionalText,
  phone: optionalText,
  username: optionalText,
  displayName: z.string(),
  locale: optionalText,
  groups: z.array(z.string()).default([MEMBERS]),
  passwordHash: optionalText,
  verified: z.boolean().default(false),
  passwordChangeRequired: z.boolean().default(false),
});

const LONGEST_NAME = 40;
/** A blank one is a group that there is not. */
const GROUP_NAME = { field: ['groups'], maximum: 100, mayBeBlank: true } as const;

/** Names of fields are told, shortened; values never are: they may be hashes, and they are personal. */
const issueText = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(key.slice(0, LONGEST_NAME)));
    return `unknown field ${names.join(', ')}`;
  }
  const wanted = issue.code === 'invalid_type' ? `has to be of type ${issue.expected}` : 'is not allowed';
  return issue.path.length === 0 ? `the line ${wanted}` : `${issue.path.join('.')}: ${wanted}`;
};

/** What a form would be told about a field, for a line of a file. */
export const problemText = ({ code, field }: Problem): string =>
  `${field === undefined ? '' : `${field.join('.')}: `}${errorCatalogue[code].meaning}`;

/** Takes the fields of an account out of a line, or says what is wrong with it. */
export type LineFormat = (text: string) => { readonly fields: unknown } | { readonly problem: string };

/** One JSON object a line. */
export const ndjsonFormat: LineFormat = (text) => {
  try {
    return { fields: JSON.parse(text) as unknown };
  } catch {
    return { problem: 'the line is no JSON' };
  }
};

const BOOLEAN_COLUMNS = new Set(['verified', 'passwordChangeRequired']);

/** `Members;Support`, or a JSON list where a name has a semicolon. */
const groupsIn = (cell: string): unknown => {
  if (!cell.startsWith('[')) return cell.split(';').map((name) => name.trim());
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return cell;
  }
};

const cellValue = (column: string, cell: string): unknown => {
  if (column === 'groups') return groupsIn(cell);
  if (BOOLEAN_COLUMNS.has(column) && (cell === 'true' || cell === 'false')) return cell === 'true';
  return cell;
};

/** The columns of a file of CSV by its first line; a sentence about what is wrong with it. */
export const csvFormat = (
  header: string,
): { readonly format: LineFormat; readonly columns: readonly string[] } | { readonly problem: string } => {
  const columns = readCsvLine(header)?.map((name) => name.trim());
  if (columns === undefined) return { problem: 'the first line is no CSV' };
  const unknown = columns.filter((name) => !(name in shape.shape));
  if (unknown.length > 0) {
    return {
      problem: `unknown column ${unknown.map((name) => JSON.stringify(name.slice(0, LONGEST_NAME))).join(', ')}`,
    };
  }
  if (new Set(columns).size < columns.length) return { problem: 'a column is named twice' };
  const format: LineFormat = (text) => {
    const cells = readCsvLine(text);
    if (cells === null) return { problem: 'the line is no CSV: a quote is open, or stands inside a cell' };
    if (cells.length !== columns.length) {
      return { problem: `the line has ${cells.length} cells, the first line ${columns.length}` };
    }
    const given = columns
      .map((column, index) => [column, cells[index] ?? ''] as const)
      .filter(([, cell]) => cell !== '');
    return { fields: Object.fromEntries(given.map(([column, cell]) => [column, cellValue(column, cell)])) };
  };
  return { format, columns };
};

const parse = (text: string, format: LineFormat): z.infer<typeof shape> | readonly string[] => {
  const read = format(text);
  if ('problem' in read) return [read.problem];
  const parsed = shape.safeParse(read.fields);
  return parsed.success ? parsed.data : parsed.error.issues.map(issueText);
};

const groupProblems = (groups: readonly string[]): readonly string[] => {
  if (groups.length === 0) return [problemText({ code: 'NO_GROUPS_LEFT', field: ['groups'] })];
  return groups.length > MAXIMUM_GROUPS ? [problemText({ code: 'TOO_MANY_GROUPS', field: ['groups'] })] : [];
};

/** Reads one line; what is wrong with it, in sentences for a person, when it cannot be imported. */
export const readImportLine = (
  text: string,
  format: LineFormat,
): { readonly account: ImportedAccount } | { readonly problems: readonly string[] } => {
  const given = parse(text, format);
  if (!('displayName' in given)) return { problems: given };
  const reading = new Reading();
  const displayName = reading.text(given.displayName, { field: ['displayName'], maximum: 100 });
  const locale = given.locale == null ? 'en' : reading.locale(given.locale);
  // What no group can be called must not reach the database: a NUL would stop the whole import there.
  const groups = given.groups.map((name) => reading.text(name, GROUP_NAME));
  const { identifiers, problems } = readIdentifiers(given);
  const isNameless = given.email == null && given.phone == null && given.username == null;
  const hash = given.passwordHash == null ? { kind: 'none' } : judgeImportedHash(given.passwordHash);
  const all = [
    ...[...reading.problems, ...problems].map(problemText),
    ...(isNameless ? ['email, phone or username: one of them is needed'] : []),
    ...groupProblems(given.groups),
    ...('problem' in hash ? [`passwordHash: ${hash.problem}`] : []),
  ];
  if (all.length > 0 || 'problem' in hash) return { problems: all };
  return {
    account: {
      displayName,
      locale,
      identifiers,
      verified: given.verified,
      groupKeys: [...new Set(groups.map((name) => groupNameKey(name)))],
      passwordHash: given.passwordHash ?? null,
      hashKind: hash.kind,
      passwordChangeRequired: given.passwordChangeRequired,
    },
  };
};
