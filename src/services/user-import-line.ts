import * as z from 'zod';
import { judgeImportedHash } from '../crypto/password-foreign.ts';
import { groupNameKey } from '../entities/group.entity.ts';
import { errorCatalogue, type Problem } from '../errors.ts';
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

const parse = (text: string): z.infer<typeof shape> | readonly string[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return ['the line is no JSON'];
  }
  const parsed = shape.safeParse(value);
  return parsed.success ? parsed.data : parsed.error.issues.map(issueText);
};

const groupProblems = (groups: readonly string[]): readonly string[] => {
  if (groups.length === 0) return [problemText({ code: 'NO_GROUPS_LEFT', field: ['groups'] })];
  return groups.length > MAXIMUM_GROUPS ? [problemText({ code: 'TOO_MANY_GROUPS', field: ['groups'] })] : [];
};

/** Reads one line; what is wrong with it, in sentences for a person, when it cannot be imported. */
export const readImportLine = (
  text: string,
): { readonly account: ImportedAccount } | { readonly problems: readonly string[] } => {
  const given = parse(text);
  if (!('displayName' in given)) return { problems: given };
  const reading = new Reading();
  const displayName = reading.text(given.displayName, { field: ['displayName'], maximum: 100 });
  const locale = given.locale == null ? 'en' : reading.locale(given.locale);
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
      groupKeys: [...new Set(given.groups.map((name) => groupNameKey(name.trim())))],
      passwordHash: given.passwordHash ?? null,
      hashKind: hash.kind,
      passwordChangeRequired: given.passwordChangeRequired,
    },
  };
};
