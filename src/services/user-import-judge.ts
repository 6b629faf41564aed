import { takenIdentifiers } from '../entities/account-batch.queries.ts';
import type { GroupId } from '../ids.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import { identifierInUse } from './identifiers.ts';
import { skeletonFor } from './new-user.ts';
import type { SeenIdentifiers } from './seen-identifiers.ts';
import { type ImportedAccount, type LineFormat, problemText, readImportLine } from './user-import-line.ts';

/** A line of an import file; `text` is null for one that is too long or no UTF-8. */
export interface ImportLine {
  readonly number: number;
  readonly text: string | null;
}

/** What is wrong with a line, in a sentence without any of its values. */
export interface LineProblem {
  readonly line: number;
  readonly text: string;
}

interface ReadLine extends ImportedAccount {
  readonly line: number;
}

/** Lines that are accounts in themselves, and what is wrong with the others. */
export interface ReadLines {
  readonly accounts: readonly ReadLine[];
  readonly problems: readonly LineProblem[];
}

/** Accounts that can be made, with the ids of their groups by compared name; and what is wrong with the others, by line. */
export interface Judged extends ReadLines {
  readonly groups: ReadonlyMap<string, GroupId>;
}

type Read = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Reads lines, each for itself. */
export const readLines = (lines: readonly ImportLine[], format: LineFormat): ReadLines => {
  const accounts: ReadLine[] = [];
  const problems: LineProblem[] = [];
  for (const { number: line, text } of lines) {
    const read = text === null ? { problems: ['the line is too long, or no UTF-8'] } : readImportLine(text, format);
    if ('account' in read) accounts.push({ ...read.account, line });
    else problems.push(...read.problems.map((problem) => ({ line, text: problem })));
  }
  return { accounts, problems };
};

const identifierKey = (kind: IdentifierKind, value: string): string => `${kind} ${value}`;
const skeletonKey = (skeleton: string): string => `skeleton ${skeleton}`;

/** What makes an account collide with another one: its identifiers, and what its user name looks like. */
const keysOf = ({ identifiers }: ImportedAccount): readonly { readonly kind: IdentifierKind; readonly key: string }[] =>
  identifiers.flatMap(({ kind, value }) => {
    const skeleton = skeletonFor(kind, value);
    const key = { kind, key: identifierKey(kind, value) };
    return skeleton === null ? [key] : [key, { kind, key: skeletonKey(skeleton) }];
  });

/**
 * Looks at accounts as a set: which identifiers belong to somebody, which groups exist; two statements however many there are. Of
 * those that collide with each other the first is kept, and noted in `seen`.
 */
export const judgeLines = async (read: Read, lines: ReadLines, seen: SeenIdentifiers): Promise<Judged> => {
  const { accounts } = lines;
  if (accounts.length === 0) return { ...lines, groups: new Map() };
  const groups = await groupsOf(read, accounts);
  const taken = await takenOf(read, accounts);
  const kept: ReadLine[] = [];
  const problems = [...lines.problems];
  for (const account of accounts) {
    const found = problemsOf(account, { groups, taken, seen });
    problems.push(...found.map((text) => ({ line: account.line, text })));
    if (found.length > 0) continue;
    kept.push(account);
    for (const { key } of keysOf(account)) if (seen.lineOf(key) === null) seen.add(key, account.line);
  }
  return { accounts: kept, problems: problems.toSorted((a, b) => a.line - b.line), groups };
};

const problemsOf = (
  account: ReadLine,
  known: { groups: ReadonlyMap<string, GroupId>; taken: ReadonlySet<string>; seen: SeenIdentifiers },
): readonly string[] => {
  const collisions = new Map<IdentifierKind, string>();
  for (const { kind, key } of keysOf(account)) {
    if (collisions.has(kind)) continue;
    const earlier = known.seen.lineOf(key);
    if (known.taken.has(key)) {
      const isAlike = key.startsWith('skeleton ');
      collisions.set(
        kind,
        problemText(isAlike ? { code: 'USERNAME_CONFUSABLE', field: ['username'] } : identifierInUse(kind)),
      );
    } else if (earlier !== null) collisions.set(kind, `${kind.toLowerCase()}: as in line ${earlier}`);
  }
  const isGroupUnknown = account.groupKeys.some((key) => !known.groups.has(key));
  return [...collisions.values(), ...(isGroupUnknown ? ['groups: there is no group of such a name'] : [])];
};

const groupsOf = async (read: Read, accounts: readonly ReadLine[]): Promise<ReadonlyMap<string, GroupId>> => {
  const keys = [...new Set(accounts.flatMap(({ groupKeys }) => groupKeys))];
  const rows = await read<{ id: GroupId; name_key: string }>(
    'select id, name_key from groups where name_key = any($1::text[])',
    [keys],
  );
  return new Map(rows.map((row) => [row.name_key, row.id]));
};

interface TakenRow {
  readonly kind: IdentifierKind;
  readonly value: string | null;
  readonly skeleton: string | null;
}

const takenOf = async (read: Read, accounts: readonly ReadLine[]): Promise<ReadonlySet<string>> => {
  const all = accounts.flatMap(({ identifiers }) => identifiers);
  const rows = await read<TakenRow>(takenIdentifiers, [
    all.map(({ kind }) => kind),
    all.map(({ value }) => value),
    all.flatMap(({ kind, value }) => skeletonFor(kind, value) ?? []),
  ]);
  return new Set(
    rows.map(({ kind, value, skeleton }) =>
      value === null ? skeletonKey(skeleton ?? '') : identifierKey(kind, value),
    ),
  );
};
